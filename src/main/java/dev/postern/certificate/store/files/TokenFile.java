package dev.postern.certificate.store.files;

import dev.postern.certificate.store.Lease;
import dev.postern.certificate.store.NotLeader;
import dev.postern.certificate.store.StoreInUse;
import dev.postern.config.RegularFile;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code certs/.lease}: the token of the process that has the store, greater than that of the one before. The lock keeps
 * others out; where it does not, as on a shared disk, or because somebody removed its file, the one that came first finds a
 * greater token in front of each write, or a lock that is another's, and writes nothing any more. Where the file itself was
 * removed, the count goes on from the time on the disk, which no token of before has reached. Any thread.
 */
final class TokenFile implements Lease {
    private static final Logger LOG = LoggerFactory.getLogger(TokenFile.class);

    /** More than there are nanoseconds in a century: nobody has opened the store so often. */
    private static final long MOST = 1L << 62;

    private final Path store;
    private final Path file;

    // 0 while the store is only read. Written while it is opened and closed; read by any thread.
    private volatile long token;
    private volatile @Nullable StoreLock lock;

    TokenFile(Path store) {
        this.store = store;
        this.file = store.resolve(".lease");
    }

    /**
     * From now on whoever had the store before is refused.
     *
     * @param held kept in its place from now on; whoever took it closes it
     *
     * @throws IOException where it cannot be written; taken all the same, and written before anything else is
     */
    void take(StoreLock held) throws IOException {
        lock = held;
        long before = Math.max(token, newest());
        token = before + 1;
        try {
            write();
            if (before == 0) {
                token = Math.max(Files.getLastModifiedTime(file).toMillis(), 1);
                write();
            }
        } catch (IOException e) {
            // That there is no room is no matter of this file.
            throw DiskFailure.isFull(e) ? e : new IOException(file.getFileName() + ": " + DiskFailure.reason(e), e);
        }
    }

    /** From now on nothing is written. */
    void drop() {
        token = 0;
        lock = null;
    }

    /** That of the newest holder; 0 where it is not known: then nobody can be refused for it. */
    private long newest() {
        try {
            long newest = Long.parseLong(RegularFile.stored(file).trim());
            return newest < MOST - 1 ? newest : 0;
        } catch (NoSuchFileException e) {
            return 0;
        } catch (IOException | NumberFormatException e) {
            if (Files.exists(file)) {
                LOG.debug("{}: not readable, written anew", file, e);
            }
            return 0;
        }
    }

    private void write() throws IOException {
        DurableFiles.replace(file, token + "\n");
    }

    /**
     * In front of each write.
     *
     * @throws NotLeader where another process has taken the store since, or this one only reads it
     * @throws IOException where the disk refuses the token, which somebody has swept: it would refuse what follows, too
     */
    void requireForWriting() throws IOException {
        require();
        if (newest() != token) {
            write();
        }
    }

    @Override
    public long token() {
        return token;
    }

    @Override
    public void require() throws NotLeader {
        long mine = token;
        if (mine == 0) {
            throw new NotLeader(store + ": is only read");
        }
        if (newest() > mine) {
            throw takenOver();
        }
        StoreLock held = lock;
        try {
            if (held != null) {
                held.keep();
            }
        } catch (StoreInUse e) {
            throw takenOver();
        } catch (IOException e) {
            LOG.debug("{}: its lock cannot be looked at; whatever is written meets the same", store, e);
        }
    }

    private NotLeader takenOver() {
        return new NotLeader(
                store + ": another postern has taken it over; nothing is written here any more (expected: one"
                        + " postern for one store)");
    }

    /** The process has the whole store for as long as it is open: nobody else may take a part of it. */
    @Override
    public void close() {}
}
