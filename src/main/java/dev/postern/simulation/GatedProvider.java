package dev.postern.simulation;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Asks the gate of the path, then does the real thing. */
final class GatedProvider extends FileSystemProvider {
    static final GatedProvider INSTANCE = new GatedProvider();

    private GatedProvider() {}

    private static GatedFileSystem files(Path path) {
        return ((GatedPath) path).getFileSystem();
    }

    private static Path before(DiskGate.Step step, Path path) throws IOException {
        Path real = GatedPath.real(path);
        files(path).gate().before(step, real);
        return real;
    }

    private static Path forReading(Path path) throws IOException {
        return before(DiskGate.Step.READ, path);
    }

    private static Path forWriting(Path path) throws IOException {
        return before(DiskGate.Step.WRITE, path);
    }

    @Override
    public String getScheme() {
        return "postern-simulation";
    }

    @Override
    public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
        throw new UnsupportedOperationException("made by GatedFileSystem.through only");
    }

    @Override
    public FileSystem getFileSystem(URI uri) {
        throw new UnsupportedOperationException("made by GatedFileSystem.through only");
    }

    @Override
    public Path getPath(URI uri) {
        throw new UnsupportedOperationException("made by GatedFileSystem.through only");
    }

    @Override
    public SeekableByteChannel newByteChannel(
            Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException {
        return newFileChannel(path, options, attributes);
    }

    @Override
    public FileChannel newFileChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        boolean makes = options.contains(StandardOpenOption.CREATE_NEW)
                || options.contains(StandardOpenOption.TRUNCATE_EXISTING)
                || (options.contains(StandardOpenOption.CREATE) && Files.notExists(GatedPath.real(path)));
        Path real = makes ? forWriting(path) : forReading(path);
        return new GatedChannel(files(path), real, FileChannel.open(real, options, attributes));
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(Path directory, DirectoryStream.Filter<? super Path> filter)
            throws IOException {
        GatedFileSystem files = files(directory);
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> real = Files.newDirectoryStream(forReading(directory))) {
            for (Path entry : real) {
                if (filter.accept(files.wrap(entry))) {
                    entries.add(files.wrap(entry));
                }
            }
        }
        // Which order they are in is the file system's secret, and must not decide anything here.
        Collections.sort(entries);
        return new DirectoryStream<>() {
            @Override
            public Iterator<Path> iterator() {
                return entries.iterator();
            }

            @Override
            public void close() {
                // Read to its end before.
            }
        };
    }

    @Override
    public void createDirectory(Path directory, FileAttribute<?>... attributes) throws IOException {
        Files.createDirectory(forWriting(directory), attributes);
    }

    @Override
    public void createSymbolicLink(Path link, Path target, FileAttribute<?>... attributes) throws IOException {
        Files.createSymbolicLink(forWriting(link), GatedPath.real(target), attributes);
    }

    @Override
    public Path readSymbolicLink(Path link) throws IOException {
        return files(link).wrap(Files.readSymbolicLink(forReading(link)));
    }

    @Override
    public void delete(Path path) throws IOException {
        // Looking for what is not there is no step that a crash could come before.
        boolean isThere = Files.exists(GatedPath.real(path), LinkOption.NOFOLLOW_LINKS);
        Files.delete(before(isThere ? DiskGate.Step.REMOVE : DiskGate.Step.READ, path));
    }

    @Override
    public void copy(Path source, Path target, CopyOption... options) throws IOException {
        Files.copy(forReading(source), forWriting(target), options);
    }

    @Override
    public void move(Path source, Path target, CopyOption... options) throws IOException {
        Files.move(GatedPath.real(source), forWriting(target), options);
    }

    @Override
    public boolean isSameFile(Path path, Path other) throws IOException {
        return Files.isSameFile(forReading(path), GatedPath.real(other));
    }

    @Override
    public boolean isHidden(Path path) throws IOException {
        return Files.isHidden(forReading(path));
    }

    @Override
    public FileStore getFileStore(Path path) throws IOException {
        return Files.getFileStore(forReading(path));
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
        Path real = forReading(path);
        real.getFileSystem().provider().checkAccess(real, modes);
    }

    @Override
    public <V extends FileAttributeView> @Nullable V getFileAttributeView(
            Path path, Class<V> type, LinkOption... options) {
        return Files.getFileAttributeView(GatedPath.real(path), type, options);
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options)
            throws IOException {
        return Files.readAttributes(forReading(path), type, options);
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) throws IOException {
        return Files.readAttributes(forReading(path), attributes, options);
    }

    @Override
    public void setAttribute(Path path, String attribute, Object value, LinkOption... options) throws IOException {
        Files.setAttribute(forWriting(path), attribute, value, options);
    }
}
