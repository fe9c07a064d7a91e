package dev.postern.app;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What USR2 asks for: the program that is installed now, with the arguments of this process and {@code --replace}. It gets our
 * environment and our output; the rest is its own business, see {@link Succession}.
 */
final class Successor {
    private static final Logger LOG = LoggerFactory.getLogger(Successor.class);

    private static final String MAIN = "dev.postern.cli.Main";
    private static final String REPLACE = "--replace";
    private static final long FIRST_PROCESS = 1;

    /** What systemd has told this process alone. */
    private static final List<String> OWN = List.of("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID");

    private final AtomicBoolean starting = new AtomicBoolean();

    /** A signal; returns at once. */
    void start() {
        if (ProcessHandle.current().pid() == FIRST_PROCESS) {
            LOG.error("USR2: this is the first process of its container, which ends with it; not replaced");
            return;
        }
        if (!starting.compareAndSet(false, true)) {
            LOG.info("USR2: another process is starting already");
            return;
        }
        try {
            List<String> command = command(Files.readString(Path.of("/proc/self/cmdline"), StandardCharsets.UTF_8));
            ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
            Map<String, String> environment = builder.environment();
            OWN.forEach(environment::remove);
            Process process = builder.start();
            LOG.info("USR2: {} starts as process {}", command.get(0), process.pid());
            var unused = process.onExit().thenAccept(this::ended);
        } catch (IOException e) {
            starting.set(false);
            LOG.error("USR2: {}; not replaced", e.getMessage());
        }
    }

    private void ended(Process process) {
        starting.set(false);
        LOG.error("USR2: process {} ended with {}; not replaced", process.pid(), process.exitValue());
    }

    /** @param own the command line of this process, proc_pid_cmdline(5) */
    static List<String> command(String own) throws IOException {
        List<String> words = List.of(own.split("\0", -1));
        int main = words.indexOf(MAIN);
        if (main < 0) {
            throw new IOException("the command line of this process is not known");
        }
        List<String> command = new ArrayList<>();
        String launcher = System.getProperty("postern.launcher", "");
        if (launcher.isEmpty()) {
            // Its first word may be anything.
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(words.subList(1, main + 1));
        } else {
            command.add(launcher);
        }
        // The last one is empty: each word ends with a zero byte.
        words.subList(main + 1, words.size() - 1).stream()
                .filter(word -> !word.equals(REPLACE))
                .forEach(command::add);
        command.add(REPLACE);
        return List.copyOf(command);
    }
}
