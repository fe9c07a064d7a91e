package dev.postern.certificate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.IssueFailure.Fault;
import dev.postern.certificate.RenewalPolicy.Decision;
import dev.postern.certificate.RenewalPolicy.Life;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RenewalPolicyTest {
    private static final Instant T = Instant.parse("2027-01-01T00:00:00Z");
    private static final List<String> CA = List.of("letsencrypt");

    private static RenewalHistory failures(int count, Instant last, Fault fault) {
        return new RenewalHistory(null, count, new RenewalHistory.Failure(last, 1.0, fault, "no"), Map.of(), List.of());
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
        assertThat(RenewalPolicy.decide(null, RenewalHistory.NONE, CA, T)).isInstanceOf(Decision.Renew.class);
    }

    @Test
    void nothingIsDoneBeforeThePick() {
        Decision decision = RenewalPolicy.decide(life(90), RenewalHistory.NONE, CA, day(59.9));

        assertThat(decision).isEqualTo(new Decision.Wait(day(60), "not due yet"));
    }

    @ParameterizedTest(name = "day {0} of 90: {1}")
    @CsvSource({"60, Renew", "80, Renew", "81, Emergency", "89.99, Emergency", "90, Emergency", "400, Emergency"})
    void fromThePickOnItIsRenewed(double day, String kind) {
        Decision decision = RenewalPolicy.decide(life(90), RenewalHistory.NONE, CA, day(day));

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

        Decision decision = RenewalPolicy.decide(life(90), failures(failures, last, fault), CA, last);

        assertThat(decision).isEqualTo(new Decision.Wait(last.plus(wait), "waiting after failure " + failures));
    }

    /** So that even six-day certificates leave room for several attempts. */
    @ParameterizedTest(name = "life of {0}, fourth failure at its half: again after {1}")
    @CsvSource({"PT160H, PT10H", "PT24H, PT1H30M", "PT1H, PT3M45S", "PT10M, PT37.5S", "PT1M, PT5S"})
    void backOffIsCappedAtAnEighthOfTheRest(Duration life, Duration wait) {
        Instant half = T.plus(life.dividedBy(2));
        Life short_ = new Life(T, T.plus(life), half);

        Decision decision = RenewalPolicy.decide(short_, failures(4, half, Fault.CA), CA, half);

        assertThat(decision).isEqualTo(new Decision.Wait(half.plus(wait), "waiting after failure 4"));
    }

    @ParameterizedTest(name = "no certificate, failure {0} ({1}): again after {2}")
    @CsvSource({"1, CA, PT1M", "3, CA, PT1H", "4, CA, PT1H", "4, OURS, PT1H", "3, NAME, PT1H", "4, NAME, PT1H"})
    void siteWithoutCertificateIsTriedHourlyHoweverOftenItFailed(int failures, Fault fault, Duration wait) {
        Decision decision = RenewalPolicy.decide(null, failures(failures, T, fault), CA, T);

        assertThat(decision)
                .isInstanceOfSatisfying(
                        Decision.Wait.class, w -> assertThat(w.until()).isEqualTo(T.plus(wait)));
    }

    @Test
    void longBackOffEndsWhereTheEmergencyBegins() {
        // 20 h before the emergency of a certificate of 90 days the ladder says 24 h.
        Instant last = day(81).minus(Duration.ofHours(20));
        Decision before = RenewalPolicy.decide(life(90), failures(4, last, Fault.CA), CA, last);
        assertThat(before)
                .isInstanceOfSatisfying(
                        Decision.Wait.class, w -> assertThat(w.until()).isEqualTo(day(81)));

        assertThat(RenewalPolicy.decide(life(90), failures(4, last, Fault.CA), CA, day(81)))
                .isInstanceOf(Decision.Emergency.class);
    }

    @Test
    void expiredSiteIsTriedHourlyHoweverOftenItFailed() {
        Instant last = day(95);

        Decision decision = RenewalPolicy.decide(life(90), failures(30, last, Fault.NAME), CA, last);

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
                        Map.of("letsencrypt", last.plus(Duration.ofHours(34))));

        assertThat(RenewalPolicy.decide(life(90), paused, CA, last.plus(Duration.ofHours(33))))
                .isInstanceOfSatisfying(
                        Decision.Wait.class, w -> assertThat(w.until()).isEqualTo(last.plus(Duration.ofHours(34))));
    }

    @Test
    void inAnEmergencyTheIssuerThatIsFreeIsAsked() {
        RenewalHistory paused =
                new RenewalHistory(null, 0, null, Map.of("letsencrypt", day(85).plus(Duration.ofHours(34))), List.of());

        assertThat(RenewalPolicy.decide(life(90), paused, List.of("letsencrypt", "zerossl"), day(85)))
                .isInstanceOf(Decision.Emergency.class);
        assertThat(RenewalPolicy.decide(life(90), paused, CA, day(85))).isInstanceOf(Decision.Wait.class);
    }

    @Test
    void retryAfterOfYearsIsNotBelieved() {
        RenewalHistory paused = new RenewalHistory(null, 0, null, Map.of("letsencrypt", day(60 + 3650)), List.of());

        assertThat(RenewalPolicy.decide(life(90), paused, CA, day(61))).isInstanceOf(Decision.Renew.class);
    }

    @Test
    void failureDatedInTheFutureByAWrongClockDoesNotHoldUp() {
        assertThat(RenewalPolicy.decide(life(90), failures(4, day(5000), Fault.CA), CA, day(61)))
                .isInstanceOf(Decision.Renew.class);
    }

    /** Let's Encrypt allows five an hour; a CA that pauses us would cost more. */
    @Test
    void threeFailedValidationsInAnHourAreEnough() {
        Life minutes = new Life(T, T.plus(Duration.ofMinutes(90)), T.plus(Duration.ofMinutes(45)));
        RenewalHistory history = RenewalHistory.NONE;
        Instant first = T.plus(Duration.ofMinutes(45));
        for (int i = 0; i < 3; i++) {
            Instant at = first.plus(Duration.ofMinutes(i * 5L));
            history = history.failed(new RenewalHistory.Failure(at, 1.0, Fault.NAME, "no"), Map.of());
        }

        assertThat(RenewalPolicy.decide(minutes, history, CA, first.plus(Duration.ofMinutes(40))))
                .isInstanceOfSatisfying(
                        Decision.Wait.class,
                        w -> assertThat(w.until()).isBeforeOrEqualTo(first.plus(Duration.ofHours(1))));
        assertThat(RenewalPolicy.decide(minutes, history, CA, first.plus(Duration.ofMinutes(59))))
                .isInstanceOf(Decision.Wait.class);
        assertThat(RenewalPolicy.decide(minutes, history, CA, first.plus(Duration.ofMinutes(60))))
                .isInstanceOf(Decision.Emergency.class);
    }

    @Test
    void historyIsReadBackAsItWasWritten() {
        RenewalHistory history = new RenewalHistory(
                new RenewalHistory.Pick("1f", day(60)),
                2,
                new RenewalHistory.Failure(day(61), 1.05, Fault.NAME, "http-01: no"),
                Map.of("letsencrypt", day(62)),
                List.of(day(61)));

        assertThat(RenewalHistory.parse(history.toJson())).isEqualTo(history);
        assertThat(RenewalHistory.parse(RenewalHistory.NONE.toJson())).isEqualTo(RenewalHistory.NONE);
    }
}
