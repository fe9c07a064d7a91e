package dev.postern.certificate.care;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.certificate.operate.SiteOperations;
import dev.postern.config.CertificateSource;
import dev.postern.config.KeyType;
import dev.postern.config.RouteSettings;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.HandClock;
import dev.postern.testing.TestCa;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Users' trouble: one name of a hundred was gone, and all hundred went without a certificate. */
@SuppressWarnings("NullAway") // A null fails the test, which is what it is for.
class LeftOutNamesTest {
    private static final Instant START = Instant.parse("2027-01-01T00:00:00Z");
    private static final String A = "a.example.com";
    private static final String DEAD = "dead.example.com";
    private static final String B = "b.example.com";

    @TempDir
    private Path directory;

    private final HandClock clock = new HandClock(START);
    private final ScriptedIssuer issuer = new ScriptedIssuer("test-ca", clock);
    private final TestCa ca = TestCa.create();
    private final ExecutorService orders = Executors.newSingleThreadExecutor();
    private SteppedCare care;

    @AfterEach
    void close() {
        orders.shutdownNow();
        care.close();
    }

    private void start(Site... sites) throws Exception {
        care = new SteppedCare(directory.resolve("certs"), clock, List.of(issuer), List.of(sites))
                .listening()
                .start();
    }

    private void pass(Duration time, Duration interval) {
        care.run(clock.instant().plus(time), interval);
    }

    private CertificateStatus status() {
        return care.renewals().status().get(0);
    }

    private Instant renewal() {
        Instant next = status().nextRenewal();
        assertThat(next).isNotNull();
        return next;
    }

    private String explained() throws Exception {
        return String.join("\n", new SiteOperations(care.renewals()).explain(A));
    }

    @Test
    void firstCertificateComesWithoutTheNameThatFailsThreeTimes() throws Exception {
        issuer.dead(DEAD);
        try (CapturedLog log = CapturedLog.begin()) {
            start(SteppedCare.site(A, DEAD, B));
            pass(Duration.ofMinutes(10), Duration.ofMinutes(1));
            assertThat(care.table.find(A)).isNull();
            assertThat(explained()).contains("name: " + DEAD + ": failed 2 times since");

            pass(Duration.ofMinutes(10), Duration.ofMinutes(1));

            assertThat(care.table.find(A).names()).containsExactly(A, B);
            assertThat(care.table.find(B)).isSameAs(care.table.find(A));
            assertThat(care.table.find(DEAD)).isNull();
            assertThat(log.lines("\"" + DEAD + "\" has failed 3 times since"))
                    .singleElement()
                    .asString()
                    .contains(
                            A + ": \"" + DEAD + "\"", "does not resolve", "the other 2 names are certified without it");
        }
        assertThat(issuer.asked(A)).isEqualTo(4);
        assertThat(status().lastFailure()).isNull();
        assertThat(status().leftOut()).singleElement().satisfies(out -> {
            assertThat(out.name()).isEqualTo(DEAD);
            assertThat(out.because()).isEqualTo(DEAD + " does not resolve");
        });
        assertThat(explained())
                .contains("left out: " + DEAD + ": failed 3 times since")
                .doesNotContain("does not cover");
        assertThat(OverdueSite.find(care.store(), List.of(SteppedCare.site(A, DEAD, B)), 0.5, clock.instant()))
                .singleElement()
                .satisfies(site -> assertThat(site.problem()).startsWith("its certificate does without " + DEAD));
    }

    @Test
    void renewalWaitsAWeekForANameWhileTheCertificateLasts() throws Exception {
        start(SteppedCare.site(A, DEAD));
        Certificate first = care.table.find(A);
        care.stepAt(renewal().minusSeconds(1));
        issuer.dead(DEAD);

        pass(Duration.ofDays(6), Duration.ofHours(1));
        assertThat(care.table.find(A)).isSameAs(first);
        assertThat(status().leftOut()).isEmpty();

        pass(Duration.ofDays(3), Duration.ofHours(1));
        assertThat(care.table.find(A).names()).containsExactly(A);
    }

    @Test
    void renewalWaitsNoLongerThanTheLastTenthOfAShortLife() throws Exception {
        issuer.life(Duration.ofHours(160));
        start(SteppedCare.site(A, DEAD));
        Certificate first = care.table.find(A);
        issuer.dead(DEAD);

        care.run(first.notAfter().minus(Duration.ofHours(13)), Duration.ofMinutes(30));

        assertThat(care.table.find(A).names()).containsExactly(A);
    }

    @Test
    void nameJoinsAgainAsSoonAsItProvesAndCostsNoCertificateBefore() throws Exception {
        issuer.dead(DEAD);
        start(SteppedCare.site(A, DEAD, B));
        pass(Duration.ofMinutes(20), Duration.ofMinutes(1));
        long asked = issuer.asked(A);
        Certificate without = care.table.find(A);

        pass(Duration.ofHours(25), Duration.ofMinutes(30));
        assertThat(issuer.tried()).hasSize(4).allMatch(List.of(DEAD)::equals);
        assertThat(issuer.asked(A)).as("orders for certificates").isEqualTo(asked);
        assertThat(care.table.find(A)).isSameAs(without);
        // What is due is the renewal, not the next try.
        assertThat(renewal()).isAfter(START.plus(Duration.ofDays(50)));

        issuer.dead();
        pass(Duration.ofHours(6), Duration.ofMinutes(30));
        assertThat(care.table.find(DEAD).names()).containsExactly(A, DEAD, B);
        assertThat(status().leftOut()).isEmpty();
        assertThat(issuer.asked(A)).isEqualTo(asked + 1);
    }

    @Test
    void whatACaThatIsOutOfOrderSaysIsNothingAgainstTheName() throws Exception {
        issuer.dead(DEAD);
        start(SteppedCare.site(A, DEAD));
        pass(Duration.ofMinutes(20), Duration.ofMinutes(1));
        pass(Duration.ofDays(60), Duration.ofHours(6));
        issuer.dead();
        issuer.fail(A, new IssueFailure(IssueFailure.Fault.CA, "out of order", null));
        pass(Duration.ofDays(3), Duration.ofMinutes(30));
        int tried = issuer.tried().size();

        pass(Duration.ofHours(24), Duration.ofMinutes(10));
        assertThat(issuer.tried().size() - tried).as("tries in a day").isBetween(20, 26);

        issuer.recover(A);
        pass(Duration.ofHours(2), Duration.ofMinutes(10));
        assertThat(care.table.find(DEAD).names()).containsExactly(A, DEAD);
    }

    @Test
    void operatorWhoMendedTheNameNeedNotWait() throws Exception {
        issuer.dead(DEAD);
        start(SteppedCare.site(A, DEAD));
        pass(Duration.ofMinutes(20), Duration.ofMinutes(1));
        issuer.dead();

        var order = java.util.concurrent.CompletableFuture.supplyAsync(() -> {
            try {
                return new SiteOperations(care.renewals()).order(A, false);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        org.awaitility.Awaitility.await().until(() -> {
            care.executor().runAll();
            return order.isDone();
        });

        assertThat(order.join().leftOut()).isEmpty();
        assertThat(care.table.find(DEAD).names()).containsExactly(A, DEAD);
    }

    @Test
    void whatIsLeftOutIsKnownAfterARestart() throws Exception {
        issuer.dead(DEAD);
        start(SteppedCare.site(A, DEAD));
        pass(Duration.ofMinutes(20), Duration.ofMinutes(1));
        long asked = issuer.asked(A);

        care.start();
        pass(Duration.ofHours(2), Duration.ofMinutes(10));

        assertThat(status().leftOut()).hasSize(1);
        assertThat(issuer.asked(A)).isEqualTo(asked);
        assertThat(care.table.find(A).names()).containsExactly(A);
    }

    @Test
    void onlyNameAndAllNamesAndThoseThatAreKeptTogetherAreNeverLeftOut() throws Exception {
        issuer.dead(A, B, DEAD);
        Site together = new Site(
                List.of("c.example.com", DEAD),
                false,
                List.of(),
                CertificateSource.ISSUED,
                Site.DEFAULT_CHALLENGES,
                null,
                RouteSettings.DEFAULT,
                true);
        start(SteppedCare.site(A, B), SteppedCare.site("only.example.com"), together);

        pass(Duration.ofDays(2), Duration.ofMinutes(30));

        assertThat(care.table.find(A)).isNull();
        assertThat(care.table.find("c.example.com")).isNull();
        assertThat(care.renewals().status()).allMatch(status -> status.leftOut().isEmpty());
        assertThat(issuer.tried()).isEmpty();
    }

    @Test
    void failureThatIsNoNamesLeavesNobodyOut() throws Exception {
        issuer.fail(A, new IssueFailure(IssueFailure.Fault.CA, "out of order", null));
        start(SteppedCare.site(A, DEAD));

        pass(Duration.ofDays(10), Duration.ofHours(1));

        assertThat(status().leftOut()).isEmpty();
    }

    // ---- what its clients are shown meanwhile

    /** Who is left out of a renewal was refused at once, though the certificate before had 23 days to live. */
    @Test
    void nameThatIsLeftOutIsServedWithTheCertificateBeforeUntilThatExpires() throws Exception {
        start(SteppedCare.site(A, DEAD, B));
        Certificate first = leaveOut();
        Certificate without = care.table.find(A);
        Instant last = first.notAfter().minusSeconds(1);

        assertThat(without.names()).containsExactly(A, B);
        assertThat(care.table.find(B)).isSameAs(without);
        assertThat(care.table.find(DEAD).isSame(first)).isTrue();
        assertThat(status().leftOut())
                .singleElement()
                .satisfies(out -> assertThat(out.servedUntil()).isEqualTo(first.notAfter()));
        assertThat(explained())
                .contains("older certificate: " + DEAD + " is served with the one before, serial " + first.serialText()
                        + ", until " + first.notAfter());
        assertThat(OverdueSite.find(care.store(), List.of(SteppedCare.site(A, DEAD, B)), 0.5, clock.instant()))
                .singleElement()
                .satisfies(site -> assertThat(site.problem())
                        .contains("does without " + DEAD, ", served with the one before until " + first.notAfter()));

        care.stepAt(last);
        assertThat(care.table.find(DEAD).isSame(first)).isTrue();
        try (CapturedLog log = CapturedLog.begin()) {
            care.stepAt(first.notAfter());
            care.step();
            care.step();
            assertThat(care.table.find(DEAD)).isNull();
            assertThat(log.lines("the older certificate of " + DEAD))
                    .singleElement()
                    .asString()
                    .contains("ERROR", "expired on " + first.notAfter());
        }
        assertThat(care.table.find(A)).isSameAs(without);
        assertThat(status().leftOut())
                .singleElement()
                .satisfies(out -> assertThat(out.servedUntil()).isNull());

        // By a clock that was ahead.
        care.stepAt(last);
        assertThat(care.table.find(DEAD).isSame(first)).isTrue();
    }

    /** @return the certificate before */
    private Certificate leaveOut() {
        Certificate first = care.table.find(A);
        care.stepAt(renewal().minusSeconds(1));
        issuer.dead(DEAD);
        try (CapturedLog log = CapturedLog.begin()) {
            pass(Duration.ofDays(9), Duration.ofHours(1));
            assertThat(log.lines("is not for " + DEAD + "; an older one, serial " + first.serialText()))
                    .hasSize(1);
        }
        assertThat(care.table.find(A).isSame(first)).isFalse();
        return first;
    }

    @Test
    void certificateBeforeIsServedAfterARestartToo() throws Exception {
        start(SteppedCare.site(A, DEAD));
        Certificate first = leaveOut();

        care.start();

        assertThat(care.table.find(DEAD).isSame(first)).isTrue();
        assertThat(care.table.find(A).names()).containsExactly(A);
        clock.set(first.notAfter());
        care.start();
        assertThat(care.table.find(DEAD)).isNull();
    }

    @Test
    void revokedOrDamagedCertificateIsServedToNobody() throws Exception {
        start(SteppedCare.site(A, DEAD));
        Certificate first = leaveOut();
        Certificate without = care.table.find(A);

        new SiteOperations(care.renewals()).revokeOlder(A, first.serialText(), RevocationReason.KEY_COMPROMISE);

        assertThat(care.table.find(DEAD)).isNull();
        assertThat(care.table.find(A)).isSameAs(without);
        care.start();
        assertThat(care.table.find(DEAD)).isNull();

        Path folder = directory.resolve("certs").resolve(A);
        Files.delete(folder.resolve("1/revoked"));
        care.start();
        assertThat(care.table.find(DEAD)).as("not revoked").isNotNull();
        Files.copy(
                folder.resolve("2/privkey.pem"), folder.resolve("1/privkey.pem"), StandardCopyOption.REPLACE_EXISTING);
        care.start();
        assertThat(care.table.find(DEAD)).as("another key").isNull();
        assertThat(care.table.find(A).isSame(without)).isTrue();
    }

    private Certificate adopted(String... names) throws Exception {
        return adoptedBy(A, names);
    }

    @Test
    void eachNameIsServedWithTheNewestThatCoversItWhichIsKeptForAsLong() throws Exception {
        issuer.fail(A, new IssueFailure(IssueFailure.Fault.CA, "out of order", null));
        start(SteppedCare.site(A, DEAD, B));
        Certificate oldest = adopted(A, DEAD, B);
        Certificate all = adopted(A, DEAD, B);
        Certificate two = adopted(A, B);
        adopted(A);
        adopted(A);
        adopted(A);
        adopted(A);
        Certificate current = adopted(A);

        assertThat(care.table.find(DEAD).isSame(all)).isTrue();
        assertThat(care.table.find(B).isSame(two)).isTrue();
        assertThat(care.table.find(A).isSame(current)).isTrue();
        care.executor().runAll();
        care.renewals().cleanUp();
        care.start();
        assertThat(care.table.find(DEAD).isSame(all)).isTrue();
        assertThat(care.table.find(B).isSame(two)).isTrue();
        Path folder = directory.resolve("certs").resolve(A);
        assertThat(folder.resolve("1")).as(oldest.serialText()).doesNotExist();
        assertThat(folder).isDirectoryContaining("glob:**/3").isDirectoryNotContaining("glob:**/{4,5}");

        clock.set(two.notAfter());
        care.executor().runAll();
        care.renewals().cleanUp();
        assertThat(folder).isDirectoryNotContaining("glob:**/{1,2,3,4,5}");
        assertThat(folder.resolve("8")).exists();
    }

    /** Whoever goes back does not want what came after. */
    @Test
    void generationThatAnOperatorWentBackFromIsShownToNobody() throws Exception {
        issuer.fail(A, new IssueFailure(IssueFailure.Fault.CA, "out of order", null));
        start(SteppedCare.site(A, DEAD));
        Certificate first = adopted(A);
        adopted(A, DEAD);

        new SiteOperations(care.renewals()).rollback(A);

        assertThat(care.table.find(A).isSame(first)).isTrue();
        assertThat(care.table.find(DEAD)).isNull();
    }

    /** Nor is it wanted again because something newer leaves a name out. */
    @Test
    void generationThatAnOperatorWentBackFromIsLentToNobodyLaterEither() throws Exception {
        issuer.fail(A, new IssueFailure(IssueFailure.Fault.CA, "out of order", null));
        start(SteppedCare.site(A, DEAD));
        Certificate good = adopted(A, DEAD);
        Certificate distrusted = adopted(A, DEAD);
        new SiteOperations(care.renewals()).rollback(A);
        assertThat(care.table.find(DEAD).isSame(good)).isTrue();

        Certificate newest = adopted(A);

        assertThat(care.table.find(A).isSame(newest)).isTrue();
        assertThat(care.table.find(DEAD).isSame(good))
                .as("not %s", distrusted.serialText())
                .isTrue();
        care.start();
        assertThat(care.table.find(DEAD).isSame(good)).isTrue();
    }

    @Test
    void olderGenerationThatCannotBeReadForAMomentIsKeptAndLookedAtAgain() throws Exception {
        issuer.fail(A, new IssueFailure(IssueFailure.Fault.CA, "out of order", null));
        start(SteppedCare.site(A, DEAD));
        Certificate first = adopted(A, DEAD);
        Path key = directory.resolve("certs").resolve(A).resolve("1/privkey.pem");
        Path away = directory.resolve("away");

        Files.move(key, away);
        for (int i = 0; i < 4; i++) {
            adopted(A);
        }
        assertThat(care.table.find(DEAD)).isNull();
        care.renewals().cleanUp();
        Files.move(away, key);
        care.step();

        assertThat(care.table.find(DEAD).isSame(first)).isTrue();
        care.step();
        assertThat(care.table.find(DEAD).isSame(first)).isTrue();
    }

    @Test
    void nameThatIsNoMoreOfTheSiteIsShownNothing() throws Exception {
        start(SteppedCare.site(A, DEAD));
        Certificate first = leaveOut();
        assertThat(care.table.find(DEAD).isSame(first)).isTrue();

        care.renewals()
                .next(new Renewals.Remit(List.of(SteppedCare.site(A)), KeyType.EC_P256, List.of(issuer)))
                .commit();

        assertThat(care.table.find(DEAD)).isNull();
        assertThat(care.table.find(A).names()).containsExactly(A);
    }

    /** What an operator does who wants the others not to wait for it: another site for it, or another one first. */
    @Test
    void nameThatIsGivenASiteOfItsOwnGoesOnWithTheOlderCertificate() throws Exception {
        start(SteppedCare.site(A, DEAD));
        Certificate first = leaveOut();

        reload(SteppedCare.site(A), SteppedCare.site(DEAD));

        assertThat(care.table.find(A).names()).containsExactly(A);
        assertThat(care.table.find(DEAD).isSame(first)).isTrue();
    }

    @Test
    void siteThatIsNamedByTheNameThatIsLeftOutGoesOnWithTheOlderCertificate() throws Exception {
        start(SteppedCare.site(A, DEAD));
        Certificate first = leaveOut();

        reload(SteppedCare.site(DEAD, A));

        assertThat(care.table.find(DEAD).isSame(first)).isTrue();
        assertThat(care.table.find(A)).isNotNull();
    }

    private void reload(Site... sites) {
        care.renewals()
                .next(new Renewals.Remit(List.of(sites), KeyType.EC_P256, List.of(issuer)))
                .commit();
        care.executor().runAll();
    }

    /** It lay in the same store as the one that leaked. */
    @Test
    void keyOfTheOlderCertificateIsRefusedAndRevokedAfterALeakToo() throws Exception {
        start(SteppedCare.site(A, DEAD));
        Certificate first = leaveOut();
        Certificate without = care.table.find(A);

        Future<?> rekeyed = orders.submit(() -> new SiteOperations(care.renewals()).rekey(A));
        await().atMost(Duration.ofMinutes(1)).until(() -> {
            care.run(clock.instant().plusSeconds(10), Duration.ofSeconds(10));
            return rekeyed.isDone();
        });

        assertThat(rekeyed.get()).isNotNull();
        assertThat(care.table.find(A).isSame(without)).isFalse();
        assertThat(care.table.find(DEAD)).isNull();
        assertThat(issuer.revoked())
                .containsExactlyInAnyOrder(
                        without.serialText() + " key-compromise", first.serialText() + " key-compromise");
    }

    @Test
    void currentCertificateThatCannotBeWrittenLeavesTheOlderOneInPlace() throws Exception {
        start(SteppedCare.site(A, DEAD));
        Certificate first = care.table.find(A);
        care.stepAt(renewal().minusSeconds(1));
        issuer.dead(DEAD);
        Path folder = directory.resolve("certs").resolve(A);
        // In the way of the folder that it would be written to.
        Files.createDirectories(folder.resolve("2/occupied"));

        pass(Duration.ofDays(9), Duration.ofHours(1));

        assertThat(care.table.find(A).names()).containsExactly(A);
        assertThat(care.table.find(DEAD).isSame(first)).isTrue();
    }

    /** The first name gives the site its name: what looked into the store for it found the certificate before. */
    @Test
    void firstNameThatIsLeftOutHidesTheCurrentCertificateFromNobody() throws Exception {
        Site site = SteppedCare.site(DEAD, A);
        issuer.dead(DEAD);
        start(site);
        pass(Duration.ofMinutes(20), Duration.ofMinutes(1));

        assertThat(StoredCertificates.read(care.store(), site, clock.instant())
                        .orElseThrow()
                        .names())
                .containsExactly(A);
    }

    @Test
    void siteThatSharesTheCertificateIsShownTheNewestThatCoversItAndAlwaysTheSameObject() throws Exception {
        issuer.fail(A, new IssueFailure(IssueFailure.Fault.CA, "out of order", null));
        start(SteppedCare.site(DEAD.replace("dead", "*"), A, "x.other.example"));
        adoptedBy("*.example.com", "*.example.com", A, "x.other.example");
        Certificate current = adoptedBy("*.example.com", A, "*.example.com");
        assertThat(care.table.find("x.other.example").isSame(current)).isFalse();
        care.table.share("shared", List.of("b.example.com", "x2.example.com"), List.of("x.other.example", A), Map.of());

        Certificate shown = care.table.find("b.example.com");

        assertThat(shown.isSame(current)).isTrue();
        assertThat(shown.site()).isEqualTo("shared");
        Certificate other = care.table.find("b.example.com");
        assertThat(other).isSameAs(shown);
    }

    private Certificate adoptedBy(String site, String... names) throws Exception {
        TestCa.Issued issued = ca.issue(List.of(names), clock.instant(), Duration.ofDays(90));
        Certificate certificate = Certificate.of(site, "test-ca", issued.key(), issued.chain());
        var unused = new SiteOperations(care.renewals()).adopt(certificate, null);
        clock.advance(Duration.ofMinutes(1));
        return certificate;
    }
}
