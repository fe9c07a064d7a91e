package dev.postern.simulation;

import dev.postern.simulation.DiskNode.Content;
import dev.postern.simulation.DiskNode.Folder;
import dev.postern.simulation.DiskNode.Link;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.spi.FileSystemProvider;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Asks the gate of the path, then does it on the disk. */
final class GatedProvider extends FileSystemProvider {
    static final GatedProvider INSTANCE = new GatedProvider();
    static final String SCHEME = "postern-simulation";

    private GatedProvider() {}

    private static GatedFileSystem files(Path path) {
        return ((GatedPath) path).getFileSystem();
    }

    private static void before(DiskGate.Step step, Path path) throws IOException {
        files(path).gate().before(step, path);
    }

    private static boolean isFollowed(LinkOption... options) {
        return !Arrays.asList(options).contains(LinkOption.NOFOLLOW_LINKS);
    }

    private static SimulatedDisk.Place place(Path path, boolean isFollowed) throws IOException {
        return files(path).disk().place(GatedPath.name(path), isFollowed);
    }

    private static DiskNode node(Path path, LinkOption... options) throws IOException {
        return files(path).disk().node(GatedPath.name(path), isFollowed(options));
    }

    private static @Nullable DiskNode nodeIfAny(Path path, LinkOption... options) throws IOException {
        return place(path, isFollowed(options)).node();
    }

    /** A place where there is nothing yet. */
    private static SimulatedDisk.Place free(Path path) throws IOException {
        SimulatedDisk.Place place = place(path, false);
        if (place.node() != null) {
            throw new FileAlreadyExistsException(path.toString());
        }
        return place;
    }

    private static Set<PosixFilePermission> permissions(String usual, FileAttribute<?>... attributes) {
        for (FileAttribute<?> attribute : attributes) {
            if (attribute.name().equals("posix:permissions") && attribute.value() instanceof Set<?> wanted) {
                return wanted.stream().map(PosixFilePermission.class::cast).collect(Collectors.toSet());
            }
        }
        return PosixFilePermissions.fromString(usual);
    }

    @Override
    public String getScheme() {
        return SCHEME;
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
        DiskNode there = nodeIfAny(path);
        boolean mustBeNew = options.contains(StandardOpenOption.CREATE_NEW);
        boolean makes = there == null && (mustBeNew || options.contains(StandardOpenOption.CREATE));
        boolean empties = options.contains(StandardOpenOption.TRUNCATE_EXISTING);
        before(makes || empties || mustBeNew ? DiskGate.Step.WRITE : DiskGate.Step.READ, path);
        if (makes) {
            there = new Content(permissions("rw-r--r--", attributes));
            SimulatedDisk.Place place = place(path, true);
            place.folder().put(place.name(), there);
        } else if (mustBeNew) {
            throw new FileAlreadyExistsException(path.toString());
        } else if (there == null) {
            throw SimulatedDisk.noSuchFile(path);
        } else if (empties && there instanceof Content content) {
            content.truncate(0);
        }
        return new GatedChannel(files(path), path, there);
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(Path directory, DirectoryStream.Filter<? super Path> filter)
            throws IOException {
        before(DiskGate.Step.READ, directory);
        if (!(node(directory) instanceof Folder folder)) {
            throw new NotDirectoryException(directory.toString());
        }
        Stream.Builder<Path> found = Stream.builder();
        for (String name : folder.names().keySet()) {
            Path entry = directory.resolve(name);
            if (filter.accept(entry)) {
                found.add(entry);
            }
        }
        List<Path> entries = found.build().toList();
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
        before(DiskGate.Step.WRITE, directory);
        SimulatedDisk.Place place = free(directory);
        place.folder().put(place.name(), new Folder(permissions("rwxr-xr-x", attributes)));
    }

    @Override
    public void createSymbolicLink(Path link, Path destination, FileAttribute<?>... attributes) throws IOException {
        before(DiskGate.Step.WRITE, link);
        SimulatedDisk.Place place = free(link);
        place.folder().put(place.name(), new Link(destination.toString()));
    }

    @Override
    public Path readSymbolicLink(Path link) throws IOException {
        before(DiskGate.Step.READ, link);
        if (node(link, LinkOption.NOFOLLOW_LINKS) instanceof Link found) {
            return files(link).getPath(found.destination());
        }
        throw new NotLinkException(link.toString());
    }

    @Override
    public void delete(Path path) throws IOException {
        // Looking for what is not there is no step that a crash could come before.
        DiskNode there = nodeIfAny(path, LinkOption.NOFOLLOW_LINKS);
        before(there == null ? DiskGate.Step.READ : DiskGate.Step.REMOVE, path);
        if (there == null) {
            throw SimulatedDisk.noSuchFile(path);
        }
        if (there instanceof Folder folder && !folder.names().isEmpty()) {
            throw new DirectoryNotEmptyException(path.toString());
        }
        SimulatedDisk.Place place = place(path, false);
        place.folder().remove(place.name());
    }

    /** The JDK asks here since 20, and does without an exception for what is not there. */
    public boolean exists(Path path, LinkOption... options) {
        try {
            before(DiskGate.Step.READ, path);
            return nodeIfAny(path, options) != null;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void copy(Path source, Path target, CopyOption... options) {
        throw new UnsupportedOperationException("nobody copies on a simulated disk");
    }

    /** In one step, as {@code rename} does, within one directory. */
    @Override
    public void move(Path source, Path destination, CopyOption... options) throws IOException {
        before(DiskGate.Step.WRITE, destination);
        SimulatedDisk.Place from = place(source, false);
        SimulatedDisk.Place to = place(destination, false);
        DiskNode moved = node(source, LinkOption.NOFOLLOW_LINKS);
        if (from.folder() != to.folder()) {
            throw new UnsupportedOperationException(source + " to " + destination + ": another directory");
        }
        if (to.node() instanceof Folder folder
                && (!(moved instanceof Folder) || !folder.names().isEmpty())) {
            throw new DirectoryNotEmptyException(destination.toString());
        }
        from.folder().rename(from.name(), to.name());
    }

    @Override
    public boolean isSameFile(Path path, Path other) throws IOException {
        before(DiskGate.Step.READ, path);
        return path.equals(other) || node(path) == node(other);
    }

    @Override
    public boolean isHidden(Path path) {
        return path.getFileName().toString().startsWith(".");
    }

    @Override
    public FileStore getFileStore(Path path) {
        throw new UnsupportedOperationException("a simulated disk does not say how large it is");
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
        before(DiskGate.Step.READ, path);
        node(path);
    }

    @Override
    public <V extends FileAttributeView> @Nullable V getFileAttributeView(
            Path path, Class<V> type, LinkOption... options) {
        return null;
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options)
            throws IOException {
        before(DiskGate.Step.READ, path);
        return type.cast(new NodeAttributes(node(path, options)));
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) throws IOException {
        before(DiskGate.Step.READ, path);
        node(path, options);
        return Collections.emptyMap();
    }

    @Override
    public void setAttribute(Path path, String attribute, Object value, LinkOption... options) throws IOException {
        before(DiskGate.Step.WRITE, path);
        node(path, options);
    }
}
