package dev.postern.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Postern as a process of its own, as an operator runs it: to be killed, to be sent signals, to be measured. */
public final class PosternProcess implements AutoCloseable {
    /** A start takes a second; on a machine with twenty others that want its two processors a minute was not enough once. */
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    /** Not the one of this machine. */
    private static final Path RUNTIME = runtime();

    private final Process process;
    private final Thread reader;
    private final List<String> lines = new CopyOnWriteArrayList<>();

    private PosternProcess(Process process) {
        this.process = process;
        this.reader = new Thread(this::readLines, "postern-output");
        reader.setDaemon(true);
        reader.start();
    }

    /** Runs {@code postern ARGUMENTS} in {@code directory}. */
    public static PosternProcess start(Path directory, String... arguments) {
        return start(directory, List.of(), arguments);
    }

    /** @param jvm options for the JVM */
    public static PosternProcess start(Path directory, List<String> jvm, String... arguments) {
        return startUnder(List.of(), directory, jvm, arguments);
    }

    /** @param environment on top of that of every such process: the store of each is in its own directory */
    public static PosternProcess startIn(Map<String, String> environment, Path directory, String... arguments) {
        return start(WarmStart.get(), List.of(), environment, directory, List.of(), arguments);
    }

    /** @param tracer the beginning of a command line that runs the rest of it, and becomes it */
    public static PosternProcess startUnder(
            List<String> tracer, Path directory, List<String> jvm, String... arguments) {
        return start(WarmStart.get(), tracer, Map.of(), directory, jvm, arguments);
    }

    static PosternProcess start(WarmStart warm, Path directory, String... arguments) {
        return start(warm, List.of(), Map.of(), directory, List.of(), arguments);
    }

    private static PosternProcess start(
            WarmStart warm,
            List<String> tracer,
            Map<String, String> environment,
            Path directory,
            List<String> jvm,
            String... arguments) {
        List<String> command = new ArrayList<>(tracer);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // It starts for one thing and ends: no time for the compiler that optimizes, no threads for the collector.
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-XX:+UseSerialGC");
        if (Runtime.version().feature() >= 24) {
            // As the launcher: the JVM warns otherwise, whenever the TLS library is loaded.
            command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"));
        }
        command.addAll(warm.options());
        command.add("-Dpostern.home=" + Path.of("").toAbsolutePath());
        command.addAll(jvm);
        command.add("-cp");
        command.add(warm.classPath());
        command.add("dev.postern.cli.Main");
        command.addAll(List.of(arguments));
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
            builder.environment()
                    .put("STATE_DIRECTORY", directory.resolve("certs").toString());
            builder.environment().put("XDG_RUNTIME_DIR", RUNTIME.toString());
            builder.environment().putAll(environment);
            return new PosternProcess(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path runtime() {
        try {
            Path folder = Files.createTempDirectory("postern-runtime");
            folder.toFile().deleteOnExit();
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void readLines() {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.add(line);
            }
        } catch (IOException ended) {
            // The process is gone.
        }
    }

    /** What it has printed so far, on both streams. */
    public List<String> lines() {
        return lines;
    }

    /** Waits for a line; fails with everything printed where it does not come in time, or the process ends first. */
    public String awaitLine(Predicate<String> wanted) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < end) {
            boolean ended = !process.isAlive();
            if (ended) {
                awaitExit();
            }
            for (String line : lines) {
                if (wanted.test(line)) {
                    return line;
                }
            }
            if (ended) {
                break;
            }
            try {
                process.waitFor(10, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        throw new AssertionError("no such line; printed:\n" + String.join("\n", lines));
    }

    public String awaitLine(String part) {
        return awaitLine(line -> line.contains(part));
    }

    /** The port that a listener is bound to; waits until it is open. */
    public int port(String listener) {
        String line = awaitLine("listener " + listener + ": ");
        return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
    }

    /** SIGKILL, and waits for the end. */
    public void kill() {
        process.destroyForcibly();
        awaitExit();
    }

    /** What it has had of the processors. */
    public Duration processorTime() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** SIGTERM. */
    public void terminate() {
        // Process.destroy would close our end of its output as well, and with it what it says last.
        assertThat(process.toHandle().destroy()).isTrue();
    }

    /** SIGHUP, as a terminal sends it that goes away, or an operator who changed the configuration. */
    public void hangUp() {
        signal("HUP");
    }

    public void signal(String name) {
        try {
            assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(pid()))
                            .start()
                            .waitFor())
                    .isZero();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The exit code; everything that was printed is in {@link #lines} then. */
    public int awaitExit() {
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError("still running; printed:\n" + String.join("\n", lines));
            }
            // So that everything it printed is in lines().
            reader.join();
            return process.exitValue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
