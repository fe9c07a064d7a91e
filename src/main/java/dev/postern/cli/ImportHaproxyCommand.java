package dev.postern.cli;

import dev.postern.config.read.ConfigurationFile;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.disk.DiskFailure;
import dev.postern.migrate.Imported;
import dev.postern.migrate.haproxy.HaproxyImport;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

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
            "  postern import haproxy haproxy.cfg -o postern.yaml && postern check -c postern.yaml"
        })
final class ImportHaproxyCommand implements Callable<Integer> {
    private final Console console;
    private final Surroundings surroundings;

    @Mixin
    final HelpOption help = new HelpOption();

    @Parameters(paramLabel = "FILE", description = "HAProxy's configuration, such as /etc/haproxy/haproxy.cfg.")
    private Path file = Path.of("haproxy.cfg");

    @Option(
            names = {"-o", "--output"},
            paramLabel = "OUT",
            description = "Write to this file, which must not be there yet.")
    private @Nullable Path output;

    @Option(names = "--force", description = "Overwrite OUT.")
    private boolean force;

    ImportHaproxyCommand(Console console, Surroundings surroundings) {
        this.console = console;
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws CommandFailed {
        Imported imported;
        try {
            imported = HaproxyImport.read(file, surroundings.environment(), Clock.systemUTC());
        } catch (IOException e) {
            throw new CommandFailed(ExitCode.CONFIGURATION, String.valueOf(e.getMessage()));
        }
        write(imported.text());
        if (imported.notes() > 0) {
            console.err()
                    .println(file + ": not, or not wholly, carried over: lines: " + imported.notes()
                            + " (each is a comment in the result)");
        }
        if (imported.guards() > 0) {
            console.err()
                    .println(file + ": of these kept somebody out: " + imported.guards()
                            + " (look for NOT KEPT OUT HERE, before anything is served)");
        }
        return isGood(imported.text()) ? ExitCode.OK : ExitCode.NO;
    }

    private void write(String text) throws CommandFailed {
        Path out = output;
        if (out == null) {
            console.out().print(text);
            console.out().flush();
            return;
        }
        OpenOption[] how = force
                ? new OpenOption[] {
                    StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE
                }
                : new OpenOption[] {StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE};
        try {
            Files.writeString(out, text, how);
        } catch (FileAlreadyExistsException e) {
            throw new CommandFailed(ExitCode.NO, out + ": is there already (expected: a new file, or --force)");
        } catch (IOException e) {
            throw new CommandFailed(ExitCode.UNAVAILABLE, out + ": " + DiskFailure.reason(e));
        }
    }

    /** What it makes of a file that it has misunderstood is told at once, not at the next start. */
    private boolean isGood(String text) {
        try {
            ConfigurationFile.parse("result", text, surroundings);
            return true;
        } catch (ConfigurationProblems e) {
            e.lines().forEach(console.err()::println);
            console.err().println(e.getMessage() + "; mend them by hand");
            return false;
        }
    }
}
