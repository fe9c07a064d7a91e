package dev.postern.certificate.care;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.CertificateSource;
import dev.postern.config.ChallengeType;
import dev.postern.config.KeyType;
import dev.postern.config.RouteSettings;
import dev.postern.config.Site;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.Care;
import dev.postern.testing.HandClock;
import dev.postern.testing.QueuedExecutor;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** An operator has mended what an order failed for, and reloads: it is tried at once, and the old failure is told no more. */
@SuppressWarnings("NullAway") // A null fails the test, which is what it is for.
@ParameterizedClass(name = "{0} sites read at once")
@ValueSource(ints = {200, 0})
class MendedIssuerTest {
    private static final String A = "a.example.com";

    @TempDir
    Path directory;

    @Parameter
    int readAtOnce;

    private final HandClock clock = new HandClock(Instant.parse("2027-01-01T00:00:00Z"));
    private final ScriptedIssuer wrong = new ScriptedIssuer("test-ca", clock);
    private final ScriptedIssuer mended = new ScriptedIssuer("test-ca", clock);
    private final QueuedExecutor executor = new QueuedExecutor();
    private final CertificateTable table = new CertificateTable();
    private Store store;
    private Renewals renewals;

    @AfterEach
    void close() {
        renewals.close();
        store.close();
    }

    private static Site site(ChallengeType challenge, String... names) {
        return new Site(
                List.of(names),
                false,
                List.of(),
                CertificateSource.ISSUED,
                List.of(challenge),
                null,
                RouteSettings.DEFAULT);
    }

    private void startAndFail() throws Exception {
        wrong.fail(A, new IssueFailure(IssueFailure.Fault.CA, "test-ca: not trusted", null));
        store = FileStore.open(directory.resolve("certs"));
        renewals = new Renewals(
                List.of(site(ChallengeType.HTTP_01, A)),
                KeyType.EC_P256,
                List.of(wrong),
                Care.surroundings(store, table, clock, executor),
                Duration.ofMinutes(15),
                readAtOnce);
        var unused = renewals.load();
        executor.runAll();
        renewals.start(new RecordedWakeUps(), Care.NOTHING_SERVED);
        for (int i = 0; i < 3; i++) {
            executor.runAll();
            clock.advance(Duration.ofHours(2));
            renewals.sweep();
        }
        executor.runAll();
        assertThat(status().lastFailure()).isEqualTo("test-ca: not trusted");
        assertThat(status().nextRenewal()).isAfter(clock.instant());
    }

    private CertificateStatus status() {
        return renewals.status().get(0);
    }

    private void reload(Site site, ScriptedIssuer issuer) {
        renewals.next(new Renewals.Remit(List.of(site), KeyType.EC_P256, List.of(issuer)))
                .commit();
        executor.runAll();
    }

    @Test
    void issuerThatWasMendedIsAskedAtOnce() throws Exception {
        startAndFail();

        try (CapturedLog log = CapturedLog.begin()) {
            reload(site(ChallengeType.HTTP_01, A), mended);
            assertThat(log.lines("not trusted")).isEmpty();
        }

        assertThat(mended.asked(A)).isEqualTo(1);
        assertThat(table.find(A)).isNotNull();
        assertThat(status().lastFailure()).isNull();
    }

    @Test
    void siteThatProvesItsNamesInAnotherWayIsTriedAtOnce() throws Exception {
        startAndFail();
        wrong.recover(A);
        long asked = wrong.asked(A);

        reload(site(ChallengeType.TLS_ALPN_01, A), wrong);

        assertThat(wrong.asked(A)).isEqualTo(asked + 1);
        assertThat(table.find(A)).isNotNull();
    }

    /** Who reloads every minute must not ask the CA every minute. */
    @Test
    void reloadThatMendsNothingWaitsOn() throws Exception {
        startAndFail();
        long asked = wrong.asked(A);

        reload(site(ChallengeType.HTTP_01, A), wrong);
        reload(site(ChallengeType.HTTP_01, A, "b.example.com"), wrong);

        assertThat(wrong.asked(A)).isEqualTo(asked);
        assertThat(status().lastFailure()).isEqualTo("test-ca: not trusted");
    }
}
