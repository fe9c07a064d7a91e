package dev.postern.certificate.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.certificate.issuer.IssueFailure.Hold;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.TransientJournal;
import dev.postern.certificate.policy.Opening;
import dev.postern.certificate.policy.RateLimit;
import dev.postern.certificate.policy.SitePlan.Budget;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.RateLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Let's Encrypt's published limits, kept before the CA has to. */
class LedgerTest {
    private static final Instant T = Instant.parse("2027-01-01T00:00:00Z");
    private static final List<String> NAMES = List.of("example.com", "www.example.com");

    @TempDir
    Path directory;

    private Store store;
    private Ledger ledger;

    @BeforeEach
    void open() throws IOException {
        store = FileStore.open(directory.resolve("certs"));
        restart();
    }

    @AfterEach
    void close() {
        store.close();
    }

    private void restart() {
        ledger = ledger(RateLimits.LETSENCRYPT);
    }

    private Ledger ledger(RateLimits limits) {
        return new Ledger("letsencrypt", limits, new StoredLedger("letsencrypt", store.account("letsencrypt")));
    }

    private void issue(List<String> names, Ledger.Kind kind, Instant now) {
        Ledger.Charge charge = ledger.charge(names, kind, now);
        charge.order(now);
        charge.certificate(now);
        charge.end();
    }

    private Budget budget(String limit, Instant now) {
        return ledger.budgets(List.of("example.com"), now).stream()
                .filter(budget -> budget.limit().equals(limit))
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "example.com, example.com",
        "a.b.example.com, example.com",
        "*.example.com, example.com",
        "www.example.co.uk, example.co.uk",
        "me.github.io, me.github.io",
        "github.io, github.io",
        "app.internal, app.internal",
        "a.app.internal, app.internal",
        "localhost, localhost",
        "203.0.113.7, 203.0.113.7",
        "2001:db8:1:2:3:4:5:6, 2001:db8:1:2::/64",
        "2001:db8:1:2::7, 2001:db8:1:2::/64",
        "2001:db8::7, 2001:db8::/64"
    })
    void registeredDomainIsByThePublicSuffixList(String name, String domain) {
        assertThat(RateLimit.registeredDomain(name)).isEqualTo(domain);
    }

    @Test
    void orderAfterOneThatTheCaForgotCountsAnew() throws IOException {
        List<String> other = List.of(NAMES.get(1), NAMES.get(0));
        TransientJournal kept = new TransientJournal();
        kept.write(new OrderEntry("letsencrypt", "account", other, "order/1", "key", null));
        Ledger.Charge charge = ledger.charge(NAMES, Ledger.Kind.FIRST, T);
        FencedJournal journal = new FencedJournal(kept, () -> false, charge, InstantSource.fixed(T));

        // The same names in another order are the same order; its certificate was counted when it was finalized.
        journal.begin(NAMES);
        int before = budget("certificates per registered domain", T).left();
        charge.certificate(T);
        assertThat(budget("certificates per registered domain", T).left()).isEqualTo(before);

        journal.write(new OrderEntry("letsencrypt", "account", NAMES, "order/2", null, null));
        charge.certificate(T);
        charge.end();
        assertThat(budget("certificates per registered domain", T).left()).isEqualTo(before - 1);
    }

    @Test
    void exactSetOfNamesIsIssuedFiveTimesAWeek() {
        for (int i = 0; i < 5; i++) {
            assertThat(ledger.names(NAMES, Ledger.Kind.RENEWAL, T).isOpen(T)).isTrue();
            issue(NAMES, Ledger.Kind.RENEWAL, T);
        }

        // One more every 33 h 36 m; the order of the names is no matter.
        Opening opening = ledger.names(List.of(NAMES.get(1), NAMES.get(0)), Ledger.Kind.RENEWAL, T);
        assertThat(opening.at()).isEqualTo(T.plus(Duration.ofMinutes(33 * 60 + 36)));
        assertThat(opening.because())
                .isEqualTo("letsencrypt: certificates per exact set of names (example.com,www.example.com): 5 used,"
                        + " one more every 1d 9h");
        assertThat(ledger.names(List.of("example.com"), Ledger.Kind.FIRST, T).isOpen(T))
                .isTrue();
    }

    @Test
    void registeredDomainGetsFiftyNewCertificatesAWeekAndRenewalsBeside() throws IOException {
        RateLimit domains = RateLimit.of(RateLimits.LETSENCRYPT).get(1);
        Instant full = T;
        for (int i = 0; i < 49; i++) {
            assertThat(domains.openAt(full)).isBeforeOrEqualTo(T);
            full = domains.charged(full, T);
        }
        write("{\"domains\": {\"example.com\": \"" + full + "\"}}");
        restart();
        List<String> next = List.of("next.example.com");

        assertThat(ledger.names(next, Ledger.Kind.FIRST, T).because()).contains("registered domain (example.com)");
        assertThat(ledger.names(List.of("h1.example.com"), Ledger.Kind.RENEWAL, T)
                        .isOpen(T))
                .isTrue();
        assertThat(ledger.names(List.of("example.org"), Ledger.Kind.FIRST, T).isOpen(T))
                .isTrue();
        Instant later = T.plus(Duration.ofDays(7).dividedBy(50));
        assertThat(ledger.names(next, Ledger.Kind.FIRST, later).isOpen(later)).isTrue();
    }

    @Test
    void accountSendsSoManyOrdersInThreeHoursAndThenOneEvery36Seconds() throws IOException {
        RateLimit orders = RateLimit.of(RateLimits.LETSENCRYPT).get(0);
        Instant full = T;
        for (int i = 0; i < 290; i++) {
            assertThat(orders.openAt(full)).isBeforeOrEqualTo(T);
            full = orders.charged(full, T);
        }
        write("{\"orders\": {\"\": \"" + full + "\"}}");
        restart();

        assertThat(ledger.account(Ledger.Kind.FIRST, T).at()).isEqualTo(T.plusSeconds(36));
        assertThat(ledger.account(Ledger.Kind.RENEWAL, T).isOpen(T)).isFalse();
        assertThat(ledger.account(Ledger.Kind.REPLACEMENT, T).isOpen(T)).isTrue();
    }

    @Test
    void whatTheCaTookAsAReplacementCountsAgainstNothing() {
        for (int i = 0; i < 7; i++) {
            Ledger.Charge charge = ledger.charge(NAMES, Ledger.Kind.REPLACEMENT, T);
            charge.order(T);
            charge.certificate(T);
            charge.replaced(T);
            charge.end();
        }

        assertThat(ledger.budgets(NAMES, T)).allSatisfy(budget -> {
            assertThat(budget.left()).isEqualTo(budget.max());
            assertThat(budget.nextAt()).isNull();
        });
    }

    @Test
    void replacementThatTheCaDidNotTakeForOneCounts() {
        issue(NAMES, Ledger.Kind.REPLACEMENT, T);

        assertThat(budget("new orders per account", T).left()).isEqualTo(289);
        assertThat(ledger.names(NAMES, Ledger.Kind.REPLACEMENT, T).isOpen(T)).isTrue();
        assertThat(ledger.budgets(NAMES, T))
                .filteredOn(budget -> budget.limit().equals("certificates per exact set of names"))
                .singleElement()
                .extracting(Budget::left)
                .isEqualTo(4);
    }

    /** Traefik 5413: a restart that forgets what was spent spends it again. */
    @Test
    void whatWasChargedSurvivesACrash() {
        Ledger.Charge charge = ledger.charge(List.of("example.com"), Ledger.Kind.FIRST, T);
        charge.order(T);
        restart();
        assertThat(budget("new orders per account", T).left()).isEqualTo(289);
        assertThat(budget("certificates per exact set of names", T).left()).isEqualTo(5);

        charge = ledger.charge(List.of("example.com"), Ledger.Kind.FIRST, T);
        charge.certificate(T);
        restart();
        assertThat(budget("certificates per exact set of names", T))
                .isEqualTo(new Budget(
                        "certificates per exact set of names",
                        "example.com",
                        4,
                        5,
                        T.plus(Duration.ofDays(7).dividedBy(5))));
    }

    @Test
    void orderThatFailedStaysChargedAndItsCertificateDoesNot() {
        Ledger.Charge charge = ledger.charge(List.of("example.com"), Ledger.Kind.FIRST, T);
        charge.order(T);
        charge.certificate(T);
        charge.orderIsDead(T);
        charge.end();

        assertThat(budget("new orders per account", T).left()).isEqualTo(289);
        assertThat(budget("certificates per registered domain", T).left()).isEqualTo(49);
        assertThat(budget("certificates per exact set of names", T).left()).isEqualTo(5);
    }

    @Test
    void whatIsInFlightCountsAsUsed() {
        Ledger.Charge charge = ledger.charge(List.of("example.com"), Ledger.Kind.FIRST, T);
        assertThat(budget("certificates per exact set of names", T).left()).isEqualTo(4);

        charge.end();
        assertThat(budget("certificates per exact set of names", T).left()).isEqualTo(5);
    }

    /** Let's Encrypt allows five an hour; a CA that pauses us would cost more. */
    @Test
    void nameMayFailThreeTimesAndThenEveryTwentyMinutesAtEveryCa() {
        for (RateLimits limits : List.of(RateLimits.LETSENCRYPT, RateLimits.NONE)) {
            ledger = ledger(limits);
            ledger.failedValidations(List.of("example.com", "example.com"), T);
            assertThat(ledger.names(NAMES, Ledger.Kind.REPLACEMENT, T).isOpen(T))
                    .isTrue();
            ledger.failedValidations(List.of("example.com"), T);

            assertThat(ledger.names(NAMES, Ledger.Kind.REPLACEMENT, T).at()).isEqualTo(T.plus(Duration.ofMinutes(20)));
            assertThat(ledger.names(List.of("www.example.com"), Ledger.Kind.FIRST, T)
                            .isOpen(T))
                    .isTrue();
            ledger.hold(Hold.ACCOUNT, T.plusSeconds(1), T);
            assertThat(directory.resolve("certs/accounts/letsencrypt/ledger.json"))
                    .exists();
            delete();
        }
    }

    private void write(String json) throws IOException {
        Path folder = Files.createDirectories(directory.resolve("certs/accounts/letsencrypt"));
        Files.writeString(folder.resolve("ledger.json"), json);
    }

    private void delete() {
        try {
            Files.delete(directory.resolve("certs/accounts/letsencrypt/ledger.json"));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void stagingHasLimitsOfItsOwn() {
        ledger = ledger(RateLimits.LETSENCRYPT_STAGING);
        ledger.failedValidations(Collections.nCopies(100, "example.com"), T);
        for (int i = 0; i < 6; i++) {
            issue(NAMES, Ledger.Kind.FIRST, T);
        }

        assertThat(ledger.names(NAMES, Ledger.Kind.FIRST, T).isOpen(T)).isTrue();
        assertThat(ledger.account(Ledger.Kind.FIRST, T).isOpen(T)).isTrue();
    }

    @Test
    void holdOfTheCaSurvivesARestartAndIsCutToAWeek() {
        ledger.hold(Hold.ACCOUNT, T.plus(Duration.ofHours(3)), T);
        restart();
        assertThat(ledger.account(Ledger.Kind.REPLACEMENT, T).at()).isEqualTo(T.plus(Duration.ofHours(3)));

        ledger.hold(Hold.ACCOUNT, T.plus(Duration.ofDays(400)), T);
        assertThat(ledger.held(T).at()).isEqualTo(T.plus(Duration.ofDays(7)));
        // A shorter one does not end it.
        ledger.hold(Hold.ACCOUNT, T.plusSeconds(9), T);
        assertThat(ledger.held(T).at()).isEqualTo(T.plus(Duration.ofDays(7)));
    }

    @Test
    void holdOnNewOrdersIsNoneOnRenewalsThatTheCaSuggested() {
        ledger.hold(Hold.ORDERS, T.plus(Duration.ofHours(3)), T);
        restart();

        assertThat(ledger.account(Ledger.Kind.REPLACEMENT, T).isOpen(T)).isTrue();
        assertThat(ledger.account(Ledger.Kind.RENEWAL, T).at()).isEqualTo(T.plus(Duration.ofHours(3)));
        assertThat(ledger.account(Ledger.Kind.FIRST, T).because()).contains("no new order");
    }

    @Test
    void whatIsMeantForOneSiteHoldsNoOther() {
        ledger.hold(Hold.SITE, T.plus(Duration.ofDays(7)), T);

        assertThat(ledger.account(Ledger.Kind.FIRST, T).isOpen(T)).isTrue();
    }

    @Test
    void whatAClockYearsAheadHasWrittenIsCut() {
        Instant ahead = T.plus(Duration.ofDays(3650));
        for (int i = 0; i < 5; i++) {
            issue(NAMES, Ledger.Kind.RENEWAL, ahead);
        }
        ledger.hold(Hold.ACCOUNT, ahead.plusSeconds(600), ahead);
        restart();

        assertThat(ledger.held(T).isOpen(T)).isTrue();
        Instant open = ledger.names(NAMES, Ledger.Kind.RENEWAL, T).at();
        assertThat(open).isEqualTo(T.plus(Duration.ofDays(7).dividedBy(5)));
        // Cut once: it does not move on with the time.
        assertThat(ledger.names(NAMES, Ledger.Kind.RENEWAL, open).isOpen(open)).isTrue();
    }

    @Test
    void fileThatCannotBeReadCountsAsUnused() throws IOException {
        issue(NAMES, Ledger.Kind.FIRST, T);
        Files.writeString(directory.resolve("certs/accounts/letsencrypt/ledger.json"), "{\"orders\": 7");
        restart();

        assertThat(budget("new orders per account", T).left()).isEqualTo(290);
        assertThat(ledger.account(Ledger.Kind.FIRST, T).isOpen(T)).isTrue();
    }

    @Test
    void whatIsFullAgainIsForgotten() throws IOException {
        issue(NAMES, Ledger.Kind.FIRST, T);
        Instant later = T.plus(Duration.ofDays(30));
        issue(List.of("example.org"), Ledger.Kind.FIRST, later);

        assertThat(Files.readString(directory.resolve("certs/accounts/letsencrypt/ledger.json")))
                .contains("example.org")
                .doesNotContain("example.com");
    }

    @Test
    void whoOnlyAsksDoesNotWaitForTheDisk() throws Exception {
        StoredLedger file = new StoredLedger("letsencrypt", store.account("letsencrypt"));
        Ledger written = new Ledger("letsencrypt", RateLimits.LETSENCRYPT, file);
        assertThat(written.held(T).isOpen(T)).isTrue();
        Thread writer = new Thread(() -> written.hold(Hold.ACCOUNT, T.plusSeconds(60), T), "writer");
        // As long as a write takes.
        synchronized (file) {
            writer.start();
            await("the answer").until(() -> !written.held(T).isOpen(T));
        }
        writer.join();
        restart();
        assertThat(ledger.held(T).at()).isEqualTo(T.plusSeconds(60));
    }
}
