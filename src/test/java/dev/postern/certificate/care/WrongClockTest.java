package dev.postern.certificate.care;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.testing.HandClock;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A clock that is wrong by hours neither renews everything nor lets anything expire. */
@SuppressWarnings("NullAway") // A null fails the test, which is what it is for.
class WrongClockTest {
    private static final Instant START = Instant.parse("2027-01-01T00:00:00Z");
    private static final String A = "a.example.com";

    @TempDir
    Path directory;

    /** Of this host, and of the CA. */
    private final HandClock clock = new HandClock(START);

    private final HandClock caClock = new HandClock(START);
    private final ScriptedIssuer issuer = new ScriptedIssuer("test-ca", caClock);
    private SteppedCare care;

    @AfterEach
    void close() {
        if (care != null) {
            care.close();
        }
    }

    private void start() throws Exception {
        care = new SteppedCare(directory.resolve("certs"), clock, List.of(issuer), List.of(SteppedCare.site(A)));
        care.start();
    }

    /** The CA was heard twice. */
    private void hear() {
        care.clocks.skew().observe("test-ca", caClock.instant());
        care.clocks.skew().observe("test-ca", caClock.instant());
    }

    private void time(Instant ours, Duration behind) {
        clock.set(ours);
        caClock.set(ours.plus(behind));
    }

    @ParameterizedTest(name = "the clock is off by {0} h: renewed when the CA's says so")
    @ValueSource(ints = {-20, -3, 3, 20})
    void renewalGoesByTheTimeOfTheCa(int hours) throws Exception {
        Duration behind = Duration.ofHours(hours);
        start();
        Instant due = care.plan(A).due();
        time(due.minus(behind).minusSeconds(60), behind);
        hear();
        care.step();
        assertThat(issuer.asked(A)).isEqualTo(1);
        assertThat(care.wakeUps.of(A)).as("by the clock of this host").isEqualTo(due.minus(behind));

        time(due.minus(behind), behind);
        care.step();
        assertThat(issuer.asked(A)).isEqualTo(2);
    }

    @Test
    void certificateIsWithdrawnOnlyWhereBothClocksSayThatItIsExpired() throws Exception {
        start();
        issuer.fail(A, new IssueFailure(Fault.CA, "no", null));
        Instant end = care.table.find(A).notAfter();

        // Ours is ahead: expired by ours alone.
        time(end.plusSeconds(1), Duration.ofHours(-2));
        hear();
        care.step();
        assertThat(care.table.find(A)).isNotNull();

        // Ours is behind: expired by the CA's alone.
        care.clocks.skew().forget();
        time(end.minus(Duration.ofHours(1)), Duration.ofHours(2));
        hear();
        care.step();
        assertThat(care.table.find(A)).isNotNull();

        time(end.plusSeconds(1), Duration.ofHours(2));
        care.step();
        assertThat(care.table.find(A)).isNull();
    }

    @Test
    void freshCertificateThatIsNotValidYetByOurClockIsServed() throws Exception {
        caClock.advance(Duration.ofHours(12));
        start();

        assertThat(care.table.find(A).notBefore()).isAfter(clock.instant());
        care.step();
        assertThat(issuer.asked(A)).isEqualTo(1);
    }

    @Test
    void caThatIsYearsAwayIsBelievedForADayAtMost() throws Exception {
        start();
        time(START.plus(Duration.ofDays(1)), Duration.ofDays(3650));
        hear();
        care.step();

        assertThat(issuer.asked(A)).isEqualTo(1);
        assertThat(care.table.find(A)).isNotNull();
    }

    /** A virtual machine that wakes up a hundred days ahead: what is fresh must not count as expired, and be ordered anew. */
    @Test
    void certificateThatIsFreshByTheTimeOfItsCaIsServedThoughOursIsAHundredDaysAhead() throws Exception {
        Duration behind = Duration.ofDays(-100);
        time(START.plus(Duration.ofDays(100)), behind);
        care = new SteppedCare(directory.resolve("certs"), clock, List.of(issuer), List.of(SteppedCare.site(A)));
        care.start(renewals -> hear());

        assertThat(issuer.asked(A)).isEqualTo(1);
        assertThat(care.table.find(A).notAfter()).isBefore(clock.instant());
        for (int day = 1; day <= 40; day++) {
            time(START.plus(Duration.ofDays(100 + day)), behind);
            care.step();
        }
        assertThat(issuer.asked(A)).isEqualTo(1);
        assertThat(care.table.find(A)).isNotNull();
    }

    @Test
    void twoCasThatAgreeAreBelievedWhateverTheySay() throws Exception {
        start();
        Instant end = care.table.find(A).notAfter();
        issuer.fail(A, new IssueFailure(Fault.CA, "no", null));
        time(end.plus(Duration.ofDays(100)), Duration.ofDays(-150));
        hear();
        assertThat(care.clocks.skew().isProven()).isFalse();
        care.clocks.skew().observe("other-ca", caClock.instant());
        care.clocks.skew().observe("other-ca", caClock.instant());
        assertThat(care.clocks.skew().isProven()).isTrue();
        care.step();

        assertThat(care.table.find(A)).isNotNull();
    }

    /** Else the time would jump with each answer, and what was used of the rate limits be forgotten. */
    @Test
    void oneCaThatIsADayOffIsOutvotedByOurClockAndAnotherCa() throws Exception {
        start();
        hear();
        care.clocks.skew().observe("other-ca", caClock.instant().minus(Duration.ofHours(27)));
        care.clocks.skew().observe("other-ca", caClock.instant().minus(Duration.ofHours(27)));

        assertThat(care.clocks.skew().current()).isEmpty();
    }

    @Test
    void oneAnswerIsNoEvidence() throws Exception {
        start();
        Instant due = care.plan(A).due();
        time(due.minus(Duration.ofHours(2)), Duration.ofHours(3));
        care.clocks.skew().observe("test-ca", caClock.instant());
        care.step();

        assertThat(issuer.asked(A)).isEqualTo(1);
    }

    @Test
    void whatWasMeasuredIsForgottenWhenTheClockIsSet() throws Exception {
        start();
        time(START.plus(Duration.ofDays(2)), Duration.ofHours(3));
        hear();
        assertThat(care.clocks.skew().current()).contains(Duration.ofHours(3));

        care.renewals().clockWasSet();
        assertThat(care.clocks.skew().current()).isEmpty();
    }

    /** Traefik 5413: neither a restart nor a clock that was set back makes a failing site ask anew at once. */
    @Test
    void clockThatWasSetBackDoesNotResetTheBackOff() throws Exception {
        start();
        Instant due = care.plan(A).due();
        issuer.fail(A, new IssueFailure(Fault.CA, "no", null));
        care.stepAt(due);
        care.run(due.plus(Duration.ofHours(4)), Duration.ofMinutes(5));
        long asked = issuer.asked(A);
        assertThat(asked).isEqualTo(5);

        clock.set(due.plus(Duration.ofHours(1)));
        care.renewals().clockWasSet();
        care.start();
        care.run(due.plus(Duration.ofHours(20)), Duration.ofMinutes(30));
        assertThat(issuer.asked(A)).isEqualTo(asked);
        care.run(due.plus(Duration.ofHours(29)), Duration.ofMinutes(30));
        assertThat(issuer.asked(A)).isEqualTo(asked + 1);
    }
}
