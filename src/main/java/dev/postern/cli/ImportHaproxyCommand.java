package dev.postern.cli;

import dev.postern.config.read.Surroundings;
import dev.postern.migrate.Imported;
import dev.postern.migrate.haproxy.HaproxyImport;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(
        name = "haproxy",
        header = "Write a configuration that does what one of HAProxy does.",
        description = {
            "To standard output, or to OUT. What cannot be carried over stands there as a comment, with its line, the reason and"
                    + " what to do; the number of such lines is told at the end. Variables of the environment are put in; certificate files that are"
                    + " here and good are named. Nothing in FILE is changed.",
            "Ends with 0 and a configuration that passes check, or with 78 and what is wrong with FILE."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern import haproxy /etc/haproxy/haproxy.cfg",
            "  postern import haproxy haproxy.cfg -o postern.yaml",
            "  postern check -c postern.yaml"
        })
final class ImportHaproxyCommand extends ImportProxyCommand {
    ImportHaproxyCommand(Console console, Surroundings surroundings) {
        super(console, surroundings);
    }

    @Override
    Imported read(Path from, Map<String, String> environment) throws IOException {
        return HaproxyImport.read(from, environment, Clock.systemUTC());
    }
}
