package dev.postern.testing;

import dev.postern.pki.Pem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CRLException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CRLConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Certificates of clients, of their CAs, and lists of those that were taken back, as good or as bad as a test wants them. */
@SuppressWarnings("JavaUtilDate") // BouncyCastle's builders want it.
public final class TestPki {
    private static final AtomicLong SERIAL = new AtomicLong(0x10_0000);
    private static final Duration DAY = Duration.ofDays(1);

    private TestPki() {}

    /** What a certificate says; to be changed by a test. */
    public static final class Wish {
        private X500Name subject;
        private final Instant now = Instant.now();
        private Instant from = now.minus(DAY);
        private Instant to = now.plus(DAY.multipliedBy(30));
        private BasicConstraints constraints;
        private int usage;
        private final List<KeyPurposeId> purposes = new ArrayList<>();
        private final List<GeneralName> names = new ArrayList<>();
        private final List<Object[]> extensions = new ArrayList<>();
        private String algorithm = "SHA256withECDSA";

        private Wish(String commonName) {
            this.subject = new X500Name("CN=" + commonName);
        }

        public Wish subject(X500Name other) {
            subject = other;
            return this;
        }

        public Wish from(Instant other) {
            from = other;
            return this;
        }

        public Wish to(Instant other) {
            to = other;
            return this;
        }

        public Wish constraints(BasicConstraints other) {
            constraints = other;
            return this;
        }

        public Wish usage(int other) {
            usage = other;
            return this;
        }

        public Wish purposes(KeyPurposeId... others) {
            purposes.clear();
            purposes.addAll(Arrays.asList(others));
            return this;
        }

        public Wish names(GeneralName... others) {
            names.addAll(Arrays.asList(others));
            return this;
        }

        public Wish extension(String oid, boolean critical, ASN1Encodable value) {
            extensions.add(new Object[] {oid, critical, value});
            return this;
        }

        public Wish algorithm(String other) {
            algorithm = other;
            return this;
        }
    }

    /** A certificate with its key, and those between it and the root, without the root. */
    public record Identity(PrivateKey key, List<X509Certificate> chain) {
        public X509Certificate leaf() {
            return chain.get(0);
        }

        /** What a client sends that sends other certificates with its own. */
        public Identity with(X509Certificate... others) {
            List<X509Certificate> all = new ArrayList<>(List.of(leaf()));
            all.addAll(List.of(others));
            return new Identity(key, all);
        }

        /** A client that has it, and trusts {@code root}; a context of its own each time, so that it resumes nothing. */
        public SSLContext context(X509Certificate root) {
            try {
                KeyStore store = KeyStore.getInstance("PKCS12");
                store.load(null, null);
                store.setCertificateEntry("root", root);
                TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
                trust.init(store);
                SSLContext context = SSLContext.getInstance("TLS");
                // Whatever the server says whom it trusts.
                context.init(new KeyManager[] {new AnyIssuer(key, chain)}, trust.getTrustManagers(), null);
                return context;
            } catch (GeneralSecurityException | IOException e) {
                throw new IllegalStateException(e);
            }
        }

        /** Writes it for programs; returns {@code --cert FILE --key FILE}. */
        public List<Path> write(Path directory, String name) throws Exception {
            Path certificate = Files.writeString(directory.resolve(name + ".pem"), Pem.of(chain));
            Path keyFile = Files.writeString(directory.resolve(name + ".key"), Pem.of(key));
            return List.of(certificate, keyFile);
        }
    }

    /** A client that shows its certificate to whoever asks for one. */
    private static final class AnyIssuer extends X509ExtendedKeyManager {
        private final PrivateKey key;
        private final List<X509Certificate> chain;

        AnyIssuer(PrivateKey key, List<X509Certificate> chain) {
            this.key = key;
            this.chain = chain;
        }

        @Override
        public String chooseClientAlias(String[] keyType, Principal[] issuers, Socket socket) {
            return "client";
        }

        @Override
        public String[] getClientAliases(String keyType, Principal[] issuers) {
            return new String[] {"client"};
        }

        @Override
        public String[] getServerAliases(String keyType, Principal[] issuers) {
            return new String[0];
        }

        @Override
        public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
            throw new UnsupportedOperationException();
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return chain.toArray(X509Certificate[]::new);
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return key;
        }
    }

    /** One that signs. */
    public static final class Ca {
        private final KeyPair keys;
        private final X509Certificate certificate;
        private final List<X509Certificate> above;

        private Ca(KeyPair keys, X509Certificate certificate, List<X509Certificate> above) {
            this.keys = keys;
            this.certificate = certificate;
            this.above = above;
        }

        public X509Certificate certificate() {
            return certificate;
        }

        private X500Name name() {
            return X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
        }

        public Ca intermediate(Consumer<Wish> more) {
            Wish wish = new Wish("Intermediate " + SERIAL.get())
                    .constraints(new BasicConstraints(true))
                    .usage(KeyUsage.keyCertSign | KeyUsage.cRLSign);
            more.accept(wish);
            KeyPair theirs = TestCa.newKeys();
            X509Certificate made = sign(wish, name(), theirs, keys);
            List<X509Certificate> path = new ArrayList<>();
            path.add(made);
            path.addAll(above);
            return new Ca(theirs, made, path);
        }

        public Identity client(String commonName, Consumer<Wish> more) {
            Wish wish = new Wish(commonName)
                    .constraints(new BasicConstraints(false))
                    .usage(KeyUsage.digitalSignature)
                    .purposes(KeyPurposeId.id_kp_clientAuth);
            more.accept(wish);
            KeyPair theirs = TestCa.newKeys();
            List<X509Certificate> chain = new ArrayList<>();
            chain.add(sign(wish, name(), theirs, keys));
            chain.addAll(above);
            return new Identity(theirs.getPrivate(), chain);
        }

        public Identity client(String commonName) {
            return client(commonName, wish -> {});
        }

        /** The same CA of the same key, with another certificate. */
        public X509Certificate renewed(Consumer<Wish> more) {
            Wish wish = new Wish("")
                    .subject(name())
                    .constraints(new BasicConstraints(true))
                    .usage(KeyUsage.keyCertSign | KeyUsage.cRLSign);
            more.accept(wish);
            return sign(wish, name(), keys, keys);
        }

        /** A list of what it has taken back, for a day. */
        public X509CRL revoking(X509Certificate... revoked) {
            return list(Instant.now().minus(DAY), Instant.now().plus(DAY), builder -> {}, revoked);
        }

        public X509CRL list(Instant from, Instant to, Consumer<X509v2CRLBuilder> more, X509Certificate... revoked) {
            try {
                X509v2CRLBuilder builder = new X509v2CRLBuilder(name(), Date.from(from));
                if (to != null) {
                    builder.setNextUpdate(Date.from(to));
                }
                for (X509Certificate one : revoked) {
                    builder.addCRLEntry(one.getSerialNumber(), Date.from(from), CRLReason.keyCompromise);
                }
                more.accept(builder);
                return new JcaX509CRLConverter()
                        .getCRL(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
            } catch (OperatorCreationException | CRLException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    public static Ca root(String commonName) {
        return root(commonName, wish -> {});
    }

    public static Ca root(String commonName, Consumer<Wish> more) {
        Wish wish = new Wish(commonName)
                .constraints(new BasicConstraints(true))
                .usage(KeyUsage.keyCertSign | KeyUsage.cRLSign);
        more.accept(wish);
        KeyPair keys = TestCa.newKeys();
        return new Ca(keys, sign(wish, wish.subject, keys, keys), List.of());
    }

    /** One that nobody has signed but itself. */
    public static Identity selfSigned(String commonName, Consumer<Wish> more) {
        Wish wish = new Wish(commonName).usage(KeyUsage.digitalSignature).purposes(KeyPurposeId.id_kp_clientAuth);
        more.accept(wish);
        KeyPair keys = TestCa.newKeys();
        return new Identity(keys.getPrivate(), List.of(sign(wish, wish.subject, keys, keys)));
    }

    /** Puts these in the place of what is in {@code file}, in one step as tools do. */
    public static Path replace(Path file, X509CRL... lists) {
        try {
            StringBuilder text = new StringBuilder();
            for (X509CRL list : lists) {
                text.append("-----BEGIN X509 CRL-----\n")
                        .append(Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(list.getEncoded()))
                        .append("\n-----END X509 CRL-----\n");
            }
            return replace(file, text.toString());
        } catch (CRLException e) {
            throw new IllegalStateException(e);
        }
    }

    public static Path replace(Path file, String text) {
        try {
            Path made = Files.writeString(file.resolveSibling(file.getFileName() + ".new"), text);
            return Files.move(made, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static X509Certificate sign(Wish wish, X500Name issuer, KeyPair subjectKeys, KeyPair issuerKeys) {
        try {
            X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    issuer,
                    BigInteger.valueOf(SERIAL.incrementAndGet()),
                    Date.from(wish.from),
                    Date.from(wish.to),
                    wish.subject,
                    subjectKeys.getPublic());
            JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
            builder.addExtension(
                    Extension.subjectKeyIdentifier,
                    false,
                    extensions.createSubjectKeyIdentifier(subjectKeys.getPublic()));
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    extensions.createAuthorityKeyIdentifier(issuerKeys.getPublic()));
            if (wish.constraints != null) {
                builder.addExtension(Extension.basicConstraints, true, wish.constraints);
            }
            if (wish.usage != 0) {
                builder.addExtension(Extension.keyUsage, true, new KeyUsage(wish.usage));
            }
            if (!wish.purposes.isEmpty()) {
                builder.addExtension(
                        Extension.extendedKeyUsage,
                        false,
                        new ExtendedKeyUsage(wish.purposes.toArray(KeyPurposeId[]::new)));
            }
            if (!wish.names.isEmpty()) {
                builder.addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(wish.names.toArray(GeneralName[]::new)));
            }
            for (Object[] one : wish.extensions) {
                builder.addExtension(
                        new ASN1ObjectIdentifier((String) one[0]), (Boolean) one[1], (ASN1Encodable) one[2]);
            }
            return new JcaX509CertificateConverter()
                    .getCertificate(
                            builder.build(new JcaContentSignerBuilder(wish.algorithm).build(issuerKeys.getPrivate())));
        } catch (OperatorCreationException | GeneralSecurityException | CertIOException e) {
            throw new IllegalStateException(e);
        }
    }
}
