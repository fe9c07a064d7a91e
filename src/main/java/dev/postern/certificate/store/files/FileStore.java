package dev.postern.certificate.store.files;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.certificate.store.AccountStore;
import dev.postern.certificate.store.NotLeader;
import dev.postern.certificate.store.OpenChallenges;
import dev.postern.certificate.store.ProbeKey;
import dev.postern.certificate.store.SiteStore;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.StoreInUse;
import dev.postern.config.RegularFile;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import dev.postern.time.RepeatedLines;
import java.io.IOException;
import java.nio.file.AccessMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificates of this host on disk, {@code certs/} by default: see {@code certs/README.md} for the layout.
 *
 * <p>One process writes at a time, which a lock on {@code certs/.lock} ensures. Within the process each site is written
 * by one thread at a time; {@code Renewals} sees to that. Nothing here asks a network.
 */
public final class FileStore implements Store {
    private static final Logger LOG = LoggerFactory.getLogger(FileStore.class);

    private static final String ACCOUNTS = StoreNames.ACCOUNTS;

    /** Where one folder of thousands cannot be written, mostly none can. */
    private static final int PROBLEMS_SHOWN = 10;

    /** Whoever must do something about a full disk is told again after so long. */
    private static final Duration SAID_AGAIN = Duration.ofHours(1);

    private final Path root;

    // Null while it is only read; read by any thread.
    private volatile @Nullable StoreLock lock;

    // Why nothing can be written; null where that is not so, or is not known.
    @GuardedBy("this") private @Nullable String full;

    @GuardedBy("this") private @Nullable Instant saidAt;

    private final TokenFile token;
    private final ChallengeFiles challenges;
    private final RepeatedLines takenOver = new RepeatedLines(SAID_AGAIN);

    private FileStore(Path root) {
        this.root = root;
        this.token = new TokenFile(root);
        this.challenges = new ChallengeFiles(root, token);
    }

    /**
     * Opens the store for the daemon: creates it where it is missing, locks it, proves that it can be written by writing,
     * and removes what a crash left unfinished. A full disk is no reason not to serve what there is: it opens the same, and
     * {@link #lookAfter} says so until there is room.
     *
     * @throws StoreInUse where another process has it
     * @throws IOException with one line for the operator: the path and the reason
     */
    public static FileStore open(Path root) throws IOException {
        FileStore store = new FileStore(root);
        store.openToWrite();
        return store;
    }

    @Override
    public void openToWrite() throws IOException {
        try {
            DurableFiles.createDirectories(root);
            StoreLock held = StoreLock.take(root);
            lock = held;
            DurableFiles.removeUnfinished(root);
            removeUnfinishedIn(DurableFiles.list(root));
            Path accounts = root.resolve(ACCOUNTS);
            if (Files.isDirectory(accounts)) {
                // Made before a crash, perhaps, but not synced: with the name of its folder an account would be lost.
                DurableFiles.sync(accounts);
            }
            removeUnfinishedIn(DurableFiles.list(accounts));
            takeOverOrFull(held);
            SharedDisk.warn(root);
        } catch (StoreInUse e) {
            throw e;
        } catch (IOException e) {
            close();
            throw new IOException(root + ": the certificate store cannot be written: " + DiskFailure.reason(e), e);
        }
    }

    private synchronized void takeOverOrFull(StoreLock held) throws IOException {
        try {
            token.take(held);
            proveWritable();
        } catch (IOException e) {
            if (!DiskFailure.isFull(e)) {
                throw e;
            }
            full = DiskFailure.reason(e);
        }
    }

    /** By writing. */
    private void proveWritable() throws IOException {
        Path probe = root.resolve(DurableFiles.UNFINISHED + "probe");
        try {
            Files.deleteIfExists(probe);
            DurableFiles.create(probe, "Postern can write here.\n");
            DurableFiles.sync(root);
        } finally {
            Files.deleteIfExists(probe);
        }
    }

    /** What keeps others out is made again where it was removed; that somebody has taken over is said once an hour. */
    @GuardedBy("this") private void lookForOthers(Instant now) {
        if (lock == null) {
            return;
        }
        try {
            token.requireForWriting();
        } catch (NotLeader e) {
            String line = String.valueOf(e.getMessage());
            if (takenOver.mayBeSaid(line, now)) {
                LOG.error("{}; what it has is served, nothing is ordered or renewed", line);
            }
        } catch (IOException e) {
            LOG.debug("{}: the lease cannot be written; whatever is written meets the same", root, e);
        }
    }

    /** Said at once, then once an hour, and when there is room again. */
    @Override
    public synchronized void lookAfter(Instant now) {
        lookForOthers(now);
        if (full == null) {
            return;
        }
        try {
            proveWritable();
            full = null;
            LOG.info("{}: there is room again", root);
        } catch (IOException e) {
            full = DiskFailure.reason(e);
            Instant before = saidAt;
            if (before == null
                    || before.isAfter(now)
                    || !before.plus(SAID_AGAIN).isAfter(now)) {
                saidAt = now;
                LOG.error(
                        "{}: the certificate store cannot be written: {}; what it has is served, but nothing can be ordered"
                                + " or renewed safely until there is room; looked again every minute",
                        root,
                        full);
            }
        }
    }

    /**
     * Why {@link #open} would not work, found out without leaving a trace and beside whoever has the store; one line each.
     * A store that is not there yet is looked at where it would be made.
     */
    public static List<String> problems(Path root, List<String> sites) {
        List<String> problems = new ArrayList<>();
        Path there = root.toAbsolutePath();
        while (Files.notExists(there) && there.getParent() != null) {
            there = there.getParent();
        }
        List<Path> written =
                new ArrayList<>(List.of(there, root.resolve(".lock"), root.resolve(".lease"), root.resolve(ACCOUNTS)));
        sites.forEach(site -> written.add(root.resolve(StoreNames.ofSite(site))));
        for (Path path : written) {
            String problem = writeProblem(path);
            if (problem != null && problems.size() < PROBLEMS_SHOWN) {
                problems.add(root + ": the certificate store cannot be written: "
                        + (path.equals(there) ? "" : root.relativize(path) + ": ") + problem);
            }
        }
        return problems;
    }

    private static @Nullable String writeProblem(Path path) {
        try {
            if (Files.notExists(path)) {
                return null;
            }
            if (path.endsWith(".lock")) {
                RegularFile.require(path);
                path.getFileSystem().provider().checkAccess(path, AccessMode.READ, AccessMode.WRITE);
            } else if (path.endsWith(".lease")) {
                // Whatever else it is, it is replaced.
                return Files.isDirectory(path) ? "is a directory" : null;
            } else if (Files.isDirectory(path)) {
                path.getFileSystem()
                        .provider()
                        .checkAccess(path, AccessMode.READ, AccessMode.WRITE, AccessMode.EXECUTE);
            } else {
                return "not a directory";
            }
            return null;
        } catch (IOException e) {
            return DiskFailure.reason(e);
        }
    }

    /** What is not ours, such as the {@code lost+found} of a file system of its own, may be closed to us. */
    private static void removeUnfinishedIn(List<Path> folders) {
        for (Path folder : folders) {
            try {
                DurableFiles.removeUnfinished(folder);
            } catch (IOException e) {
                LOG.warn("{}: {}; passed over", folder, DiskFailure.reason(e));
            }
        }
    }

    /**
     * Whether a failure to open the store ends by itself or by a hand that does not touch the configuration: another
     * process has it, or the disk is full.
     */
    public static boolean isPassing(IOException failure) {
        return StoreInUse.isCauseOf(failure) || DiskFailure.isPassing(failure);
    }

    /** Opens the store to look at it, beside a daemon that uses it; everything that writes fails. */
    public static FileStore openReadOnly(Path root) {
        return new FileStore(root);
    }

    /** A folder alone is no store. */
    @Override
    public boolean exists() {
        return !Files.notExists(root)
                && !(Files.notExists(root.resolve(".lock")) && Files.notExists(root.resolve(ACCOUNTS)));
    }

    @Override
    public boolean isWritable() {
        return lock != null;
    }

    @Override
    public String describe() {
        return root.toString();
    }

    @Override
    public void requireReadable() throws IOException {
        if (Files.isRegularFile(root)) {
            throw new IOException(root + ": cannot be read: not a directory");
        }
        DurableFiles.requireReadable(root);
    }

    /** The folder for the files of the CA that is our own. */
    public static Path internalCa(Path root) {
        return root.resolve(ACCOUNTS).resolve("internal");
    }

    /** Gives everything in it to whom the folder belongs: run by root, a command makes files of root's. */
    public static void giveToOwner(Path root) throws IOException {
        new StoreOwner(root).giveAll();
    }

    @Override
    public AccountStore account(String issuer) {
        return new AccountFolder(root.resolve(ACCOUNTS).resolve(StoreNames.of(issuer)), token);
    }

    @Override
    public OpenChallenges challenges() {
        return challenges;
    }

    @Override
    public boolean isInUse() throws IOException {
        if (!Files.exists(root.resolve(".lock"))) {
            return false;
        }
        try {
            StoreLock.take(root).close();
            return false;
        } catch (StoreInUse e) {
            return true;
        }
    }

    @Override
    public ProbeKey probeKey(RandomGenerator random) {
        ProbeKey key = new ProbeKeyFile(root).read().orElseGet(() -> ProbeKey.make(random));
        keep(key);
        return key;
    }

    @Override
    public void keep(ProbeKey key) {
        if (lock != null) {
            new ProbeKeyFile(root).keep(key);
        }
    }

    @Override
    public boolean hasStickySecret() {
        return new StickySecretFile(root).exists();
    }

    @Override
    public byte[] stickySecret(RandomGenerator random) throws IOException {
        return new StickySecretFile(root).readOrMake(random);
    }

    @Override
    public SiteStore site(String site) {
        return new SiteFolder(site, root.resolve(StoreNames.ofSite(site)), token);
    }

    @Override
    public void close() {
        StoreLock held = lock;
        lock = null;
        token.drop();
        if (held != null) {
            try {
                held.close();
            } catch (IOException e) {
                throw new IllegalStateException(root + ": closing the lock file", e);
            }
        }
    }
}
