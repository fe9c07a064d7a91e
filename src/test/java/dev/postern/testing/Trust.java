package dev.postern.testing;

import dev.postern.ca.InternalCa;
import dev.postern.pki.Pem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** What a TLS client trusts: one root and nobody else. */
public final class Trust {
    /**
     * What our own clients offer where a test says nothing of ciphers: AES-GCM takes the JDK up to five times as long where
     * it does not optimize.
     */
    private static final String[] CIPHERS = {
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
    };

    private Trust() {}

    static String[] ciphers() {
        return CIPHERS.clone();
    }

    /** A context of its own each time: it resumes no session of another one, so the server's certificate is always seen. */
    public static SSLContext in(X509Certificate root) {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            store.setCertificateEntry("root", root);
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What clients of {@code ca} have to trust. */
    public static X509Certificate root(InternalCa ca) {
        try {
            return certificate(ca.rootFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The first certificate in {@code pem}. */
    public static X509Certificate certificate(String pem) throws IOException {
        return Pem.readCertificates(pem).get(0);
    }

    /** The first certificate in this file. */
    public static X509Certificate certificate(Path file) throws IOException {
        return certificate(Files.readString(file));
    }
}
