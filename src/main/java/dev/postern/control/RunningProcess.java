package dev.postern.control;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A process as {@code /proc} shows it to anybody, proc(5). Elsewhere there is nothing to see. */
public final class RunningProcess {
    private static final Logger LOG = LoggerFactory.getLogger(RunningProcess.class);

    private static final Path PROC = Path.of("/proc");
    private static final String MAIN = "dev.postern.cli.Main";

    /** More than any command line of ours; those of others may be endless. */
    private static final int LARGEST_COMMAND_LINE = 1 << 20;

    /** The field `starttime` of stat, counted behind the name, which may hold anything. */
    private static final int START_TIME = 19;

    private final long pid;

    private RunningProcess(long pid) {
        this.pid = pid;
    }

    static RunningProcess of(long pid) {
        return new RunningProcess(pid);
    }

    public long pid() {
        return pid;
    }

    private Path file(String name) {
        return PROC.resolve(Long.toString(pid)).resolve(name);
    }

    /** Tells it from others that had or will have its number; empty where there is no telling. */
    String started() {
        try {
            String stat = Files.readString(file("stat"), StandardCharsets.ISO_8859_1);
            String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
            return fields.length > START_TIME ? fields[START_TIME] : "";
        } catch (IOException e) {
            return "";
        }
    }

    boolean isAlive(String started) {
        return ProcessHandle.of(pid).isPresent() && started().equals(started);
    }

    /** Who runs it; {@code "?"} where that is not known. */
    public String user() {
        try {
            return Files.getOwner(PROC.resolve(Long.toString(pid))).getName();
        } catch (IOException | UnsupportedOperationException e) {
            return "?";
        }
    }

    /**
     * Daemons that seem to have been started with {@code file}: anybody may give a process such a command line, so this is
     * a reason to doubt, and none to believe.
     *
     * @param lookup where a daemon looks that was given no file
     */
    public static List<RunningProcess> serving(Path file, List<Path> lookup) {
        List<RunningProcess> found = new ArrayList<>();
        if (!Files.isDirectory(PROC)) {
            return found;
        }
        long own = ProcessHandle.current().pid();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[1-9]*")) {
            for (Path process : processes) {
                RunningProcess one =
                        new RunningProcess(Long.parseLong(process.getFileName().toString()));
                if (one.pid != own && one.serves(file, lookup)) {
                    found.add(one);
                }
            }
        } catch (IOException | DirectoryIteratorException | NumberFormatException e) {
            LOG.debug("{}: not readable", PROC, e);
        }
        return found;
    }

    private boolean serves(Path file, List<Path> lookup) {
        List<String> arguments = arguments();
        int main = arguments.indexOf(MAIN);
        if (main < 0) {
            return false;
        }
        List<String> own = arguments.subList(main + 1, arguments.size());
        int command = 0;
        while (command < own.size() && own.get(command).startsWith("-")) {
            command++;
        }
        if (command == own.size() || !own.get(command).equals("run") || own.contains("--site")) {
            return false;
        }
        String named = configuration(own.subList(command + 1, own.size()));
        return named == null
                ? lookup.stream().anyMatch(candidate -> isSame(candidate, file))
                : isSame(Path.of(named), file);
    }

    private static @Nullable String configuration(List<String> options) {
        for (int i = 0; i < options.size(); i++) {
            String option = options.get(i);
            if (option.equals("-c") || option.equals("--config")) {
                return i + 1 < options.size() ? options.get(i + 1) : null;
            }
            if (option.startsWith("--config=")) {
                return option.substring("--config=".length());
            }
            if (option.startsWith("-c")) {
                return option.substring(option.startsWith("-c=") ? 3 : 2);
            }
        }
        return null;
    }

    /** As it sees it: from its working directory, in its file system. Both are told to its user and to root alone. */
    private boolean isSame(Path named, Path file) {
        try {
            Path absolute = Files.readSymbolicLink(file("cwd")).resolve(named);
            return Files.isSameFile(file("root").resolve(absolute.toString().substring(1)), file);
        } catch (IOException | UnsupportedOperationException e) {
            return named.isAbsolute() && RunRecord.isSame(named, file);
        }
    }

    private List<String> arguments() {
        try (InputStream in = Files.newInputStream(file("cmdline"))) {
            byte[] bytes = in.readNBytes(LARGEST_COMMAND_LINE);
            return List.of(new String(bytes, StandardCharsets.UTF_8).split("\0", -1));
        } catch (IOException e) {
            return List.of();
        }
    }
}
