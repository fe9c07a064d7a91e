package dev.postern.simulation;

import java.net.URI;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import org.jspecify.annotations.Nullable;

/** A path of a {@link GatedFileSystem}. */
final class GatedPath implements Path {
    private final GatedFileSystem files;
    private final Path name;

    GatedPath(GatedFileSystem files, Path name) {
        this.files = files;
        this.name = name;
    }

    /** The path without its gate; the destination of a link has none. */
    static Path name(Path path) {
        return path instanceof GatedPath gated ? gated.name : path;
    }

    private Path wrap(Path path) {
        return new GatedPath(files, path);
    }

    private @Nullable Path wrapped(@Nullable Path path) {
        return path == null ? null : wrap(path);
    }

    @Override
    public GatedFileSystem getFileSystem() {
        return files;
    }

    @Override
    public boolean isAbsolute() {
        return name.isAbsolute();
    }

    @Override
    public @Nullable Path getRoot() {
        return wrapped(name.getRoot());
    }

    @Override
    public @Nullable Path getFileName() {
        return wrapped(name.getFileName());
    }

    @Override
    public @Nullable Path getParent() {
        return wrapped(name.getParent());
    }

    @Override
    public int getNameCount() {
        return name.getNameCount();
    }

    @Override
    public Path getName(int index) {
        return wrap(name.getName(index));
    }

    @Override
    public Path subpath(int from, int to) {
        return wrap(name.subpath(from, to));
    }

    @Override
    public boolean startsWith(Path other) {
        return name.startsWith(name(other));
    }

    @Override
    public boolean endsWith(Path other) {
        return name.endsWith(name(other));
    }

    @Override
    public Path normalize() {
        return wrap(name.normalize());
    }

    @Override
    public Path resolve(Path other) {
        return wrap(name.resolve(name(other)));
    }

    @Override
    public Path relativize(Path other) {
        return wrap(name.relativize(name(other)));
    }

    @Override
    public URI toUri() {
        return URI.create(GatedProvider.SCHEME + ":" + name);
    }

    @Override
    public Path toAbsolutePath() {
        return wrap(name.toAbsolutePath());
    }

    @Override
    public Path toRealPath(LinkOption... options) {
        return wrap(name.toAbsolutePath().normalize());
    }

    @Override
    public WatchKey register(WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
        throw new UnsupportedOperationException("nobody watches a simulated disk");
    }

    @Override
    public int compareTo(Path other) {
        return name.compareTo(name(other));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof GatedPath path && files == path.files && name.equals(path.name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return name.toString();
    }
}
