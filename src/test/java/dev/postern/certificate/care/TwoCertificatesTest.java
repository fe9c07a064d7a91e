package dev.postern.certificate.care;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.config.CertificateSource;
import dev.postern.config.KeyType;
import dev.postern.config.RouteSettings;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import dev.postern.testing.HandClock;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A site with two certificates: each is looked after as if it were the only one. */
@SuppressWarnings("NullAway") // Started by each test.
class TwoCertificatesTest {
    private static final Instant START = Instant.parse("2027-01-01T00:00:00Z");
    private static final String NAME = "a.example.com";
    private static final String SECOND = "a.example.com_rsa-2048";

    @TempDir
    private Path directory;

    private final HandClock clock = new HandClock(START);
    private final ScriptedIssuer issuer = new ScriptedIssuer("test-ca", clock);
    private SteppedCare started;

    private void start() throws Exception {
        started = new SteppedCare(
                directory.resolve("certs"),
                clock,
                List.of(issuer),
                List.of(site(false, KeyType.EC_P256), site(true, KeyType.RSA_2048)));
        started.start();
    }

    @AfterEach
    void close() {
        if (started != null) {
            started.close();
        }
    }

    private static Site site(boolean second, KeyType keyType) {
        return new Site(
                List.of(NAME),
                false,
                List.of(),
                CertificateSource.ISSUED,
                Site.DEFAULT_CHALLENGES,
                null,
                RouteSettings.DEFAULT,
                false,
                new Site.Twin(second, keyType));
    }

    private static Instant day(int days) {
        return START.plus(Duration.ofDays(days));
    }

    private Certificate first() {
        return Objects.requireNonNull(started.table.find(NAME), "first");
    }

    private Certificate second() {
        return Objects.requireNonNull(started.table.findSecond(NAME), "second");
    }

    @Test
    void eachIsRenewedByItselfForAYear() throws Exception {
        start();
        started.run(day(1), Duration.ofMinutes(10));
        Certificate before = first();
        assertThat(before.site()).isEqualTo(NAME);
        assertThat(second().site()).isEqualTo(SECOND);
        assertThat(started.history(NAME)).isNotEqualTo(started.history(SECOND));

        for (int day = 2; day < 365; day++) {
            started.run(day(day), Duration.ofHours(6));
            assertThat(first().isExpired(clock.instant())).isFalse();
            assertThat(second().isExpired(clock.instant())).isFalse();
        }

        assertThat(first()).isNotSameAs(before);
        // Of 90 days, after two thirds of them.
        assertThat(issuer.asked(NAME)).isBetween(6L, 7L);
        assertThat(issuer.asked(SECOND)).isBetween(6L, 7L);
        assertThat(kinds(NAME)).containsExactly(KeyType.EC_P256);
        assertThat(kinds(SECOND)).containsExactly(KeyType.RSA_2048);
    }

    private Set<KeyType> kinds(String of) {
        return issuer.requests().stream()
                .filter(request -> request.site().equals(of))
                .map(CertificateRequest::keyType)
                .collect(Collectors.toSet());
    }

    /** Names that were proven are not proven again at once, and tls-alpn-01 has room for one order at a time. */
    @Test
    void secondOneWaitsForTheOrderOfTheFirst() throws Exception {
        start();

        assertThat(issuer.requests()).extracting(CertificateRequest::site).containsExactly(NAME, SECOND);
    }

    @Test
    void whereOneCannotBeHadTheOtherIsThere() throws Exception {
        issuer.fail(NAME, new IssueFailure(IssueFailure.Fault.CA, "no more curves", null));
        start();
        started.run(day(1), Duration.ofMinutes(10));

        assertThat(started.table.find(NAME)).isNull();
        assertThat(second().site()).isEqualTo(SECOND);
        assertThat(started.table.findEither(NAME)).isSameAs(second());

        issuer.recover(NAME);
        started.run(day(3), Duration.ofMinutes(10));
        assertThat(first().site()).isEqualTo(NAME);
    }

    @Test
    void bothAreServedFromTheStoreAfterARestart() throws Exception {
        start();
        started.run(day(1), Duration.ofMinutes(10));
        Certificate curve = first();
        Certificate rsa = second();

        started.start();

        assertThat(first().isSame(curve)).isTrue();
        assertThat(second().isSame(rsa)).isTrue();
        assertThat(issuer.asked(NAME) + issuer.asked(SECOND)).isEqualTo(2);
    }
}
