package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeOptions;
import dev.postern.ca.acme.AcmeProbe;
import dev.postern.ca.acme.AcmeRequest;
import dev.postern.ca.acme.AcmeServer;
import dev.postern.cli.CommandRun;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.pki.Certificate;
import dev.postern.pki.Pem;
import dev.postern.schedule.Schedule;
import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.SmallDisk;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
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
                .until(() -> installation.serves(site, Trust.root(ca)));
        assertThat(installation.servedNames(site, Trust.root(ca))).containsExactly(site);
        return installation.served(site, Trust.root(ca));
    }

    private void awaitOnDisk(String site, int generation) {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> Files.isSymbolicLink(installation.site(site).resolve("current"))
                        && Files.readSymbolicLink(installation.site(site).resolve("current"))
                                .toString()
                                .equals(Integer.toString(generation))
                        && !Files.exists(installation.site(site).resolve("order.json")));
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

    private enum Damage {
        EMPTY,
        TRUNCATED,
        GONE
    }

    private static void damage(Path file, Damage damage) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        switch (damage) {
            case EMPTY -> Files.write(file, new byte[0]);
            case TRUNCATED -> Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
            case GONE -> Files.delete(file);
        }
    }

    private static void swap(Path file, Path other) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Files.readAllBytes(other));
        Files.write(other, bytes);
    }

    private Path account() throws IOException {
        try (var accounts = Files.list(installation.store().resolve("accounts"))) {
            return accounts.findFirst().orElseThrow();
        }
    }

    private Map<String, X509Certificate> awaitAll(List<String> sites) throws IOException {
        Map<String, X509Certificate> served = new HashMap<>();
        for (String site : sites) {
            served.put(site, awaitServed(site));
        }
        return served;
    }

    /**
     * Users' troubles: power losses left empty keys and half-written files behind, and whole servers stayed down; a
     * "finished" flag outlived the files it spoke of, and nothing was renewed for weeks. Every kind of damage at once, each
     * to a site of its own, under a process that was killed.
     */
    @Test
    void damagedFilesAreNeverServed_andAnotherIsOrderedOnce_andTheGenerationBeforeIsGoodEnough() throws Exception {
        // A key or a certificate is lost: another one is ordered.
        List<String> lost = List.of(
                "key-empty.example", "key-cut.example", "chain-gone.example", "swapped.example", "with.example");
        // Everything else is of no matter to who is served.
        List<String> kept = List.of(
                "meta-empty.example", "history-cut.example", "history-empty.example", "current-gone.example", ONE);
        List<String> all = Stream.concat(lost.stream(), kept.stream()).toList();
        installation.configure(acme.directory(), ca.rootFile(), all.toArray(String[]::new));
        Map<String, X509Certificate> first;
        try (PosternProcess process = installation.runSweepingUntilReady()) {
            first = awaitAll(all);
            for (String site : all) {
                awaitOnDisk(site, 1);
            }
            process.kill();
        }
        assertThat(acme.counters().orders()).isEqualTo(all.size());

        Map<String, byte[]> keys = new HashMap<>();
        for (String site : lost) {
            keys.put(site, Files.readAllBytes(installation.site(site).resolve("1/privkey.pem")));
        }
        damage(installation.site("key-empty.example").resolve("1/privkey.pem"), Damage.EMPTY);
        damage(installation.site("key-cut.example").resolve("1/privkey.pem"), Damage.TRUNCATED);
        damage(installation.site("chain-gone.example").resolve("1/fullchain.pem"), Damage.GONE);
        swap(
                installation.site("swapped.example").resolve("1/privkey.pem"),
                installation.site("with.example").resolve("1/privkey.pem"));
        damage(installation.site("meta-empty.example").resolve("1/meta.json"), Damage.EMPTY);
        damage(installation.site("history-cut.example").resolve("renewal.json"), Damage.TRUNCATED);
        damage(installation.site("history-empty.example").resolve("renewal.json"), Damage.EMPTY);
        Files.delete(installation.site("current-gone.example").resolve("current"));
        damage(account().resolve("account.json"), Damage.TRUNCATED);
        byte[] left = Files.readAllBytes(installation.site("key-cut.example").resolve("1/privkey.pem"));

        Map<String, X509Certificate> second;
        try (PosternProcess process = installation.runSweepingUntilReady()) {
            second = awaitAll(all);
            for (String site : lost) {
                awaitOnDisk(site, 2);
                assertThat(onDisk(site, 2)).as(site).isEqualTo(second.get(site)).isNotEqualTo(first.get(site));
            }
            for (String site : kept) {
                assertThat(second.get(site)).as(site).isEqualTo(first.get(site));
                assertThat(installation.site(site).resolve("current")).exists();
            }
            process.kill();
        }
        assertThat(acme.counters().orders()).isEqualTo(all.size() + lost.size());
        assertThat(acme.counters().accounts()).isEqualTo(1);
        assertThat(installation.site("key-cut.example").resolve("1/privkey.pem"))
                .as("left to whoever wants to look into it")
                .hasBinaryContent(left);

        // The first generations are whole again, the second ones are not.
        for (String site : List.of("key-empty.example", "key-cut.example", "swapped.example", "with.example")) {
            Files.write(installation.site(site).resolve("1/privkey.pem"), keys.get(site));
        }
        damage(installation.site("key-empty.example").resolve("2/privkey.pem"), Damage.EMPTY);
        damage(installation.site("key-cut.example").resolve("2/cert.pem"), Damage.TRUNCATED);
        swap(
                installation.site("swapped.example").resolve("2/privkey.pem"),
                installation.site("with.example").resolve("2/privkey.pem"));
        damage(account().resolve("key.pem"), Damage.TRUNCATED);
        try (PosternProcess process = installation.runSweepingUntilReady()) {
            Map<String, X509Certificate> third = awaitAll(all);
            for (String site : all) {
                boolean isOfBefore = !site.equals("chain-gone.example");
                assertThat(third.get(site)).as(site).isEqualTo((isOfBefore ? first : second).get(site));
            }
            process.kill();
        }
        assertThat(acme.counters().orders()).isEqualTo(all.size() + lost.size());
    }

    /** Killed when the CA had just begun to be asked for the certificates. */
    @Test
    void journalThatCannotBeReadCostsOneOrder() throws Exception {
        List<String> sites = List.of("empty.example", "cut.example", "gone.example", "another.example");
        installation.configure(acme.directory(), ca.rootFile(), sites.toArray(String[]::new));
        AtomicInteger asked = new AtomicInteger();
        step.set(request -> {
            if (request == AcmeRequest.CERTIFICATE) {
                asked.incrementAndGet();
                throw new IOException("the CA goes away");
            }
        });
        try (PosternProcess process = installation.runSweepingUntilReady()) {
            await().atMost(Duration.ofSeconds(30)).until(() -> asked.get() >= sites.size());
            process.kill();
        }
        step.set(request -> {});
        for (String site : sites) {
            Files.deleteIfExists(installation.site(site).resolve("renewal.json"));
            assertThat(installation.site(site).resolve("order.json")).exists();
        }
        damage(installation.site("empty.example").resolve("order.json"), Damage.EMPTY);
        damage(installation.site("cut.example").resolve("order.json"), Damage.TRUNCATED);
        damage(installation.site("gone.example").resolve("order.json"), Damage.GONE);
        Files.writeString(installation.site("another.example").resolve("order.json"), "{}");

        try (PosternProcess process = installation.runSweepingUntilReady()) {
            awaitAll(sites);
            for (String site : sites) {
                awaitOnDisk(site, 1);
            }
            process.kill();
        }
        assertThat(acme.counters().orders()).isLessThanOrEqualTo(2L * sites.size());
    }

    // ---- disks

    /**
     * Users' trouble: a full disk cost the certificate that was just issued, or kept the server down. The certificate is
     * served from memory, and told to be; a start on the full disk serves what there is, and the journal brings the other
     * one back; with the first free block it is on disk. One order.
     */
    @Test
    void certificateThatTheDiskRefusesIsServed_alsoAfterARestart_andWrittenWhenThereIsRoom() throws Exception {
        installation.configure(acme.directory(), ca.rootFile(), ONE, TWO);
        try (SmallDisk disk = SmallDisk.mount(installation.store())) {
            try (PosternProcess process = installation.runSweepingUntilReady()) {
                awaitServed(ONE);
                awaitOnDisk(ONE, 1);
                awaitServed(TWO);
                awaitOnDisk(TWO, 1);
                step.set(request -> {
                    if (request == AcmeRequest.CERTIFICATE) {
                        step.set(next -> {});
                        disk.fill();
                    }
                });
                postern(0, "cert", "renew", ONE);
                assertThat(postern(0, "cert", "list"))
                        .contains("in memory only: no space left on device; written as soon as the disk takes it");
                process.kill();
            }
            X509Certificate before = onDisk(ONE, 1);
            assertThat(installation.generations(ONE)).containsExactly(1);

            try (PosternProcess process = installation.runSweepingUntilReady()) {
                assertThat(process.awaitLine("the certificate store cannot be written: no space left on device; what it"
                                + " has is served"))
                        .contains(" ERROR ");
                assertThat(awaitServed(TWO)).isEqualTo(onDisk(TWO, 1));
                // Its order was in the journal when the disk was full: it is not due, and comes with the next one.
                assertThat(awaitServed(ONE)).isEqualTo(before);
                postern(0, "cert", "renew", ONE);
                X509Certificate after = awaitServed(ONE);
                assertThat(after).isNotEqualTo(before);
                disk.free();

                process.awaitLine("there is room again");
                awaitOnDisk(ONE, 2);
                assertThat(onDisk(ONE, 2)).isEqualTo(after);
                assertThat(awaitServed(ONE)).isEqualTo(after);
            }
            assertThat(acme.counters().orders()).isEqualTo(3);
            assertThat(acme.counters().certificates()).isEqualTo(3);
        }
    }

    /** What it printed, on both streams. */
    private String postern(int exitCode, String... arguments) {
        String[] all = Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "-c";
        all[arguments.length + 1] = installation.configuration().toString();
        CommandRun command =
                CommandRun.of(Map.of("STATE_DIRECTORY", installation.store().toString()), all);
        String printed = String.join("\n", command.lines());
        assertThat(command.code()).as(printed).isEqualTo(exitCode);
        return printed;
    }

    /** As the kernel does after an error of the disk, in the middle of a renewal. */
    @Test
    void diskThatBecomesReadOnlyUnderTheDaemonCostsNothing() throws Exception {
        installation.configure(acme.directory(), ca.rootFile(), ONE);
        try (SmallDisk disk = SmallDisk.mount(installation.store());
                PosternProcess process = installation.runSweepingUntilReady()) {
            X509Certificate before = awaitServed(ONE);
            awaitOnDisk(ONE, 1);
            step.set(request -> {
                if (request == AcmeRequest.CERTIFICATE) {
                    step.set(next -> {});
                    disk.becomeReadOnly();
                }
            });

            postern(0, "cert", "renew", ONE);

            X509Certificate after = awaitServed(ONE);
            assertThat(after).isNotEqualTo(before);
            assertThat(installation.generations(ONE)).containsExactly(1);
            assertThat(postern(0, "cert", "list")).contains("in memory only: read-only file system");
            // One that is ordered now could not be kept either.
            assertThat(postern(1, "cert", "renew", ONE))
                    .contains("the certificate that came last is not on disk yet: read-only file system");
            assertThat(awaitServed(ONE)).isEqualTo(after);
            int lines = process.lines().size();
            disk.becomeWritable();

            awaitOnDisk(ONE, 2);
            assertThat(onDisk(ONE, 2)).isEqualTo(after);
            assertThat(acme.counters().orders()).isEqualTo(2);
            assertThat(lines).as("lines in the log, with a sweep each second").isLessThan(60);
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
                                || installation.serves(ONE, Trust.root(ca)));
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
        installation.configure(acme.directory(), ca.rootFile(), ONE);
        try (SmallDisk disk = SmallDisk.mount(installation.store())) {
            try (PosternProcess process = installation.runSweepingUntilReady()) {
                awaitServed(ONE);
                awaitOnDisk(ONE, 1);
                process.kill();
            }
            disk.readOnly(true);

            try (PosternProcess process = installation.run()) {
                assertThat(process.awaitExit()).isEqualTo(78);
                assertThat(String.join("\n", process.lines()))
                        .contains(installation.store()
                                + ": the certificate store cannot be written: .lock: read-only file system");
            }

            disk.readOnly(false);
            try (PosternProcess process = installation.runSweepingUntilReady()) {
                assertThat(awaitServed(ONE)).isEqualTo(onDisk(ONE, 1));
                process.kill();
            }
            assertThat(acme.counters().orders()).isEqualTo(1);
        }
    }
}
