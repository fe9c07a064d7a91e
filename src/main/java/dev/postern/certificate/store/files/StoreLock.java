package dev.postern.certificate.store.files;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.certificate.store.StoreInUse;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code certs/.lock}, locked: one process has the store. The lock is of the file, and not of its name: where somebody removes
 * that, the next one makes and locks another. So whoever has it looks whether it is still in its place. Any thread.
 */
final class StoreLock implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StoreLock.class);

    private final Path store;
    private final Path file;

    @GuardedBy("this") private FileChannel channel;

    // Which file it is. While that is open, no other one has this key. Null where the file system has none.
    @GuardedBy("this") private @Nullable Object key;

    private StoreLock(Path store) throws IOException {
        this.store = store;
        this.file = of(store);
        this.channel = lock(store);
        this.key = key(file);
    }

    /** Where it is, in which store. */
    static Path of(Path store) {
        return store.resolve(".lock");
    }

    /**
     * @throws StoreInUse where another process has it
     * @throws IOException the name of the file and the reason
     */
    static StoreLock take(Path store) throws IOException {
        return new StoreLock(store);
    }

    private static FileChannel lock(Path store) throws IOException {
        Path file = of(store);
        FileChannel channel;
        try {
            channel = DurableFiles.openLock(file);
        } catch (IOException e) {
            throw new IOException(file.getFileName() + ": " + DiskFailure.reason(e), e);
        }
        FileLock held = null;
        try {
            held = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // Held by this very process: the same answer as for another one.
        } finally {
            if (held == null) {
                channel.close();
            }
        }
        if (held == null) {
            throw new StoreInUse(
                    store + ": the certificate store is in use by another postern; stop that one first, or set"
                            + " acme.store to another directory");
        }
        return channel;
    }

    private static @Nullable Object key(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    }

    /**
     * Sees to it that the lock is in its place: taken anew where somebody has removed its file.
     *
     * @throws StoreInUse where another process has come meanwhile
     */
    synchronized void keep() throws IOException {
        if (!channel.isOpen() || isInPlace()) {
            return;
        }
        FileChannel next = lock(store);
        try {
            key = key(file);
        } catch (IOException e) {
            next.close();
            throw e;
        }
        channel.close();
        channel = next;
        LOG.error("{}: was removed; made again (expected: that nobody else touches the store)", file);
    }

    @GuardedBy("this") private boolean isInPlace() throws IOException {
        try {
            Object found = key(file);
            return key == null || key.equals(found);
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    @Override
    public synchronized void close() throws IOException {
        channel.close();
    }
}
