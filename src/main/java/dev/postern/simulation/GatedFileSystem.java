package dev.postern.simulation;

import java.io.IOException;
import java.nio.channels.Channel;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A {@link SimulatedDisk} as one process sees it: through a gate that may refuse. The paths are those of the real file
 * system, which has the arithmetic of names; no real file is ever touched.
 */
final class GatedFileSystem extends FileSystem {
    private static final FileSystem NAMES = FileSystems.getDefault();

    private final SimulatedDisk disk;
    private final DiskGate gate;
    private final Set<Channel> open = Collections.synchronizedSet(new LinkedHashSet<>());
    private boolean closed;

    private GatedFileSystem(SimulatedDisk disk, DiskGate gate) {
        this.disk = disk;
        this.gate = gate;
    }

    /** A path on the disk, seen through the gate; so is everything that is reached from it. */
    static Path through(SimulatedDisk disk, DiskGate gate, String path) {
        return new GatedFileSystem(disk, gate).getPath(path);
    }

    SimulatedDisk disk() {
        return disk;
    }

    DiskGate gate() {
        return gate;
    }

    Path wrap(Path path) {
        return new GatedPath(this, path);
    }

    void opened(Channel channel) {
        open.add(channel);
    }

    void closed(Channel channel) {
        open.remove(channel);
    }

    /** What the operating system does when a process is gone: closes what it had open, and so gives up its locks. */
    @Override
    public void close() throws IOException {
        closed = true;
        for (Channel channel : List.copyOf(open)) {
            channel.close();
        }
    }

    @Override
    public FileSystemProvider provider() {
        return GatedProvider.INSTANCE;
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public String getSeparator() {
        return NAMES.getSeparator();
    }

    @Override
    public Iterable<Path> getRootDirectories() {
        return List.of(getPath("/"));
    }

    @Override
    public Iterable<FileStore> getFileStores() {
        return List.of();
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
        return Set.of("basic", "posix");
    }

    @Override
    public Path getPath(String first, String... more) {
        return wrap(NAMES.getPath(first, more));
    }

    @Override
    public PathMatcher getPathMatcher(String syntaxAndPattern) {
        PathMatcher matcher = NAMES.getPathMatcher(syntaxAndPattern);
        return path -> matcher.matches(GatedPath.name(path));
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
        throw new UnsupportedOperationException("everything on a simulated disk is ours");
    }

    @Override
    public WatchService newWatchService() {
        throw new UnsupportedOperationException("nobody watches a simulated disk");
    }
}
