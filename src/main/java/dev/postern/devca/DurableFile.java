package dev.postern.devca;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;

/** A small text file that is either wholly there or not at all, also after a crash. */
final class DurableFile {
    /** Who may read it. */
    enum Readers {
        OWNER("rw-------"),
        ALL("rw-r--r--");

        private final String permissions;

        Readers(String permissions) {
            this.permissions = permissions;
        }
    }

    private DurableFile() {}

    /**
     * Writes beside the target, syncs, renames over it, and syncs the folder. The permissions are set when the file is
     * created, so that a key is never readable by others, not even for a moment.
     */
    static void write(Path file, String text, Readers readers) throws IOException {
        Path folder = Objects.requireNonNull(file.toAbsolutePath().getParent(), "folder");
        Path temporary = folder.resolve(file.getFileName() + ".tmp");
        Files.deleteIfExists(temporary);
        create(temporary, readers, Files.getFileStore(folder));
        try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static void create(Path file, Readers readers, FileStore store) throws IOException {
        if (store.supportsFileAttributeView(PosixFileAttributeView.class)) {
            FileAttribute<?> permissions =
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(readers.permissions));
            Files.createFile(file, permissions);
        } else {
            Files.createFile(file);
        }
    }
}
