package dev.postern.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.ca.acme.MovableClock;
import dev.postern.config.KeyType;
import dev.postern.pki.Keys;
import dev.postern.pki.Pem;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InternalCaTest {
    private static final Duration WEEK = Duration.ofDays(7);

    private final MovableClock clock = new MovableClock(Instant.now());
    private final SecureRandom random = new SecureRandom();
    private final KeyPair key = Keys.generate(KeyType.EC_P256);

    @TempDir
    Path directory;

    @Test
    void directoryWithTheKeysIsForItsOwnerOnly(@TempDir Path parent) throws IOException {
        Path made = parent.resolve("accounts/internal");
        InternalCa.open(made, Clock.systemUTC(), new SecureRandom());

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
                .isEqualTo("rwx------");
    }

    @Test
    void leafIsWhatServersNeed() throws Exception {
        InternalCa ca = open();

        List<X509Certificate> chain =
                ca.issue(key.getPublic(), List.of("a.internal", "*.b.internal", "127.0.0.1", "::1"), WEEK);

        TestChains.verify(Trust.root(ca), chain, clock.instant());
        X509Certificate leaf = chain.get(0);
        assertThat(chain).hasSize(2);
        assertThat(TestChains.names(leaf))
                .containsExactly("a.internal", "*.b.internal", "127.0.0.1", "0:0:0:0:0:0:0:1");
        assertThat(leaf.getSubjectX500Principal().getName()).isEmpty();
        assertThat(leaf.getCriticalExtensionOIDs())
                .containsExactlyInAnyOrder("2.5.29.15", "2.5.29.17", "2.5.29.19"); // usage, names, constraints
        assertThat(leaf.getBasicConstraints()).isEqualTo(-1);
        assertThat(leaf.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
        assertThat(leaf.getKeyUsage()).startsWith(true, false).containsOnlyOnce(true); // digital signature
        assertThat(leaf.getExtensionValue("2.5.29.14")).isNotNull(); // subject key identifier
        assertThat(leaf.getExtensionValue("2.5.29.35")).isNotNull(); // authority key identifier
        assertThat(leaf.getSerialNumber().bitLength()).isEqualTo(128);
        assertThat(leaf.getNotBefore().toInstant()).isEqualTo(now().minus(Duration.ofMinutes(1)));
        assertThat(leaf.getNotAfter().toInstant()).isEqualTo(now().plus(WEEK));
    }

    @Test
    void authoritiesMayOnlyDoWhatTheyMust() throws Exception {
        InternalCa ca = open();

        X509Certificate intermediate =
                ca.issue(key.getPublic(), List.of("a.internal"), WEEK).get(1);

        assertThat(Trust.root(ca).getBasicConstraints()).isEqualTo(1);
        assertThat(intermediate.getBasicConstraints()).isZero();
        assertThat(Trust.root(ca).getSubjectX500Principal()).isNotEqualTo(intermediate.getSubjectX500Principal());
    }

    @Test
    void opensslAcceptsTheChain() throws Exception {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/openssl")), "apt-get install openssl");
        InternalCa ca = open();
        List<X509Certificate> chain = ca.issue(key.getPublic(), List.of("a.internal", "127.0.0.1"), WEEK);
        Path file = Files.writeString(directory.resolve("chain.pem"), Authority.text(chain));

        for (String check : List.of("-verify_hostname=a.internal", "-verify_ip=127.0.0.1")) {
            String[] nameAndValue = check.split("=", 2);
            Process openssl = new ProcessBuilder(
                            "/usr/bin/openssl",
                            "verify",
                            "-x509_strict",
                            "-purpose",
                            "sslserver",
                            nameAndValue[0],
                            nameAndValue[1],
                            "-CAfile",
                            ca.rootFile().toString(),
                            "-untrusted",
                            file.toString(),
                            file.toString())
                    .redirectErrorStream(true)
                    .start();
            String output = new String(openssl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(openssl.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(openssl.exitValue()).as(output).isZero();
        }
    }

    @Test
    void leafNeverOutlivesItsIntermediate() throws Exception {
        List<X509Certificate> chain = open().issue(key.getPublic(), List.of("a.internal"), Duration.ofDays(9999));

        assertThat(chain.get(0).getNotAfter()).isEqualTo(chain.get(1).getNotAfter());
    }

    @Test
    void sameFolderIsTheSameCa() throws Exception {
        X509Certificate root = Trust.root(open());
        X509Certificate intermediate = intermediate(open());

        assertThat(Trust.root(open())).isEqualTo(root);
        assertThat(intermediate(open())).isEqualTo(intermediate);
    }

    @Test
    void keysAreForTheirOwnerOnly() throws Exception {
        open();

        for (String name : List.of("root-key.pem", "intermediate-key.pem")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(name))))
                    .isEqualTo("rw-------");
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("root.pem"))))
                .isEqualTo("rw-r--r--");
    }

    /** A crash after each file of the first start, in the order in which they are written. */
    @Test
    void crashDuringTheFirstStartIsRecoveredFrom() throws Exception {
        List<String> written = List.of("root-key.pem", "root.pem", "intermediate-key.pem", "intermediate.pem");
        for (int reached = 0; reached <= written.size(); reached++) {
            Path folder = directory.resolve("crash-" + reached);
            X509Certificate root = Trust.root(open(folder));
            for (String name : written.subList(reached, written.size())) {
                Files.delete(folder.resolve(name));
                Files.writeString(folder.resolve(".new-" + name), "half of it");
            }

            InternalCa ca = open(folder);

            TestChains.verify(Trust.root(ca), ca.issue(key.getPublic(), List.of("a.internal"), WEEK), clock.instant());
            if (reached >= 2) {
                assertThat(Trust.root(ca)).isEqualTo(root); // it was there to be trusted
            }
            assertThat(Trust.root(open(folder))).isEqualTo(Trust.root(ca));
        }
    }

    @Test
    void intermediateThatDoesNotFitIsReplaced() throws Exception {
        X509Certificate root = Trust.root(open());
        for (String rubbish : List.of("", "rubbish", Pem.of(key.getPrivate()))) {
            Files.writeString(directory.resolve("intermediate-key.pem"), rubbish);

            InternalCa ca = open();

            assertThat(Trust.root(ca)).isEqualTo(root);
            TestChains.verify(root, ca.issue(key.getPublic(), List.of("a.internal"), WEEK), clock.instant());
        }
    }

    @Test
    void rootWithoutItsKeyIsNotReplaced() throws Exception {
        open();
        Files.delete(directory.resolve("root-key.pem"));

        assertThatThrownBy(this::open)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("root.pem: its key is not in root-key.pem");
    }

    @Test
    void intermediateIsReplacedInPassingBeforeItEnds() throws Exception {
        InternalCa ca = open();
        X509Certificate first = intermediate(ca);

        clock.advance(Duration.ofDays(500));
        List<X509Certificate> chain = ca.issue(key.getPublic(), List.of("a.internal"), Duration.ofDays(300));

        assertThat(chain.get(1)).isNotEqualTo(first);
        TestChains.verify(Trust.root(ca), chain, clock.instant());
        assertThat(chain.get(0).getNotAfter().toInstant()).isEqualTo(now().plus(Duration.ofDays(300)));
    }

    @Test
    void intermediateStaysInUseWhereNoNewOneCanBeKept() throws Exception {
        InternalCa ca = open();
        X509Certificate first = intermediate(ca);
        clock.advance(Duration.ofDays(500));
        Files.move(directory, directory.resolveSibling("gone-" + directory.getFileName()));
        try {
            assertThat(intermediate(ca)).isEqualTo(first);

            clock.advance(Duration.ofDays(500));
            assertThatThrownBy(() -> intermediate(ca)).isInstanceOf(IOException.class);
        } finally {
            Files.move(directory.resolveSibling("gone-" + directory.getFileName()), directory);
        }
    }

    @Test
    void expiredRootIsSaidToBeExpired() throws Exception {
        InternalCa ca = open();

        clock.advance(Duration.ofDays(21 * 365));

        assertThatThrownBy(() -> intermediate(ca))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("expired at");
    }

    /** Users' trouble: the clock had been two years ahead, and what was signed later ended before it began. */
    @Test
    void rootOfTheFutureIsReplacedOnceSomethingIsToBeSigned() throws IOException {
        clock.advance(Duration.ofDays(730));
        InternalCa ahead = open();
        X509Certificate wrong = Trust.root(ahead);
        intermediate(ahead);
        clock.advance(Duration.ofDays(-730));

        // As it runs on, and as it starts anew.
        for (InternalCa ca : List.of(ahead, open())) {
            List<X509Certificate> chain = ca.issue(key.getPublic(), List.of("a.internal"), WEEK);
            for (X509Certificate link : List.of(chain.get(0), chain.get(1), Trust.root(ca))) {
                assertThat(link.getNotBefore().toInstant()).isBeforeOrEqualTo(now());
                assertThat(link.getNotAfter().toInstant()).isAfter(now());
            }
        }
        assertThat(Trust.root(open())).isNotEqualTo(wrong);
        assertThat(directory).isDirectoryContaining("glob:**/root-of-*.pem");
    }

    @Test
    void clockThatIsBehindForAMomentReplacesNothing() throws IOException {
        X509Certificate root = Trust.root(open());
        clock.advance(Duration.ofDays(-3000));
        InternalCa behind = open();
        clock.advance(Duration.ofDays(3000));

        intermediate(behind);

        assertThat(Trust.root(behind)).isEqualTo(root);
    }

    private InternalCa open() throws IOException {
        return open(directory);
    }

    private InternalCa open(Path folder) throws IOException {
        return InternalCa.open(folder, clock, random);
    }

    private X509Certificate intermediate(InternalCa ca) throws IOException {
        return ca.issue(key.getPublic(), List.of("a.internal"), WEEK).get(1);
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.SECONDS);
    }
}
