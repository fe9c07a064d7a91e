package dev.postern.certificate.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.config.RegularFile;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
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
public final class CertificateStore implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CertificateStore.class);

    private static final String ACCOUNTS = StoreNames.ACCOUNTS;

    /** A dot begins no name of a site. */
    private static final String PROBE_KEY = ".preflight-key";

    /** Where one folder of thousands cannot be written, mostly none can. */
    private static final int PROBLEMS_SHOWN = 10;

    /** Whoever must do something about a full disk is told again after so long. */
    private static final Duration SAID_AGAIN = Duration.ofHours(1);

    private final Path root;

    // Null while it is only read; read by any thread.
    private volatile @Nullable FileChannel lock;

    // Why nothing can be written; null where that is not so, or is not known.
    @GuardedBy("this") private @Nullable String full;

    @GuardedBy("this") private @Nullable Instant saidAt;

    private CertificateStore(Path root) {
        this.root = root;
    }

    /**
     * Opens the store for the daemon: creates it where it is missing, locks it, proves that it can be written by writing,
     * and removes what a crash left unfinished. A full disk is no reason not to serve what there is: it opens the same, and
     * {@link #lookForRoom} says so until there is room.
     *
     * @throws InUse where another process has it
     * @throws IOException with one line for the operator: the path and the reason
     */
    public static CertificateStore open(Path root) throws IOException {
        CertificateStore store = new CertificateStore(root);
        store.openToWrite();
        return store;
    }

    /** The same, for one that was only read until now, and is again where this fails. */
    public void openToWrite() throws IOException {
        try {
            DurableFiles.createDirectories(root);
            lock = lock(root);
            DurableFiles.removeUnfinished(root);
            removeUnfinishedIn(DurableFiles.list(root));
            Path accounts = root.resolve(ACCOUNTS);
            if (Files.isDirectory(accounts)) {
                // Made before a crash, perhaps, but not synced: with the name of its folder an account would be lost.
                DurableFiles.sync(accounts);
            }
            removeUnfinishedIn(DurableFiles.list(accounts));
            proveWritableOrFull();
            SharedDisk.warn(root);
        } catch (InUse e) {
            throw e;
        } catch (IOException e) {
            close();
            throw new IOException(root + ": the certificate store cannot be written: " + DiskFailure.reason(e), e);
        }
    }

    private synchronized void proveWritableOrFull() throws IOException {
        try {
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

    /**
     * Where the disk was full when the store was opened, looks whether it still is; said at once, then once an hour, and
     * when there is room again. What could not be written is kept in memory by whoever has it, and written then.
     */
    public synchronized void lookForRoom(Instant now) {
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
        List<Path> written = new ArrayList<>(List.of(there, root.resolve(".lock"), root.resolve(ACCOUNTS)));
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
            if (Files.isDirectory(path)) {
                path.getFileSystem()
                        .provider()
                        .checkAccess(path, AccessMode.READ, AccessMode.WRITE, AccessMode.EXECUTE);
            } else if (path.getFileName() != null
                    && path.getFileName().toString().equals(".lock")) {
                RegularFile.require(path);
                path.getFileSystem().provider().checkAccess(path, AccessMode.READ, AccessMode.WRITE);
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
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof InUse) {
                return true;
            }
        }
        return DiskFailure.isPassing(failure);
    }

    /** Opens the store to look at it, beside a daemon that uses it; everything that writes fails. */
    public static CertificateStore openReadOnly(Path root) {
        return new CertificateStore(root);
    }

    /** Whether there ever was a store, which a folder alone is not; where that cannot be told, it counts as one. */
    public boolean exists() {
        return !Files.notExists(root)
                && !(Files.notExists(root.resolve(".lock")) && Files.notExists(root.resolve(ACCOUNTS)));
    }

    /** Another process writes to the store: that ends by itself, or by the operator's hand; nothing is wrong with it. */
    public static final class InUse extends IOException {
        private static final long serialVersionUID = 1;

        InUse(String message) {
            super(message);
        }
    }

    private static FileChannel lock(Path root) throws IOException {
        Path file = root.resolve(".lock");
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
            throw new InUse(root + ": the certificate store is in use by another postern; stop that one first, or set"
                    + " acme.store to another directory");
        }
        return channel;
    }

    /** Whether it is open for writing. */
    public boolean isWritable() {
        return lock != null;
    }

    public Path root() {
        return root;
    }

    /** The account at one issuer. */
    public AccountFolder account(String issuer) {
        return new AccountFolder(root.resolve(ACCOUNTS).resolve(StoreNames.of(issuer)));
    }

    /** Whether the site ever had a certificate here, good or not. */
    public boolean everHadCertificate(String site) {
        Path folder = root.resolve(StoreNames.ofSite(site));
        try {
            return DurableFiles.list(folder).stream()
                    .anyMatch(child -> child.getFileName().toString().matches("[0-9]+"));
        } catch (IOException e) {
            // What cannot be read may be there.
            return true;
        }
    }

    /** Whether another process has the store: a daemon runs. Only for who does not have it open for writing itself. */
    public boolean isInUse() throws IOException {
        if (!Files.exists(root.resolve(".lock"))) {
            return false;
        }
        try {
            lock(root).close();
            return false;
        } catch (InUse e) {
            return true;
        }
    }

    /**
     * With what the side port shows those who want to know whether it is us. It is made where it is missing; in a store
     * that is open for reading only, or that refuses to be written, it is one that nobody else knows.
     */
    public ProbeKey probeKey(RandomGenerator random) {
        ProbeKey key = ProbeKey.kept(root.resolve(PROBE_KEY), random);
        keep(key);
        return key;
    }

    /** For commands, which ask with the same key; without effect in a store that is open for reading only. */
    public void keep(ProbeKey key) {
        if (lock != null) {
            key.keep(root.resolve(PROBE_KEY));
        }
    }

    /** Of which certificate of the site others were told last. */
    public ToldRenewal told(String site) {
        return new ToldRenewal(root.resolve(StoreNames.ofSite(site)));
    }

    public SiteFolder site(String site) {
        return new SiteFolder(site, root.resolve(StoreNames.ofSite(site)));
    }

    /** Lets another process use the store; from now on it is only read. */
    @Override
    public void close() {
        FileChannel held = lock;
        lock = null;
        if (held != null) {
            try {
                held.close();
            } catch (IOException e) {
                throw new IllegalStateException(root + ": closing the lock file", e);
            }
        }
    }
}
