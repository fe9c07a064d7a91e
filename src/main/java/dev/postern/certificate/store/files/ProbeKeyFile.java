package dev.postern.certificate.store.files;

import dev.postern.certificate.store.ProbeKey;
import dev.postern.config.RegularFile;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code certs/.preflight-key}. */
final class ProbeKeyFile {
    private static final Logger LOG = LoggerFactory.getLogger(ProbeKeyFile.class);

    /** A dot begins no name of a site. */
    private static final String NAME = ".preflight-key";

    private final Path file;

    ProbeKeyFile(Path store) {
        this.file = store.resolve(NAME);
    }

    /** Empty where there is none, or none that can be read. */
    Optional<ProbeKey> read() {
        try {
            if (Files.exists(file)) {
                return ProbeKey.of(
                        Base64.getDecoder().decode(RegularFile.stored(file).trim()));
            }
        } catch (IOException | IllegalArgumentException e) {
            LOG.debug("{}: not readable, made anew", file, e);
        }
        return Optional.empty();
    }

    /** Writes it, where it is not there yet. */
    void keep(ProbeKey key) {
        String text = Base64.getEncoder().encodeToString(key.bytes()) + "\n";
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
}
