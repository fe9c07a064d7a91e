package dev.postern.ca;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * What stands in a root, an intermediate and a server certificate, <a
 * href="https://datatracker.ietf.org/doc/html/rfc5280#section-4">RFC 5280 §4</a>. Pure but for the serial number.
 */
final class CertificateTemplate {
    /** Public CAs must put 64 bits of randomness into a serial number; 128 leave room for the sign bit. */
    private static final int SERIAL_BITS = 128;

    private final SecureRandom random;

    CertificateTemplate(SecureRandom random) {
        this.random = random;
    }

    record Validity(Instant notBefore, Instant notAfter) {}

    X509Certificate root(KeyPair key, String name, Validity validity) {
        X500Principal subject = new X500Principal(name);
        return sign(key.getPrivate(), subject, validity, subject, key.getPublic(), builder -> {
            // One level of intermediates, and only those sign servers.
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(1));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
        });
    }

    X509Certificate intermediate(
            X509Certificate root, PrivateKey rootKey, PublicKey key, X500Principal subject, Validity validity) {
        return sign(rootKey, root.getSubjectX500Principal(), validity, subject, key, builder -> {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(
                    Extension.keyUsage,
                    true,
                    new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyCertSign | KeyUsage.cRLSign));
            builder.addExtension(
                    Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(root.getPublicKey()));
        });
    }

    /** A server certificate: the names stand in the subject alternative name only, the subject is empty. */
    X509Certificate server(
            X509Certificate issuer, PrivateKey issuerKey, PublicKey key, List<String> names, Validity validity) {
        GeneralNames alternativeNames = new GeneralNames(
                names.stream().map(CertificateTemplate::generalName).toArray(GeneralName[]::new));
        // RSA keys also decipher the premaster secret of TLS 1.2's RSA key exchange; EC keys only sign.
        int usage = KeyUsage.digitalSignature | (key instanceof RSAPublicKey ? KeyUsage.keyEncipherment : 0);
        return sign(issuerKey, issuer.getSubjectX500Principal(), validity, new X500Principal(""), key, builder -> {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(usage));
            builder.addExtension(
                    Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
            // Critical, because the subject is empty: https://datatracker.ietf.org/doc/html/rfc5280#section-4.2.1.6
            builder.addExtension(Extension.subjectAlternativeName, true, alternativeNames);
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(issuer.getPublicKey()));
        });
    }

    private static GeneralName generalName(String name) {
        return new GeneralName(ServerName.isIpLiteral(name) ? GeneralName.iPAddress : GeneralName.dNSName, name);
    }

    private interface Extensions {
        void addTo(X509v3CertificateBuilder builder) throws IOException, GeneralSecurityException;
    }

    private X509Certificate sign(
            PrivateKey issuerKey,
            X500Principal issuer,
            Validity validity,
            X500Principal subject,
            PublicKey key,
            Extensions extensions) {
        try {
            X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    X500Name.getInstance(issuer.getEncoded()),
                    serial(),
                    Date.from(validity.notBefore()),
                    Date.from(validity.notAfter()),
                    X500Name.getInstance(subject.getEncoded()),
                    key);
            extensions.addTo(builder);
            builder.addExtension(
                    Extension.subjectKeyIdentifier, false, new JcaX509ExtensionUtils().createSubjectKeyIdentifier(key));
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA")
                            .setSecureRandom(random)
                            .build(issuerKey)));
        } catch (IOException | GeneralSecurityException | OperatorCreationException e) {
            throw new IllegalStateException("signing a certificate for " + subject, e);
        }
    }

    private BigInteger serial() {
        // Positive, and the top bit set, so that every serial has the same length.
        return new BigInteger(SERIAL_BITS - 1, random).setBit(SERIAL_BITS - 1);
    }
}
