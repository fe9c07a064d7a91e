package dev.postern.simulation;

import dev.postern.simulation.DiskNode.Content;
import dev.postern.simulation.DiskNode.Folder;
import dev.postern.simulation.DiskNode.Link;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The disk of a simulated machine, in memory: a tree of files, what a disk does to those who write, and what it forgets
 * when the power fails.
 */
final class SimulatedDisk {
    /** As Linux has it. */
    private static final int MOST_LINKS = 40;

    private final Folder root = new Folder(PosixFilePermissions.fromString("rwx------"));
    private final Map<Content, GatedChannel> locks = new HashMap<>();
    private final boolean syncs;
    private int full;
    private int readOnly;
    private int stepsToDeath;
    private boolean powerFails;

    /** @param syncs false for one that says so and does not */
    SimulatedDisk(boolean syncs) {
        this.syncs = syncs;
    }

    void sync(DiskNode node) {
        if (syncs) {
            node.sync();
        }
    }

    /** @param by 1 when another reason for it begins, -1 when it ends */
    void full(int by) {
        full += by;
    }

    void readOnly(int by) {
        readOnly += by;
    }

    boolean isFull() {
        return full > 0;
    }

    boolean isReadOnly() {
        return readOnly > 0;
    }

    /**
     * Whoever makes the n-th step from now dies of it.
     *
     * @param withPower whether the whole machine does
     */
    void deadly(int nth, boolean withPower) {
        stepsToDeath = nth;
        powerFails = withPower;
    }

    /** Counts a step; true where it is the deadly one. */
    boolean isDeadly() {
        return stepsToDeath > 0 && --stepsToDeath == 0;
    }

    /** Whether the deadly step is one at which the power fails. */
    boolean powerFails() {
        return powerFails;
    }

    /** What was not synced is there in part, or not at all. */
    void losePower(RandomGenerator random) {
        locks.clear();
        root.losePower(random);
    }

    // ---- names

    /** A name in a directory, which may stand for nothing yet. */
    record Place(Folder folder, String name) {
        @Nullable DiskNode node() {
            return folder.names().get(name);
        }
    }

    /**
     * Where a path leads, or would lead.
     *
     * @param path absolute
     * @param isFollowed whether a link at its end is followed
     */
    Place place(Path path, boolean isFollowed) throws FileSystemException {
        return place(root, path, isFollowed, 0);
    }

    private Place place(Folder from, Path path, boolean isFollowed, int links) throws FileSystemException {
        Folder folder = path.isAbsolute() ? root : from;
        int last = path.getNameCount() - 1;
        for (int i = 0; i <= last; i++) {
            String name = path.getName(i).toString();
            DiskNode node = folder.names().get(name);
            if (node instanceof Link link && (i < last || isFollowed)) {
                if (links >= MOST_LINKS) {
                    throw new FileSystemLoopException(path.toString());
                }
                Place aim = place(folder, Path.of(link.destination()), true, links + 1);
                if (i == last) {
                    return aim;
                }
                node = aim.node();
                folder = node instanceof Folder next ? next : missing(path, node);
            } else if (i == last) {
                return new Place(folder, name);
            } else {
                folder = node instanceof Folder next ? next : missing(path, node);
            }
        }
        // The root itself, which nobody makes, renames or removes.
        Folder above = new Folder(root.permissions());
        above.names().put("", root);
        return new Place(above, "");
    }

    private static Folder missing(Path path, @Nullable DiskNode node) throws FileSystemException {
        throw node == null ? noSuchFile(path) : new NotDirectoryException(path.toString());
    }

    DiskNode node(Path path, boolean isFollowed) throws FileSystemException {
        DiskNode node = place(path, isFollowed).node();
        if (node == null) {
            throw noSuchFile(path);
        }
        return node;
    }

    /** Thrown ten times for each file that is written, by those who only ask: without the price of a stack trace. */
    static NoSuchFileException noSuchFile(Path path) {
        return new NoSuchFileException(path.toString()) {
            private static final long serialVersionUID = 1;

            @Override
            @SuppressWarnings("UnsynchronizedOverridesSynchronized") // It does nothing.
            public Throwable fillInStackTrace() {
                return this;
            }
        };
    }

    // ---- locks

    /** False where another has it. */
    boolean lock(Content file, GatedChannel holder) {
        return locks.putIfAbsent(file, holder) == null;
    }

    void unlock(Content file, GatedChannel holder) {
        locks.remove(file, holder);
    }
}
