package dev.postern.certificate.care;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.SuggestedWindow;
import dev.postern.certificate.policy.Suggestion;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import dev.postern.testing.HandClock;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When the CA would like a certificate to be renewed: asked, drawn once, kept to. */
@SuppressWarnings("NullAway") // A null fails the test, which is what it is for.
class SuggestedWindowTest {
    private static final Instant START = Instant.parse("2027-01-01T00:00:00Z");
    private static final String A = "a.example.com";

    @TempDir
    Path directory;

    private final HandClock clock = new HandClock(START);
    private final ScriptedIssuer issuer = new ScriptedIssuer("test-ca", clock);
    private final ScriptedIssuer second = new ScriptedIssuer("second-ca", clock);
    private SteppedCare care;

    private SteppedCare start(Site... sites) throws Exception {
        care = new SteppedCare(directory.resolve("certs"), clock, List.of(issuer, second), List.of(sites));
        return care.start();
    }

    @AfterEach
    void close() {
        if (care != null) {
            care.close();
        }
    }

    private static Instant day(double days) {
        return START.plusSeconds((long) (days * 86_400));
    }

    private static SuggestedWindow window(double start, double end) {
        return new SuggestedWindow(day(start), day(end), "https://ca.example/why", null);
    }

    @Test
    void certificateIsRenewedAtAPickInTheWindowThatIsDrawnOnceAndSurvivesARestart() throws Exception {
        issuer.suggests(window(20, 25));
        start(SteppedCare.site(A));
        care.run(day(0.1), Duration.ofMinutes(20));
        Suggestion.Window known = care.history(A).suggestion().window();
        assertThat(known.pick()).isBetween(day(20), day(25));
        assertThat(known.explanation()).isEqualTo("https://ca.example/why");
        assertThat(care.wakeUps.of(A)).isEqualTo(known.pick());

        care.start();
        care.run(day(3), Duration.ofHours(1));
        assertThat(care.history(A).suggestion().window()).isEqualTo(known);

        care.stepAt(known.pick().minusSeconds(1));
        assertThat(issuer.asked(A)).isEqualTo(1);
        care.stepAt(known.pick());
        assertThat(issuer.asked(A)).isEqualTo(2);
    }

    @Test
    void windowThatChangedIsDrawnAnew() throws Exception {
        issuer.suggests(window(20, 25));
        start(SteppedCare.site(A));
        care.run(day(0.1), Duration.ofMinutes(20));

        issuer.suggests(window(10, 11));
        care.stepAt(day(0.5));

        assertThat(care.history(A).suggestion().window().pick()).isBetween(day(10), day(11));
    }

    /** The CA is about to revoke it: the only word of that there is. */
    @Test
    void windowInThePastMeansNow() throws Exception {
        issuer.suggests(window(40, 45));
        start(SteppedCare.site(A));
        care.run(day(4), Duration.ofHours(2));
        Certificate first = care.table.find(A);

        issuer.suggests(window(3, 3.5));
        care.run(day(4.3), Duration.ofHours(1));

        assertThat(care.table.find(A)).isNotSameAs(first);
        assertThat(issuer.asked(A)).isEqualTo(2);
    }

    @Test
    void caThatCallsForTheRenewalOfWhateverItIssuesGetsOneOrderADay() throws Exception {
        issuer.suggests(window(-10, -9));
        start(SteppedCare.site(A));

        care.run(day(3), Duration.ofHours(1));

        assertThat(issuer.asked(A)).isBetween(3L, 4L);
    }

    @Test
    void caThatDoesNotAnswerCostsNothing() throws Exception {
        issuer.cannotBeAsked(new IssueFailure(Fault.CA, "HTTP 503", null));
        start(SteppedCare.site(A));
        care.run(day(2), Duration.ofMinutes(10));
        // 1, 10, 100 minutes, then every six hours.
        assertThat(issuer.questions()).hasSizeBetween(9, 12);

        care.run(day(62), Duration.ofHours(3));
        assertThat(issuer.asked(A)).isEqualTo(2);
    }

    @ParameterizedTest(name = "the CA says {0}: {1} questions in two days")
    @CsvSource({"PT1S, 48", "PT6H, 8", "P30D, 2"})
    void caIsAskedAgainWhenItSaysWithinReason(Duration askAgain, int questions) throws Exception {
        issuer.suggests(new SuggestedWindow(day(20), day(25), null, askAgain));
        start(SteppedCare.site(A));

        care.run(day(2), Duration.ofMinutes(10));

        assertThat(issuer.questions().size()).isBetween(questions * 3 / 4, questions + 1);
    }

    /**
     * Users' trouble: it expired while DNS was wrong, and asking what the CA suggests for it kept it from being renewed
     * once DNS was right.
     */
    @Test
    void nobodyIsAskedAboutAnExpiredCertificateNorToldThatItIsReplaced() throws Exception {
        issuer.suggests(window(200, 201));
        start(SteppedCare.site(A));
        care.run(day(0.1), Duration.ofMinutes(20));
        assertThat(issuer.questions()).isNotEmpty();
        int asked = issuer.questions().size();
        issuer.fail(A, new IssueFailure(Fault.NAME, "no", null));
        second.fail(A, new IssueFailure(Fault.NAME, "no", null));
        care.stepAt(day(91));
        care.run(day(92), Duration.ofHours(2));
        assertThat(issuer.questions()).hasSize(asked);

        issuer.recover(A);
        care.run(day(92.1), Duration.ofMinutes(30));
        assertThat(care.table.find(A)).isNotNull();
        assertThat(issuer.lastRequest().replaces()).isNull();
    }

    @Test
    void nobodyIsAskedAboutTheCertificateOfAnother() throws Exception {
        issuer.fail(A, new IssueFailure(Fault.CA, "no", null));
        start(SteppedCare.site(A));
        care.run(day(0.5), Duration.ofMinutes(10));

        assertThat(care.table.find(A).issuer()).isEqualTo("second-ca");
        assertThat(issuer.questions()).isEmpty();
        assertThat(second.questions()).isNotEmpty();
    }

    @Test
    void firstQuestionsAreSpreadAndAtMostTwoAreAskedAtOnce() throws Exception {
        Site[] sites = IntStream.range(0, 40)
                .mapToObj(i -> SteppedCare.site("s" + i + ".example.com"))
                .toArray(Site[]::new);
        issuer.suggests(window(40, 45));
        start(sites);
        care.run(START.plus(Duration.ofMinutes(3)), Duration.ofSeconds(10));
        assertThat(issuer.asked()).hasSize(40);
        assertThat(issuer.questions().size()).isLessThan(10);

        clock.advance(Duration.ofHours(2));
        care.renewals().sweep();
        // Two questions, and the look at what clients are shown.
        assertThat(care.executor().waiting()).isEqualTo(3);
        care.executor().runAll();
        assertThat(issuer.questions()).hasSize(40);
    }

    @Test
    void picksAreUniformInTheWindow() {
        SplittableRandom random = new SplittableRandom(3);
        double sum = 0;
        for (int i = 0; i < 1000; i++) {
            Suggestion asked = new Suggestion("1f", null, START, 0).answered(window(10, 20), START, random);
            Instant pick = asked.window().pick();
            assertThat(pick).isBetween(day(10), day(20));
            sum += Duration.between(day(10), pick).toSeconds() / 864_000.0;
        }
        assertThat(sum / 1000).isBetween(0.47, 0.53);
    }

    /** lego 2789: "requester account did not request the certificate being replaced". */
    @Test
    void certificateIsReplacedWhereItsAccountIsKnown() throws Exception {
        issuer.suggests(window(20, 25));
        start(SteppedCare.site(A));
        care.run(day(0.1), Duration.ofMinutes(20));
        Certificate first = care.table.find(A);
        assertThat(issuer.lastRequest().replaces()).isNull();

        care.stepAt(day(25));

        assertThat(issuer.lastRequest().replaces())
                .isEqualTo(new CertificateRequest.Replaced(first.leaf(), "https://ca.example/account/1"));
    }

    @Test
    void otherCaIsNotToldWhatItReplaces() throws Exception {
        start(SteppedCare.site(A));
        issuer.fail(A, new IssueFailure(Fault.CA, "down", null));
        care.stepAt(day(80));

        assertThat(second.asked(A)).isEqualTo(1);
        assertThat(second.lastRequest().replaces()).isNull();
    }
}
