package dev.postern.testing;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A CA that certifies whatever a test wants, with any dates. */
@SuppressWarnings("JavaUtilDate") // BouncyCastle's builders want it.
public final class TestCa {
    private static final AtomicLong SERIAL = new AtomicLong(1_000_000);

    private final KeyPair keys = newKeys();
    private final X500Name name;
    private final X509Certificate root;

    /** A key and the chain that certifies it, leaf first, without the root. */
    public record Issued(PrivateKey key, List<X509Certificate> chain) {
        public X509Certificate leaf() {
            return chain.get(0);
        }
    }

    private TestCa(String commonName) {
        name = new X500Name("CN=" + commonName);
        // Old and long enough for every hand-moved clock.
        Instant from = Instant.parse("2000-01-01T00:00:00Z");
        Instant to = Instant.parse("2100-01-01T00:00:00Z");
        root = sign(name, name, keys, keys, true, List.of(), from, to);
    }

    public static TestCa create() {
        return new TestCa("Test CA " + SERIAL.incrementAndGet());
    }

    public static TestCa create(String commonName) {
        return new TestCa(commonName);
    }

    /** The same intermediate, of the same name and key, certified by this CA. */
    public X509Certificate crossSign(X509Certificate intermediate) {
        return sign(
                X500Name.getInstance(intermediate.getSubjectX500Principal().getEncoded()),
                name,
                new KeyPair(intermediate.getPublicKey(), null),
                keys,
                true,
                List.of(),
                root.getNotBefore().toInstant(),
                root.getNotAfter().toInstant());
    }

    public X509Certificate root() {
        return root;
    }

    /** Of its own name and key, for these names as well. */
    public Issued selfSigned(List<String> names) {
        Instant now = Instant.now();
        return new Issued(
                keys.getPrivate(),
                List.of(sign(
                        name,
                        name,
                        keys,
                        keys,
                        false,
                        names,
                        now.minus(Duration.ofDays(1)),
                        now.plus(Duration.ofDays(1)))));
    }

    /** Signed by an intermediate, as public CAs do. */
    public Issued issue(List<String> names, Instant from, Duration life) {
        return issue(names, from, life, newKeys());
    }

    public Issued issue(List<String> names, Instant from, Duration life, KeyPair leafKeys) {
        return intermediate().issue(names, from, life, leafKeys);
    }

    /** One that signs as many as are wanted. */
    public Intermediate intermediate() {
        KeyPair middleKeys = newKeys();
        X500Name middleName = new X500Name("CN=Intermediate " + SERIAL.incrementAndGet());
        X509Certificate middle = sign(
                middleName,
                name,
                middleKeys,
                keys,
                true,
                List.of(),
                root.getNotBefore().toInstant(),
                root.getNotAfter().toInstant());
        return new Intermediate(middleName, middleKeys, middle);
    }

    /** Signs leaves. Any thread. */
    public record Intermediate(X500Name name, KeyPair keys, X509Certificate certificate) {
        public Issued issue(List<String> names, Instant from, Duration life, KeyPair leafKeys) {
            X509Certificate leaf =
                    sign(new X500Name("CN=" + names.get(0)), name, leafKeys, keys, false, names, from, from.plus(life));
            return new Issued(leafKeys.getPrivate(), List.of(leaf, certificate));
        }
    }

    public static KeyPair newKeys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static X509Certificate sign(
            X500Name subject,
            X500Name issuer,
            KeyPair subjectKeys,
            KeyPair issuerKeys,
            boolean isCa,
            List<String> names,
            Instant from,
            Instant to) {
        try {
            X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    issuer,
                    BigInteger.valueOf(SERIAL.incrementAndGet()),
                    Date.from(from),
                    Date.from(to),
                    subject,
                    subjectKeys.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(isCa));
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(issuerKeys.getPublic()));
            if (isCa) {
                builder.addExtension(
                        Extension.subjectKeyIdentifier,
                        false,
                        new JcaX509ExtensionUtils().createSubjectKeyIdentifier(subjectKeys.getPublic()));
                builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            }
            if (!names.isEmpty()) {
                List<GeneralName> alternatives = new ArrayList<>();
                for (String name : names) {
                    boolean address = name.matches("[0-9.]+");
                    alternatives.add(new GeneralName(address ? GeneralName.iPAddress : GeneralName.dNSName, name));
                }
                builder.addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(alternatives.toArray(new GeneralName[0])));
            }
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(
                            new JcaContentSignerBuilder("SHA256withECDSA").build(issuerKeys.getPrivate())));
        } catch (OperatorCreationException | GeneralSecurityException | CertIOException e) {
            throw new IllegalStateException(e);
        }
    }
}
