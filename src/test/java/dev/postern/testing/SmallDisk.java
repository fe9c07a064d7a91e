package dev.postern.testing;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** A disk of its own that can be filled and made read-only: a tmpfs, for which the tests must run as root. */
public final class SmallDisk implements AutoCloseable {
    private static final String FILLER = "filler";
    private static final String MANY = "many";

    private final Path at;

    private SmallDisk(Path at) {
        this.at = at;
    }

    /** Mounts it at {@code at}, which is made; ends the test where that is not allowed. */
    public static SmallDisk mount(Path at) throws IOException {
        Files.createDirectories(at);
        String problem = run("mount", "-t", "tmpfs", "-o", "size=256k,mode=700,nr_inodes=1000", "tmpfs", at.toString());
        if (!problem.isEmpty()) {
            String reason = "no tmpfs can be mounted here (" + problem.strip() + "); run the tests as root";
            if ("required".equals(System.getenv("POSTERN_REAL"))) {
                Assertions.fail(reason);
            }
            Assumptions.abort(reason);
        }
        return new SmallDisk(at);
    }

    /** Not one byte more goes in. */
    public void fill() throws IOException {
        byte[] block = new byte[4096];
        try (OutputStream out = Files.newOutputStream(at.resolve(FILLER))) {
            for (int i = 0; i < 1000; i++) {
                out.write(block);
            }
            throw new IllegalStateException("larger than it should be");
        } catch (IOException full) {
            Assertions.assertTrue(
                    String.valueOf(full.getMessage()).contains("No space left"), String.valueOf(full.getMessage()));
        }
    }

    public void free() throws IOException {
        Files.delete(at.resolve(FILLER));
    }

    /** Those that are there may grow. */
    public void takesNoMoreFiles() throws IOException {
        Files.createDirectory(at.resolve(MANY));
        try {
            for (int i = 0; i < 2000; i++) {
                Files.createFile(at.resolve(MANY).resolve(String.valueOf(i)));
            }
            throw new IllegalStateException("larger than it should be");
        } catch (IOException full) {
            Assertions.assertTrue(
                    String.valueOf(full.getMessage()).contains("No space left"), String.valueOf(full.getMessage()));
        }
    }

    public void takesFilesAgain() throws IOException {
        try (Stream<Path> many = Files.list(at.resolve(MANY))) {
            for (Path each : many.toList()) {
                Files.delete(each);
            }
        }
        Files.delete(at.resolve(MANY));
    }

    /** Only while nothing on it is open. */
    public void readOnly(boolean readOnly) throws IOException {
        String problem = run("mount", "-o", "remount," + (readOnly ? "ro" : "rw"), at.toString());
        Assertions.assertEquals("", problem);
    }

    /**
     * Makes it read-only under a process that uses it, as the kernel does after an error: whatever is opened from now on
     * is; files that are open stay as they are.
     */
    public void becomeReadOnly() throws IOException {
        Assertions.assertEquals("", run("mount", "--bind", at.toString(), at.toString()));
        Assertions.assertEquals("", run("mount", "-o", "remount,bind,ro", at.toString()));
    }

    /** After {@link #becomeReadOnly}. */
    public void becomeWritable() throws IOException {
        Assertions.assertEquals("", run("umount", "-l", at.toString()));
    }

    @Override
    public void close() throws IOException {
        // Twice where it has become read-only.
        run("umount", "-l", at.toString());
        run("umount", "-l", at.toString());
    }

    /** What it complained about; empty where it did not. */
    private static String run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return String.join(" ", command) + " hangs";
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return process.exitValue() == 0 ? "" : said + " (exit " + process.exitValue() + ")";
    }
}
