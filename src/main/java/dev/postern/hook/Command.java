package dev.postern.hook;

import dev.postern.config.PlainText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A program and its first arguments, run without a shell, in the working directory of this process, in an environment
 * that has nothing of ours but {@link #INHERITED}. Blocks the thread that runs it, and uses no other one.
 */
public final class Command {
    /** So much of what it prints is kept: the beginning, where a program says what it does not like. */
    static final int KEPT_BYTES = 16 << 10;

    /** Without these many a program does not find its own parts, or prints what nobody reads. */
    static final List<String> INHERITED = List.of("PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME");

    /** A pipe takes at least a page without a reader, pipe(7): what is longer goes through a file. */
    private static final int PIPE_BYTES = 4096;

    /** How often a program that runs is looked at: a person waits for none of them. */
    private static final long LOOK_MILLIS = 20;

    /** Between TERM and KILL. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private final List<String> command;
    private final Duration timeout;

    /**
     * How a run ended.
     *
     * @param exit null where the program had to be ended, for its time was over
     * @param output what it printed, both streams in their order, at most {@value #KEPT_BYTES} bytes
     */
    public record Outcome(@Nullable Integer exit, String output, Duration timeout) {
        public boolean isSuccess() {
            return exit != null && exit == 0;
        }

        /** One line: how it ended, and the end of what it printed. */
        public String text() {
            String how = exit == null
                    ? "still running after " + dev.postern.config.Durations.text(timeout) + "; ended"
                    : "exit code " + exit;
            String said = output.strip()
                    .lines()
                    .map(PlainText::line)
                    .filter(line -> !line.isEmpty())
                    .collect(Collectors.joining(" | "));
            int from = Math.max(0, said.length() - SHOWN);
            return said.isEmpty()
                    ? how + ", without a word"
                    : how + ": " + (from > 0 ? "…" : "") + said.substring(from);
        }

        /** The end of it is where a script says why it gave up. */
        private static final int SHOWN = 1000;
    }

    /**
     * @param command not empty
     * @param timeout after it the program and its children are ended
     */
    public Command(List<String> command, Duration timeout) {
        this.command = List.copyOf(command);
        this.timeout = timeout;
    }

    /** The program, for the log: what is behind it may be a password. */
    public String text() {
        return command.get(0);
    }

    /**
     * Runs it once.
     *
     * @param arguments behind those of the command; everybody on this machine can read them
     * @param environment beside what it inherits
     * @param input what it reads from standard input, which it need not
     * @throws IOException where it cannot be started; one line for the operator
     * @throws InterruptedException after it was ended
     */
    public Outcome run(List<String> arguments, Map<String, String> environment, String input)
            throws IOException, InterruptedException {
        byte[] bytes = input.getBytes(StandardCharsets.UTF_8);
        Path file = bytes.length > PIPE_BYTES ? Files.createTempFile("postern-hook-", ".json") : null;
        try {
            Process process = start(arguments, environment, file, bytes);
            try {
                return await(process);
            } finally {
                end(process);
                closeQuietly(process);
            }
        } finally {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        }
    }

    private Process start(List<String> arguments, Map<String, String> environment, @Nullable Path file, byte[] input)
            throws IOException {
        List<String> all = new ArrayList<>(command);
        all.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(all).redirectErrorStream(true);
        Map<String, String> variables = builder.environment();
        variables.keySet().retainAll(INHERITED);
        variables.putAll(environment);
        if (file != null) {
            Files.write(file, input);
            builder.redirectInput(file.toFile());
        }
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new IOException("cannot be started: " + e.getMessage(), e);
        }
        try (OutputStream in = process.getOutputStream()) {
            if (file == null) {
                in.write(input);
            }
        } catch (IOException e) {
            // It does not read, or is gone already: how it ends is what counts.
            return process;
        }
        return process;
    }

    private Outcome await(Process process) throws InterruptedException {
        ByteArrayOutputStream kept = new ByteArrayOutputStream();
        long begun = System.nanoTime();
        boolean ended = false;
        while (!ended && System.nanoTime() - begun < timeout.toNanos()) {
            // What nobody reads stops a program as soon as the pipe is full.
            drain(process, kept);
            long left = timeout.toNanos() - (System.nanoTime() - begun);
            ended = process.waitFor(
                    Math.max(1, Math.min(left, TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS))), TimeUnit.NANOSECONDS);
        }
        drain(process, kept);
        return new Outcome(
                ended ? Integer.valueOf(process.exitValue()) : null, kept.toString(StandardCharsets.UTF_8), timeout);
    }

    /** Takes what is there without waiting: a child that outlives the program may hold the pipe for ever. */
    private static void drain(Process process, ByteArrayOutputStream kept) {
        InputStream out = process.getInputStream();
        byte[] some = new byte[8192];
        // The JDK exchanges the stream when the process ends, under our hands: the second look is at the new one.
        for (int failed = 0; failed < 3; ) {
            try {
                int available = out.available();
                if (available <= 0) {
                    return;
                }
                int read = out.read(some, 0, Math.min(some.length, available));
                if (read <= 0) {
                    return;
                }
                kept.write(some, 0, Math.max(0, Math.min(read, KEPT_BYTES - kept.size())));
            } catch (IOException e) {
                failed++;
            }
        }
    }

    /** The program and everything it started, those that are left of it. */
    private static void end(Process process) {
        if (!process.isAlive()) {
            return;
        }
        List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
        all.add(process.toHandle());
        all.forEach(ProcessHandle::destroy);
        boolean interrupted = false;
        long begun = System.nanoTime();
        while (all.stream().anyMatch(ProcessHandle::isAlive)
                && System.nanoTime() - begun < LAST_WORDS.toNanos()
                && !interrupted) {
            try {
                if (process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                    // Its children get the same time, but nobody tells when they are gone.
                    java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS));
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        all.forEach(ProcessHandle::destroyForcibly);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static void closeQuietly(Process process) throws IOException {
        // The pipe of a child that lives on is closed by reading no more of it.
        process.getErrorStream().close();
        process.getInputStream().close();
    }
}
