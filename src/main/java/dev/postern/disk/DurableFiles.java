package dev.postern.disk;

import dev.postern.config.RegularFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Files that are either there in full or not at all, whatever happens to the process or the power: written to a
 * temporary name, synced, renamed, and their directory synced. Only the owner can read them, from their creation on;
 * {@link #replaceForAll} is the exception.
 */
public final class DurableFiles {
    /** How the name of something unfinished begins; what a crash left behind is removed by {@link #removeUnfinished}. */
    public static final String UNFINISHED = ".new-";

    private static final boolean POSIX =
            FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

    private DurableFiles() {}

    /** Creates it and its missing parents, 0700; what was created survives a power failure. */
    public static void createDirectories(Path directory) throws IOException {
        List<Path> missing = new ArrayList<>();
        for (Path path = directory.toAbsolutePath();
                path != null && !Files.isDirectory(path);
                path = path.getParent()) {
            missing.add(path);
        }
        if (missing.isEmpty()) {
            return;
        }
        Files.createDirectories(directory, mode("rwx------"));
        for (Path made : missing) {
            sync(parentOf(made));
        }
    }

    /** Replaces {@code file}: a reader sees the old text or the new one. */
    public static void replace(Path file, String text) throws IOException {
        replace(file, text, "rw-------");
    }

    /** {@link #replace} for what everybody may read, such as a root certificate: 0644. Never for keys. */
    public static void replaceForAll(Path file, String text) throws IOException {
        replace(file, text, "rw-r--r--");
    }

    private static void replace(Path file, String text, String permissions) throws IOException {
        Path directory = parentOf(file);
        createDirectories(directory);
        Path unfinished = directory.resolve(UNFINISHED + file.getFileName());
        Files.deleteIfExists(unfinished);
        try {
            create(unfinished, text, permissions);
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.deleteIfExists(unfinished);
            throw e;
        }
        sync(directory);
    }

    /** A new file, 0600, synced. Its directory is not. */
    public static void create(Path file, String text) throws IOException {
        create(file, text, "rw-------");
    }

    private static void create(Path file, String text, String permissions) throws IOException {
        Set<StandardOpenOption> options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try (FileChannel channel = FileChannel.open(file, options, mode(permissions))) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        verify(file, text);
    }

    /**
     * What was written must be what is read back: a file system over a network has been seen to have neither.
     *
     * @throws IOException where it is something else
     */
    public static void verify(Path file, String text) throws IOException {
        // Bytes: half a surrogate, such as a CA may send in a message, is no text any more once it is written.
        if (!Arrays.equals(Files.readAllBytes(file), text.getBytes(StandardCharsets.UTF_8))) {
            throw new IOException(file + ": what was written is not what is read back; the disk is not to be trusted");
        }
    }

    /** Makes the names in a directory (creations, renames, removals) survive a power failure. */
    public static void sync(Path directory) throws IOException {
        if (POSIX) {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    /**
     * A file to be locked, made where it is missing.
     *
     * @throws IOException where something else is in its place, of which the message says only what it is: to open a pipe is
     *     to wait for its reader
     */
    public static FileChannel openLock(Path file) throws IOException {
        if (Files.exists(file)) {
            RegularFile.require(file);
        }
        return FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.READ),
                mode("rw-------"));
    }

    public static void delete(Path path) throws IOException {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            for (Path child : list(path)) {
                delete(child);
            }
        }
        Files.deleteIfExists(path);
    }

    public static void removeUnfinished(Path directory) throws IOException {
        for (Path child : list(directory)) {
            if (child.getFileName().toString().startsWith(UNFINISHED)) {
                delete(child);
            }
        }
    }

    /** What a directory holds; nothing where there is none. */
    public static List<Path> list(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        List<Path> children = new ArrayList<>();
        try (Stream<Path> paths = Files.list(directory)) {
            paths.forEach(children::add);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        Collections.sort(children);
        return children;
    }

    /** Whether anybody but the owner may read it. */
    public static boolean isReadableByOthers(Path file) throws IOException {
        if (!POSIX) {
            return false;
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
        return permissions.contains(PosixFilePermission.GROUP_READ)
                || permissions.contains(PosixFilePermission.OTHERS_READ);
    }

    public static FileAttribute<?>[] mode(String permissions) {
        return POSIX
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    private static Path parentOf(Path file) {
        Path parent = file.getParent();
        return parent == null ? Path.of(".") : parent;
    }

    /**
     * What is not there is readable: it holds nothing.
     *
     * @throws IOException with the path and the reason
     */
    public static void requireReadable(Path path) throws IOException {
        if (Files.isReadable(path)) {
            return;
        }
        try {
            if (Files.readAttributes(path, BasicFileAttributes.class).isRegularFile()) {
                Files.newInputStream(path).close();
            } else {
                list(path);
            }
        } catch (NoSuchFileException e) {
            // Nothing to read.
        } catch (IOException e) {
            throw new IOException(path + ": cannot be read: " + DiskFailure.reason(e), e);
        }
    }
}
