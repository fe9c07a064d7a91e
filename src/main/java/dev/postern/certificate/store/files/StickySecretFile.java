package dev.postern.certificate.store.files;

import dev.postern.config.RegularFile;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.random.RandomGenerator;

/** {@code certs/sticky.secret}: 32 bytes, made when they are needed for the first time. */
final class StickySecretFile {
    static final String NAME = "sticky.secret";

    private static final int BYTES = 32;

    /** Whatever somebody has put there by hand. */
    private static final int LONGEST_FILE = 4096;

    private final Path store;
    private final Path file;

    StickySecretFile(Path store) {
        this.store = store.toAbsolutePath();
        this.file = store.resolve(NAME);
    }

    boolean exists() {
        return Files.exists(file);
    }

    /** @throws IOException with the path and the reason */
    byte[] readOrMake(RandomGenerator random) throws IOException {
        try {
            return exists() ? read() : make(random);
        } catch (IOException e) {
            throw new IOException(file + ": secret of sticky cookies: " + DiskFailure.reason(e), e);
        }
    }

    private byte[] read() throws IOException {
        byte[] bytes = RegularFile.bytes(file, LONGEST_FILE);
        if (bytes.length < BYTES) {
            throw new IOException("has " + bytes.length + " bytes (expected: at least " + BYTES + " random ones)");
        }
        return bytes;
    }

    private byte[] make(RandomGenerator random) throws IOException {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        // Nothing else need have made the store: where operators bring the certificates, it is for this alone.
        DurableFiles.createDirectories(store);
        Path draft = Files.createTempFile(store, "sticky", ".tmp");
        try (FileChannel out = FileChannel.open(draft, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                int unused = out.write(buffer);
            }
            out.force(true);
        }
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        return bytes;
    }
}
