package dev.postern.certificate.care;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.Configuration;
import dev.postern.config.KeyType;
import dev.postern.config.Site;
import dev.postern.pki.Keys;
import dev.postern.pki.Pem;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.Care;
import dev.postern.testing.HandClock;
import dev.postern.testing.TestCa;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemWriter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Certificates that the operator brings. */
@SuppressWarnings("NullAway") // A null fails the test, which is what it is for.
class CertificateFilesTest {
    private static final Instant START = Instant.parse("2027-01-01T00:00:00Z");
    private static final Duration LIFE = Duration.ofDays(90);

    @TempDir
    Path directory;

    private final HandClock clock = new HandClock(START);
    private final TestCa ca = TestCa.create();
    private final CertificateTable table = new CertificateTable();
    private final RecordedWakeUps wakeUps = new RecordedWakeUps();
    private final ExecutorService orders = Executors.newCachedThreadPool();
    private Path chain;
    private Path key;
    private Store store;
    private Renewals renewals;

    @BeforeEach
    void open() throws IOException {
        chain = directory.resolve("chain.pem");
        key = directory.resolve("key.pem");
        store = FileStore.open(directory.resolve("certs"));
    }

    @AfterEach
    void close() {
        renewals.close();
        orders.shutdownNow();
        store.close();
    }

    private List<String> load(String... names) {
        Site site = new Site(List.of(names), List.of(), new Configuration.CertificateFiles(chain, key));
        renewals =
                new Renewals(List.of(site), KeyType.EC_P256, List.of(), Care.surroundings(store, table, clock, orders));
        return renewals.load().join();
    }

    private TestCa.Issued bring(Instant from, String... names) throws Exception {
        TestCa.Issued issued = ca.issue(List.of(names), from, LIFE);
        Files.writeString(chain, Pem.of(issued.chain()));
        Files.writeString(key, Pem.of(issued.key()));
        return issued;
    }

    @Test
    void goodFilesAreServedAtOnce() throws Exception {
        TestCa.Issued issued = bring(START, "example.com", "*.example.com");

        assertThat(load("example.com", "www.example.com")).isEmpty();

        assertThat(table.find("www.example.com").leaf()).isEqualTo(issued.leaf());
        assertThat(table.find("example.com").issuer()).isEqualTo("file");
        assertThat(renewals.status().get(0).nextRenewal()).isNull();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "missing chain, 'chain.pem: no such file or directory'",
        "missing key, 'key.pem: no such file or directory'",
        "empty chain, 'chain.pem: holds no certificate (expected: a PEM block BEGIN CERTIFICATE)'",
        "empty key, 'key.pem: holds no private key (expected: a PEM block such as BEGIN PRIVATE KEY)'",
        "other key, key.pem: does not fit the certificate in DIR/chain.pem",
        "other name, 'chain.pem: does not cover \"example.com\" (covers: example.org)'",
        "deep name, 'chain.pem: does not cover \"example.com\" (covers: *.com.example)'",
        "expired, chain.pem: expired on 2026-12-31T23:59:59Z",
        "too early, chain.pem: not valid before 2027-01-01T00:00:01Z (now: 2027-01-01T00:00:00Z)"
    })
    void badFilesAreNamedInOneLine(String fault, String message) throws Exception {
        bring(START, "example.com");
        switch (fault) {
            case "missing chain" -> Files.delete(chain);
            case "missing key" -> Files.delete(key);
            case "empty chain" -> Files.writeString(chain, "");
            case "empty key" -> Files.writeString(key, "");
            case "other key" -> Files.writeString(key, Pem.of(TestCa.newKeys().getPrivate()));
            case "other name" -> bring(START, "example.org");
            case "deep name" -> bring(START, "*.com.example");
            case "expired" -> bring(START.minus(LIFE).minusSeconds(1), "example.com");
            default -> bring(START.plusSeconds(1), "example.com");
        }

        assertThat(load("example.com"))
                .singleElement()
                .satisfies(line -> assertThat(line)
                        .startsWith("example.com: " + directory + "/" + message.replace("DIR", directory.toString())));
        assertThat(table.find("example.com")).isNull();
    }

    /** Users' trouble: a file put together by hand, which every other server takes. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "leaf intermediate intermediate",
                "leaf root intermediate",
                "leaf intermediate root",
                "root intermediate leaf"
            })
    void chainIsPutInOrder(String order) throws Exception {
        TestCa.Issued issued = bring(START, "example.com");
        List<X509Certificate> found = new ArrayList<>();
        for (String member : order.split(" ", -1)) {
            found.add(
                    switch (member) {
                        case "leaf" -> issued.leaf();
                        case "root" -> ca.root();
                        default -> issued.chain().get(1);
                    });
        }
        Files.writeString(chain, Pem.of(found));

        try (CapturedLog log = CapturedLog.begin()) {
            assertThat(load("example.com")).isEmpty();
            assertThat(log.lines("served all the same")).isEmpty();
        }
        assertThat(table.find("example.com").chain()).isEqualTo(issued.chain());
    }

    @Test
    void leafWithoutItsIssuerIsServedAndWarnedOf() throws Exception {
        TestCa.Issued issued = bring(START, "example.com");
        Files.writeString(chain, Pem.of(List.of(issued.leaf())));

        try (CapturedLog log = CapturedLog.begin()) {
            assertThat(load("example.com")).isEmpty();
            assertThat(log.lines("comes without the certificate of its issuer")).hasSize(1);
        }
        assertThat(table.find("example.com").leaf()).isEqualTo(issued.leaf());
    }

    @Test
    void changedFilesAreServedWithoutARestart() throws Exception {
        bring(START, "example.com");
        load("example.com");
        renewals.start(wakeUps, Care.NOTHING_SERVED);
        assertThat(wakeUps.of(CertificateFiles.ALL)).isEqualTo(START.plusSeconds(5));

        TestCa.Issued next = bring(START, "example.com", "other.example.com");
        renewals.wake(CertificateFiles.ALL);

        assertThat(table.find("example.com").leaf()).isEqualTo(next.leaf());
    }

    /** Whoever copies two files copies one first. */
    @Test
    void oldCertificateIsServedUntilBothFilesFit() throws Exception {
        TestCa.Issued first = bring(START, "example.com");
        load("example.com");
        renewals.start(wakeUps, Care.NOTHING_SERVED);
        TestCa.Issued next = ca.issue(List.of("example.com"), START, LIFE);

        Files.writeString(chain, Pem.of(next.chain()));
        renewals.wake(CertificateFiles.ALL);
        assertThat(table.find("example.com").leaf()).isEqualTo(first.leaf());
        assertThat(renewals.status().get(0).lastFailure()).contains("does not fit");

        Files.writeString(key, Pem.of(next.key()));
        renewals.wake(CertificateFiles.ALL);
        assertThat(table.find("example.com").leaf()).isEqualTo(next.leaf());
        assertThat(renewals.status().get(0).lastFailure()).isNull();
    }

    @Test
    void expiredFilesAreWithdrawn() throws Exception {
        bring(START, "example.com");
        load("example.com");
        renewals.start(wakeUps, Care.NOTHING_SERVED);

        clock.advance(LIFE);
        renewals.sweep();
        assertThat(table.find("example.com")).isNull();

        bring(clock.instant(), "example.com");
        renewals.sweep();
        assertThat(table.find("example.com")).isNotNull();
    }

    /** The clock was ahead for a while. */
    @Test
    void filesThatWereWithdrawnAreServedAgainWhenTheClockIsRight() throws Exception {
        bring(START, "example.com");
        load("example.com");
        renewals.start(wakeUps, Care.NOTHING_SERVED);
        clock.advance(LIFE);
        renewals.sweep();
        assertThat(table.find("example.com")).isNull();

        clock.set(START.plusSeconds(60));
        renewals.wake(CertificateFiles.ALL);

        assertThat(table.find("example.com")).isNotNull();
    }

    @ParameterizedTest(name = "{0} as {1}")
    @CsvSource({"EC_P256, EC PRIVATE KEY", "EC_P384, EC PRIVATE KEY", "RSA_2048, RSA PRIVATE KEY"})
    void keysOfOlderProgramsAreRead(KeyType type, String label) throws Exception {
        KeyPair pair = Keys.generate(type);
        StringWriter text = new StringWriter();
        try (PemWriter writer = new PemWriter(text)) {
            PrivateKeyInfo info = PrivateKeyInfo.getInstance(pair.getPrivate().getEncoded());
            // openssl ecparam writes the parameters before the key.
            writer.writeObject(new PemObject(
                    label, info.parsePrivateKey().toASN1Primitive().getEncoded()));
        }
        String pem = type == KeyType.RSA_2048 ? text.toString() : withParameters(pair.getPrivate());

        PrivateKey read = Pem.readKey(pem);

        assertThat(Keys.fit(read, pair.getPublic())).isTrue();
        assertThat(Keys.pairOf(read).getPublic()).isEqualTo(pair.getPublic());
        assertThat(Keys.fit(read, Keys.generate(type).getPublic())).isFalse();
        renewals = new Renewals(List.of(), KeyType.EC_P256, List.of(), Care.surroundings(store, table, clock, orders));
    }

    /** SEC1 with the curve inside, as openssl writes it. */
    private static String withParameters(PrivateKey key) throws Exception {
        PrivateKeyInfo info = PrivateKeyInfo.getInstance(key.getEncoded());
        org.bouncycastle.asn1.sec.ECPrivateKey sec1 =
                org.bouncycastle.asn1.sec.ECPrivateKey.getInstance(info.parsePrivateKey());
        int bits = ((java.security.interfaces.ECPrivateKey) key)
                .getParams()
                .getOrder()
                .bitLength();
        org.bouncycastle.asn1.sec.ECPrivateKey named = new org.bouncycastle.asn1.sec.ECPrivateKey(
                bits, sec1.getKey(), info.getPrivateKeyAlgorithm().getParameters());
        StringWriter text = new StringWriter();
        try (PemWriter writer = new PemWriter(text)) {
            writer.writeObject(new PemObject(
                    "EC PARAMETERS",
                    info.getPrivateKeyAlgorithm()
                            .getParameters()
                            .toASN1Primitive()
                            .getEncoded()));
            writer.writeObject(new PemObject("EC PRIVATE KEY", named.getEncoded()));
        }
        return text.toString();
    }
}
