package dev.postern.pki;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys and certificates as text, <a href="https://datatracker.ietf.org/doc/html/rfc7468">RFC 7468</a>. Keys are written
 * as PKCS#8 ({@code BEGIN PRIVATE KEY}) and read as PKCS#8, PKCS#1 or SEC1, whichever program made them.
 */
public final class Pem {
    private static final Logger LOG = LoggerFactory.getLogger(Pem.class);

    private static final ParsedSigners SIGNERS = new ParsedSigners();

    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

    private Pem() {}

    public static String of(PrivateKey key) {
        return block("PRIVATE KEY", key.getEncoded());
    }

    /** One block after the other; empty text for an empty list. */
    public static String of(List<X509Certificate> certificates) throws CertificateException {
        StringBuilder text = new StringBuilder();
        for (X509Certificate certificate : certificates) {
            text.append(block("CERTIFICATE", certificate.getEncoded()));
        }
        return text.toString();
    }

    private static String block(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n" + LINES.encodeToString(der) + "\n-----END " + label + "-----\n";
    }

    /**
     * The first private key in the text.
     *
     * @throws IOException with what is wrong, without the name of the file
     */
    public static PrivateKey readKey(String text) throws IOException {
        List<byte[]> plain = PlainPem.blocks(text, "PRIVATE KEY");
        String algorithm = plain.isEmpty() ? "" : EncodedKeys.algorithm(plain.get(0));
        if (!algorithm.isEmpty()) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(plain.get(0)));
            } catch (GeneralSecurityException e) {
                LOG.trace("not that plain", e);
            }
        }
        JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
        for (Object object : objects(text)) {
            if (object instanceof PrivateKeyInfo info) {
                return converter.getPrivateKey(info);
            }
            if (object instanceof PEMKeyPair pair) {
                return converter.getPrivateKey(pair.getPrivateKeyInfo());
            }
            if (object instanceof PEMEncryptedKeyPair || object instanceof PKCS8EncryptedPrivateKeyInfo) {
                throw new IOException("the key is encrypted (expected: a key without a passphrase)");
            }
        }
        throw new IOException("holds no private key (expected: a PEM block such as BEGIN PRIVATE KEY)");
    }

    /**
     * Every certificate in the text, in its order; other blocks are passed over.
     *
     * @throws IOException with what is wrong, without the name of the file
     */
    public static List<X509Certificate> readCertificates(String text) throws IOException {
        List<X509Certificate> certificates = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            List<X509Certificate> plain = plain(text);
            if (!plain.isEmpty()) {
                return plain;
            }
            for (Object object : objects(text)) {
                if (object instanceof X509CertificateHolder holder) {
                    certificates.add((X509Certificate)
                            factory.generateCertificate(new ByteArrayInputStream(holder.getEncoded())));
                }
            }
        } catch (CertificateException e) {
            throw new IOException("holds a certificate that cannot be read: " + e.getMessage(), e);
        }
        if (certificates.isEmpty()) {
            throw new IOException("holds no certificate (expected: a PEM block BEGIN CERTIFICATE)");
        }
        return certificates;
    }

    /** Empty where it takes more to read them, or to say what is wrong with them. */
    private static List<X509Certificate> plain(String text) {
        List<X509Certificate> certificates = new ArrayList<>();
        try {
            for (byte[] der : PlainPem.blocks(text, "CERTIFICATE")) {
                certificates.add(certificates.isEmpty() ? ParsedSigners.parse(der) : SIGNERS.of(der));
            }
            return certificates;
        } catch (CertificateException e) {
            LOG.trace("not that plain", e);
            return List.of();
        }
    }

    private static List<Object> objects(String text) throws IOException {
        List<Object> objects = new ArrayList<>();
        try (PEMParser parser = new PEMParser(new StringReader(text))) {
            for (Object object = parser.readObject(); object != null; object = parser.readObject()) {
                objects.add(object);
            }
        } catch (IOException | RuntimeException e) {
            // BouncyCastle answers bad base64 with unchecked exceptions of its own.
            throw new IOException("is not whole PEM: " + e.getMessage(), e);
        }
        return objects;
    }
}
