package dev.postern.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.certificate.care.CertificateStatus;
import dev.postern.certificate.care.Renewals;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.served.ChallengeTable;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.KeyType;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import dev.postern.schedule.Schedule;
import dev.postern.testing.Care;
import dev.postern.testing.ChallengeResponder;
import dev.postern.testing.PebbleServer;
import dev.postern.time.Clocks;
import dev.postern.time.MonotonicClock;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Store, policy, Quartz and acme4j together, on the real clock, with certificates that live for ten seconds. */
class RenewalAtPebbleTest {
    @TempDir
    Path directory;

    @Test
    void certificatesAreRenewedBeforeTheyEnd_thoughOneNameIsRefused() throws Exception {
        ChallengeTable challenges = new ChallengeTable();
        CertificateTable table = new CertificateTable();
        ExecutorService orders = Executors.newCachedThreadPool();
        try (ChallengeResponder responder = new ChallengeResponder(challenges);
                PebbleServer pebble = PebbleServer.start(
                        directory.resolve("pebble"),
                        PebbleServer.Options.httpPort(responder.port())
                                .validity(Duration.ofSeconds(10))
                                .nonceReject(30)
                                .blocklist("blocked.example"));
                Store store = FileStore.open(directory.resolve("certs"))) {
            AcmeIssuer issuer = new AcmeIssuers(
                            new Customer(
                                    "ops@example.com",
                                    true,
                                    store,
                                    new Clocks(InstantSource.system(), MonotonicClock.SYSTEM)),
                            List.of())
                    .at(new AcmeDirectory("pebble", pebble.directoryUri(), pebble.caFile()));
            Renewals renewals = new Renewals(
                    List.of(
                            new Site(List.of("blocked.example"), List.of(), null),
                            new Site(List.of("example.com", "www.example.com"), List.of(), null),
                            new Site(List.of("example.org"), List.of(), null)),
                    KeyType.EC_P256,
                    List.of(issuer),
                    Care.surroundings(store, table, challenges, InstantSource.system(), orders));
            assertThat(renewals.load().join()).isEmpty();
            Set<BigInteger> serials = new LinkedHashSet<>();
            try (Schedule schedule = Schedule.prepare(Schedule.properties(Path.of("cron/quartz.properties")))) {
                Care.start(schedule, renewals, InstantSource.system());
                assertThat(schedule).isNotNull();
                await().until(() -> table.find("example.com") != null && table.find("example.org") != null);

                await().atMost(Duration.ofSeconds(30))
                        .pollInterval(Duration.ofMillis(50))
                        .until(() -> {
                            Certificate served = table.find("www.example.com");
                            if (served == null) {
                                throw new AssertionError("there is a moment without a certificate");
                            }
                            assertThat(served.isExpired(Instant.now())).isFalse();
                            serials.add(served.serial());
                            return serials.size() >= 3;
                        });
            } finally {
                renewals.close();
                orders.shutdownNow();
            }

            assertThat(pebble.accounts()).isEqualTo(1);
            List<CertificateStatus> status = renewals.status();
            assertThat(status.get(0).lastFailure()).contains("rejectedIdentifier");
            assertThat(status.get(1).lastFailure()).isNull();
            assertThat(status.get(1).issuer()).isEqualTo("pebble");
        }
    }
}
