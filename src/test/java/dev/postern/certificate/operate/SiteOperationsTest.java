package dev.postern.certificate.operate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.certificate.care.CertificateEvents;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.certificate.care.CertificateStatus.Served.Answer;
import dev.postern.certificate.care.RecordedWakeUps;
import dev.postern.certificate.care.Renewals;
import dev.postern.certificate.care.ScriptedIssuer;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.certificate.policy.SitePlan;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.KeyType;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import dev.postern.testing.Care;
import dev.postern.testing.HandClock;
import dev.postern.testing.TestCa;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator asks for, what clients are shown, and who is told: the real store and policy, a scripted CA. */
@SuppressWarnings("NullAway") // A null fails the test, which is what it is for.
class SiteOperationsTest {
    private static final Instant START = Instant.parse("2027-01-01T00:00:00Z");
    private static final String A = "a.example.com";
    private static final String B = "b.example.com";

    @TempDir
    Path directory;

    private final HandClock clock = new HandClock(START);
    private final ScriptedIssuer issuer = new ScriptedIssuer("test-ca", clock);
    private final ScriptedIssuer second = new ScriptedIssuer("second-ca", clock);
    private final ExecutorService orders = Executors.newCachedThreadPool();
    private final Told told = new Told();
    private CertificateTable table = new CertificateTable();
    private final Map<String, X509Certificate> stale = new ConcurrentHashMap<>();
    private final AtomicInteger handshakes = new AtomicInteger();
    private final List<String> shownNames = new CopyOnWriteArrayList<>();
    private Store store;
    private Renewals renewals;
    private CertificateOperations operations;
    private int readAtOnce = 200;

    /** Remembers what it was told, and then fails, which must harm nobody. */
    private static final class Told implements CertificateEvents {
        final List<Renewed> renewed = new CopyOnWriteArrayList<>();
        final List<Failed> failed = new CopyOnWriteArrayList<>();
        final List<Overdue> overdue = new CopyOnWriteArrayList<>();

        @Override
        public void renewed(Renewed event) {
            renewed.add(event);
            throw new IllegalStateException("a broken observer");
        }

        @Override
        public void failed(Failed event) {
            failed.add(event);
            throw new IllegalStateException("a broken observer");
        }

        @Override
        public void overdue(Overdue event) {
            overdue.add(event);
            throw new IllegalStateException("a broken observer");
        }
    }

    @BeforeEach
    void open() throws IOException {
        store = FileStore.open(directory.resolve("certs"));
    }

    @AfterEach
    void close() {
        renewals.close();
        orders.shutdownNow();
        store.close();
    }

    private static Site site(String... names) {
        return new Site(List.of(names), List.of(), null);
    }

    private X509Certificate shown(String name) throws IOException {
        handshakes.incrementAndGet();
        shownNames.add(name);
        X509Certificate wrong = stale.get(name.startsWith("postern-") ? name.replaceFirst("[^.]*", "*") : name);
        Certificate certificate = table.find(name);
        if (certificate == null) {
            throw new IOException("unrecognized_name");
        }
        return wrong == null ? certificate.leaf() : wrong;
    }

    private void load(Site... sites) {
        Renewals.Surroundings plain = Care.surroundings(store, table, clock, orders);
        renewals = new Renewals(
                List.of(sites),
                KeyType.EC_P256,
                List.of(issuer, second),
                new Renewals.Surroundings(store, table, plain.solvers(), plain.clocks(), plain.random(), orders, told),
                Duration.ofMinutes(15),
                readAtOnce);
        assertThat(renewals.load().join()).isEmpty();
        operations = new SiteOperations(renewals);
    }

    private void start(Site... sites) {
        load(sites);
        renewals.start(new RecordedWakeUps(), this::shown);
    }

    private void startServing(Site... sites) {
        start(sites);
        await().until(() -> table.find(A) != null);
        String first = sites[0].name();
        await().until(() -> status(first).served().answer() == Answer.YES);
        await().until(() -> !Files.exists(folder().resolve("order.json")));
    }

    private void restart(Site... sites) throws IOException {
        renewals.close();
        store.close();
        open();
        table = new CertificateTable();
        load(sites);
    }

    private Path folder() {
        return directory.resolve("certs").resolve(A);
    }

    private CertificateStatus status(String site) {
        return operations.list().stream()
                .filter(status -> status.site().equals(site))
                .findFirst()
                .orElseThrow();
    }

    private static IssueFailure failure(Fault fault) {
        return new IssueFailure(fault, "order 1: it does not work", null);
    }

    // ---- what clients are shown

    @Test
    void whatWasInstalledIsSeenByAClient() {
        startServing(site(A, "www." + A));

        assertThat(status(A).served().at()).isEqualTo(START);
        // An order that is quick is looked at twice: as it is installed, and with all that is there at the start.
        assertThat(shownNames).contains(A, "www." + A).containsOnly(A, "www." + A);
    }

    /** No client can ask for the wildcard itself: some name under it is asked for. */
    @Test
    void nameUnderAWildcardIsAskedFor() throws Exception {
        issuer.certifyWildcards();
        startServing(site("*." + A, A));

        assertThat(status("*." + A).served().answer()).isEqualTo(Answer.YES);
        assertThat(shownNames).anyMatch(name -> name.matches("postern-[0-9a-f]{1,16}\\." + Pattern.quote(A)));
    }

    /** Users' trouble: renewed on disk, and the old certificate was served for weeks. */
    @Test
    void certificateThatNoClientSeesIsTold() {
        stale.put(
                "www." + A,
                TestCa.create().issue(List.of(A), START, Duration.ofDays(9)).leaf());
        start(site(A, "www." + A));

        await().until(() -> status(A).served().answer() == Answer.NO);
        assertThat(status(A).served().why())
                .startsWith("www." + A + ": clients are shown the certificate with serial "
                        + stale.get("www." + A).getSerialNumber().toString(16) + ", but the one with serial "
                        + table.find(A).serialText());

        // Looked at again, though not with every sweep.
        int looked = handshakes.get();
        clock.advance(Duration.ofMinutes(59));
        renewals.sweep();
        assertThat(handshakes).hasValue(looked);
        stale.clear();
        clock.advance(Duration.ofMinutes(1));
        renewals.sweep();
        await().until(() -> status(A).served().answer() == Answer.YES);
    }

    @Test
    void everySiteIsLookedAtOneAfterTheOther() {
        startServing(site(A), site(B));
        await().until(() -> status(B).served().answer() == Answer.YES);
        stale.put(B, table.find(A).leaf());

        renewals.verifyServed();

        await().until(() -> status(B).served().answer() == Answer.NO);
        assertThat(status(A).served().answer()).isEqualTo(Answer.YES);
    }

    /** SERVED was not known for up to half an hour after a start. */
    @Test
    void whatTheStoreHasIsLookedAtSoonAfterAStart() throws Exception {
        startServing(site(A));

        restart(site(A));
        renewals.start(new RecordedWakeUps(), this::shown);

        await().until(() -> status(A).served().answer() == Answer.YES);
    }

    @Test
    void whatIsReadInTheBackgroundIsLookedAtOnceAllIsRead() throws Exception {
        startServing(site(A), site(B));
        await().until(() -> table.find(B) != null);

        readAtOnce = 1;
        restart(site(A), site(B));
        renewals.start(new RecordedWakeUps(), this::shown);

        await().until(() -> status(A).served().answer() == Answer.YES);
        await().until(() -> status(B).served().answer() == Answer.YES);
    }

    // ---- orders

    @Test
    void orderBringsANewCertificateThoughNoneIsDue() throws Exception {
        startServing(site(A));
        Certificate first = table.find(A);
        assertThat(operations.dueness(A).isDue()).isFalse();

        CertificateStatus status = operations.order(A, false);

        assertThat(table.find(A)).isNotSameAs(first);
        assertThat(status.notAfter()).isEqualTo(table.find(A).notAfter());
        assertThat(operations.dueness(A).isDue()).isFalse();
    }

    @Test
    void orderDoesNotWaitForOurBackOffAndItsFailureIsCounted() throws Exception {
        issuer.fail(A, failure(Fault.CA));
        second.fail(A, failure(Fault.CA));
        start(site(A));
        await().until(() -> told.failed.size() == 1);
        await().until(() -> renewals.record(A).within(its -> its.run() == null));
        assertThat(operations.dueness(A).isDue()).isTrue();
        assertThat(operations.dueness(A).nextAttempt()).isAfter(START);
        assertThat(operations.dueness(A).reason()).isEqualTo("waiting after failure 1");

        assertThatThrownBy(() -> operations.order(A, false))
                .isInstanceOf(IssueFailure.class)
                .hasMessageStartingWith("order 1: it does not work");
        assertThat(store.site(A).history().failures()).isEqualTo(2);

        issuer.recover(A);
        assertThat(operations.order(A, false).lastFailure()).isNull();
        assertThat(table.find(A)).isNotNull();
    }

    @Test
    void orderIsNotSentToACaThatDoesNotWantToHearOfTheSite() throws Exception {
        startServing(site(A));
        Instant free = START.plus(Duration.ofHours(34));
        issuer.fail(A, new IssueFailure(Fault.CA, "rateLimited", free, null));
        assertThatThrownBy(() -> operations.order(A, false))
                .hasMessageStartingWith("rateLimited; the fault is with the CA or the way to it; next renewal in 59d ");
        long asked = issuer.asked(A);

        assertThatThrownBy(() -> operations.order(A, false)).hasMessageContaining("before " + free);

        assertThat(issuer.asked(A)).isEqualTo(asked);
    }

    @Test
    void operatorWhoInsistsHasTheCaAskedAllTheSame() throws Exception {
        startServing(site(A));
        Instant free = START.plus(Duration.ofHours(34));
        issuer.fail(A, new IssueFailure(Fault.CA, "rateLimited", free, null).holding(IssueFailure.Hold.ACCOUNT));
        assertThatThrownBy(() -> operations.order(A, false)).hasMessageStartingWith("rateLimited");
        issuer.recover(A);
        assertThatThrownBy(() -> operations.order(A, false)).hasMessageContaining("--force asks all the same");

        CertificateStatus status = operations.order(A, true);

        assertThat(status.lastFailure()).isNull();
    }

    @Test
    void orderThatRunsIsWaitedFor() throws Exception {
        CountDownLatch latch = issuer.stall(A);
        start(site(A));
        await().until(() -> issuer.asked(A) == 1);

        Future<CertificateStatus> ordered = orders.submit(() -> operations.order(A, false));
        await().until(() -> renewals.record(A).within(its -> its.demand() != null));
        latch.countDown();

        assertThat(ordered.get(10, TimeUnit.SECONDS).issuer()).isEqualTo("test-ca");
        assertThat(issuer.asked(A)).isEqualTo(1);
    }

    /** The command without a daemon: nothing is begun but what was asked for. */
    @Test
    void orderWorksOnAStoreThatNobodyServes() throws Exception {
        load(site(A), site(B));

        assertThat(operations.order(A, false).issuer()).isEqualTo("test-ca");

        assertThat(folder().resolve("current/fullchain.pem")).exists();
        assertThat(issuer.asked()).containsExactly(A);
        assertThat(status(A).served().answer()).isEqualTo(Answer.NOT_ASKED);
    }

    @Test
    void whoWaitsForAnOrderIsToldThatPosternStops() throws Exception {
        issuer.stall(A);
        start(site(A));
        Future<CertificateStatus> ordered = orders.submit(() -> operations.order(A, false));
        await().until(() -> issuer.asked(A) == 1 && renewals.record(A).within(its -> its.demand() != null));

        renewals.close();

        assertThatThrownBy(() -> ordered.get(10, TimeUnit.SECONDS))
                .hasCauseInstanceOf(InterruptedException.class)
                .hasMessageContaining("Postern stops");
    }

    @Test
    void nameThatIsNoSiteIsSaid() {
        start(site(A));

        assertThatThrownBy(() -> operations.order("nowhere.example.com", false))
                .isInstanceOf(CertificateOperations.NoSuchSite.class)
                .hasMessageStartingWith("\"nowhere.example.com\": no site of this name");
    }

    // ---- rehearsal

    @Test
    void rehearsalGoesToTheStagingDirectoryAndLeavesNoTrace() throws Exception {
        ScriptedIssuer staging = new ScriptedIssuer("test-ca-staging", clock);
        issuer.staging(staging);
        startServing(site(A));
        Certificate before = table.find(A);

        List<String> lines = operations.rehearse(A);

        assertThat(lines).first().asString().contains("rehearsing at test-ca-staging for " + A);
        assertThat(lines).last().asString().startsWith("thrown away");
        assertThat(staging.asked()).containsExactly(A);
        assertThat(issuer.asked(A)).isEqualTo(1);
        assertThat(table.find(A)).isSameAs(before);
        assertThat(folder()).isDirectoryNotContaining("glob:**/{2,order*.json}");
        assertThat(told.renewed).hasSize(1);
    }

    @Test
    void issuerWithoutStagingIsAskedItselfAsFarAsTheNames() throws Exception {
        startServing(site(A));
        Certificate before = table.find(A);
        long asked = issuer.asked(A);

        List<String> lines = operations.rehearse(A);

        assertThat(lines)
                .first()
                .asString()
                .contains("rehearsing at test-ca, which has no staging directory, for " + A);
        assertThat(lines).last().asString().startsWith("the order was not finalized");
        assertThat(issuer.tried()).containsExactly(List.of(A));
        assertThat(issuer.asked(A)).isEqualTo(asked);
        assertThat(table.find(A)).isSameAs(before);

        issuer.dead(A);
        assertThatThrownBy(() -> operations.rehearse(A)).hasMessageContaining(A + " does not resolve");
    }

    // ---- going back

    @Test
    void rollbackServesTheCertificateBeforeForADay() throws Exception {
        startServing(site(A));
        Certificate first = table.find(A);
        // Beyond the pick of the first one, which would be due at once.
        clock.advance(Duration.ofDays(65));
        operations.order(A, false);

        operations.rollback(A);

        assertThat(table.find(A).serial()).isEqualTo(first.serial());
        long asked = issuer.asked(A);
        clock.advance(Duration.ofHours(23));
        renewals.sweep();
        restart(site(A));
        renewals.start(new RecordedWakeUps(), this::shown);
        assertThat(table.find(A).serial()).isEqualTo(first.serial());
        assertThat(issuer.asked(A)).isEqualTo(asked);
        assertThat(operations.explain(A)).anyMatch(line -> line.startsWith("held: an operator went back"));
        assertThat(told.overdue).isEmpty();

        clock.advance(Duration.ofHours(1));
        renewals.sweep();
        await().until(() -> !table.find(A).serial().equals(first.serial()));
        assertThat(store.site(A).history().holdUntil()).isNull();
    }

    @Test
    void rollbackHoldsNothingUpThatIsUrgent() throws Exception {
        startServing(site(A));
        Certificate first = table.find(A);
        clock.advance(Duration.ofDays(80));
        operations.order(A, false);
        operations.rollback(A);
        assertThat(table.find(A).serial()).isEqualTo(first.serial());

        clock.advance(Duration.ofHours(23).plusMinutes(59));
        clock.set(first.notAfter().minus(Duration.ofDays(9)));
        renewals.sweep();

        await().until(() -> !table.find(A).serial().equals(first.serial()));
    }

    @Test
    void rollbackWithNothingToGoBackToChangesNothing() throws Exception {
        startServing(site(A));
        Certificate only = table.find(A);

        assertThatThrownBy(() -> operations.rollback(A)).hasMessageContaining("no good generation before 1");

        assertThat(table.find(A)).isSameAs(only);
        assertThat(store.site(A).history().holdUntil()).isNull();
    }

    // ---- revocation

    @Test
    void revokedCertificateIsReplacedAndNeverComesBack() throws Exception {
        startServing(site(A));
        Certificate old = table.find(A);

        operations.revoke(A, RevocationReason.SUPERSEDED);

        assertThat(issuer.revoked()).containsExactly(old.serialText() + " superseded");
        assertThat(table.find(A).serial()).isNotEqualTo(old.serial());
        assertThatThrownBy(() -> operations.rollback(A)).hasMessageContaining("1: it was revoked: superseded");
    }

    @Test
    void revokedCertificateIsNotServedWhereNoOtherCame() throws Exception {
        startServing(site(A));
        issuer.fail(A, failure(Fault.CA));

        assertThatThrownBy(() -> operations.revoke(A, RevocationReason.KEY_COMPROMISE))
                .hasMessageContaining(
                        "; nothing to serve; replacement failed: order 1: it does not work; the fault is with the CA");

        assertThat(table.find(A)).isNull();
        assertThat(status(A).notAfter()).isNull();
        issuer.recover(A);
        clock.advance(Duration.ofHours(1));
        renewals.sweep();
        await().until(() -> table.find(A) != null);
    }

    @Test
    void whatStandsInForARevokedCertificateIsReplacedByTheUsualBackOff() throws Exception {
        startServing(site(A));
        operations.order(A, false);
        Certificate second = table.find(A);
        issuer.fail(A, failure(Fault.CA));

        assertThatThrownBy(() -> operations.revoke(A, RevocationReason.SUPERSEDED))
                .hasMessageStartingWith(
                        A + ": revoked (serial " + second.serialText() + "); serving generation 1, valid until ")
                .hasMessageContaining("; replacement failed: order 1: it does not work; ")
                .hasMessageMatching(".*; tried again in [0-9]+s|.*; tried again in 1m.*");
        assertThat(operations.explain(A))
                .anyMatch(line -> line.startsWith("revoked: the certificate after it was revoked: superseded"));

        issuer.recover(A);
        clock.advance(Duration.ofMinutes(2));
        renewals.sweep();
        await().until(() -> table.find(A).serial().compareTo(second.serial()) > 0);
        assertThat(operations.explain(A)).noneMatch(line -> line.startsWith("revoked: "));
    }

    @Test
    void certificateOfAnIssuerThatIsGoneCannotBeRevoked() throws Exception {
        TestCa.Issued issued = TestCa.create().issue(List.of(A), START, Duration.ofDays(90));
        store.site(A).generations().store(Certificate.of(A, "gone-ca", issued.key(), issued.chain()), null, START);
        start(site(A));

        assertThatThrownBy(() -> operations.revoke(A, RevocationReason.UNSPECIFIED))
                .hasMessageContaining("is from gone-ca, which is not in acme.issuers; nothing was revoked");
        assertThat(table.find(A)).isNotNull();
    }

    @Test
    void leakedKeyIsRevokedOnceClientsSeeTheNewOne() throws Exception {
        startServing(site(A));
        Certificate old = table.find(A);

        CertificateStatus status = operations.rekey(A);

        assertThat(issuer.revoked()).containsExactly(old.serialText() + " key-compromise");
        assertThat(table.find(A).leaf().getPublicKey()).isNotEqualTo(old.leaf().getPublicKey());
        assertThat(status.served().answer()).isEqualTo(Answer.YES);
        assertThat(folder().resolve("1/revoked")).hasContent("key-compromise");
    }

    @Test
    void keyOfAnOrderInFlightIsNotUsedAfterALeak() throws Exception {
        startServing(site(A));
        OrderJournal journal = store.site(A).journal("elsewhere");
        journal.write(new OrderEntry("elsewhere", "account", List.of(A), "order", "leaked too", null));
        Files.writeString(folder().resolve("order-broken.json"), "{");

        operations.rekey(A);

        assertThat(journal.read()).isEmpty();
        assertThat(folder().resolve("order-broken.json")).doesNotExist();
    }

    @Test
    void leakedKeyIsNotRevokedWhileClientsSeeNothingElse() throws Exception {
        startServing(site(A));
        Certificate old = table.find(A);
        stale.put(A, old.leaf());

        assertThatThrownBy(() -> operations.rekey(A))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the old one, serial " + old.serialText() + ", is not revoked");

        assertThat(issuer.revoked()).isEmpty();
        assertThat(folder().resolve("1/revoked")).doesNotExist();
    }

    /** A site of wildcards only has no name of its own to ask for; its old certificate was revoked without a look. */
    @Test
    void leakedKeyOfAWildcardIsNotRevokedWhileClientsSeeNothingElse() throws Exception {
        String wildcard = "*.example.org";
        issuer.certifyWildcards();
        start(site(wildcard));
        await().until(() -> status(wildcard).served().answer() == Answer.YES);
        Certificate old = table.find("any.example.org");
        stale.put(wildcard, old.leaf());

        assertThatThrownBy(() -> operations.rekey(wildcard))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(".example.org: clients are shown the certificate with serial " + old.serialText())
                .hasMessageContaining("the old one, serial " + old.serialText() + ", is not revoked");
        assertThat(issuer.revoked()).isEmpty();

        stale.clear();
        Certificate second = table.find("any.example.org");
        operations.rekey(wildcard);
        assertThat(issuer.revoked()).containsExactly(second.serialText() + " key-compromise");
    }

    /** Another rekey would revoke the new one, and never the one that leaked. */
    @Test
    void leakedKeyWhoseCaCannotBeAskedIsRefused_andRevokedBySerialLater() throws Exception {
        startServing(site(A));
        Certificate old = table.find(A);
        issuer.fail("revoke", failure(Fault.CA));

        assertThatThrownBy(() -> operations.rekey(A))
                .hasMessageContaining("serial " + old.serialText() + ", is not revoked: order 1")
                .hasMessageContaining("postern cert revoke " + A + " --serial " + old.serialText());
        Certificate served = table.find(A);
        assertThat(served.serial()).isNotEqualTo(old.serial());
        assertThatThrownBy(() -> operations.rollback(A)).hasMessageContaining("1: it was revoked: key-compromise");

        issuer.recover("revoke");
        operations.revokeOlder(A, old.serialText(), RevocationReason.KEY_COMPROMISE);
        assertThat(issuer.revoked()).containsExactly(old.serialText() + " key-compromise");
        assertThat(table.find(A)).isSameAs(served);

        assertThatThrownBy(() -> operations.revokeOlder(A, served.serialText(), RevocationReason.SUPERSEDED))
                .hasMessageContaining("is the certificate that is served");
        assertThatThrownBy(() -> operations.revokeOlder(A, "4711", RevocationReason.SUPERSEDED))
                .hasMessageContaining("no generation in the store has serial 4711");
    }

    @Test
    void certificateFromElsewhereIsTheNewestGenerationAndServedAtOnce() throws Exception {
        startServing(site(A));
        TestCa.Issued issued = TestCa.create().issue(List.of(A), START, Duration.ofDays(90));
        Certificate certificate = Certificate.of(A, "imported", issued.key(), issued.chain());

        assertThat(operations.adopt(certificate, "https://ca.example/account/1"))
                .isEqualTo(2);

        assertThat(operations.list().get(0).issuer()).isEqualTo("imported");
        assertThat(store.site(A).generations().account(2)).contains("https://ca.example/account/1");
    }

    @Test
    void filesThatSomebodyElseChangedAreReadAgain() throws Exception {
        startServing(site(A));
        TestCa.Issued issued = TestCa.create().issue(List.of(A), START, Duration.ofDays(90));
        store.site(A).generations().store(Certificate.of(A, "imported", issued.key(), issued.chain()), null, START);

        assertThat(operations.reload(A).issuer()).isEqualTo("imported");

        assertThat(table.find(A).leaf()).isEqualTo(issued.leaf());
    }

    // ---- words

    @Test
    void planSaysWhatIsGoingToHappen() {
        startServing(site(A), site("*.b.example.com"));

        List<SitePlan> plans = operations.plan();

        assertThat(plans.get(0).issuer()).isEqualTo("test-ca");
        assertThat(plans.get(0).due()).isEqualTo(status(A).nextRenewal());
        assertThat(plans.get(0).nextAttempt()).isEqualTo(status(A).nextRenewal());
        assertThat(plans.get(1).issuer()).as("nobody may certify it").isNull();
    }

    /** The one that is preferred is held for hours; where there is nothing to serve the other one is asked in a minute. */
    @Test
    void explanationAndPlanNameTheIssuerThatIsAskedNext() throws Exception {
        load(site(A));
        issuer.fail(A, new IssueFailure(Fault.CA, "rateLimited", clock.instant().plus(Duration.ofHours(5)), null));
        renewals.start(new RecordedWakeUps(), this::shown);
        await().until(() -> told.failed.size() == 1);
        await().until(() -> renewals.record(A).within(its -> its.run() == null));

        assertThat(operations.plan().get(0).issuer()).isEqualTo("second-ca");
        assertThat(operations.explain(A))
                .anySatisfy(line ->
                        assertThat(line).startsWith("next: an attempt at ").contains(" at second-ca: "));

        clock.set(operations.plan().get(0).nextAttempt());
        renewals.sweep();
        await().until(() -> table.find(A) != null);
        assertThat(table.find(A).issuer()).isEqualTo("second-ca");
    }

    @Test
    void explanationSaysTheWholeDecision() throws Exception {
        startServing(site(A, B));
        clock.advance(Duration.ofDays(70));
        issuer.fail(A, new IssueFailure(Fault.CA, "rateLimited", clock.instant().plus(Duration.ofHours(5)), null));
        renewals.sweep();
        await().until(() -> told.failed.size() == 1);
        await().until(() -> renewals.record(A).within(its -> its.run() == null));

        List<String> lines = operations.explain(A);

        assertThat(String.join("\n", lines))
                .contains("site: " + A)
                .contains("names: " + A + ", " + B)
                .contains("issuer: test-ca: preferred; not before ")
                .contains("issuer: second-ca: asked where those before it fail and it is urgent")
                .contains("78 % of its life gone, 20d left")
                .contains("served: clients are shown it")
                .contains("drawn at 6")
                .contains("failures: 1 in a row")
                .contains("(fault: ca): rateLimited")
                .contains("next: an attempt at ");
        assertThat(lines).allSatisfy(line -> assertThat(line).doesNotContain("\n"));
    }

    // ---- who is told

    @Test
    void brokenObserverHarmsNobody() throws Exception {
        startServing(site(A));
        CertificateEvents.Renewed event = told.renewed.get(0);

        assertThat(event.names()).containsExactly(A);
        assertThat(event.serial()).isEqualTo(table.find(A).serialText());
        assertThat(event.folder())
                .isEqualTo(folder().resolve("1").toAbsolutePath().toString());

        issuer.fail(A, failure(Fault.NAME));
        clock.advance(Duration.ofDays(70));
        renewals.sweep();
        await().until(() -> told.failed.size() == 1);
        CertificateEvents.Failed failed = told.failed.get(0);
        assertThat(failed.fault()).isEqualTo(Fault.NAME);
        assertThat(failed.failures()).isEqualTo(1);
        assertThat(failed.nextAttempt()).isAfter(clock.instant());
        assertThat(failed.notAfter()).isEqualTo(table.find(A).notAfter());
        await().until(() -> renewals.record(A).within(its -> its.run() == null));
    }

    /** Users' trouble: "queued for renewal" was logged for days, nothing was renewed, and nobody was told. */
    @Test
    void overdueRenewalIsToldOnceADay() {
        startServing(site(A));
        issuer.fail(A, failure(Fault.CA));
        second.fail(A, failure(Fault.CA));
        Instant due = status(A).nextRenewal();
        Instant half = due.plus(Duration.between(due, table.find(A).notAfter()).dividedBy(2));

        clock.set(half);
        renewals.sweep();
        assertThat(told.overdue).isEmpty();
        await().until(() -> told.failed.size() == 1);
        await().until(() -> renewals.record(A).within(its -> its.run() == null));
        clock.set(half.plusSeconds(1));
        renewals.sweep();
        clock.advance(Duration.ofHours(23));
        renewals.sweep();
        assertThat(told.overdue).hasSize(1);
        assertThat(told.overdue.get(0).lastFailure()).startsWith("order 1: it does not work");

        clock.advance(Duration.ofHours(1));
        renewals.sweep();
        assertThat(told.overdue).hasSize(2);
    }

    @Test
    void renewalThatWasLateIsNotToldWhereItSucceeds() throws Exception {
        startServing(site(A));
        clock.advance(Duration.ofDays(85));

        restart(site(A));
        renewals.start(new RecordedWakeUps(), this::shown);

        await().until(() -> told.renewed.size() == 2);
        assertThat(told.overdue).isEmpty();
    }

    @Test
    void siteWithoutItsFirstCertificateIsOverdueAfterAnHour() {
        issuer.fail(A, failure(Fault.NAME));
        second.fail(A, failure(Fault.NAME));
        start(site(A));
        await().until(() -> told.failed.size() == 1);

        clock.advance(Duration.ofMinutes(60));
        renewals.sweep();
        assertThat(told.overdue).isEmpty();
        clock.advance(Duration.ofSeconds(1));
        renewals.sweep();
        assertThat(told.overdue).hasSize(1);
        assertThat(told.overdue.get(0).notAfter()).isNull();
    }

    // ---- thousands of sites

    @Test
    void clientNeedNotWaitForOtherSitesToBeRead() throws Exception {
        for (String name : List.of(A, B)) {
            TestCa.Issued issued = TestCa.create().issue(List.of(name), START, Duration.ofDays(90));
            store.site(name)
                    .generations()
                    .store(Certificate.of(name, "test", issued.key(), issued.chain()), null, START);
        }
        readAtOnce = 1;
        load(site(A), site(B), site("c.example.com"));
        assertThat(table.find(A)).isNull();
        CertificateTable.Loading loading = table.loading(A);
        assertThat(loading).isNotNull();
        assertThat(table.loading("nowhere.example.com")).isNull();
        var read = loading.now().toCompletableFuture();
        assertThat(read).isNotDone();

        renewals.start(new RecordedWakeUps(), this::shown);

        read.get(10, TimeUnit.SECONDS);
        assertThat(table.find(A)).isNotNull();
        assertThat(table.loading(A)).isNull();
        await().until(() -> table.find("c.example.com") != null);
        assertThat(issuer.asked()).containsExactly("c.example.com");
    }
}
