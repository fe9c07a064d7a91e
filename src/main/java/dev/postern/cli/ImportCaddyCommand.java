package dev.postern.cli;

import dev.postern.config.read.Surroundings;
import dev.postern.migrate.Imported;
import dev.postern.migrate.caddy.CaddyImport;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(
        name = "caddy",
        header = "Write a configuration that does what a Caddyfile does.",
        description = {
            "To standard output, or to OUT. What cannot be carried over stands there as a comment, with its file and line, the reason and"
                    + " what to do; the number of such lines is told at the end. Snippets and files that are imported are read too, variables of the"
                    + " environment are put in. Certificate files that are here and good are named. Where somebody was kept out by what Postern cannot"
                    + " ask, nobody gets in. Nothing in FILE is changed.",
            "Ends with 0 and a configuration that passes check, or with 78 and what is wrong with FILE."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern import caddy /etc/caddy/Caddyfile",
            "  postern import caddy Caddyfile -o postern.yaml",
            "  postern check -c postern.yaml"
        })
final class ImportCaddyCommand extends ImportProxyCommand {
    ImportCaddyCommand(Console console, Surroundings surroundings) {
        super(console, surroundings);
    }

    @Override
    Imported read(Path from, Map<String, String> environment) throws IOException {
        return CaddyImport.read(from, environment, Clock.systemUTC());
    }
}
