package dev.postern.certificate.store.files;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.config.RegularFile;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import dev.postern.pki.Certificate;
import dev.postern.pki.Pem;
import dev.postern.time.TimeText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code certs/<site>/<n>/}: the files of one generation, written once and together. */
final class GenerationFolder {
    private static final Logger LOG = LoggerFactory.getLogger(GenerationFolder.class);

    private static final String KEY = "privkey.pem";

    /** Beside the files of a generation that its issuer was told to revoke. */
    private static final String REVOKED = "revoked";

    /** Beside the files of a generation that an operator went back from. */
    private static final String ROLLED_BACK = "rolled-back";

    private final String site;
    private final Path folder;

    GenerationFolder(String site, Path folder) {
        this.site = site;
        this.folder = folder;
    }

    /**
     * Writes all files, and syncs them.
     *
     * @param order the order that brought the certificate; null where that is not known
     */
    void write(Certificate certificate, @Nullable OrderEntry order, Instant now) throws IOException {
        try {
            DurableFiles.createDirectories(folder);
            List<X509Certificate> chain = certificate.chain();
            String leaf = Pem.of(chain.subList(0, 1));
            String rest = Pem.of(chain.subList(1, chain.size()));
            DurableFiles.create(folder.resolve(KEY), Pem.of(certificate.key()));
            DurableFiles.create(folder.resolve("cert.pem"), leaf);
            DurableFiles.create(folder.resolve("chain.pem"), rest);
            DurableFiles.create(folder.resolve("fullchain.pem"), leaf + rest);
            DurableFiles.create(folder.resolve("meta.json"), meta(certificate, order, now));
            DurableFiles.sync(folder);
        } catch (CertificateException e) {
            throw new IOException("a certificate that cannot be encoded", e);
        }
    }

    private String meta(Certificate certificate, @Nullable OrderEntry order, Instant now) {
        JsonObject meta = new JsonObject();
        meta.addProperty("site", site);
        JsonArray names = new JsonArray();
        certificate.names().forEach(names::add);
        meta.add("names", names);
        meta.addProperty("issuer", certificate.issuer());
        meta.addProperty("serial", certificate.serialText());
        meta.addProperty("not-before", certificate.notBefore().toString());
        meta.addProperty("not-after", certificate.notAfter().toString());
        meta.addProperty("stored", TimeText.at(now));
        if (order != null) {
            meta.addProperty("account", order.account());
            if (!order.order().isEmpty()) {
                meta.addProperty("order", order.order());
            }
        }
        return JsonText.of(meta);
    }

    /** @throws CertificateException where the files do not fit each other, or the certificate was revoked */
    Certificate read() throws IOException, CertificateException {
        Optional<String> revocation = revocation();
        if (revocation.isPresent()) {
            throw new CertificateException("it was revoked: " + revocation.get());
        }
        return readAny();
    }

    /** Revoked or not. */
    Certificate readAny() throws IOException, CertificateException {
        Path key = folder.resolve(KEY);
        String fullchain = stored("fullchain.pem");
        String leaf = stored("cert.pem");
        String chain = stored("chain.pem");
        if (!fullchain.equals(leaf + chain)) {
            throw new CertificateException("cert.pem and chain.pem together are not fullchain.pem");
        }
        PrivateKey privateKey = Pem.readKey(stored(KEY));
        List<X509Certificate> certificates = Pem.readCertificates(fullchain);
        Certificate certificate = Certificate.ofFiles(site, meta("issuer").orElse("unknown"), privateKey, certificates);
        if (DurableFiles.isReadableByOthers(key)) {
            LOG.warn("{}: {}: readable by group or others (expected: mode 0600); used all the same", site, key);
        }
        return certificate;
    }

    private String stored(String name) throws IOException {
        try {
            return RegularFile.stored(folder.resolve(name));
        } catch (IOException e) {
            throw new IOException(name + ": " + DiskFailure.reason(e), e);
        }
    }

    /** @param names of the site: a certificate that covers none of them belongs to another one */
    Certificate read(List<String> names) throws IOException, CertificateException {
        Certificate certificate = read();
        if (names.stream().noneMatch(certificate::covers)) {
            throw new CertificateException("it is for " + String.join(", ", certificate.names())
                    + " (expected: at least one of " + String.join(", ", names) + ")");
        }
        return certificate;
    }

    /** Whether the files that are needed to serve it are there, good or not. */
    boolean isThere() {
        return Stream.of(KEY, "cert.pem", "chain.pem", "fullchain.pem")
                .allMatch(file -> Files.exists(folder.resolve(file)));
    }

    boolean holds(Certificate certificate) {
        try {
            // Mostly it is another one, which one file tells.
            String leaf = Pem.of(List.of(certificate.leaf()));
            return RegularFile.stored(folder.resolve("cert.pem")).equals(leaf)
                    && read().chain().equals(certificate.chain());
        } catch (IOException | CertificateException e) {
            LOG.debug("{}: {} is not this one", site, folder, e);
            return false;
        }
    }

    /** URL of the account that ordered it; empty where that is not known. */
    Optional<String> account() {
        return meta("account");
    }

    private Optional<String> meta(String key) {
        try {
            return Optional.ofNullable(JsonParser.parseString(RegularFile.stored(folder.resolve("meta.json")))
                            .getAsJsonObject()
                            .get(key))
                    .map(JsonElement::getAsString);
        } catch (IOException | JsonParseException | IllegalStateException | UnsupportedOperationException e) {
            // Key and chain are what counts; only this is lost.
            return Optional.empty();
        }
    }

    /** The reason; empty where it was not revoked. */
    Optional<String> revocation() throws IOException {
        Path revoked = folder.resolve(REVOKED);
        return Files.exists(revoked) ? Optional.of(RegularFile.stored(revoked).strip()) : Optional.empty();
    }

    /** From now on it is refused, by this process and each after it. */
    void revoked(RevocationReason reason) throws IOException {
        DurableFiles.replace(folder.resolve(REVOKED), reason.text() + "\n");
    }

    boolean isRolledBack() {
        return Files.exists(folder.resolve(ROLLED_BACK));
    }

    void rolledBack() throws IOException {
        DurableFiles.replace(
                folder.resolve(ROLLED_BACK), "An operator went back to the certificate before; see certs/README.md.\n");
    }

    /** @throws IOException with the path and the reason */
    void requireReadable() throws IOException {
        DurableFiles.requireReadable(folder);
        for (Path file : DurableFiles.list(folder)) {
            DurableFiles.requireReadable(file);
        }
    }
}
