package dev.postern.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.certificate.care.CertificateFiles;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.Configuration;
import dev.postern.config.KeyType;
import dev.postern.config.Site;
import dev.postern.machine.TlsLibrary;
import dev.postern.testing.OddKeys;
import dev.postern.testing.TestCa;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Users' trouble: a key of a kind that TLS does not have (of a wallet, of a CA of their own) was taken, and then every
 * handshake failed. It is refused wherever it is read.
 */
class TlsKeysTest {
    private static final String EXPECTED =
            ", which no TLS handshake can be made with (expected: RSA of 1024 to 8192 bits,"
                    + " EC on P-256, P-384 or P-521, or Ed25519, not RSA-PSS)";
    private static final TestCa CA = TestCa.create();

    @TempDir
    Path directory;

    @BeforeAll
    static void load() {
        TlsLibrary.load();
    }

    private static KeyPair odd(String kind) throws Exception {
        return switch (kind) {
            case "RSA-PSS" -> OddKeys.of("RSASSA-PSS", 2048);
            case "RSA of 512 bits" -> OddKeys.of("RSA", 512);
            case "RSA of 1023 bits" -> OddKeys.of("RSA", 1023);
            case "RSA of 8194 bits" -> OddKeys.longRsa(8194);
            case "RSA with the public exponent 8589934593" -> OddKeys.rsaWithExponent(new BigInteger("8589934593"));
            case "RSA without its primes" -> OddKeys.rsaWithoutPrimes();
            case "Ed448", "XDH" -> OddKeys.of(kind);
            case "DSA" -> OddKeys.of("DSA", 1024);
            default -> OddKeys.ec(kind.substring("EC on ".length()));
        };
    }

    private static TestCa.Issued issue(KeyPair pair) {
        return CA.issue(List.of("example.com"), Instant.now(), Duration.ofDays(90), pair);
    }

    @ParameterizedTest
    @CsvSource({
        "EC on secp256k1",
        "EC on secp224r1",
        "EC on prime192v1",
        "EC on brainpoolP256r1",
        "EC on brainpoolP512r1",
        "EC on sect283r1",
        "RSA-PSS",
        "RSA of 512 bits",
        "RSA of 1023 bits",
        "RSA of 8194 bits",
        "RSA with the public exponent 8589934593",
        "RSA without its primes",
        "Ed448",
        "XDH",
        "DSA"
    })
    void keyOfAKindThatNoHandshakeTakesIsRefusedWhereverItIsRead(String kind) throws Exception {
        TestCa.Issued issued = issue(odd(kind));
        String message = "the key is " + kind + EXPECTED;

        // As a CA has certified it, or certbot has it.
        assertThatThrownBy(() -> Certificate.ofFound("example.com", "test", issued.key(), issued.chain()))
                .isInstanceOf(CertificateException.class)
                .hasMessage(message);

        Path folder = Files.createDirectories(directory.resolve("example.com/1"));
        Files.writeString(folder.resolve("privkey.pem"), Pem.of(issued.key()));
        Files.writeString(folder.resolve("cert.pem"), Pem.of(issued.chain().subList(0, 1)));
        Files.writeString(folder.resolve("chain.pem"), Pem.of(issued.chain().subList(1, 2)));
        Files.writeString(folder.resolve("fullchain.pem"), Pem.of(issued.chain()));
        List<String> names = List.of("example.com");
        assertThatThrownBy(() -> FileStore.openReadOnly(directory)
                        .site("example.com")
                        .generations()
                        .read(1, names))
                .isInstanceOf(CertificateException.class)
                .hasMessage(message);

        Path key = folder.resolve("privkey.pem");
        Site site = new Site(
                List.of("example.com"),
                List.of(),
                new Configuration.CertificateFiles(folder.resolve("fullchain.pem"), key));
        assertThat(CertificateFiles.problems(List.of(site), Instant.now()))
                .containsExactly("example.com: " + key + ": " + message);
    }

    /** The JDK goes by the number alone; the library that makes the handshakes does not take such a key. */
    @Test
    void keyThatTheLibraryOfTlsDoesNotTakeIsRefusedInItsWords() throws Exception {
        TestCa.Issued issued =
                issue(OddKeys.withOtherHalf(Keys.generate(KeyType.EC_P256), Keys.generate(KeyType.EC_P256)));

        assertThat(Keys.fit(issued.key(), issued.leaf().getPublicKey())).isTrue();
        assertThatThrownBy(() -> Certificate.of("example.com", "test", issued.key(), issued.chain()))
                .hasMessage("no TLS handshake can be made with the certificate and its key: INVALID_PRIVATE_KEY");
    }

    @Test
    void keyOfAnotherCertificateIsToldFromOneThatNoHandshakeTakes() throws Exception {
        for (KeyType type : List.of(KeyType.EC_P256, KeyType.EC_P384, KeyType.RSA_2048)) {
            TestCa.Issued issued = issue(Keys.generate(type));
            TestCa.Issued other = issue(Keys.generate(type));

            assertThat(Certificate.of("example.com", "test", issued.key(), issued.chain())
                            .leaf())
                    .isEqualTo(issued.leaf());
            assertThatThrownBy(() -> Certificate.of("example.com", "test", other.key(), issued.chain()))
                    .hasMessage("the key does not fit the certificate");
        }
    }
}
