package dev.postern.simulation;

import dev.postern.pki.Certificate;
import dev.postern.pki.Keys;
import dev.postern.pki.Pem;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a site has on disk, read as any other program would: by the names of the files that the store promises. */
final class StoredSite {
    private final Path folder;
    private final Path current;

    StoredSite(Path store, String site) {
        this.folder = store.resolve(site);
        this.current = folder.resolve("current");
    }

    /** Since when the current certificate is valid; null where there is none. */
    @Nullable Instant issued() {
        X509Certificate leaf = leaf();
        return leaf == null ? null : leaf.getNotBefore().toInstant();
    }

    boolean holds(Certificate certificate) {
        X509Certificate leaf = leaf();
        return leaf != null && leaf.getSerialNumber().equals(certificate.serial());
    }

    private @Nullable X509Certificate leaf() {
        try {
            Path file = current.resolve("cert.pem");
            return Files.exists(file)
                    ? Pem.readCertificates(Files.readString(file)).get(0)
                    : null;
        } catch (IOException e) {
            return null;
        }
    }

    boolean isJournalled(String order) {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (DirectoryStream<Path> journals = Files.newDirectoryStream(folder, "order*.json")) {
            for (Path journal : journals) {
                if (Files.readString(journal).contains('"' + order + '"')) {
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            throw new IllegalStateException(folder + ": looking for journals", e);
        }
    }

    /** What is wrong with the current generation; null where nothing is, or where there is none. */
    @Nullable String wrong() {
        X509Certificate leaf = leaf();
        if (leaf == null) {
            return Files.exists(current) ? "current/cert.pem cannot be read" : null;
        }
        try {
            PrivateKey key = Pem.readKey(Files.readString(current.resolve("privkey.pem")));
            return Keys.fit(key, leaf.getPublicKey()) ? null : "current/privkey.pem does not fit current/cert.pem";
        } catch (IOException e) {
            return "current/privkey.pem: " + e.getMessage();
        }
    }
}
