package dev.postern.certificate.care;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.KeyType;
import dev.postern.config.RateLimits;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import dev.postern.testing.Care;
import dev.postern.testing.HandClock;
import dev.postern.testing.TestCa;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Another Postern has taken over the store, for its lock does not hold: the first one finds out by its first write, stops,
 * and keeps nothing of what it was about to write. The real store and policy, a scripted CA.
 */
@SuppressWarnings("NullAway") // A null fails the test, which is what it is for.
class TakenOverStoreTest {
    private static final String A = "a.example.com";

    @TempDir
    Path directory;

    private final HandClock clock = new HandClock(Instant.parse("2027-01-01T00:00:00Z"));
    private final ScriptedIssuer issuer = new ScriptedIssuer("test-ca", clock).limits(RateLimits.LETSENCRYPT);
    private final ExecutorService orders = Executors.newCachedThreadPool();
    private final CertificateTable table = new CertificateTable();
    private Store store;
    private Store other;
    private Renewals renewals;

    private void begin() throws Exception {
        store = FileStore.open(directory.resolve("certs"));
        renewals = new Renewals(
                List.of(new Site(List.of(A), List.of(), null)),
                KeyType.EC_P256,
                List.of(issuer),
                Care.surroundings(store, table, clock, orders));
        assertThat(renewals.load().join()).isEmpty();
        renewals.start(new RecordedWakeUps(), name -> table.find(name).leaf());
    }

    private void takeOver() throws Exception {
        Files.delete(directory.resolve("certs/.lock"));
        other = FileStore.open(directory.resolve("certs"));
    }

    @AfterEach
    void close() {
        renewals.close();
        orders.shutdownNow();
        store.close();
        if (other != null) {
            other.close();
        }
    }

    private void awaitEnd() {
        await().until(() -> renewals.record(A).within(its -> its.run() == null));
    }

    @Test
    void orderInFlightEndsWithItsNextWrite() throws Exception {
        CountDownLatch stall = issuer.stall(A);
        begin();
        await().until(() -> issuer.asked(A) == 1);
        takeOver();

        stall.countDown();
        awaitEnd();

        assertThat(table.find(A)).isNull();
        assertThat(other.site(A).journal("test-ca").read()).isEmpty();
        assertThat(renewals.status().get(0).lastFailure()).contains("another postern has taken it over");
    }

    @Test
    void certificateThatComesAfterwardsIsThrownAway() throws Exception {
        TestCa.Issued ours = TestCa.create().issue(List.of(A), clock.instant(), Duration.ofDays(90));
        issuer.always(new IssuedCertificate("test-ca", ours.key(), ours.chain(), null, false));
        CountDownLatch stall = issuer.stall(A);
        begin();
        await().until(() -> issuer.asked(A) == 1);
        takeOver();
        TestCa.Issued theirs = TestCa.create().issue(List.of(A), clock.instant(), Duration.ofDays(30));
        Certificate certificate = Certificate.of(A, "other-ca", theirs.key(), theirs.chain());
        other.site(A).generations().store(certificate, null, clock.instant());

        stall.countDown();
        awaitEnd();

        assertThat(table.find(A).serial()).isEqualTo(certificate.serial());
        assertThat(other.site(A).generations().newestFirst()).containsExactly(1);
        assertThat(renewals.status().get(0).lastFailure()).contains("another postern has taken it over");
    }

    @Test
    void noCaIsAskedAfterwards() throws Exception {
        begin();
        await().until(() -> table.find(A) != null);
        awaitEnd();
        Certificate served = table.find(A);
        takeOver();

        clock.advance(Duration.ofDays(75));
        renewals.sweep();
        await().until(() -> renewals.status().get(0).lastFailure() != null);
        awaitEnd();
        clock.advance(Duration.ofDays(1));
        renewals.sweep();
        awaitEnd();

        assertThat(issuer.asked(A)).isEqualTo(1);
        assertThat(renewals.status().get(0).lastFailure()).contains("another postern has taken it over");
        assertThat(table.find(A).serial()).isEqualTo(served.serial());
    }
}
