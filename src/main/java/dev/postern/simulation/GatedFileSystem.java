package dev.postern.simulation;

import java.io.IOException;
import java.nio.channels.Channel;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.StreamSupport;

/**
 * The real file system behind a gate, as one process sees it: a disk that is full, or a process that dies at its n-th
 * write, without a seam in the code that writes. Every operation of {@code java.nio.file} passes through here.
 */
final class GatedFileSystem extends FileSystem {
    private final FileSystem real;
    private final DiskGate gate;
    private final Set<Channel> open = Collections.synchronizedSet(new LinkedHashSet<>());
    private boolean closed;

    private GatedFileSystem(FileSystem real, DiskGate gate) {
        this.real = real;
        this.gate = gate;
    }

    /** {@code directory}, a real one, seen through the gate; so is everything that is reached from it. */
    static Path through(Path directory, DiskGate gate) {
        GatedFileSystem files = new GatedFileSystem(directory.getFileSystem(), gate);
        return files.wrap(directory.toAbsolutePath());
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
        return real.getSeparator();
    }

    @Override
    public Iterable<Path> getRootDirectories() {
        return StreamSupport.stream(real.getRootDirectories().spliterator(), false)
                .map(this::wrap)
                .toList();
    }

    @Override
    public Iterable<FileStore> getFileStores() {
        return real.getFileStores();
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
        return real.supportedFileAttributeViews();
    }

    @Override
    public Path getPath(String first, String... more) {
        return wrap(real.getPath(first, more));
    }

    @Override
    public PathMatcher getPathMatcher(String syntaxAndPattern) {
        PathMatcher matcher = real.getPathMatcher(syntaxAndPattern);
        return path -> matcher.matches(GatedPath.real(path));
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
        return real.getUserPrincipalLookupService();
    }

    @Override
    public WatchService newWatchService() {
        throw new UnsupportedOperationException("nobody watches a simulated disk");
    }
}
