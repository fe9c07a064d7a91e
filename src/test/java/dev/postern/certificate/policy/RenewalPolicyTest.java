package dev.postern.certificate.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.policy.RenewalPolicy.Decision;
import dev.postern.certificate.policy.RenewalPolicy.Life;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@SuppressWarnings("NullAway") // No certificate is null.
class RenewalPolicyTest {
    private static final Instant T = Instant.parse("2027-01-01T00:00:00Z");
    private static final List<String> CA = List.of("letsencrypt");

    private static RenewalHistory failures(int count, Instant last, Fault fault) {
        return new RenewalHistory(
                null, null, count, last, new RenewalHistory.Failure(last, 1.0, fault, "no"), Map.of(), Map.of());
    }

    private static RenewalHistory paused(String issuer, Instant until) {
        return new RenewalHistory(null, null, 0, null, null, Map.of(issuer, until), Map.of());
    }

    private static Decision decide(Life life, RenewalHistory history, List<String> issuers, Instant now) {
        return RenewalPolicy.decide(life, history, issuers, RenewalPolicy.Openings.ALWAYS, now);
    }

    /** A certificate of {@code days}, renewed at two thirds. */
    private static Life life(double days) {
        long seconds = (long) (days * 86_400);
        return new Life(T, T.plusSeconds(seconds), T.plusSeconds(seconds * 2 / 3));
    }

    private static Instant day(double days) {
        return T.plusSeconds((long) (days * 86_400));
    }

    @ParameterizedTest(name = "{0} of life: picked within {1}–{2} %")
    @CsvSource({"P90D, 64, 68", "P45D, 64, 68", "PT241H, 64, 68", "PT240H, 48, 52", "PT160H, 48, 52", "PT60S, 48, 52"})
    void pickLiesInTheWindow(Duration life, double from, double to) {
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 1000; i++) {
            Instant at = RenewalPolicy.pick(T, T.plus(life), random);
            double percent = 100.0 * Duration.between(T, at).toMillis() / life.toMillis();
            assertThat(percent).isBetween(from - 0.01, to + 0.01);
        }
    }

    @Test
    void siteWithoutCertificateGetsOneAtOnce() {
        assertThat(decide(null, RenewalHistory.NONE, CA, T)).isInstanceOf(Decision.Renew.class);
    }

    @Test
    void nothingIsDoneBeforeThePick() {
        Decision decision = decide(life(90), RenewalHistory.NONE, CA, day(59.9));

        assertThat(decision).isEqualTo(new Decision.Wait(day(60), "not due yet"));
    }

    @ParameterizedTest(name = "day {0} of 90: {1}")
    @CsvSource({"60, Renew", "80, Renew", "81, Emergency", "89.99, Emergency", "90, Emergency", "400, Emergency"})
    void fromThePickOnItIsRenewed(double day, String kind) {
        Decision decision = decide(life(90), RenewalHistory.NONE, CA, day(day));

        assertThat(decision.getClass().getSimpleName()).isEqualTo(kind);
    }

    @ParameterizedTest(name = "failure {0} ({1}): again after {2}")
    @CsvSource({
        "1, CA, PT1M",
        "2, CA, PT10M",
        "3, CA, PT100M",
        "4, CA, PT24H",
        "9, CA, PT24H",
        "1, NAME, PT1M",
        "4, NAME, PT24H",
        "4, OURS, PT24H"
    })
    void backOffLadderWithMuchLifeLeft(int failures, Fault fault, Duration wait) {
        Instant last = day(61);

        Decision decision = decide(life(90), failures(failures, last, fault), CA, last);

        assertThat(decision).isEqualTo(new Decision.Wait(last.plus(wait), "waiting after failure " + failures));
    }

    /** So that even six-day certificates leave room for several attempts. */
    @ParameterizedTest(name = "life of {0}, fourth failure at its half: again after {1}")
    @CsvSource({"PT160H, PT10H", "PT24H, PT1H30M", "PT1H, PT3M45S", "PT10M, PT37.5S", "PT1M, PT5S"})
    void backOffIsCappedAtAnEighthOfTheRest(Duration life, Duration wait) {
        Instant half = T.plus(life.dividedBy(2));
        Life short_ = new Life(T, T.plus(life), half);

        Decision decision = decide(short_, failures(4, half, Fault.CA), CA, half);

        assertThat(decision).isEqualTo(new Decision.Wait(half.plus(wait), "waiting after failure 4"));
    }

    @ParameterizedTest(name = "no certificate, failure {0} ({1}): again after {2}")
    @CsvSource({"1, CA, PT1M", "3, CA, PT1H", "4, CA, PT1H", "4, OURS, PT1H", "3, NAME, PT1H", "4, NAME, PT1H"})
    void siteWithoutCertificateIsTriedHourlyHoweverOftenItFailed(int failures, Fault fault, Duration wait) {
        Decision decision = decide(null, failures(failures, T, fault), CA, T);

        assertThat(decision)
                .isInstanceOfSatisfying(
                        Decision.Wait.class, w -> assertThat(w.until()).isEqualTo(T.plus(wait)));
    }

    /** What it lacks has nothing to serve; but a name that cannot be proven does not become provable by being asked for. */
    @ParameterizedTest(name = "not the certificate the site needs, failure {0} ({1}): again after {2}")
    @CsvSource({"1, CA, PT1M", "3, CA, PT1H", "9, CA, PT1H", "4, OURS, PT1H", "4, NAME, PT24H"})
    void certificateThatLacksANameIsAskedForHourly(int failures, Fault fault, Duration wait) {
        Life life = new Life(T, day(90), RenewalPolicy.AT_ONCE);

        Decision decision = decide(life, failures(failures, day(10), fault), CA, day(10));

        assertThat(decision)
                .isInstanceOfSatisfying(
                        Decision.Wait.class, w -> assertThat(w.until()).isEqualTo(day(10).plus(wait)));
    }

    @Test
    void longBackOffEndsWhereTheEmergencyBegins() {
        // 20 h before the emergency of a certificate of 90 days the ladder says 24 h.
        Instant last = day(81).minus(Duration.ofHours(20));
        Decision before = decide(life(90), failures(4, last, Fault.CA), CA, last);
        assertThat(before)
                .isInstanceOfSatisfying(
                        Decision.Wait.class, w -> assertThat(w.until()).isEqualTo(day(81)));

        assertThat(decide(life(90), failures(4, last, Fault.CA), CA, day(81))).isInstanceOf(Decision.Emergency.class);
    }

    @Test
    void expiredSiteIsTriedHourlyHoweverOftenItFailed() {
        Instant last = day(95);

        Decision decision = decide(life(90), failures(30, last, Fault.NAME), CA, last);

        assertThat(decision)
                .isInstanceOfSatisfying(
                        Decision.Wait.class, w -> assertThat(w.until()).isEqualTo(last.plus(Duration.ofHours(1))));
    }

    @Test
    void retryAfterOfTheCaIsKeptTo() {
        Instant last = day(61);
        RenewalHistory paused = failures(1, last, Fault.CA)
                .failed(
                        new RenewalHistory.Failure(last, 1.0, Fault.CA, "rateLimited"),
                        Map.of("letsencrypt", last.plus(Duration.ofHours(34))),
                        List.of());

        assertThat(decide(life(90), paused, CA, last.plus(Duration.ofHours(33))))
                .isInstanceOfSatisfying(
                        Decision.Wait.class, w -> assertThat(w.until()).isEqualTo(last.plus(Duration.ofHours(34))));
    }

    @Test
    void inAnEmergencyTheIssuerThatIsFreeIsAsked() {
        RenewalHistory paused = paused("letsencrypt", day(85).plus(Duration.ofHours(34)));

        assertThat(decide(life(90), paused, List.of("letsencrypt", "zerossl"), day(85)))
                .isInstanceOf(Decision.Emergency.class);
        assertThat(decide(life(90), paused, CA, day(85))).isInstanceOf(Decision.Wait.class);
    }

    @Test
    void retryAfterOfYearsIsNotBelieved() {
        RenewalHistory paused = paused("letsencrypt", day(60 + 3650));

        assertThat(decide(life(90), paused, CA, day(61))).isInstanceOf(Decision.Renew.class);
    }

    @Test
    void failureDatedInTheFutureByAWrongClockDoesNotHoldUp() {
        assertThat(decide(life(90), failures(4, day(5000), Fault.CA), CA, day(61)))
                .isInstanceOf(Decision.Renew.class);
    }

    @Test
    void historyIsReadBackAsItWasWritten() {
        RenewalHistory history = new RenewalHistory(
                new RenewalHistory.Pick("1f", day(60)),
                new Suggestion(
                        "1f", new Suggestion.Window(day(58), day(59), day(58.5), "https://ca.example/why"), day(57), 2),
                2,
                day(60),
                new RenewalHistory.Failure(day(61), 1.05, Fault.NAME, "http-01: no"),
                Map.of("letsencrypt", day(62)),
                Map.of("letsencrypt", 2));

        assertThat(RenewalHistory.parse(history.toJson())).isEqualTo(history);
        assertThat(RenewalHistory.parse(RenewalHistory.NONE.toJson())).isEqualTo(RenewalHistory.NONE);
    }

    /** Traefik 5413, 6818, 7952: a clock that jumps, like a restart, must neither reset a back-off nor make it endless. */
    @Test
    void failureInTheFutureCountsAsOfNow() {
        RenewalHistory history = failures(3, day(5000), Fault.CA).believable(day(61));

        assertThat(decide(life(90), history, CA, day(61)))
                .isEqualTo(new Decision.Wait(day(61).plus(Duration.ofMinutes(100)), "waiting after failure 3"));
    }

    private static Life suggested(double due, double suggested) {
        Life life = life(90);
        return new Life(life.notBefore(), life.notAfter(), day(due), day(suggested));
    }

    @Test
    void whatTheCaSuggestsTakesThePlaceOfThePickInTheLife() {
        assertThat(decide(suggested(60, 40), RenewalHistory.NONE, CA, day(40))).isInstanceOf(Decision.Renew.class);
        assertThat(decide(suggested(60, 70), RenewalHistory.NONE, CA, day(65)))
                .isEqualTo(new Decision.Wait(day(70), "not due yet"));
    }

    /** Caddy 7843: what a CA suggests must never keep a certificate from being renewed in time. */
    @Test
    void suggestionDoesNotPushTheEmergency() {
        assertThat(decide(suggested(60, 89), RenewalHistory.NONE, CA, day(80)))
                .isEqualTo(new Decision.Wait(day(81), "not due yet"));
        assertThat(decide(suggested(60, 89), RenewalHistory.NONE, CA, day(81))).isInstanceOf(Decision.Emergency.class);
        assertThat(decide(suggested(60, 400), RenewalHistory.NONE, CA, day(95))).isInstanceOf(Decision.Emergency.class);
    }

    /**
     * Users' trouble: "thirty days before the end" renewed a certificate of six days until the CA refused. Whatever the
     * life, what is new is not due, and what is due is due before its end.
     */
    @ParameterizedTest(name = "{0}")
    @CsvSource({"P398D", "P200D", "P90D", "P64D", "P47D", "P45D", "P10D", "PT160H", "P7D", "P1D", "PT1H"})
    void everyLifeHasAWindowInsideIt(Duration length) {
        Instant end = T.plus(length);
        Instant pick = RenewalPolicy.pick(T, end, new SplittableRandom(3));
        Life life = new Life(T, end, pick);

        assertThat(decide(life, RenewalHistory.NONE, CA, T)).isInstanceOf(Decision.Wait.class);
        assertThat(decide(life, RenewalHistory.NONE, CA, pick)).isInstanceOf(Decision.Renew.class);
        assertThat(Duration.between(pick, end)).isGreaterThan(length.dividedBy(4));
    }

    /** Users' trouble: what failed was tried again without a bound. Whatever fails, the attempts of a life are few. */
    @ParameterizedTest(name = "{0}: at most {1} attempts before its emergency")
    @CsvSource({"P90D, 30", "P45D, 20", "PT160H, 16"})
    void attemptsAreFewWhateverTheLife(Duration length, int most) {
        Life life = new Life(T, T.plus(length), T.plus(length.dividedBy(2)));
        RenewalHistory history = RenewalHistory.NONE;
        Instant now = life.renewAt();
        int attempts = 0;
        while (now.isBefore(life.emergencyAt())) {
            Decision decision = decide(life, history, CA, now);
            if (decision instanceof Decision.Wait wait) {
                now = wait.until();
            } else {
                attempts++;
                history = history.failed(new RenewalHistory.Failure(now, 0.9, Fault.CA, "no"), Map.of(), List.of());
            }
        }
        assertThat(attempts).isBetween(7, most + 25);
    }

    /** Half of what Let's Encrypt is asked comes from clients that never succeed. */
    @Test
    void siteThatFailedForAMonthIsTriedOnceAWeek() {
        RenewalHistory history = RenewalHistory.NONE;
        Instant now = T;
        while (now.isBefore(day(30))) {
            if (decide(null, history, CA, now) instanceof Decision.Wait wait) {
                now = wait.until();
            } else {
                history = history.failed(new RenewalHistory.Failure(now, 1.0, Fault.NAME, "no"), Map.of(), List.of());
            }
        }
        history = history.failed(new RenewalHistory.Failure(now, 1.0, Fault.NAME, "no"), Map.of(), List.of());

        assertThat(decide(null, history, CA, now))
                .isInstanceOf(Decision.Wait.class)
                .extracting(decision -> ((Decision.Wait) decision).until())
                .isEqualTo(now.plus(Duration.ofDays(7)));
        // One that has a certificate is not given up.
        Instant last = now;
        assertThat(decide(new Life(T, day(90), day(20)), history, CA, last))
                .isInstanceOfSatisfying(
                        Decision.Wait.class,
                        w -> assertThat(w.until()).isBeforeOrEqualTo(last.plus(Duration.ofDays(1))));
    }

    /** An operator whose only CA is away for weeks does not want to wait a week more when it is back. */
    @Test
    void caThatIsAwayForMonthsIsStillAskedEveryHour() {
        RenewalHistory history = RenewalHistory.NONE;
        for (int hour = 0; hour < 60 * 24; hour++) {
            Fault fault = hour < 5 ? Fault.NAME : Fault.CA;
            Instant at = T.plus(Duration.ofHours(hour));
            history = history.failed(new RenewalHistory.Failure(at, 1.0, fault, "no"), Map.of(), List.of());
        }
        Instant last = T.plus(Duration.ofHours(60 * 24 - 1));

        assertThat(history.failures()).isEqualTo(1440);
        assertThat(decide(null, RenewalHistory.parse(history.toJson()), CA, last))
                .isEqualTo(new Decision.Wait(last.plus(Duration.ofHours(1)), "waiting after failure 1440"));
    }

    @Test
    void hostThatWasOffForAMonthHasNotFailedForAMonth() {
        RenewalHistory history = failures(1, T, Fault.CA)
                .failed(new RenewalHistory.Failure(day(40), 1.0, Fault.CA, "no"), Map.of(), List.of());

        assertThat(decide(null, history, CA, day(40)))
                .isEqualTo(new Decision.Wait(day(40).plus(Duration.ofMinutes(10)), "waiting after failure 2"));
    }

    @Test
    void whatIsInTheWayIsSaidAndWaitedFor() {
        Opening full = new Opening(day(62), "letsencrypt: certificates per registered domain (example.com)");

        Decision decision = RenewalPolicy.decide(life(90), RenewalHistory.NONE, CA, issuer -> full, day(61));

        assertThat(decision).isEqualTo(new Decision.Wait(day(62), full.because()));
    }

    /** A fiftieth of the life before the end, at most a day. */
    @ParameterizedTest(name = "life of {0} days: {1} before the end")
    @CsvSource({"90, PT24H", "45, PT21H36M", "6, PT2H52M48S", "1, PT28M48S"})
    void beforeTheEndOneAttemptIsMadeWhateverTheCaHasAgainstIt(double days, Duration left) {
        Life life = life(days);
        Instant call = life.notAfter().minus(left);
        RenewalHistory held = paused("letsencrypt", life.notAfter().plusSeconds(3600));
        RenewalPolicy.Openings closed = issuer -> new Opening(life.notAfter().plusSeconds(3600), "used up");

        assertThat(RenewalPolicy.decide(life, held, CA, closed, call.minusSeconds(1)))
                .isInstanceOfSatisfying(
                        Decision.Wait.class, wait -> assertThat(wait.until()).isEqualTo(call));
        assertThat(RenewalPolicy.decide(life, held, CA, closed, call))
                .isEqualTo(new Decision.Emergency(
                        "about to expire: whatever a CA or its limits have against it",
                        new IssuerChoice(CA, true, true)));
    }

    @Test
    void thatAttemptIsMadeOnce() {
        Life life = life(90);
        RenewalHistory tried = failures(5, life.lastCallAt(), Fault.CA);
        RenewalPolicy.Openings closed = issuer -> new Opening(life.notAfter().plusSeconds(3600), "used up");

        assertThat(RenewalPolicy.decide(
                        life, tried, CA, closed, life.lastCallAt().plus(Duration.ofHours(4))))
                .isInstanceOf(Decision.Wait.class);
    }

    @Test
    void anAttemptBeforeTheLastCallIsNotThatOne() {
        Life life = life(90);
        Instant before = life.lastCallAt().minusSeconds(1);
        RenewalPolicy.Openings closed = issuer -> new Opening(life.notAfter().plusSeconds(3600), "used up");

        Decision decision =
                RenewalPolicy.decide(life, failures(5, before, Fault.CA), CA, closed, before.plus(Duration.ofHours(4)));

        assertThat(IssuerChoice.of(decision)).isEqualTo(new IssuerChoice(CA, true, true));
    }
}
