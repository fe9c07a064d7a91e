package dev.postern.certificate.store;

import dev.postern.config.RegularFile;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code certs/.preflight-key}: 32 random bytes that only this store has, so that a command beside the daemon can tell whether
 * the daemon is who answers. Immutable; the file is read and written by who says so.
 */
public final class ProbeKey {
    private static final Logger LOG = LoggerFactory.getLogger(ProbeKey.class);

    private static final int BYTES = 32;

    private final byte[] key;

    private ProbeKey(byte[] key) {
        this.key = key;
    }

    /** The one in {@code file}, or else one that nobody knows yet. */
    static ProbeKey kept(Path file, RandomGenerator random) {
        try {
            if (Files.exists(file)) {
                byte[] kept =
                        Base64.getDecoder().decode(RegularFile.stored(file).trim());
                if (kept.length == BYTES) {
                    return new ProbeKey(kept);
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            LOG.debug("{}: not readable, made anew", file, e);
        }
        byte[] key = new byte[BYTES];
        random.nextBytes(key);
        return new ProbeKey(key);
    }

    /** Writes it, where it is not there yet. */
    void keep(Path file) {
        String text = Base64.getEncoder().encodeToString(key) + "\n";
        try {
            if (!Files.isRegularFile(file) || !RegularFile.stored(file).equals(text)) {
                DurableFiles.replace(file, text);
            }
        } catch (IOException e) {
            LOG.warn(
                    "{}: {}; postern cert preflight cannot tell whether it is us who answers",
                    file,
                    DiskFailure.reason(e));
        }
    }

    public byte[] bytes() {
        return key.clone();
    }
}
