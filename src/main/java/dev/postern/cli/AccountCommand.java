package dev.postern.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What can be done with accounts. The subcommands do it. */
@Command(
        name = "account",
        header = "Look at the accounts at the issuers.",
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExamples:%n",
        footer = "  postern cert account show")
final class AccountCommand {
    @Mixin
    final HelpOption help = new HelpOption();
}
