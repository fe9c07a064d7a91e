package dev.postern.ca;

import dev.postern.config.RegularFile;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import dev.postern.pki.Keys;
import dev.postern.pki.Pem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A certificate that signs others, and its key. */
public record Authority(X509Certificate certificate, PrivateKey key) {
    Instant notBefore() {
        return certificate.getNotBefore().toInstant();
    }

    Instant notAfter() {
        return certificate.getNotAfter().toInstant();
    }

    boolean signed(X509Certificate other) {
        try {
            other.verify(certificate.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /** Empty unless both files are there, readable and fit each other. */
    static Optional<Authority> read(Path certificateFile, Path keyFile) throws IOException {
        if (!Files.exists(certificateFile) || !Files.exists(keyFile)) {
            return Optional.empty();
        }
        // What cannot be read at all stops the caller; what can be read and is rubbish counts as absent.
        byte[] certificateText = bytes(certificateFile);
        byte[] keyText = bytes(keyFile);
        try {
            X509Certificate certificate =
                    Pem.readCertificates(latin(certificateText)).get(0);
            PrivateKey key = Pem.readKey(latin(keyText));
            return Keys.fit(key, certificate.getPublicKey())
                    ? Optional.of(new Authority(certificate, key))
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The key first: a certificate on disk always had its key there before it. */
    Authority write(Path certificateFile, Path keyFile) throws IOException {
        DurableFiles.replace(keyFile, Pem.of(key));
        DurableFiles.replaceForAll(certificateFile, text(List.of(certificate)));
        return this;
    }

    /** As PEM. */
    public static String text(List<X509Certificate> chain) {
        try {
            return Pem.of(chain);
        } catch (CertificateException e) {
            throw new IllegalStateException("a certificate that cannot be encoded", e);
        }
    }

    private static byte[] bytes(Path file) throws IOException {
        try {
            return RegularFile.bytes(file, RegularFile.PEM_BYTES);
        } catch (IOException e) {
            throw new IOException(file + ": " + DiskFailure.reason(e), e);
        }
    }

    private static String latin(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
