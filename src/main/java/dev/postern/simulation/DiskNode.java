package dev.postern.simulation;

import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What a name on a {@link SimulatedDisk} stands for: as the processes see it, which is in the memory of the machine, and as
 * it would be found after the power has failed.
 */
abstract sealed class DiskNode {
    private final Set<PosixFilePermission> permissions;

    private DiskNode(Set<PosixFilePermission> permissions) {
        this.permissions = permissions;
    }

    Set<PosixFilePermission> permissions() {
        return permissions;
    }

    /** What is in it reaches the disk. */
    abstract void sync();

    /** The power is gone: of what was not synced, a part that is left to chance is on the disk. */
    abstract void losePower(RandomGenerator random);

    /** A directory. Its names are in their order, which on a real disk is chance. */
    static final class Folder extends DiskNode {
        private final TreeMap<String, DiskNode> names = new TreeMap<>();
        private TreeMap<String, DiskNode> synced = new TreeMap<>();
        private final List<Change> since = new ArrayList<>();

        /**
         * One step since the last sync.
         *
         * @param gone null where none goes
         * @param came null where none comes
         */
        private record Change(
                @Nullable String gone,
                @Nullable String came,
                @Nullable DiskNode node) {}

        Folder(Set<PosixFilePermission> permissions) {
            super(permissions);
        }

        Map<String, DiskNode> names() {
            return names;
        }

        void put(String name, DiskNode node) {
            change(new Change(null, name, node));
        }

        void remove(String name) {
            change(new Change(name, null, null));
        }

        /** In one step: after a failure of the power it is there under one of the two names. */
        void rename(String from, String to) {
            change(new Change(from, to, names.get(from)));
        }

        private void change(Change change) {
            since.add(change);
            apply(change, names);
        }

        private static void apply(Change change, Map<String, DiskNode> to) {
            if (change.gone() != null) {
                to.remove(change.gone());
            }
            if (change.came() != null && change.node() != null) {
                to.put(change.came(), change.node());
            }
        }

        @Override
        void sync() {
            if (!since.isEmpty()) {
                synced = new TreeMap<>(names);
                since.clear();
            }
        }

        /** The names of a directory are journalled: the first so many changes are there, in their order. */
        @Override
        void losePower(RandomGenerator random) {
            int kept = since.isEmpty() ? 0 : random.nextInt(since.size() + 1);
            since.subList(0, kept).forEach(change -> apply(change, synced));
            since.clear();
            names.clear();
            names.putAll(synced);
            names.values().forEach(node -> node.losePower(random));
        }
    }

    /** A file. */
    static final class Content extends DiskNode {
        private static final byte[] NOTHING = {};

        private byte[] bytes = NOTHING;
        private int size;
        // What is on the disk; replaced, never changed.
        private byte[] synced = NOTHING;
        private boolean dirty = true;

        Content(Set<PosixFilePermission> permissions) {
            super(permissions);
        }

        int size() {
            return size;
        }

        int read(int position, byte[] target, int offset, int most) {
            int count = Math.min(most, size - position);
            if (count <= 0) {
                return -1;
            }
            System.arraycopy(bytes, position, target, offset, count);
            return count;
        }

        void write(int position, byte[] source, int offset, int count) {
            int end = position + count;
            if (end > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(end, 2 * bytes.length));
            }
            System.arraycopy(source, offset, bytes, position, count);
            size = Math.max(size, end);
            dirty = true;
        }

        void truncate(int to) {
            if (to < size) {
                // Whoever writes behind the end later finds zeros between.
                Arrays.fill(bytes, to, size, (byte) 0);
                size = to;
                dirty = true;
            }
        }

        @Override
        void sync() {
            if (dirty) {
                synced = Arrays.copyOf(bytes, size);
                dirty = false;
            }
        }

        /** The bytes before, all of the new ones, some of them, or zeros in their place: as file systems do. */
        @Override
        void losePower(RandomGenerator random) {
            if (!dirty) {
                return;
            }
            synced = switch (random.nextInt(4)) {
                case 0 -> synced;
                case 1 -> Arrays.copyOf(bytes, size);
                case 2 -> Arrays.copyOf(bytes, size == 0 ? 0 : random.nextInt(size));
                default -> new byte[size];
            };
            bytes = synced.clone();
            size = bytes.length;
            dirty = false;
        }
    }

    /** A symbolic link; it is in the directory that names it, and never changes. */
    static final class Link extends DiskNode {
        private final String destination;

        Link(String destination) {
            super(PosixFilePermissions.fromString("rwxrwxrwx"));
            this.destination = destination;
        }

        String destination() {
            return destination;
        }

        @Override
        void sync() {
            // With its directory.
        }

        @Override
        void losePower(RandomGenerator random) {
            // With its directory.
        }
    }
}
