package dev.postern.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What a configuration is. The subcommands say it. */
@Command(
        name = "config",
        header = "Show the configuration as it is understood.",
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExamples:%n",
        footer = {"  postern config show", "  postern config show --defaults"})
final class ConfigurationCommand {
    @Mixin
    final HelpOption help = new HelpOption();
}
