package dev.postern.observe;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A file that is appended to, known by what it is on its disk: its name may be another's meanwhile.
 *
 * @param key device and inode; null of standard output
 */
record OpenedFile(FileChannel channel, @Nullable Object key) {
    /** How often others may replace it while it is being opened. */
    private static final int TRIES = 10;

    /** Opens the file of that name, which is made where there is none. */
    static OpenedFile at(Path path) throws IOException {
        for (int i = 0; i < TRIES; i++) {
            Object before = key(path);
            FileChannel opened = FileChannel.open(
                    path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
            try {
                // Nobody says of an open file which one it is; its name does, where that is of the same one before
                // and after.
                if (before != null && before.equals(key(path))) {
                    return new OpenedFile(opened, before);
                }
            } catch (IOException e) {
                opened.close();
                throw e;
            }
            opened.close();
        }
        throw new IOException("it is replaced all the time");
    }

    /** Null where there is no such file. */
    private static @Nullable Object key(Path path) throws IOException {
        try {
            // A disk that has no keys has nobody but us.
            return Objects.requireNonNullElse(
                    Files.readAttributes(path, BasicFileAttributes.class).fileKey(), path);
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /** Whether the name is still that of this file. */
    boolean isAt(Path path) throws IOException {
        return key != null && key.equals(key(path));
    }

    boolean isSameAs(OpenedFile other) {
        return Objects.equals(key, other.key);
    }
}
