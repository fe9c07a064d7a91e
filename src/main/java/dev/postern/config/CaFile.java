package dev.postern.config;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * {@code ca-file}: PEM (<a href="https://datatracker.ietf.org/doc/html/rfc7468">RFC 7468</a>) with the certificates of a
 * CA, one after the other; other blocks and the text between them are passed over.
 */
public final class CaFile {
    private static final Pattern BLOCK = Pattern.compile("-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----");

    /** The certificates of all public CAs have some 200 KiB. */
    private static final int LARGEST_BYTES = 16 << 20;

    private CaFile() {}

    /**
     * The certificates in {@code file}, at least one.
     *
     * @throws IOException where it cannot be read
     * @throws CertificateException with what is wrong, without the name of the file
     */
    public static List<X509Certificate> read(Path file) throws IOException, CertificateException {
        return parse(text(file));
    }

    /**
     * What trusts the certificates in {@code file} and nothing else.
     *
     * @throws IOException where it cannot be read or used, with the name of the file and why
     */
    public static SSLContext trusting(Path file) throws IOException {
        try {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            int count = 0;
            for (X509Certificate certificate : read(file)) {
                trusted.setCertificateEntry("ca-" + count++, certificate);
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, factory.getTrustManagers(), null);
            return context;
        } catch (NoSuchFileException e) {
            throw new IOException(file + ": no such file or directory", e);
        } catch (IOException | GeneralSecurityException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /** What is in {@code file}, one byte each character. */
    public static String text(Path file) throws IOException {
        return new String(RegularFile.bytes(file, LARGEST_BYTES), StandardCharsets.ISO_8859_1);
    }

    /**
     * The certificates in the {@link #text} of a file, at least one.
     *
     * @throws CertificateException with what is wrong
     */
    public static List<X509Certificate> parse(String text) throws CertificateException {
        Matcher block = BLOCK.matcher(text);
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> certificates = new ArrayList<>();
        while (block.find()) {
            try {
                byte[] der = Base64.getMimeDecoder().decode(block.group(1));
                certificates.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
            } catch (CertificateException | IllegalArgumentException e) {
                throw new CertificateException("holds a certificate that cannot be read", e);
            }
        }
        if (!certificates.isEmpty()) {
            return certificates;
        }
        // What DER begins with: a SEQUENCE longer than 127 bytes.
        boolean der = text.length() > 1 && text.charAt(0) == 0x30 && (text.charAt(1) & 0x80) != 0;
        throw new CertificateException(
                der ? "is DER; openssl x509 -inform der makes PEM of it" : "holds no certificate");
    }
}
