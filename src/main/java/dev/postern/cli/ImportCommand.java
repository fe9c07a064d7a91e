package dev.postern.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What can be taken over from. The subcommands do it. */
@Command(
        name = "import",
        header = "Take over certificates from another program.",
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExamples:%n",
        footer = "  postern cert import certbot /etc/letsencrypt --dry-run")
final class ImportCommand {
    @Mixin
    final HelpOption help = new HelpOption();
}
