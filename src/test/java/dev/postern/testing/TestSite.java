package dev.postern.testing;

import dev.postern.ca.InternalCa;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;

/**
 * Certificates for tests, from a CA made for them: files as an operator would bring, and a client's trust in them. All
 * tests of a process share the CA; each has certificates of its own.
 */
public final class TestSite {
    /** Made when the first test asks. */
    private static final class Shared {
        static final InternalCa CA = make();

        private static InternalCa make() {
            try {
                Path directory = Files.createTempDirectory("postern-test-ca");
                Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(directory)));
                return InternalCa.open(directory, Clock.systemUTC(), new SecureRandom());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static void delete(Path directory) {
            try (Stream<Path> files = Files.walk(directory)) {
                files.sorted(Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private final Path directory;
    private final InternalCa ca = Shared.CA;
    private int count;

    public TestSite(Path directory) {
        this.directory = directory;
    }

    /** For {@code curl --cacert}. */
    public Path rootFile() {
        return ca.rootFile();
    }

    /** {@code { chain: FILE, key: FILE }} of a fresh certificate for these names, as the configuration takes it. */
    public String certificate(String... names) {
        Path chain = directory.resolve("chain-" + count + ".pem");
        Path key = directory.resolve("key-" + count++ + ".pem");
        replace(chain, key, names);
        return "{ chain: \"" + chain + "\", key: \"" + key + "\" }";
    }

    /** Writes a fresh certificate over these files; returns it. */
    public X509Certificate replace(Path chain, Path key, String... names) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            KeyPair pair = generator.generateKeyPair();
            List<X509Certificate> issued = ca.issue(pair.getPublic(), List.of(names), Duration.ofDays(10));
            Files.writeString(key, pem(new JcaPKCS8Generator(pair.getPrivate(), null)));
            StringBuilder text = new StringBuilder();
            for (X509Certificate certificate : issued) {
                text.append(pem(certificate));
            }
            Files.writeString(chain, text);
            return issued.get(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException | RuntimeException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String pem(Object object) throws IOException {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(object);
        }
        return text.toString();
    }

    /** Trusts this CA and nobody else. */
    public SSLContext trust() {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            store.setCertificateEntry("root", Trust.root(ca));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
