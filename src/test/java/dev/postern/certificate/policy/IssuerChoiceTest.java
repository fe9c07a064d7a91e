package dev.postern.certificate.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.policy.RenewalPolicy.Decision;
import dev.postern.certificate.policy.RenewalPolicy.Life;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which CA is asked goes by the life that is left, not by how often one failed. */
class IssuerChoiceTest {
    private static final Instant T = Instant.parse("2027-01-01T00:00:00Z");
    private static final List<String> TWO = List.of("letsencrypt", "zerossl");
    private static final Life LIFE = new Life(T, day(90), day(60));

    private static Instant day(double days) {
        return T.plusSeconds((long) (days * 86_400));
    }

    private static RenewalHistory failures(int count) {
        RenewalHistory history = RenewalHistory.NONE;
        for (int i = 0; i < count; i++) {
            history = history.failed(new RenewalHistory.Failure(day(60), 1.0, Fault.CA, "no"), Map.of(), List.of());
        }
        return history;
    }

    @ParameterizedTest(name = "day {0} of 90, due since day 60, {1} failures: {2}")
    @CsvSource({
        "60, 0, 1",
        "60, 40, 1",
        "63.7, 4, 1",
        "63.8, 4, 2",
        "74.9, 3, 1",
        "75, 5, 2",
        "75, 0, 2",
        "81, 0, 2",
        "89, 9, 2",
        "95, 9, 2"
    })
    void fromHalfOfTheTimeThatIsLeftOnTheOthersAreAskedToo(double day, int failures, int issuers) {
        IssuerChoice choice = IssuerChoice.of(LIFE, failures(failures), TWO, day(day));

        assertThat(choice).isEqualTo(new IssuerChoice(TWO.subList(0, issuers), issuers == 2));
    }

    /** Later the site itself may be out of reach, as it was for three weeks in a simulated year in which it expired. */
    @Test
    void preferredCaThatRefusesForDaysDoesNotKeepTheOthersFromBeingAskedForWeeks() {
        RenewalHistory paused = failures(6)
                .failed(
                        new RenewalHistory.Failure(day(63), 1.0, Fault.CA, "busy"),
                        Map.of("letsencrypt", day(69)),
                        List.of());

        Decision decision = RenewalPolicy.decide(LIFE, paused, TWO, RenewalPolicy.Openings.ALWAYS, day(63.5));
        assertThat(decision)
                .isInstanceOfSatisfying(
                        Decision.Wait.class, wait -> assertThat(wait.until()).isEqualTo(day(64)));
        assertThat(RenewalPolicy.decide(LIFE, paused, TWO, RenewalPolicy.Openings.ALWAYS, day(64)))
                .isInstanceOfSatisfying(
                        Decision.Renew.class,
                        renew -> assertThat(renew.choice().issuers()).containsExactly("zerossl"));
    }

    @Test
    void halfOfTheTimeGoesByWhatTheCaSuggested() {
        Life early = new Life(T, day(90), day(60), day(30));

        assertThat(IssuerChoice.widensAt(early)).isEqualTo(day(60));
        assertThat(IssuerChoice.widensAt(new Life(T, day(90), RenewalPolicy.AT_ONCE)))
                .isEqualTo(day(45));
    }

    @Test
    void withoutACertificateTheNextOneIsAskedAfterTheFirstFailure() {
        assertThat(IssuerChoice.of(null, RenewalHistory.NONE, TWO, T).inTurn()).isFalse();
        assertThat(IssuerChoice.of(null, failures(1), TWO, T)).isEqualTo(new IssuerChoice(TWO, true));
    }

    @Test
    void longRetryAfterEndsWhereTheOthersComeIntoQuestion() {
        RenewalHistory paused = new RenewalHistory(
                null, null, 0, null, null, Map.of("letsencrypt", day(74).plus(Duration.ofDays(5))), Map.of());

        Decision decision = RenewalPolicy.decide(LIFE, paused, TWO, RenewalPolicy.Openings.ALWAYS, day(74));

        assertThat(decision).isEqualTo(new Decision.Wait(day(75), "letsencrypt: the CA asked to come back then"));
        assertThat(RenewalPolicy.decide(LIFE, paused, TWO, RenewalPolicy.Openings.ALWAYS, day(75)))
                .isInstanceOfSatisfying(
                        Decision.Renew.class,
                        renew -> assertThat(renew.choice().issuers()).containsExactly("zerossl"));
    }
}
