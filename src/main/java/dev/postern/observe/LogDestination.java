package dev.postern.observe;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where the lines go: a file that is appended to, or standard output. The writing thread only. */
final class LogDestination {
    private static final Logger LOG = LoggerFactory.getLogger(LogDestination.class);
    private static final ByteBuffer NEW_LINE =
            ByteBuffer.wrap(new byte[] {'\n'}).asReadOnlyBuffer();

    private final @Nullable Path file;
    private FileChannel out;
    /** How much of the batch that failed had been written. */
    private int done;
    /** The last line was not written to its end. */
    private boolean torn;

    private LogDestination(@Nullable Path file, FileChannel out) {
        this.file = file;
        this.out = out;
    }

    /** @param file null for standard output */
    static LogDestination open(@Nullable Path file) throws IOException {
        return new LogDestination(
                file, file == null ? new FileOutputStream(FileDescriptor.out).getChannel() : appendTo(file));
    }

    private static FileChannel appendTo(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    }

    /** Where a new file cannot be opened the old one goes on. */
    void reopen() {
        if (file == null) {
            return;
        }
        try {
            FileChannel next = appendTo(file);
            close();
            out = next;
            torn = false;
            LOG.info("access log {}: opened anew", this);
        } catch (IOException e) {
            LOG.error("access log {}: cannot be opened anew: {}; writing goes on where it was", this, e.toString());
        }
    }

    /** Blocks. */
    void write(byte[] bytes, int length) throws IOException {
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
    }

    /** After a failure: how many lines of the batch are not there as a whole. */
    int linesNotWritten(byte[] bytes, int length) {
        int lines = 0;
        for (int i = done; i < length; i++) {
            if (bytes[i] == '\n') {
                lines++;
            }
        }
        return lines;
    }

    void close() {
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
