package dev.postern.cli;

import dev.postern.config.read.ConfigurationFile;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.disk.DiskFailure;
import dev.postern.migrate.Imported;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the commands have in common that write a configuration which does what another program's does. */
abstract class ImportProxyCommand implements Callable<Integer> {
    private final Console console;
    private final Surroundings surroundings;

    @Mixin
    final HelpOption help = new HelpOption();

    @Parameters(paramLabel = "FILE", description = "Its configuration.")
    private Path file = Path.of("");

    @Option(
            names = {"-o", "--output"},
            paramLabel = "OUT",
            description = "Write to this file, which must not be there yet.")
    private @Nullable Path output;

    @Option(names = "--force", description = "Overwrite OUT.")
    private boolean force;

    ImportProxyCommand(Console console, Surroundings surroundings) {
        this.console = console;
        this.surroundings = surroundings;
    }

    /** @throws IOException one line: it cannot be read, or is none of that program's */
    abstract Imported read(Path from, Map<String, String> environment) throws IOException;

    @Override
    public Integer call() throws CommandFailed {
        Imported imported;
        try {
            imported = read(file, surroundings.environment());
        } catch (IOException e) {
            throw new CommandFailed(ExitCode.CONFIGURATION, String.valueOf(e.getMessage()));
        }
        write(imported);
        if (imported.notes() > 0) {
            console.err()
                    .println(file + ": not, or not wholly, carried over: lines: " + imported.notes()
                            + " (each is a comment in the result)");
        }
        if (imported.guards() > 0) {
            console.err()
                    .println(file + ": of these kept somebody out: " + imported.guards()
                            + " (look for NOT KEPT OUT HERE and NOBODY GETS IN HERE, before anything is served)");
        }
        return isGood(imported.text()) ? ExitCode.OK : ExitCode.NO;
    }

    private void write(Imported imported) throws CommandFailed {
        Path out = output;
        if (out == null) {
            console.out().print(imported.text());
            console.out().flush();
            return;
        }
        if (isAmong(imported.files(), out)) {
            throw new CommandFailed(ExitCode.NO, out + ": is what is imported (expected: another file)");
        }
        OpenOption[] how = force
                ? new OpenOption[] {
                    StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE
                }
                : new OpenOption[] {StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE};
        try {
            Files.writeString(out, imported.text(), how);
        } catch (FileAlreadyExistsException e) {
            throw new CommandFailed(ExitCode.NO, out + ": is there already (expected: a new file, or --force)");
        } catch (IOException e) {
            throw new CommandFailed(ExitCode.UNAVAILABLE, out + ": " + DiskFailure.reason(e));
        }
    }

    private static boolean isAmong(Set<Path> files, Path out) throws CommandFailed {
        try {
            for (Path file : files) {
                if (Files.exists(out) && Files.isSameFile(file, out)) {
                    return true;
                }
            }
            return false;
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
