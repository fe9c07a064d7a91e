package dev.postern.observe;

import dev.postern.config.LogRotation;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A file that is appended to, and put away by rule; or standard output. The writing thread only. */
final class FileDestination implements LogDestination {
    private static final Logger LOG = LoggerFactory.getLogger(FileDestination.class);
    private static final ByteBuffer NEW_LINE =
            ByteBuffer.wrap(new byte[] {'\n'}).asReadOnlyBuffer();

    private final @Nullable Path file;
    private FileChannel out;
    /** How much of the batch that failed had been written. */
    private int done;
    /** The last line was not written to its end. */
    private boolean torn;

    private final @Nullable RotatedFiles rotated;
    private final InstantSource clock;
    private Instant begun;

    private FileDestination(@Nullable Path file, FileChannel out, @Nullable RotatedFiles rotated, InstantSource clock) {
        this.file = file;
        this.out = out;
        this.rotated = rotated;
        this.clock = clock;
        this.begun = rotated == null ? Instant.EPOCH : rotated.begun(clock.instant());
    }

    /**
     * @param file null for standard output
     * @param rule null where somebody else puts files away
     * @param work compresses what was put away
     */
    static FileDestination open(@Nullable Path file, @Nullable LogRotation rule, InstantSource clock, Executor work)
            throws IOException {
        if (file == null) {
            return new FileDestination(null, new FileOutputStream(FileDescriptor.out).getChannel(), null, clock);
        }
        RotatedFiles rotated = rule == null ? null : new RotatedFiles(file, rule, work);
        return new FileDestination(file, appendTo(file), rotated, clock);
    }

    private static FileChannel appendTo(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    }

    /** Where a new file cannot be opened the old one goes on. */
    @Override
    public void reopen() {
        if (file == null) {
            return;
        }
        try {
            FileChannel next = appendTo(file);
            close();
            out = next;
            torn = false;
            begun = clock.instant();
            LOG.info("access log {}: opened anew", this);
        } catch (IOException e) {
            LOG.error("access log {}: cannot be opened anew: {}; writing goes on where it was", this, e.toString());
        }
    }

    @Override
    public void write(byte[] bytes, int length) throws IOException {
        done = 0;
        if (torn) {
            // A disk was full in the middle of a line: what comes now begins on one of its own.
            while (out.write(NEW_LINE.duplicate()) == 0) {
                Thread.onSpinWait();
            }
            torn = false;
        }
        ByteBuffer left = ByteBuffer.wrap(bytes, 0, length);
        while (left.hasRemaining()) {
            done += out.write(left);
            torn = bytes[Math.max(0, done - 1)] != '\n' && done > 0;
        }
        if (rotated != null) {
            rotate(rotated);
        }
    }

    /** Where that fails the file is written on, and it is tried again with the next batch that is due. */
    private void rotate(RotatedFiles away) {
        Instant now = clock.instant();
        try {
            if (!away.isDue(out.size(), begun, now)) {
                return;
            }
            away.putAway(now);
            FileChannel next = appendTo(Objects.requireNonNull(file, "file"));
            close();
            out = next;
            begun = now;
        } catch (IOException e) {
            LOG.error("access log {}: cannot be put away: {}; writing goes on where it was", this, e.toString());
            begun = now;
        }
    }

    @Override
    public int linesNotWritten(byte[] bytes, int length) {
        int lines = 0;
        for (int i = done; i < length; i++) {
            if (bytes[i] == '\n') {
                lines++;
            }
        }
        return lines;
    }

    @Override
    public void close() {
        if (file == null) {
            return;
        }
        try {
            out.close();
        } catch (IOException e) {
            LOG.warn("access log {}: close: {}", this, e.toString());
        }
    }

    @Override
    public String toString() {
        return file == null ? "on standard output" : file.toString();
    }
}
