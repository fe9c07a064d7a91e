package dev.postern.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What can be done with certificates by hand; the subcommands do it. */
@Command(
        name = "cert",
        header = "Look after the certificates by hand.",
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExamples:%n",
        footer = "  postern cert list")
final class CertificateCommand {
    @Mixin
    final HelpOption help = new HelpOption();
}
