package dev.postern.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A file of the system, and whether it is another than it was a moment ago. Used by one thread; blocks. */
public final class WatchedFile {
    private record Look(
            FileTime modified, long size, @Nullable Object key) {}

    private final Path path;
    private boolean looked;
    private @Nullable Look last;

    public WatchedFile(Path path) {
        this.path = path;
    }

    public Path path() {
        return path;
    }

    /** Since the last time this was asked; true the first time. */
    public boolean hasChanged() {
        Look now = look();
        boolean changed = !looked || !Objects.equals(now, last);
        looked = true;
        last = now;
        return changed;
    }

    private @Nullable Look look() {
        try {
            // Follows links: a file that is mounted, or written by a network manager, is often one.
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            return new Look(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
        } catch (IOException absent) {
            return null;
        }
    }
}
