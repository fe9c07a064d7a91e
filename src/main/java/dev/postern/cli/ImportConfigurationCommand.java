package dev.postern.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Whose configuration can be brought along. The subcommands do it. */
@Command(
        name = "import",
        header = "Write a configuration that does what that of another proxy does.",
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern import haproxy /etc/haproxy/haproxy.cfg -o postern.yaml",
            "  postern import nginx /etc/nginx/nginx.conf -o postern.yaml",
            "  postern import caddy /etc/caddy/Caddyfile -o postern.yaml"
        })
final class ImportConfigurationCommand {
    @Mixin
    final HelpOption help = new HelpOption();
}
