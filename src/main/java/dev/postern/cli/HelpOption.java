package dev.postern.cli;

import picocli.CommandLine.Option;

/** The {@code --help} of every command. */
final class HelpOption {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean isAsked;
}
