package dev.postern.bench.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Everything that is started here, and ended again whatever happens. */
final class Programs implements AutoCloseable {
    /** A build of Postern is the longest thing that anybody does here. */
    private static final String LONGEST = "300";

    private final Set<Process> running = ConcurrentHashMap.newKeySet();

    Programs() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::close));
    }

    /** One that runs until it is ended. */
    Process start(Path home, List<String> command, Map<String, String> environment) {
        try {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(home.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(home.resolve("output.log").toFile());
            builder.environment().putAll(environment);
            // What a program keeps in the home of its user is not for here.
            builder.environment().put("HOME", home.toString());
            builder.environment().put("XDG_DATA_HOME", home.toString());
            builder.environment().put("XDG_CONFIG_HOME", home.toString());
            Process process = builder.start();
            running.add(process);
            return process;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void end(Process process) {
        try {
            process.destroy();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
            }
            running.remove(process);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * One that ends by itself.
     *
     * @return what it said
     * @throws Failed where it ends with anything but 0
     */
    static String run(List<String> command) {
        List<String> limited = new ArrayList<>(List.of("timeout", "-k", "1", LONGEST));
        limited.addAll(command);
        try {
            Process process = new ProcessBuilder(limited)
                    .redirectErrorStream(true)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new Failed(String.join(" ", command) + ": ended with " + process.exitValue() + ":\n" + said);
            }
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** First as one asks: a worker of nginx that is killed is started anew. */
    @Override
    public void close() {
        running.forEach(Process::destroy);
        running.forEach(this::end);
        // Those that end by themselves.
        ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
    }
}
