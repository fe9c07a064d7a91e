package dev.postern.cli;

import dev.postern.config.read.Surroundings;
import dev.postern.migrate.Imported;
import dev.postern.migrate.nginx.NginxImport;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(
        name = "nginx",
        header = "Write a configuration that does what one of nginx does.",
        description = {
            "To standard output, or to OUT. What cannot be carried over stands there as a comment, with its file and line, the reason and"
                    + " what to do; the number of such lines is told at the end. Files that are included are read too, relative to the folder of FILE;"
                    + " FILE may also be a part of http, such as a file of sites-enabled. Certificate and password files that are here and good are"
                    + " named. Where somebody was kept out by what Postern cannot ask, nobody gets in. Nothing in FILE is changed.",
            "Ends with 0 and a configuration that passes check, or with 78 and what is wrong with FILE."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern import nginx /etc/nginx/nginx.conf",
            "  postern import nginx nginx.conf -o postern.yaml",
            "  postern check -c postern.yaml"
        })
final class ImportNginxCommand extends ImportProxyCommand {
    ImportNginxCommand(Console console, Surroundings surroundings) {
        super(console, surroundings);
    }

    @Override
    Imported read(Path from, Map<String, String> environment) throws IOException {
        return NginxImport.read(from, Clock.systemUTC());
    }
}
