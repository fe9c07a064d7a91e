package dev.postern.app;

import dev.postern.certificate.store.CertificateStore;
import dev.postern.config.Configuration;
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
import java.security.SecureRandom;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the values of sticky cookies are made with, so that they mean the same after a restart: 32 bytes in the store, made
 * when they are needed for the first time. Several Posterns with the same file know each other's cookies. Blocks; used by
 * one thread at a time.
 */
public final class StickySecret implements Supplier<byte[]> {
    private static final int BYTES = 32;

    private static final String FILE = "sticky.secret";

    private final Path store;
    private final Path file;
    private final SecureRandom random;
    private byte @Nullable [] secret;

    StickySecret(Path store, SecureRandom random) {
        this.store = store.toAbsolutePath();
        this.file = store.resolve(FILE);
        this.random = random;
    }

    /** Why it could not be made where a backend wants one and there is none; one line each. Leaves no trace. */
    public static List<String> problems(Configuration config) {
        Path store = config.acme().store();
        return isWanted(config) && !Files.exists(store.resolve(FILE))
                ? CertificateStore.problems(store, List.of())
                : List.of();
    }

    static boolean isWanted(Configuration config) {
        return config.backends().values().stream().anyMatch(backend -> backend.sticky() != null);
    }

    /** @throws IllegalArgumentException where it can be neither read nor made */
    @Override
    public synchronized byte[] get() {
        byte[] known = secret;
        if (known == null) {
            try {
                known = Files.exists(file) ? read() : make();
            } catch (IOException e) {
                throw new IllegalArgumentException(file + ": secret of sticky cookies: " + DiskFailure.reason(e), e);
            }
            secret = known;
        }
        return known;
    }

    /** Whatever somebody has put there by hand. */
    private static final int LONGEST_FILE = 4096;

    private byte[] read() throws IOException {
        byte[] bytes = RegularFile.bytes(file, LONGEST_FILE);
        if (bytes.length < BYTES) {
            throw new IOException("has " + bytes.length + " bytes (expected: at least " + BYTES + " random ones)");
        }
        return bytes;
    }

    private byte[] make() throws IOException {
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
