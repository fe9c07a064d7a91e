package dev.postern.certificate.care;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.certificate.operate.CertificateOperations;
import dev.postern.certificate.operate.SiteOperations;
import dev.postern.certificate.policy.SitePlan;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.CertificateSource;
import dev.postern.config.KeyType;
import dev.postern.config.RateLimits;
import dev.postern.config.RouteSettings;
import dev.postern.config.Site;
import dev.postern.disk.DurableFiles;
import dev.postern.pki.Certificate;
import dev.postern.pki.Pem;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.Care;
import dev.postern.testing.HandClock;
import dev.postern.testing.TestCa;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the disk did not take when it came is in memory only: whatever happens, it is not forgotten, and it is written as
 * soon as the disk takes it. The real store and policy, a scripted CA; a file stands where a generation would be made.
 */
@SuppressWarnings("NullAway") // A null fails the test, which is what it is for.
class UnwrittenCertificateTest {
    private static final Instant START = Instant.parse("2027-01-01T00:00:00Z");
    private static final String A = "a.example.com";

    @TempDir
    Path directory;

    private final HandClock clock = new HandClock(START);
    private final ScriptedIssuer issuer = new ScriptedIssuer("test-ca", clock).limits(RateLimits.LETSENCRYPT);
    private final ExecutorService orders = Executors.newCachedThreadPool();
    private CertificateTable table = new CertificateTable();
    private Store store;
    private Renewals renewals;
    private Certificate first;

    @BeforeEach
    void serveOneCertificate() throws Exception {
        store = FileStore.open(directory.resolve("certs"));
        renewals = begin();
        await().until(() -> Files.exists(folder().resolve("current/fullchain.pem")));
        await().until(() -> renewals.record(A).within(its -> its.run() == null));
        first = table.find(A);
        clock.advance(Duration.ofHours(1));
    }

    @AfterEach
    void close() {
        renewals.close();
        orders.shutdownNow();
        store.close();
    }

    private Renewals begin() {
        Renewals made = new Renewals(
                List.of(new Site(List.of(A), List.of(), null)),
                KeyType.EC_P256,
                List.of(issuer),
                Care.surroundings(store, table, clock, orders));
        assertThat(made.load().join()).isEmpty();
        made.start(new RecordedWakeUps(), name -> table.find(name).leaf());
        return made;
    }

    /** The site proves its names in another way from now on: everything is derived anew. */
    private void reload() {
        Site changed = new Site(
                List.of(A),
                false,
                List.of(),
                CertificateSource.ISSUED,
                Site.DEFAULT_CHALLENGES,
                null,
                RouteSettings.DEFAULT,
                true);
        SiteRecord before = renewals.record(A);
        renewals.next(new Renewals.Remit(List.of(changed), KeyType.EC_P256, List.of(issuer)))
                .commit();
        assertThat(renewals.record(A)).isNotSameAs(before);
    }

    private CertificateOperations operations() {
        return new SiteOperations(renewals);
    }

    private Path folder() {
        return directory.resolve("certs").resolve(A);
    }

    /** Another certificate, which is served, and which the disk does not take. */
    private Certificate orderUnwritten() throws Exception {
        Files.writeString(folder().resolve("2"), "in the way");
        operations().order(A, false);
        Certificate unwritten = table.find(A);
        assertThat(unwritten.serial()).isNotEqualTo(first.serial());
        assertThat(folder().resolve("current").toRealPath()).endsWith(Path.of("1"));
        await().until(() -> renewals.record(A).within(its -> its.run() == null));
        return unwritten;
    }

    private void freeDisk() throws IOException {
        Files.delete(folder().resolve("2"));
    }

    private void assertIsWritten(Certificate certificate) throws Exception {
        renewals.sweep();
        assertThat(folder().resolve("current").toRealPath()).endsWith(Path.of("2"));
        assertThat(Pem.readCertificates(Files.readString(folder().resolve("current/fullchain.pem"))))
                .isEqualTo(certificate.chain());
        assertThat(folder().resolve("order.json")).doesNotExist();
        assertThat(operations().list().get(0).notOnDiskBecause()).isNull();
    }

    private static IssueFailure failure() {
        return new IssueFailure(Fault.CA, "it does not work", null);
    }

    @Test
    void itIsToldWhereverTheCertificateIs() throws Exception {
        orderUnwritten();

        assertThat(operations().list().get(0).notOnDiskBecause()).isEqualTo("not a directory");
        assertThat(operations().explain(A))
                .contains("stored: in memory only: not a directory; written as soon as the disk takes it");
    }

    @Test
    void readingTheStoreAgainDoesNotForgetIt() throws Exception {
        Certificate unwritten = orderUnwritten();

        operations().reload(A);
        renewals.cleanUp();
        renewals.sweep();

        assertThat(table.find(A).serial()).isEqualTo(unwritten.serial());
        freeDisk();
        assertIsWritten(unwritten);
    }

    @Test
    void revocationOfTheOneBeforeDoesNotForgetIt() throws Exception {
        Files.writeString(folder().resolve("2"), "in the way");

        operations().rekey(A);

        assertThat(issuer.revoked()).containsExactly(first.serialText() + " key-compromise");
        Certificate unwritten = table.find(A);
        operations().reload(A);
        assertThat(table.find(A).serial()).isEqualTo(unwritten.serial()).isNotEqualTo(first.serial());
        freeDisk();
        assertIsWritten(unwritten);
    }

    /** Neither from its order, which is kept until it is written, nor by being written after all. */
    @Test
    void revokedItselfItNeverComesBack() throws Exception {
        Certificate unwritten = orderUnwritten();
        issuer.fail(A, failure());

        assertThatThrownBy(() -> operations().revoke(A, RevocationReason.KEY_COMPROMISE))
                .hasMessageContaining("serving generation 1");

        assertThat(issuer.revoked()).containsExactly(unwritten.serialText() + " key-compromise");
        assertThat(table.find(A).serial()).isEqualTo(first.serial());
        assertThat(folder().resolve("order.json")).doesNotExist();
        freeDisk();
        renewals.sweep();
        assertThat(folder().resolve("2")).doesNotExist();
        assertThat(operations().explain(A))
                .anyMatch(line -> line.startsWith("revoked: the certificate after it was revoked: key-compromise"));
    }

    @Test
    void nothingTakesItsPlaceBeforeItIsWritten() throws Exception {
        Certificate unwritten = orderUnwritten();
        TestCa.Issued other = TestCa.create().issue(List.of(A), clock.instant(), Duration.ofDays(90));
        Certificate imported = Certificate.of(A, "imported", other.key(), other.chain());

        assertThatThrownBy(() -> operations().rollback(A))
                .hasMessageContaining("is not on disk yet: not a directory; nothing was changed");
        assertThatThrownBy(() -> operations().adopt(imported, null)).hasMessageContaining("is not on disk yet");
        assertThat(table.find(A).serial()).isEqualTo(unwritten.serial());

        freeDisk();
        operations().rollback(A);
        assertThat(table.find(A).serial()).isEqualTo(first.serial());
        assertThat(operations().adopt(imported, null)).isEqualTo(3);
        assertThat(table.find(A).serial()).isEqualTo(imported.serial());
    }

    /** Its order would be taken up again, bring the same, and be forgotten: after a restart it would be lost. */
    @Test
    void noOtherIsOrderedBeforeItIsWritten() throws Exception {
        Certificate unwritten = orderUnwritten();

        assertThatThrownBy(() -> operations().order(A, false))
                .hasMessageContaining("the certificate that came last is not on disk yet: not a directory; no other");
        assertThat(folder().resolve("order.json")).exists();
        assertThat(issuer.asked(A)).isEqualTo(2);

        freeDisk();
        operations().order(A, false);
        assertThat(table.find(A).serial()).isNotEqualTo(unwritten.serial());
        assertThat(folder().resolve("3")).exists();
    }

    @Test
    void newConfigurationTakesItOver() throws Exception {
        Certificate unwritten = orderUnwritten();

        reload();

        assertThat(table.find(A).serial()).isEqualTo(unwritten.serial());
        assertThat(operations().list().get(0).notOnDiskBecause()).isEqualTo("not a directory");
        freeDisk();
        assertIsWritten(unwritten);
        assertThat(issuer.asked(A)).isEqualTo(2);
    }

    @Test
    void newConfigurationTakesOverAttemptsAndLimitsThatAreNotWritten() throws Exception {
        Files.delete(folder().resolve("renewal.json"));
        Files.createDirectories(folder().resolve("renewal.json/in-the-way"));
        Path ledger = directory.resolve("certs/accounts/test-ca/ledger.json");
        Files.delete(ledger);
        Files.createDirectories(ledger.resolve("in-the-way"));
        issuer.fail(A, failure());
        assertThatThrownBy(() -> operations().order(A, false)).hasMessageContaining("it does not work");
        await().until(() -> renewals.record(A).within(its -> its.run() == null));
        Instant next = operations().list().get(0).nextRenewal();
        List<SitePlan.Budget> budgets = operations().plan().get(0).budgets();

        reload();

        assertThat(operations().list().get(0).lastFailure()).contains("it does not work");
        assertThat(operations().list().get(0).nextRenewal()).isEqualTo(next);
        assertThat(operations().plan().get(0).budgets()).isEqualTo(budgets);

        Files.delete(folder().resolve("renewal.json/in-the-way"));
        Files.delete(folder().resolve("renewal.json"));
        Files.delete(ledger.resolve("in-the-way"));
        Files.delete(ledger);
        renewals.sweep();
        assertThat(store.site(A).history().failures()).isEqualTo(1);
        assertThat(ledger).isRegularFile();
    }

    /** On a full disk it could not be marked, and a failed replacement brought it back. */
    @Test
    void revocationThatCannotBeWrittenHoldsAllTheSame() throws Exception {
        operations().order(A, false);
        await().until(() -> renewals.record(A).within(its -> its.run() == null));
        Certificate second = table.find(A);
        Files.createDirectories(folder().resolve("2/.new-revoked/in-the-way"));
        issuer.fail(A, failure());

        assertThatThrownBy(() -> operations().revoke(A, RevocationReason.SUPERSEDED))
                .hasMessageContaining("serving generation 1");
        assertThat(table.find(A).serial()).isEqualTo(first.serial());
        operations().reload(A);
        reload();
        assertThat(table.find(A).serial()).isEqualTo(first.serial()).isNotEqualTo(second.serial());
        assertThat(folder().resolve("2/revoked")).doesNotExist();

        DurableFiles.delete(folder().resolve("2/.new-revoked"));
        renewals.sweep();
        assertThat(folder().resolve("2/revoked")).hasContent("superseded");
    }

    /**
     * Users' trouble: some other program swept the directory, and nobody knew until the next restart had no certificate.
     * What is served from memory is written again, and said.
     */
    @Test
    void filesThatSomebodyRemovedAreWrittenAgain() throws Exception {
        for (Path child : DurableFiles.list(folder())) {
            DurableFiles.delete(child);
        }

        try (CapturedLog log = CapturedLog.begin()) {
            renewals.verifyServed();

            assertThat(log.lines(": gone, while it was served; written again from memory"))
                    .hasSize(1);
        }
        assertThat(Pem.readCertificates(Files.readString(folder().resolve("current/fullchain.pem"))))
                .isEqualTo(first.chain());
        assertThat(table.find(A)).isSameAs(first);
        assertThat(operations().list().get(0).notOnDiskBecause()).isNull();
    }

    /** Users' trouble: a folder was removed to have another certificate, and came back within the minute. */
    @Test
    void folderThatSomebodyRemovedStaysRemovedAndAnotherCertificateIsOrdered() throws Exception {
        DurableFiles.delete(folder());

        try (CapturedLog log = CapturedLog.begin()) {
            renewals.verifyServed();
            renewals.verifyServed();

            assertThat(log.lines(": its folder was removed: another certificate is ordered"))
                    .hasSize(1);
        }
        assertThat(folder()).doesNotExist();
        assertThat(table.find(A)).isSameAs(first);

        renewals.sweep();
        await().until(() -> table.find(A) != first);
        await().until(() -> Files.exists(folder().resolve("1/fullchain.pem")));
    }

    @Test
    void removedFolderDoesNotComeBackAtTheEnd() throws Exception {
        issuer.fail(A, new IssueFailure(IssueFailure.Fault.CA, "out of order", null));
        DurableFiles.delete(folder());
        renewals.verifyServed();

        renewals.close();

        assertThat(folder()).doesNotExist();
    }

    /** The disk was not mounted: that is nobody's wish for ten thousand new certificates. */
    @Test
    void storeThatIsGoneAsAWholeIsWrittenAgain() throws Exception {
        for (Path child : DurableFiles.list(folder().getParent())) {
            DurableFiles.delete(child);
        }

        renewals.verifyServed();

        assertThat(folder().resolve("current/fullchain.pem")).exists();
    }

    @Test
    void endIsItsLastChance() throws Exception {
        Certificate unwritten = orderUnwritten();
        freeDisk();

        renewals.close();

        assertThat(Pem.readCertificates(Files.readString(folder().resolve("current/fullchain.pem"))))
                .isEqualTo(unwritten.chain());
    }
}
