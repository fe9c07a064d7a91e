package dev.postern.app;

import dev.postern.config.RegularFile;
import dev.postern.disk.DiskFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How other programs find this process: by its name, and by a file with its number. */
final class ProcessFiles {
    private static final Logger LOG = LoggerFactory.getLogger(ProcessFiles.class);

    /** What {@code ps}, {@code killall} and {@code pgrep} show and look for, proc_pid_comm(5); a JVM is java to them. */
    private static final Path NAME = Path.of("/proc/self/comm");

    private ProcessFiles() {}

    /** Elsewhere than on Linux it stays java. */
    static void name(String name) {
        if (Files.isWritable(NAME)) {
            try {
                Files.writeString(NAME, name);
            } catch (IOException e) {
                LOG.debug("{}: not written", NAME, e);
            }
        }
    }

    /**
     * Writes the number of this process, in one piece.
     *
     * @return takes it away again, unless it is another process's by now
     * @throws CannotStart where it cannot be written
     */
    static AutoCloseable number(Path file) throws CannotStart {
        String number = ProcessHandle.current().pid() + "\n";
        Path unfinished = file.resolveSibling("." + file.getFileName() + ".new");
        try {
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                // What somebody has named by mistake is not replaced.
                String there = RegularFile.text(file, RegularFile.PEM_BYTES).strip();
                if (!there.chars().allMatch(Character::isDigit)) {
                    throw new IOException("something else than the number of a process is in it");
                }
            }
            Files.deleteIfExists(unfinished);
            Files.writeString(unfinished, number);
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new CannotStart(
                    CannotStart.Reason.UNAVAILABLE,
                    List.of(file + ": the pid file cannot be written: " + DiskFailure.reason(e)),
                    e);
        }
        return () -> {
            if (Files.isRegularFile(file)
                    && RegularFile.text(file, RegularFile.PEM_BYTES).equals(number)) {
                Files.deleteIfExists(file);
            }
        };
    }
}
