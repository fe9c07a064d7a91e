package dev.postern.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Files that somebody has named, or could put in the place of such a one: to open a named pipe is to wait for its writer, and
 * a device may be endless. Only regular files are opened, and no more of them is read than may be in them.
 */
public final class RegularFile {
    /** What a key, or a chain of certificates, may have: a hundred times what they have. */
    public static final int PEM_BYTES = 1 << 20;

    /** What a file of the store may have: a ledger or a history of ten thousand sites has some megabytes. */
    private static final int STORE_BYTES = 64 << 20;

    private RegularFile() {}

    /** @throws IOException where it is no regular file, links followed; its message does not name the file */
    public static void require(Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        if (attributes.isDirectory()) {
            throw new IOException("is a directory");
        }
        if (!attributes.isRegularFile()) {
            throw new IOException("is a pipe, a socket or a device (expected: a regular file)");
        }
    }

    /** @throws IOException as {@link #require}, and where there is more of it than {@code most} bytes */
    public static byte[] bytes(Path file, int most) throws IOException {
        require(file);
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(most + 1);
            if (bytes.length > most) {
                throw new IOException("is larger than " + size(most));
            }
            return bytes;
        }
    }

    private static String size(int bytes) {
        return bytes >= 1 << 20 ? (bytes >> 20) + "MiB" : (bytes >> 10) + "KiB";
    }

    /** Text of at most {@code most} bytes; what is not UTF-8 in it is no more than a comment can be. */
    public static String text(Path file, int most) throws IOException {
        return new String(bytes(file, most), StandardCharsets.UTF_8);
    }

    /** A file of the store. */
    public static String stored(Path file) throws IOException {
        return text(file, STORE_BYTES);
    }
}
