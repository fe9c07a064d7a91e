package dev.postern.observe;

import dev.postern.config.LogRotation;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A file that is appended to, and put away by rule; or standard output. The writing thread only. */
final class FileDestination implements LogDestination {
    private static final Logger LOG = LoggerFactory.getLogger(FileDestination.class);
    private static final ByteBuffer NEW_LINE =
            ByteBuffer.wrap(new byte[] {'\n'}).asReadOnlyBuffer();

    /** Not with every batch: what cannot be done now can hardly be done then. */
    private static final Duration AGAIN = Duration.ofMinutes(1);

    private final @Nullable Path file;
    private OpenedFile opened;
    /** How much of the batch that failed had been written. */
    private int done;
    /** The last line was not written to its end. */
    private boolean torn;

    private final @Nullable RotatedFiles rotated;
    private final InstantSource clock;
    private Instant begun;
    /** When it could not be put away, or followed. */
    private Instant failedAt = Instant.EPOCH;

    private FileDestination(
            @Nullable Path file, OpenedFile opened, @Nullable RotatedFiles rotated, InstantSource clock) {
        this.file = file;
        this.opened = opened;
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
            FileChannel out = new FileOutputStream(FileDescriptor.out).getChannel();
            return new FileDestination(null, new OpenedFile(out, null), null, clock);
        }
        RotatedFiles rotated = rule == null ? null : new RotatedFiles(file, rule, work);
        return new FileDestination(file, OpenedFile.at(file), rotated, clock);
    }

    /** Where a new file cannot be opened the old one goes on. */
    @Override
    public void reopen() {
        if (file == null) {
            return;
        }
        try {
            goOnIn(OpenedFile.at(file));
            LOG.info("access log {}: opened anew", this);
        } catch (IOException e) {
            LOG.error("access log {}: cannot be opened anew: {}; writing goes on where it was", this, e.toString());
        }
    }

    /** Where it is the same file it is as old as it was. */
    private void goOnIn(OpenedFile next) {
        if (!next.isSameAs(opened)) {
            torn = false;
            begun = rotated == null ? Instant.EPOCH : rotated.begun(clock.instant());
        }
        close();
        opened = next;
        failedAt = Instant.EPOCH;
    }

    @Override
    public void write(byte[] bytes, int length) throws IOException {
        done = 0;
        if (file != null && rotated != null) {
            follow(file);
        }
        if (torn) {
            // A disk was full in the middle of a line: what comes now begins on one of its own.
            while (opened.channel().write(NEW_LINE.duplicate()) == 0) {
                Thread.onSpinWait();
            }
            torn = false;
        }
        ByteBuffer left = ByteBuffer.wrap(bytes, 0, length);
        while (left.hasRemaining()) {
            done += opened.channel().write(left);
            torn = bytes[Math.max(0, done - 1)] != '\n' && done > 0;
        }
        if (file != null && rotated != null) {
            rotate(file, rotated);
        }
    }

    /**
     * Another may have put it away since the last batch, however long ago that is: what is written there now may be compressed,
     * and deleted.
     */
    private void follow(Path file) {
        if (failedLately(clock.instant())) {
            return;
        }
        try {
            if (!opened.isAt(file)) {
                goOnIn(OpenedFile.at(file));
            }
        } catch (IOException e) {
            failed("was moved or removed, and another cannot be opened", e);
        }
    }

    /** Where that fails the file is written on. */
    private void rotate(Path file, RotatedFiles away) {
        Instant now = clock.instant();
        if (failedLately(now)) {
            return;
        }
        try {
            if (away.isDue(opened.channel().size(), begun, now)) {
                beginAnother(file, away, now);
            }
        } catch (IOException e) {
            failed("cannot be put away", e);
        }
    }

    private boolean failedLately(Instant now) {
        return failedAt.plus(AGAIN).isAfter(now) && !failedAt.isAfter(now);
    }

    private void failed(String what, IOException why) {
        LOG.error(
                "access log {}: {}: {}; writing goes on where it was, and it is tried again in {} s",
                this,
                what,
                why.toString(),
                AGAIN.toSeconds());
        failedAt = clock.instant();
    }

    /**
     * Of several that write into this file (a process and its successor, a log and the one of after a reload) one puts it away,
     * while it has it locked; the others follow before their next batch. The name of a file that is not ours is left alone.
     */
    private void beginAnother(Path file, RotatedFiles away, Instant now) throws IOException {
        OpenedFile next;
        RotatedFiles.PutAway put;
        try (FileLock lock = opened.channel().tryLock()) {
            if (lock == null) {
                return;
            }
            put = opened.isAt(file) ? away.putAway(now) : null;
            try {
                next = OpenedFile.at(file);
            } catch (IOException e) {
                if (put != null) {
                    away.bringBack(put);
                }
                throw e;
            }
        } catch (OverlappingFileLockException e) {
            return;
        }
        goOnIn(next);
        if (put != null) {
            away.lookAfterThoseBefore(put);
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
            opened.channel().close();
        } catch (IOException e) {
            LOG.warn("access log {}: close: {}", this, e.toString());
        }
    }

    @Override
    public String toString() {
        return file == null ? "on standard output" : file.toString();
    }
}
