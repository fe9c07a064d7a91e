package dev.postern.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What an operator may say of a server at run time. The subcommands do it. */
@Command(
        name = "server",
        header = "Drain a server, take it out, bring it back, or change its weight, at run time.",
        description = {
            "What is said holds over a reload, until it is taken back, its time is over, or the daemon is restarted; it is shown"
                    + " as an override by postern status, the status page and the metrics."
        },
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern server drain web/10.0.0.11:8080",
            "  postern server maintain web/blue --until 2h",
            "  postern server ready web/blue",
            "  postern server weight web/blue 3"
        })
final class ServerCommand {
    @Mixin
    final HelpOption help = new HelpOption();
}
