package dev.postern.certificate.care;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.SuggestedWindow;
import dev.postern.certificate.limits.Ledger;
import dev.postern.certificate.limits.Ledgers;
import dev.postern.certificate.policy.RenewalPolicy;
import dev.postern.certificate.policy.SitePlan;
import dev.postern.certificate.store.Store;
import dev.postern.config.RateLimits;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import dev.postern.pki.Pem;
import dev.postern.testing.HandClock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Staging first, limits, and the other CAs: what an attempt asks of whom. */
@SuppressWarnings("NullAway") // A null fails the test, which is what it is for.
class IssuerTurnTest {
    private static final Instant START = Instant.parse("2027-01-01T00:00:00Z");
    private static final String A = "a.example.com";

    @TempDir
    Path directory;

    private final HandClock clock = new HandClock(START);
    private final ScriptedIssuer staging =
            new ScriptedIssuer("test-ca-staging", clock).limits(RateLimits.LETSENCRYPT_STAGING);
    private final ScriptedIssuer issuer =
            new ScriptedIssuer("test-ca", clock).limits(RateLimits.LETSENCRYPT).staging(staging);
    private final ScriptedIssuer second = new ScriptedIssuer("second-ca", clock);
    private SteppedCare care;

    private void start(List<CertificateIssuer> issuers, Site... sites) throws Exception {
        care = new SteppedCare(directory.resolve("certs"), clock, issuers, List.of(sites));
        care.start();
    }

    private void start(Site... sites) throws Exception {
        start(List.of(issuer), sites);
    }

    @AfterEach
    void close() {
        if (care != null) {
            care.close();
        }
    }

    private void run(Duration length, Duration interval) {
        care.run(clock.instant().plus(length), interval);
    }

    private static IssueFailure failure(Fault fault) {
        return new IssueFailure(fault, "it does not work", null);
    }

    private static IssueFailure invalid(String... names) {
        return IssueFailure.ofValidation(failure(Fault.NAME), List.of(names));
    }

    private Path account(String name) {
        return directory.resolve("certs/accounts").resolve(name).resolve("ledger.json");
    }

    /** Traefik 5413: what fails again and again is tried where it costs nothing. */
    @Test
    void afterTwoFailuresByFaultOfTheNamesStagingIsAskedFirst() throws Exception {
        issuer.fail(A, failure(Fault.NAME));
        staging.fail(A, failure(Fault.NAME));
        start(SteppedCare.site(A));
        run(Duration.ofMinutes(5), Duration.ofMinutes(1));
        assertThat(issuer.asked(A)).isEqualTo(2);
        assertThat(staging.asked(A)).isZero();

        care.start();
        run(Duration.ofHours(5), Duration.ofMinutes(1));
        assertThat(issuer.asked(A)).isEqualTo(2);
        assertThat(staging.asked(A)).isBetween(4L, 6L);
        assertThat(care.history(A).last().message()).isEqualTo("it does not work; test-ca was not asked");

        staging.recover(A);
        issuer.recover(A);
        run(Duration.ofHours(1), Duration.ofMinutes(5));
        assertThat(issuer.asked(A)).isEqualTo(3);
        assertThat(care.table.find(A).issuer()).isEqualTo("test-ca");
        assertThat(directory.resolve("certs").resolve(A).resolve("2")).doesNotExist();
        try (var files = Files.list(directory.resolve("certs").resolve(A))) {
            assertThat(files.map(file -> file.getFileName().toString())).noneMatch(name -> name.startsWith("order"));
        }
    }

    @Test
    void failuresOfTheCaAreNoReasonToAskStaging() throws Exception {
        issuer.fail(A, failure(Fault.CA));
        start(SteppedCare.site(A));
        run(Duration.ofHours(5), Duration.ofMinutes(5));

        assertThat(issuer.asked(A)).isGreaterThan(4);
        assertThat(staging.asked(A)).isZero();
    }

    @Test
    void stagingThatIsOutOfOrderDoesNotKeepASiteFromItsFirstCertificate() throws Exception {
        issuer.fail(A, failure(Fault.NAME));
        staging.fail(A, failure(Fault.CA));
        start(SteppedCare.site(A));
        run(Duration.ofMinutes(15), Duration.ofMinutes(1));

        issuer.recover(A);
        run(Duration.ofHours(2), Duration.ofMinutes(5));

        assertThat(staging.asked(A)).isPositive();
        assertThat(care.table.find(A)).isNotNull();
    }

    @Test
    void failedValidationsAreChargedWhereTheyFailed() throws Exception {
        issuer.fail(A, invalid(A, A));
        staging.fail(A, invalid(A));
        start(SteppedCare.site(A));
        assertThat(Files.readString(account("test-ca"))).contains("failed-validations", A);
        run(Duration.ofMinutes(15), Duration.ofMinutes(1));
        // Two each time: the second attempt was allowed, for one was left.
        assertThat(issuer.asked(A)).isEqualTo(2);
        // 80 minutes owed, 40 may be: the third attempt waits, whatever the back-off.
        assertThat(care.plan(A).reason()).contains("failed validations per name (" + A + ")");
        assertThat(account("test-ca-staging")).doesNotExist();

        run(Duration.ofHours(3), Duration.ofMinutes(5));
        assertThat(issuer.asked(A)).isEqualTo(2);
        assertThat(Files.readString(account("test-ca-staging"))).contains("failed-validations", A);
    }

    /** Traefik 7952: seven certificates a week for the same names end in a week without one. */
    @Test
    void sixthCertificateForTheSameNamesWaits() throws Exception {
        issuer.life(Duration.ofHours(2));
        start(SteppedCare.site(A));
        run(Duration.ofHours(1), Duration.ofMinutes(1));
        assertThat(issuer.asked(A)).isEqualTo(2);
        run(Duration.ofHours(11), Duration.ofMinutes(5));

        assertThat(issuer.asked(A)).isEqualTo(5);
        SitePlan plan = care.plan(A);
        assertThat(plan.reason()).startsWith("test-ca: certificates per exact set of names (a.example.com)");
        assertThat(plan.nextAttempt()).isAfter(clock.instant().plus(Duration.ofHours(12)));
        assertThat(plan.budgets())
                .filteredOn(budget -> budget.limit().equals("certificates per exact set of names"))
                .singleElement()
                .extracting(SitePlan.Budget::left)
                .isEqualTo(0);

        care.start();
        run(Duration.ofHours(2), Duration.ofMinutes(10));
        assertThat(issuer.asked(A)).isEqualTo(5);
    }

    @Test
    void limitThatIsUsedUpSendsAnUrgentSiteToTheNextCa() throws Exception {
        issuer.life(Duration.ofHours(2));
        second.life(Duration.ofHours(2));
        start(List.of(issuer, second), SteppedCare.site(A));

        run(Duration.ofHours(24), Duration.ofMinutes(2));

        assertThat(issuer.asked(A)).isEqualTo(5);
        assertThat(second.asked(A)).isPositive();
        assertThat(care.table.find(A)).isNotNull();
    }

    @Test
    void replacementsAreNotLimited() throws Exception {
        issuer.life(Duration.ofHours(16)).takesReplacements();
        start(SteppedCare.site(A));
        for (int i = 1; i <= 12; i++) {
            Instant now = clock.instant();
            issuer.suggests(new SuggestedWindow(
                    now.plus(Duration.ofHours(4)), now.plus(Duration.ofHours(5)), null, Duration.ofHours(1)));
            run(Duration.ofHours(6), Duration.ofMinutes(10));
        }

        assertThat(issuer.asked(A)).isGreaterThanOrEqualTo(10);
        assertThat(care.plan(A).budgets())
                .filteredOn(budget -> budget.limit().startsWith("new orders"))
                .allSatisfy(budget -> assertThat(budget.left()).isGreaterThanOrEqualTo(289));
    }

    /** A kill between the certificate's issuance and its installation must not cost another one of five. */
    @Test
    void finalizedOrderIsResumedThoughItsLimitIsUsedUp() throws Exception {
        start(SteppedCare.site(A));
        Certificate first = care.table.find(A);
        care.close();
        Path folder = directory.resolve("certs").resolve(A);
        Files.delete(folder.resolve("renewal.json"));
        Files.writeString(
                account("test-ca"), "{\"sets\": {\"" + A + "\": \"" + START.plus(Duration.ofDays(7)) + "\"}}");
        care.start();
        Files.delete(account("test-ca"));
        assertThat(care.table.find(A).serial()).isEqualTo(first.serial());

        Store store = care.store();
        Ledgers ledgers = new Ledgers(store, List.of(issuer));
        Ledger ledger = ledgers.of("test-ca");
        for (int i = 0; i < 5; i++) {
            Ledger.Charge charge = ledger.charge(List.of("b.example.com"), Ledger.Kind.FIRST, START);
            charge.certificate(START);
            charge.end();
        }
        SiteRecord record = new SiteRecord(
                SteppedCare.site("b.example.com"), store.site("b.example.com"), List.of(issuer), List.of(), ledgers);
        assertThat(decision(record)).isInstanceOf(RenewalPolicy.Decision.Wait.class);
        record.journal("test-ca")
                .write(new OrderEntry(
                        "test-ca",
                        "https://ca.example/account/1",
                        List.of("b.example.com"),
                        "https://ca.example/order/9",
                        Pem.of(first.key()),
                        null));
        assertThat(decision(record)).isInstanceOf(RenewalPolicy.Decision.Renew.class);
    }

    private static RenewalPolicy.Decision decision(SiteRecord record) {
        return record.within(its -> new Outlook(its, START).decide());
    }

    @Test
    void ordersBeyondTheAccountsLimitWaitInOrderOfPain() throws Exception {
        Site[] sites = IntStream.range(0, 6)
                .mapToObj(i -> SteppedCare.site("s" + i + ".example" + i + ".com"))
                .toArray(Site[]::new);
        Files.createDirectories(directory.resolve("certs/accounts/test-ca"));
        // All but three are used.
        Files.writeString(account("test-ca"), "{\"orders\": {\"\": \"" + START.plusSeconds(36 * 287L) + "\"}}");
        start(sites);

        assertThat(issuer.asked()).hasSize(3);
        assertThat(care.plan("s3.example3.com").reason()).contains("new orders per account");
        clock.advance(Duration.ofSeconds(36));
        care.step();
        assertThat(issuer.asked()).hasSize(4);
        run(Duration.ofSeconds(72), Duration.ofSeconds(36));
        assertThat(issuer.asked()).hasSize(6);
    }

    /** Caddy 7170: "queuing for renewal" for days: one CA that is out must not keep the other from being asked. */
    @Test
    void otherCaIsAskedAfterDaysOfFailure() throws Exception {
        start(List.of(issuer, second), SteppedCare.site(A));
        issuer.fail(A, failure(Fault.CA));
        // Due from day 57.6 to 61.2; an eighth of what is left then is four days.
        care.stepAt(START.plus(Duration.ofDays(57)));
        run(Duration.ofDays(4), Duration.ofHours(1));
        assertThat(second.asked(A)).isZero();

        run(Duration.ofDays(5), Duration.ofHours(1));
        assertThat(care.table.find(A).issuer()).isEqualTo("second-ca");

        // Next time the preferred one comes first again.
        issuer.recover(A);
        run(Duration.ofDays(62), Duration.ofHours(6));
        assertThat(care.table.find(A).issuer()).isEqualTo("test-ca");
    }

    /** CAs count the orders of an account: those that came to the next issuer as the second choice as well. */
    @Test
    void paceIsKeptAtTheIssuerThatIsAsked() throws Exception {
        Site[] sites = IntStream.range(0, 14)
                .mapToObj(i -> SteppedCare.site("s" + i + ".example.com"))
                .toArray(Site[]::new);
        for (Site site : sites) {
            issuer.fail(site.name(), failure(Fault.CA));
            second.fail(site.name(), failure(Fault.CA));
        }
        start(List.of(issuer, second), sites);
        clock.advance(Duration.ofSeconds(10));
        care.step();
        assertThat(issuer.asked()).hasSize(14);
        int before = second.asked().size();

        clock.advance(Duration.ofMinutes(2));
        care.step();
        assertThat(second.asked().size() - before).isBetween(1, 10);
    }
}
