package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.certificate.Certificate;
import dev.postern.certificate.Pem;
import dev.postern.config.ConfigurationFile;
import dev.postern.devca.AcmeOptions;
import dev.postern.devca.AcmeProbe;
import dev.postern.devca.AcmeRequest;
import dev.postern.devca.AcmeServer;
import dev.postern.devca.InternalCa;
import dev.postern.schedule.Schedule;
import dev.postern.testing.Installation;
import dev.postern.testing.SmallDisk;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What a full or read-only disk, and files that are cut off, empty or another site's, do to the whole program: never a
 * key and a certificate that do not fit, nothing lost that was good, and at most one order more.
 */
@Tag("long")
class StoreDamageTest {
    private static final String ONE = "one.example";
    private static final String TWO = "two.example";

    @TempDir
    private Path directory;

    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final AtomicReference<Step> step = new AtomicReference<>(request -> {});
    private Installation installation;
    private InternalCa ca;
    private AcmeServer acme;

    /** What happens before the CA looks at a request. */
    private interface Step {
        void before(AcmeRequest request) throws IOException;
    }

    @BeforeEach
    void startCa() throws IOException {
        installation = new Installation(directory.resolve("postern"));
        SecureRandom random = new SecureRandom();
        ca = InternalCa.open(directory.resolve("ca"), Clock.systemUTC(), random);
        AcmeProbe probe = new AcmeProbe() {
            @Override
            public void before(AcmeRequest request) throws IOException {
                step.get().before(request);
            }
        };
        acme = AcmeServer.start(
                ca,
                new AcmeOptions(executor, Clock.systemUTC(), random)
                        .validationPort(installation.httpPort())
                        .resolver(name -> List.of(InetAddress.getLoopbackAddress()))
                        .probe(probe));
        installation.configure(acme.directory(), ca.rootFile(), ONE, TWO);
    }

    @AfterEach
    void stopCa() {
        acme.close();
        executor.shutdownNow();
    }

    private Edge start() throws Exception {
        Properties schedule = new Properties();
        schedule.setProperty(Schedule.SWEEP, "* * * * * ?");
        return Edge.start(ConfigurationFile.read(installation.configuration()), schedule, Clock.systemUTC());
    }

    /** A handshake proves that the key fits what is shown; a certificate of another site would not verify. */
    private X509Certificate awaitServed(String site) throws IOException {
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> installation.serves(site, ca.rootCertificate()));
        assertThat(installation.servedNames(site, ca.rootCertificate())).containsExactly(site);
        return installation.served(site, ca.rootCertificate());
    }

    /** Both sites have their certificates, and Postern is stopped. */
    private void obtain() throws Exception {
        Edge edge = start();
        try {
            awaitServed(ONE);
            awaitServed(TWO);
            awaitOnDisk(ONE, 1);
            awaitOnDisk(TWO, 1);
        } finally {
            edge.close();
        }
        assertThat(acme.counters().orders()).isEqualTo(2);
    }

    private void awaitOnDisk(String site, int generation) {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> Files.isSymbolicLink(installation.site(site).resolve("current"))
                        && Files.readSymbolicLink(installation.site(site).resolve("current"))
                                .toString()
                                .equals(Integer.toString(generation))
                        && !Files.exists(installation.site(site).resolve("order.json")));
    }

    private Path file(String site, String name) {
        return installation.site(site).resolve("1").resolve(name);
    }

    private X509Certificate onDisk(String site, int generation) throws Exception {
        Path folder = installation.site(site).resolve(Integer.toString(generation));
        return Certificate.of(
                        site,
                        "",
                        Pem.readKey(Files.readString(folder.resolve("privkey.pem"))),
                        Pem.readCertificates(Files.readString(folder.resolve("fullchain.pem"))))
                .leaf();
    }

    // ---- files

    enum Damage {
        EMPTY,
        TRUNCATED,
        SWAPPED,
        GONE
    }

    private void damage(Path file, Path other, Damage damage) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        switch (damage) {
            case EMPTY -> Files.write(file, new byte[0]);
            case TRUNCATED -> Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
            case SWAPPED -> {
                Files.write(file, Files.readAllBytes(other));
                Files.write(other, bytes);
            }
            case GONE -> Files.delete(file);
        }
    }

    /** Power losses left empty keys behind that kept whole servers down. */
    @ParameterizedTest
    @EnumSource(Damage.class)
    void damagedKeyOrCertificateIsNeverServed_andAnotherIsOrderedOnce(Damage damage) throws Exception {
        obtain();
        String damaged = damage == Damage.GONE || damage == Damage.EMPTY ? "fullchain.pem" : "privkey.pem";
        damage(file(ONE, damaged), file(TWO, damaged), damage);
        byte[] left = Files.exists(file(ONE, damaged)) ? Files.readAllBytes(file(ONE, damaged)) : new byte[0];
        int spoilt = damage == Damage.SWAPPED ? 2 : 1;

        Edge edge = start();
        try {
            X509Certificate served = awaitServed(ONE);
            awaitServed(TWO);
            awaitOnDisk(ONE, 2);
            assertThat(onDisk(ONE, 2)).isEqualTo(served);
            awaitOnDisk(TWO, spoilt);
        } finally {
            edge.close();
        }
        assertThat(acme.counters().orders()).isEqualTo(2 + spoilt);
        assertThat(acme.counters().accounts()).isEqualTo(1);
        // What was there is left to whoever wants to look into it.
        if (damage != Damage.GONE) {
            assertThat(file(ONE, damaged)).hasBinaryContent(left);
        }
    }

    @ParameterizedTest
    @EnumSource(Damage.class)
    void generationBeforeTheDamagedOneIsServed_andNothingIsOrdered(Damage damage) throws Exception {
        obtain();
        X509Certificate first = onDisk(ONE, 1);
        Path key = file(ONE, "privkey.pem");
        byte[] kept = Files.readAllBytes(key);
        Files.write(key, new byte[0]);
        Edge edge = start();
        try {
            awaitServed(ONE);
            awaitOnDisk(ONE, 2);
        } finally {
            edge.close();
        }
        // Now two, of which the older one is good again and the newer one is not.
        Files.write(key, kept);
        damage(installation.site(ONE).resolve("2/privkey.pem"), file(TWO, "privkey.pem"), damage);
        int spoilt = damage == Damage.SWAPPED ? 1 : 0;

        edge = start();
        try {
            assertThat(awaitServed(ONE)).isEqualTo(first);
            awaitServed(TWO);
            awaitOnDisk(TWO, 1 + spoilt);
        } finally {
            edge.close();
        }
        assertThat(acme.counters().orders()).isEqualTo(3 + spoilt);
    }

    @ParameterizedTest
    @CsvSource({
        "one.example/1/meta.json, EMPTY",
        "one.example/renewal.json, TRUNCATED",
        "one.example/renewal.json, EMPTY",
        "one.example/current, GONE",
        "accounts/ACCOUNT/account.json, TRUNCATED",
        "accounts/ACCOUNT/key.pem, TRUNCATED"
    })
    void whatIsNoKeyOrCertificateKeepsNothingFromBeingServed(String name, Damage damage) throws Exception {
        obtain();
        X509Certificate before = onDisk(ONE, 1);
        Path account;
        try (var accounts = Files.list(installation.store().resolve("accounts"))) {
            account = accounts.findFirst().orElseThrow();
        }
        Path file = installation
                .store()
                .resolve(name.replace("ACCOUNT", account.getFileName().toString()));
        if (Files.isSymbolicLink(file)) {
            Files.delete(file);
        } else {
            damage(file, file, damage);
        }

        Edge edge = start();
        try {
            assertThat(awaitServed(ONE)).isEqualTo(before);
            awaitServed(TWO);
            assertThat(installation.site(ONE).resolve("current")).exists();
        } finally {
            edge.close();
        }
        assertThat(acme.counters().orders()).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(Damage.class)
    void journalThatCannotBeReadCostsOneOrder(Damage damage) throws Exception {
        // Stopped when the CA had just begun to be asked for the certificate.
        AtomicBoolean asked = new AtomicBoolean();
        step.set(request -> {
            if (request == AcmeRequest.CERTIFICATE) {
                asked.set(true);
                throw new IOException("the CA goes away");
            }
        });
        installation.configure(acme.directory(), ca.rootFile(), ONE);
        Edge edge = start();
        try {
            await().atMost(Duration.ofSeconds(30)).until(() -> asked.get());
        } finally {
            edge.close();
        }
        step.set(request -> {});
        Files.deleteIfExists(installation.site(ONE).resolve("renewal.json"));
        Path file = installation.site(ONE).resolve("order.json");
        assertThat(file).exists();
        damage(file, Files.write(directory.resolve("other"), "{}".getBytes(StandardCharsets.UTF_8)), damage);

        edge = start();
        try {
            awaitServed(ONE);
            awaitOnDisk(ONE, 1);
        } finally {
            edge.close();
        }
        assertThat(acme.counters().orders()).isLessThanOrEqualTo(2);
    }

    // ---- disks

    @Test
    void certificateThatTheDiskRefusesIsServedFromMemory_andWrittenWhenThereIsSpace() throws Exception {
        installation.configure(acme.directory(), ca.rootFile(), ONE);
        try (SmallDisk disk = SmallDisk.mount(installation.store())) {
            step.set(request -> {
                if (request == AcmeRequest.CERTIFICATE) {
                    step.set(next -> {});
                    disk.fill();
                }
            });
            Edge edge = start();
            try {
                X509Certificate served = awaitServed(ONE);
                assertThat(Files.exists(installation.site(ONE).resolve("current"), LinkOption.NOFOLLOW_LINKS))
                        .isFalse();
                disk.free();

                awaitOnDisk(ONE, 1);
                assertThat(onDisk(ONE, 1)).isEqualTo(served);
                assertThat(installation.served(ONE, ca.rootCertificate())).isEqualTo(served);
            } finally {
                edge.close();
            }
            assertThat(acme.counters().orders()).isEqualTo(1);
        }
    }

    /** The certificate is in nobody's hands but the CA's then: the journal brings it back. */
    @Test
    void certificateThatTheDiskRefusedSurvivesARestart() throws Exception {
        installation.configure(acme.directory(), ca.rootFile(), ONE);
        try (SmallDisk disk = SmallDisk.mount(installation.store())) {
            step.set(request -> {
                if (request == AcmeRequest.CERTIFICATE) {
                    step.set(next -> {});
                    disk.fill();
                }
            });
            Edge edge = start();
            X509Certificate served;
            try {
                served = awaitServed(ONE);
            } finally {
                edge.close();
            }
            assertThatThrownBy(this::start).isInstanceOfSatisfying(CannotStart.class, failure -> {
                assertThat(failure.reason()).isEqualTo(CannotStart.Reason.UNAVAILABLE);
                assertThat(failure.lines().toString()).contains("cannot be written: No space left on device");
            });
            disk.free();

            edge = start();
            try {
                assertThat(awaitServed(ONE)).isEqualTo(served);
                awaitOnDisk(ONE, 1);
            } finally {
                edge.close();
            }
            assertThat(acme.counters().orders()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = AcmeRequest.class,
            names = {"NEW_ACCOUNT", "NEW_ORDER", "CHALLENGE", "FINALIZE"})
    void orderThatTheFullDiskStopsIsTakenUpAgain(AcmeRequest moment) throws Exception {
        installation.configure(acme.directory(), ca.rootFile(), ONE);
        try (SmallDisk disk = SmallDisk.mount(installation.store())) {
            AtomicBoolean filled = new AtomicBoolean();
            step.set(request -> {
                if (request == moment && !filled.getAndSet(true)) {
                    disk.fill();
                }
            });
            Edge edge = start();
            try {
                await().atMost(Duration.ofSeconds(30)).until(() -> filled.get());
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> edge.certificates().get(0).lastFailure() != null
                                || installation.serves(ONE, ca.rootCertificate()));
            } finally {
                edge.close();
            }
            disk.free();

            // The full disk did not take the failure either, so that this does not wait for a back-off.
            Edge again = start();
            try {
                awaitServed(ONE);
                awaitOnDisk(ONE, 1);
            } finally {
                again.close();
            }
            assertThat(acme.counters().orders()).isLessThanOrEqualTo(2);
            assertThat(acme.counters().accounts()).isEqualTo(1);
        }
    }

    @Test
    void readOnlyDiskIsARefusalToStart_andWhatItHasIsServedWhenItCanBeWrittenAgain() throws Exception {
        try (SmallDisk disk = SmallDisk.mount(installation.store())) {
            obtain();
            X509Certificate before = onDisk(ONE, 1);
            disk.readOnly(true);

            assertThatThrownBy(this::start)
                    .isInstanceOfSatisfying(
                            CannotStart.class,
                            failure -> assertThat(failure.lines().toString())
                                    .contains(
                                            installation.store().toString(),
                                            "cannot be written: read-only file system"));

            disk.readOnly(false);
            Edge edge = start();
            try {
                assertThat(awaitServed(ONE)).isEqualTo(before);
            } finally {
                edge.close();
            }
            assertThat(acme.counters().orders()).isEqualTo(2);
        }
    }
}
