package dev.postern.certificate.care;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.IssueFailure.Hold;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.limits.Ledger;
import dev.postern.certificate.limits.Ledgers;
import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.Configuration;
import dev.postern.config.KeyType;
import dev.postern.config.Site;
import dev.postern.disk.DurableFiles;
import dev.postern.pki.Certificate;
import dev.postern.pki.Pem;
import dev.postern.testing.Care;
import dev.postern.testing.HandClock;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real store, the real policy, a scripted CA, and time moved by hand. */
@SuppressWarnings("NullAway") // A null fails the test, which is what it is for.
class RenewalsTest {
    private static final Instant START = Instant.parse("2027-01-01T00:00:00Z");
    private static final String A = "a.example.com";
    private static final String B = "b.example.com";

    @TempDir
    Path directory;

    private final HandClock clock = new HandClock(START);
    private final ScriptedIssuer issuer = new ScriptedIssuer("test-ca", clock);
    private final ScriptedIssuer second = new ScriptedIssuer("second-ca", clock);
    private final ExecutorService orders = Executors.newCachedThreadPool();
    private RecordedWakeUps wakeUps = new RecordedWakeUps();
    private CertificateTable table = new CertificateTable();
    private Store store;
    private Renewals renewals;
    private Duration orderDeadline = Duration.ofMinutes(15);

    @BeforeEach
    void open() throws IOException {
        store = FileStore.open(directory.resolve("certs"));
    }

    @AfterEach
    void close() {
        if (renewals != null) {
            renewals.close();
        }
        orders.shutdownNow();
        store.close();
    }

    private static Site site(String... names) {
        return new Site(List.of(names), List.of(), null);
    }

    private void load(Site... sites) {
        renewals = new Renewals(
                List.of(sites),
                KeyType.EC_P256,
                List.of(issuer, second),
                Care.surroundings(store, table, clock, orders),
                orderDeadline,
                200);
        assertThat(renewals.load().join()).isEmpty();
    }

    private void start(Site... sites) {
        load(sites);
        renewals.start(wakeUps, Care.NOTHING_SERVED);
    }

    /** As after the end of the process: only what is on disk is known. */
    private void restart(Site... sites) throws IOException {
        renewals.close();
        store.close();
        open();
        table = new CertificateTable();
        wakeUps = new RecordedWakeUps();
        load(sites);
    }

    private Certificate served(String name) {
        await(name + " is served").until(() -> table.find(name) != null);
        return table.find(name);
    }

    private void awaitAsked(String site, int times) {
        await(site + " was asked for " + times + " times").until(() -> issuer.asked(site) >= times);
    }

    private void awaitFailure(String site) {
        await(site + " failed").until(() -> status(site).lastFailure() != null);
    }

    private CertificateStatus status(String site) {
        return renewals.status().stream()
                .filter(status -> status.site().equals(site))
                .findFirst()
                .orElseThrow();
    }

    private static IssueFailure failure(Fault fault) {
        return new IssueFailure(fault, "order 1: it does not work", null);
    }

    @Test
    void firstCertificateIsOrderedStoredAndServed() throws Exception {
        start(site(A, "www." + A));

        Certificate certificate = served(A);
        assertThat(table.find("www." + A)).isSameAs(certificate);
        assertThat(directory.resolve("certs").resolve(A).resolve("current/fullchain.pem"))
                .exists();
        await().until(() -> !Files.exists(directory.resolve("certs").resolve(A).resolve("order.json")));
        assertThat(directory.resolve("certs").resolve(A).resolve("1/meta.json"))
                .content()
                .contains("https://ca.example/account/1");
    }

    @Test
    void certificateIsRenewedAtItsPickAndNotBefore() {
        start(site(A));
        Certificate first = served(A);
        await().until(() ->
                status(A).nextRenewal() != null && status(A).nextRenewal().isAfter(START));
        Instant due = status(A).nextRenewal();
        assertThat(due).isBetween(START.plus(Duration.ofHours(1382)), START.plus(Duration.ofHours(1470)));
        await().untilAsserted(() -> assertThat(wakeUps.of(A)).isEqualTo(due));

        // Early: Quartz may be. The wish is made once more, or nobody would come back in time.
        clock.set(due.minusMillis(1));
        wakeUps.at(A, START);
        renewals.wake(A);
        assertThat(issuer.asked(A)).isEqualTo(1);
        assertThat(wakeUps.of(A)).isEqualTo(due);

        clock.set(due);
        renewals.wake(A);
        await().until(() -> table.find(A) != first);
        assertThat(issuer.asked(A)).isEqualTo(2);
    }

    /** Users' trouble: files vanished while it ran, and it looked for them again and again instead of renewing. */
    @Test
    void filesThatVanishedAreNoReasonNotToRenew() throws Exception {
        start(site(A));
        Certificate first = served(A);
        Path folder = directory.resolve("certs").resolve(A);
        await().until(() ->
                Files.exists(folder.resolve("renewal.json")) && !Files.exists(folder.resolve("order.json")));
        DurableFiles.delete(folder);
        assertThat(table.find(A)).isSameAs(first);

        clock.set(status(A).nextRenewal());
        renewals.wake(A);
        await().until(() -> table.find(A) != first);
        Certificate second = table.find(A);
        await().until(() -> Files.exists(folder.resolve("current")) && !Files.exists(folder.resolve("order.json")));

        restart(site(A));
        assertThat(table.find(A).serial()).isEqualTo(second.serial());
    }

    @Test
    void pickIsDrawnOnceAndSurvivesARestart() throws Exception {
        start(site(A));
        served(A);
        await().until(() -> status(A).nextRenewal().isAfter(START));
        Instant due = status(A).nextRenewal();

        restart(site(A));

        assertThat(status(A).nextRenewal()).isEqualTo(due);
        assertThat(CertificateStatus.read(store, List.of(site(A)), site -> List.of("test-ca"), START))
                .usingRecursiveComparison()
                .ignoringFields("shown")
                .isEqualTo(renewals.status());
    }

    /** Users' trouble: the CA was down, and the server did not start. */
    @Test
    void startServesFromTheStoreWithoutAskingAnyCa() throws Exception {
        start(site(A));
        Certificate first = served(A);

        restart(site(A));

        assertThat(table.find(A).serial()).isEqualTo(first.serial());
        assertThat(issuer.asked(A)).isEqualTo(1);
    }

    /** Users' trouble: each restart and each change of the configuration asked the CA again, which refused for days. */
    @Test
    void backOffIsNotResetByARestart() throws Exception {
        issuer.fail(A, failure(Fault.CA));
        second.fail(A, failure(Fault.CA));
        start(site(A));
        awaitFailure(A);

        restart(site(A));
        renewals.start(wakeUps, Care.NOTHING_SERVED);
        renewals.sweep();
        assertThat(issuer.asked(A)).isEqualTo(1);
        assertThat(Duration.between(START, wakeUps.of(A))).isBetween(Duration.ofSeconds(54), Duration.ofSeconds(66));

        clock.advance(Duration.ofSeconds(66));
        renewals.sweep();
        awaitAsked(A, 2);
        await().untilAsserted(() -> assertThat(Duration.between(clock.instant(), wakeUps.of(A)))
                .isBetween(Duration.ofMinutes(9), Duration.ofMinutes(11)));
    }

    @Test
    void retryAfterOfTheCaIsKeptAcrossARestart() throws Exception {
        Instant free = START.plus(Duration.ofHours(34));
        issuer.fail(A, new IssueFailure(Fault.CA, "rateLimited", free, null));
        second.fail(A, new IssueFailure(Fault.CA, "rateLimited", free, null));
        start(site(A));
        awaitFailure(A);

        clock.advance(Duration.ofMinutes(2));
        renewals.sweep();
        await().untilAsserted(() -> assertThat(second.asked(A)).isEqualTo(1));
        await().until(() -> wakeUps.of(A).equals(free));

        restart(site(A));
        renewals.start(wakeUps, Care.NOTHING_SERVED);
        assertThat(wakeUps.of(A)).isEqualTo(free);
    }

    /** Users' trouble: one domain that fails for good kept all the others from being renewed. */
    @Test
    void failingSiteDoesNotDelayAnother() {
        issuer.fail(A, failure(Fault.NAME));

        start(site(A), site(B));

        served(B);
        awaitFailure(A);
        assertThat(table.find(A)).isNull();
        assertThat(status(A).lastFailure()).isEqualTo("order 1: it does not work");
    }

    @Test
    void stalledOrdersDoNotHoldUpTheRest() {
        issuer.stall(A);

        start(site(A), site(B), site("c.example.com"));

        served(B);
        served("c.example.com");
    }

    @Test
    void atMostFourOrdersAreInFlight() {
        Site[] sites = IntStream.range(0, 6)
                .mapToObj(i -> site("s" + i + ".example.com"))
                .toArray(Site[]::new);
        for (Site site : sites) {
            issuer.stall(site.name());
        }

        start(sites);

        await().until(() -> issuer.asked().size() == 4);
        renewals.sweep();
        assertThat(issuer.asked()).hasSize(4);
    }

    @Test
    void atMostTenOrdersBeginInTenSeconds() {
        Site[] sites = IntStream.range(0, 12)
                .mapToObj(i -> site("s" + i + ".example.com"))
                .toArray(Site[]::new);

        start(sites);

        await().until(() -> issuer.asked().size() == 10);
        await().until(() ->
                renewals.status().stream().filter(s -> s.issuer() != null).count() == 10);
        clock.advance(Duration.ofSeconds(9));
        renewals.sweep();
        assertThat(issuer.asked()).hasSize(10);

        clock.advance(Duration.ofSeconds(1));
        renewals.sweep();
        await().until(() -> issuer.asked().size() == 12);
    }

    @Test
    void siteWithoutCertificateGoesFirstThenTheOneThatExpiresSoonest() throws Exception {
        issuer.life(Duration.ofDays(30));
        start(site(A));
        served(A);
        clock.advance(Duration.ofMinutes(1));
        issuer.life(Duration.ofDays(10));
        restart(site(B));
        renewals.start(wakeUps, Care.NOTHING_SERVED);
        served(B);
        clock.advance(Duration.ofDays(25));
        List<String> busy =
                IntStream.range(0, 4).mapToObj(i -> "busy" + i + ".example.com").toList();
        busy.forEach(issuer::stall);
        restart(site(busy.get(0)), site(busy.get(1)), site(busy.get(2)), site(busy.get(3)));
        int before = issuer.asked().size();
        renewals.start(wakeUps, Care.NOTHING_SERVED);
        await().until(() -> issuer.asked().size() == before + 4);
        restart(site(A), site(B), site("new.example.com"));

        Ledgers ledgers = new Ledgers(store, List.of(issuer));
        OrderQueue queue = new OrderQueue(ledgers, MonotonicClock.SYSTEM);
        clock.advance(Duration.ofMinutes(1));
        for (String name : List.of(A, B, "new.example.com")) {
            SiteRecord record = new SiteRecord(site(name), store.site(name), List.of(issuer), List.of(), ledgers);
            record.change(its -> its.load(clock.instant()));
            queue.offer(record, record.certificate(), List.of(new OrderQueue.Ask("test-ca", Ledger.Kind.FIRST, false)));
        }

        for (String name : List.of("new.example.com", B, A)) {
            assertThat(queue.next(clock.instant()))
                    .isInstanceOfSatisfying(
                            OrderQueue.Next.Start.class,
                            next -> assertThat(next.record().name()).isEqualTo(name));
        }
    }

    @Test
    void expiredCertificateIsNeverServed() throws Exception {
        start(site(A));
        Certificate first = served(A);
        issuer.fail(A, failure(Fault.CA));
        second.fail(A, failure(Fault.CA));

        clock.set(first.notAfter());
        renewals.sweep();
        assertThat(table.find(A)).isNull();

        restart(site(A));
        assertThat(table.find(A)).isNull();

        // A clock that was set wrong, and right again.
        clock.set(START.plusSeconds(1));
        renewals.start(wakeUps, Care.NOTHING_SERVED);
        assertThat(table.find(A)).isNotNull();
    }

    /** A wildcard that another site brought covers the name, but it is not the certificate of this site. */
    @Test
    void siteWithoutCertificateIsNotServedWithTheWildcardOfAnother() throws Exception {
        dev.postern.testing.TestCa.Issued wildcard =
                dev.postern.testing.TestCa.create().issue(List.of("*.example.com"), START, Duration.ofDays(9));
        Path chain = Files.writeString(directory.resolve("chain.pem"), Pem.of(wildcard.chain()));
        Path key = Files.writeString(directory.resolve("key.pem"), Pem.of(wildcard.key()));
        Site brought = new Site(List.of("*.example.com"), List.of(), new Configuration.CertificateFiles(chain, key));

        load(brought, site(A));
        assertThat(table.find(B)).isNotNull();
        assertThat(table.find(A)).isNull();

        renewals.start(wakeUps, Care.NOTHING_SERVED);
        Certificate own = served(A);
        assertThat(own.issuer()).isEqualTo("test-ca");
        issuer.fail(A, failure(Fault.CA));
        second.fail(A, failure(Fault.CA));
        clock.set(START.plus(Duration.ofDays(8)));
        assertThat(table.find(A)).isSameAs(own);
        clock.set(own.notAfter());
        renewals.sweep();
        assertThat(table.find(A)).isNull();
    }

    @Test
    void inAnEmergencyTheSecondIssuerIsAsked() {
        start(site(A));
        Certificate first = served(A);
        issuer.fail(A, failure(Fault.CA));

        clock.set(START.plus(Duration.ofDays(70)));
        renewals.sweep();
        awaitFailure(A);
        assertThat(second.asked()).isEmpty();

        clock.set(START.plus(Duration.ofDays(82)));
        renewals.sweep();
        await().until(() -> table.find(A) != first);
        assertThat(table.find(A).issuer()).isEqualTo("second-ca");
    }

    @Test
    void whatEveryIssuerSaidIsToldAndAFaultOfTheNameIsCounted() {
        issuer.fail(A, new IssueFailure(Fault.NAME, "first: no such name", null));
        second.fail(A, new IssueFailure(Fault.CA, "second: broken", null));
        start(site(A));
        awaitFailure(A);
        clock.advance(Duration.ofMinutes(2));
        renewals.sweep();

        await().untilAsserted(
                        () -> assertThat(status(A).lastFailure()).isEqualTo("first: no such name; and second: broken"));
        assertThat(store.site(A).history().last().fault()).isEqualTo(Fault.NAME);
    }

    @Test
    void otherSitesAreNotSentToACaThatAsksTheAccountToStayAway() {
        start(site(A));
        served(A);
        clock.advance(Duration.ofDays(20));
        renewals.close();
        start(site(A), site(B));
        served(B);
        await().until(() -> status(B).nextRenewal().isAfter(clock.instant()));
        Instant due = status(B).nextRenewal();
        Instant free = due.plus(Duration.ofHours(2));
        issuer.fail(A, new IssueFailure(Fault.CA, "HTTP 503", free, null).holding(Hold.ACCOUNT));
        second.fail(A, failure(Fault.CA));

        clock.set(due.minusSeconds(60));
        renewals.sweep();
        awaitFailure(A);
        clock.set(due);
        renewals.sweep();
        assertThat(issuer.asked(B)).isEqualTo(1);
        assertThat(wakeUps.of(B)).isEqualTo(free);
        assertThat(renewals.plans().get(1).reason()).contains("asked our account to stay away");

        // It is the CA's word, not a matter of this process.
        renewals.close();
        load(site(A), site(B));
        renewals.start(wakeUps, Care.NOTHING_SERVED);
        assertThat(issuer.asked(B)).isEqualTo(1);

        clock.set(free);
        renewals.sweep();
        awaitAsked(B, 2);
    }

    /** Anybody who issues for the same names elsewhere uses their limit up; it is no reason to let the neighbours expire. */
    @Test
    void limitOnOneSitesNamesIsNoneOfTheOthers() {
        start(site(A), site(B));
        served(A);
        served(B);
        issuer.fail(
                A,
                new IssueFailure(
                        Fault.CA,
                        "too many certificates (5) already issued for this exact set of identifiers",
                        clock.instant().plus(Duration.ofDays(60).plusHours(33)),
                        null));
        second.fail(A, failure(Fault.CA));
        clock.advance(Duration.ofDays(63));
        renewals.sweep();
        awaitFailure(A);

        awaitAsked(B, 2);
    }

    @Test
    void whatHoldsTheAccountHoldsNoSiteForItsLastCall() {
        start(site(A), site(B));
        served(A);
        Instant end = served(B).notAfter();
        clock.set(end.minus(Duration.ofHours(30)));
        issuer.fail(
                A, new IssueFailure(Fault.CA, "HTTP 503", end.plus(Duration.ofDays(3)), null).holding(Hold.ACCOUNT));
        issuer.fail(
                B, new IssueFailure(Fault.CA, "HTTP 503", end.plus(Duration.ofDays(3)), null).holding(Hold.ACCOUNT));
        second.fail(A, failure(Fault.CA));
        second.fail(B, failure(Fault.CA));
        renewals.sweep();
        awaitFailure(A);
        await().until(() -> issuer.asked(A) + issuer.asked(B) >= 3);
        issuer.recover(A);
        issuer.recover(B);
        long before = issuer.asked(B);

        clock.set(end.minus(Duration.ofHours(24)));
        renewals.sweep();

        awaitAsked(B, (int) before + 1);
        await().until(() -> status(B).notAfter() != null && status(B).notAfter().isAfter(end));
    }

    @Test
    void siteWithoutCertificateGoesToTheNextIssuerMeanwhile() {
        Instant free = START.plus(Duration.ofHours(2));
        issuer.fail(A, new IssueFailure(Fault.CA, "HTTP 503", free, null).holding(Hold.ACCOUNT));
        start(site(A), site(B));
        awaitFailure(A);
        clock.advance(Duration.ofMinutes(2));
        renewals.sweep();

        assertThat(served(A).issuer()).isEqualTo("second-ca");
        assertThat(issuer.asked(A)).isEqualTo(1);
    }

    @Test
    void pauseOfMoreThanAWeekIsCutToAWeek() {
        IssueFailure far = new IssueFailure(Fault.CA, "rateLimited", START.plus(Duration.ofDays(30)), null);
        issuer.fail(A, far);
        start(site(A));
        awaitFailure(A);

        assertThat(store.site(A).history().pauses()).containsEntry("test-ca", START.plus(Duration.ofDays(7)));
    }

    @Test
    void historyThatCannotBeIsNotBelieved() throws Exception {
        issuer.fail(A, failure(Fault.CA));
        start(site(A));
        awaitFailure(A);
        Path file = directory.resolve("certs").resolve(A).resolve("renewal.json");
        await().until(() -> Files.exists(file));
        Files.writeString(file, Files.readString(file).replaceAll("\"spread\": [0-9.]+", "\"spread\": 1e300"));

        assertThat(store.site(A).history()).isEqualTo(RenewalHistory.NONE);
    }

    @Test
    void siteThatGotAnotherNameIsIssuedAnewAndServedMeanwhile() throws Exception {
        start(site(A));
        Certificate first = served(A);
        issuer.stall(A);

        restart(site(A, B));
        renewals.start(wakeUps, Care.NOTHING_SERVED);

        awaitAsked(A, 2);
        assertThat(table.find(A).serial()).isEqualTo(first.serial());
        assertThat(table.find(B)).isNull();
    }

    @Test
    void wildcardThatNoIssuerMayCertifyIsNotOrdered() {
        start(site("*.example.com"));

        renewals.sweep();
        assertThat(issuer.asked()).isEmpty();
        assertThat(table.find("a.example.com")).isNull();
    }

    /** A full disk, after the CA was paid for: the certificate is served, and written when there is room again. */
    @Test
    void certificateThatCannotBeStoredIsServedAndNotOrderedAgain() throws Exception {
        load(site(A));
        Path folder = directory.resolve("certs").resolve(A);
        Files.createDirectories(folder);
        // Where a generation would be made stands a folder that cannot be replaced.
        IntStream.rangeClosed(1, 1).forEach(i -> block(folder.resolve("1")));
        renewals.start(wakeUps, Care.NOTHING_SERVED);

        Certificate certificate = served(A);
        await().until(() -> status(A).notAfter() != null);
        assertThat(folder.resolve("current")).doesNotExist();
        assertThat(folder.resolve("order.json")).as("the order is kept").exists();

        renewals.sweep();
        assertThat(issuer.asked(A)).isEqualTo(1);

        Files.delete(folder.resolve("1"));
        renewals.sweep();
        assertThat(folder.resolve("current/fullchain.pem")).exists();
        assertThat(folder.resolve("order.json")).doesNotExist();
        assertThat(table.find(A)).isSameAs(certificate);
    }

    private static void block(Path path) {
        try {
            Files.writeString(path, "in the way");
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void journalThatOutlivedItsCertificateIsNotInstalledTwice() {
        start(site(A));
        Certificate first = served(A);
        issuer.always(new IssuedCertificate("test-ca", first.key(), first.chain()));

        clock.set(START.plus(Duration.ofDays(70)));
        renewals.sweep();

        awaitFailure(A);
        assertThat(status(A).lastFailure()).contains("installed already");
        assertThat(directory.resolve("certs").resolve(A).resolve("2")).doesNotExist();
    }

    @Test
    void certificateForAnotherKeyIsRefused() {
        Site site = site(A);
        issuer.always(new IssuedCertificate(
                "test-ca",
                dev.postern.testing.TestCa.newKeys().getPrivate(),
                dev.postern.testing.TestCa.create()
                        .issue(List.of(A), START, Duration.ofDays(9))
                        .chain()));

        start(site);

        awaitFailure(A);
        assertThat(status(A).lastFailure()).contains("the key does not fit the certificate");
        assertThat(table.find(A)).isNull();
    }

    /** Users' trouble: a renewal hung without an error, and the certificate expired. */
    @Test
    void orderThatNeverEndsIsGivenUpAndTriedAgain() {
        orderDeadline = Duration.ofMillis(50);
        issuer.stall(A);
        start(site(A));
        awaitAsked(A, 1);

        await().untilAsserted(() -> {
            renewals.sweep();
            assertThat(status(A).lastFailure()).contains("this attempt is given up");
        });
        clock.advance(Duration.ofMinutes(2));
        renewals.sweep();
        awaitAsked(A, 2);
    }

    @Test
    void closeInterruptsAnOrderWithoutCountingItAsFailed() throws Exception {
        issuer.stall(A);
        start(site(A));
        awaitAsked(A, 1);

        renewals.close();

        assertThat(store.site(A).history()).isEqualTo(RenewalHistory.NONE);
        renewals.wake(A);
        assertThat(issuer.asked(A)).isEqualTo(1);
    }

    /** Ours 85 days ahead of the CA's: each new certificate looks as if it were at its end. */
    @Test
    void certificateThatIsDueWhenItComesIsNotOrderedOverAndOver() {
        issuer.backdate(Duration.ofDays(85));
        start(site(A));
        served(A);

        for (int day = 1; day <= 2; day++) {
            clock.advance(Duration.ofDays(1));
            renewals.sweep();
        }
        assertThat(issuer.asked(A)).isEqualTo(1);

        clock.advance(Duration.ofDays(1));
        renewals.sweep();
        awaitAsked(A, 2);
    }
}
