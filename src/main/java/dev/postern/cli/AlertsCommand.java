package dev.postern.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What can be done with alerts. The subcommands do it. */
@Command(
        name = "alerts",
        header = "Try the ways by which people are told of trouble.",
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExamples:%n",
        footer = "  postern alerts test")
final class AlertsCommand {
    @Mixin
    final HelpOption help = new HelpOption();
}
