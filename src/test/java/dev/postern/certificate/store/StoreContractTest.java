package dev.postern.certificate.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.certificate.issuer.ChallengeAnswer;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.config.ChallengeType;
import dev.postern.pki.Certificate;
import dev.postern.pki.Pem;
import dev.postern.testing.TestCa;
import java.io.IOException;
import java.security.PrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Store} does, whatever it keeps things in. A holder is one {@link #open}: the next one may be the same
 * process after a restart, or another that has taken over.
 */
abstract class StoreContractTest {
    private static final String SITE = "example.com";
    private static final List<String> NAMES = List.of(SITE);
    private static final Instant NOW = Instant.parse("2026-11-01T12:00:00Z");
    private static final OrderEntry ORDER =
            new OrderEntry("test", "https://ca.example/account/1", NAMES, "https://ca.example/order/1", null, null);

    private static final TestCa CA = TestCa.create();

    private final List<Store> opened = new ArrayList<>();

    /** Another holder of the same place, open for writing. */
    abstract Store openAnother() throws IOException;

    /** The right of {@code holder} to write ends, as where it was held up for long: it does not know. */
    abstract void outlive(Store holder) throws Exception;

    /** Somebody removes whatever says who has the place; {@code holder} does not know. */
    abstract void sweepMarks(Store holder) throws Exception;

    /** As after a crash between writing the newest generation of the site and making it current. */
    abstract void crashBeforeCurrent(String site) throws Exception;

    private Store open() throws IOException {
        Store store = openAnother();
        opened.add(store);
        return store;
    }

    @AfterEach
    void close() {
        opened.forEach(Store::close);
    }

    private static Certificate certificate(Instant from) throws Exception {
        TestCa.Issued issued = CA.issue(NAMES, from, Duration.ofDays(90));
        return Certificate.of(SITE, "test", issued.key(), issued.chain());
    }

    private static Certificate loaded(Store store) throws IOException {
        return store.site(SITE).generations().load(NAMES, NOW).orElseThrow().certificate();
    }

    private static JsonObject json(String text) {
        return JsonParser.parseString(text).getAsJsonObject();
    }

    private static PrivateKey key() {
        return TestCa.newKeys().getPrivate();
    }

    // ---- what is written stays

    @Test
    void everythingIsThereAfterARestart() throws Exception {
        Certificate certificate = certificate(NOW);
        PrivateKey account = key();
        PrivateKey next = key();
        RenewalHistory history = RenewalHistory.NONE.picked(new RenewalHistory.Pick("7", NOW.plusSeconds(60)));
        OrderEntry finalized = ORDER.with(Pem.of(key()));
        byte[] probe;
        byte[] sticky;
        try (Store before = open()) {
            before.site(SITE).generations().store(certificate, ORDER, NOW);
            before.site(SITE).journal("test").write(finalized);
            before.site(SITE).write(history);
            before.site(SITE).told().told("7");
            before.account("test").writeKey(account);
            before.account("test").writeNextKey(next);
            before.account("test").writeAccount(json("{\"url\": \"https://ca.example/account/1\"}"));
            before.account("test").writeLedger(json("{\"orders\": {\"\": \"2026-11-01T12:00:00Z\"}}"));
            probe = before.probeKey(new Random(1)).bytes();
            sticky = before.stickySecret(new Random(1));
        }

        Store after = open();

        assertThat(loaded(after).chain()).isEqualTo(certificate.chain());
        assertThat(loaded(after).key()).isEqualTo(certificate.key());
        assertThat(after.site(SITE).generations().account(1)).hasValue(ORDER.account());
        assertThat(after.site(SITE).journal("test").read()).hasValue(finalized);
        assertThat(after.site(SITE).history()).isEqualTo(history);
        assertThat(after.site(SITE).told().missed().orElseThrow().serial()).isEqualTo(certificate.serialText());
        assertThat(after.account("test").readKey()).hasValue(account);
        assertThat(after.account("test").readNextKey()).hasValue(next);
        assertThat(after.account("test").readAccount().orElseThrow().get("url").getAsString())
                .isEqualTo("https://ca.example/account/1");
        assertThat(after.account("test").readLedger()).hasValue(json("{\"orders\": {\"\": \"2026-11-01T12:00:00Z\"}}"));
        assertThat(after.probeKey(new Random(2)).bytes()).isEqualTo(probe);
        assertThat(after.hasStickySecret()).isTrue();
        assertThat(after.stickySecret(new Random(2))).isEqualTo(sticky);
    }

    @Test
    void whatNobodyWroteIsNotThere() throws Exception {
        Store store = open();

        assertThat(store.site(SITE).generations().load(NAMES, NOW)).isEmpty();
        assertThat(store.site(SITE).everHadCertificate()).isFalse();
        assertThat(store.site(SITE).journal("test").read()).isEmpty();
        assertThat(store.site(SITE).history()).isEqualTo(RenewalHistory.NONE);
        assertThat(store.site(SITE).told().missed()).isEmpty();
        assertThat(store.challenges().tokens()).isEmpty();
        assertThat(store.challenges().find("token", NOW)).isEmpty();
        assertThat(store.account("test").readKey()).isEmpty();
        assertThat(store.account("test").readAccount()).isEmpty();
        assertThat(store.account("test").readLedger()).isEmpty();
        assertThat(store.hasStickySecret()).isFalse();
    }

    // ---- generations

    @Test
    void newestGenerationIsCurrentUntilSomebodyGoesBack() throws Exception {
        Certificate older = certificate(NOW.minusSeconds(60));
        Certificate newer = certificate(NOW);
        Generations generations = open().site(SITE).generations();

        assertThat(generations.store(older, null, NOW).number()).isEqualTo(1);
        assertThat(generations.store(newer, null, NOW).number()).isEqualTo(2);
        // Written before: once is enough.
        assertThat(generations.store(newer, null, NOW).number()).isEqualTo(2);
        assertThat(generations.load(NAMES, NOW).orElseThrow().number()).isEqualTo(2);

        assertThat(generations.rollback(NAMES, 2, NOW).number()).isEqualTo(1);
        assertThat(generations.load(NAMES, NOW).orElseThrow().number()).isEqualTo(1);
        assertThat(generations.isRolledBack(2)).isTrue();
        assertThatThrownBy(() -> generations.rollback(NAMES, 1, NOW)).isInstanceOf(IOException.class);
        assertThat(generations.load(NAMES, NOW).orElseThrow().number()).isEqualTo(1);
    }

    @Test
    void revokedGenerationIsNeverLoadedAgain() throws Exception {
        Certificate older = certificate(NOW.minusSeconds(60));
        Certificate newer = certificate(NOW);
        try (Store before = open()) {
            before.site(SITE).generations().store(older, null, NOW);
            before.site(SITE).generations().store(newer, null, NOW);
            before.site(SITE).generations().revoked(2, RevocationReason.KEY_COMPROMISE);
        }
        Store after = open();

        assertThat(loaded(after).chain()).isEqualTo(older.chain());
        assertThat(after.site(SITE).generations().revokedAfter(1)).isPresent();
        assertThat(after.site(SITE).generations().find(newer.serialText())).isPresent();
        assertThat(after.site(SITE).generations().numberOf(older)).isEqualTo(1);
        assertThat(after.site(SITE).generations().numberOf(newer)).isZero();
    }

    @Test
    void twoBeforeTheCurrentOneStayAndThoseThatAreShown() throws Exception {
        Generations generations = open().site(SITE).generations();
        for (int i = 0; i < 5; i++) {
            generations.store(certificate(NOW.minusSeconds(60 - i)), null, NOW);
        }

        generations.removeOld(Set.of(1));

        assertThat(generations.newestFirst()).containsExactly(5, 4, 3, 1);
        generations.cleanUp(Set.of());
        assertThat(generations.newestFirst()).containsExactly(5, 4, 3);
    }

    @Test
    void installationThatACrashInterruptedIsFinished() throws Exception {
        Certificate older = certificate(NOW.minusSeconds(60));
        Certificate newer = certificate(NOW);
        OrderEntry order = ORDER.with(Pem.of(newer.key()));
        try (Store before = open()) {
            before.site(SITE).generations().store(older, null, NOW);
            before.site(SITE).journal("test").write(order);
            before.site(SITE).generations().store(newer, order, NOW);
            crashBeforeCurrent(SITE);
            assertThat(loaded(before).chain()).isEqualTo(older.chain());
        }
        Store after = open();

        after.site(SITE).finishInstallation();

        assertThat(loaded(after).chain()).isEqualTo(newer.chain());
        assertThat(after.site(SITE).journal("test").read()).isEmpty();
    }

    @Test
    void generationThatIsNotOfTheOrderInFlightIsNotMadeCurrent() throws Exception {
        Certificate older = certificate(NOW.minusSeconds(60));
        OrderEntry order = ORDER.with(Pem.of(key()));
        Store store = open();
        store.site(SITE).generations().store(older, null, NOW);
        store.site(SITE).generations().store(certificate(NOW), null, NOW);
        store.site(SITE).generations().rollback(NAMES, 2, NOW);
        store.site(SITE).journal("test").write(order);

        store.site(SITE).finishInstallation();

        assertThat(loaded(store).chain()).isEqualTo(older.chain());
        assertThat(store.site(SITE).journal("test").read()).hasValue(order);
    }

    // ---- the journal

    @Test
    void orderHasItsKeyBeforeItIsFinalizedAndIsForgottenAlone() throws Exception {
        SiteStore site = open().site(SITE);
        OrderJournal journal = site.journal("test");
        OrderEntry finalized = ORDER.with(Pem.of(key()));
        OrderEntry other = new OrderEntry("test", ORDER.account(), NAMES, "https://ca.example/order/2", null, null);

        journal.write(ORDER);
        assertThat(site.journal("test").read()).hasValue(ORDER);
        journal.write(finalized);
        assertThat(site.journal("test").read()).hasValue(finalized);

        site.forget(other);
        assertThat(journal.read()).hasValue(finalized);
        site.forget(ORDER);
        assertThat(journal.read()).isEmpty();
    }

    @Test
    void eachIssuerHasAJournalOfItsOwn() throws Exception {
        SiteStore site = open().site(SITE);
        OrderEntry other =
                new OrderEntry("other-ca", "https://other.example/1", NAMES, "https://other.example/o/1", null, null);
        site.journal("test").write(ORDER);
        site.journal("other-ca").write(other);

        site.journal("test").clear();
        assertThat(site.journal("test").read()).isEmpty();
        assertThat(site.journal("other-ca").read()).hasValue(other);

        site.forgetOrders();
        assertThat(site.journal("other-ca").read()).isEmpty();
    }

    // ---- accounts

    @Test
    void nextKeyTakesThePlaceOfTheOther() throws Exception {
        AccountStore account = open().account("test");
        PrivateKey first = key();
        PrivateKey second = key();
        account.writeKey(first);

        account.writeNextKey(key());
        account.dropNextKey();
        assertThat(account.readNextKey()).isEmpty();
        assertThat(account.readKey()).hasValue(first);

        account.writeNextKey(second);
        account.adoptNextKey();
        assertThat(account.readNextKey()).isEmpty();
        assertThat(account.readKey()).hasValue(second);

        account.replaceKey(first);
        assertThat(account.readKey()).hasValue(first);
    }

    // ---- challenges

    private static OpenChallenge challenge(String token, Instant until) {
        return new OpenChallenge(
                ChallengeType.HTTP_01, new ChallengeAnswer(SITE, SITE, token, token + ".thumbprint"), until);
    }

    @Test
    void challengeIsFoundByEveryHolderUntilItIsWithdrawn() throws Exception {
        OpenChallenge http = challenge("evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA", NOW.plusSeconds(60));
        OpenChallenge tls = new OpenChallenge(
                ChallengeType.TLS_ALPN_01,
                new ChallengeAnswer("other.example", "www.other.example", "_-", "_-.thumbprint"),
                NOW.plusSeconds(30));
        try (Store before = open()) {
            before.challenges().publish(http);
            before.challenges().publish(tls);
            assertThat(before.challenges().find(http.token(), NOW)).hasValue(http);
        }

        Store after = open();

        assertThat(after.challenges().tokens()).containsExactlyInAnyOrder(http.token(), tls.token());
        assertThat(after.challenges().find(http.token(), NOW)).hasValue(http);
        assertThat(after.challenges().find(tls.token(), NOW)).hasValue(tls);
        after.challenges().withdraw(http.answer());
        after.challenges().withdraw(http.answer());
        assertThat(after.challenges().find(http.token(), NOW)).isEmpty();
        assertThat(after.challenges().tokens()).containsExactly(tls.token());
    }

    @Test
    void challengeIsPublishedOnceMoreInPlaceOfTheOther() throws Exception {
        OpenChallenges challenges = open().challenges();
        OpenChallenge later = challenge("token", NOW.plusSeconds(120));
        challenges.publish(challenge("token", NOW.plusSeconds(60)));

        challenges.publish(later);

        assertThat(challenges.find("token", NOW.plusSeconds(90))).hasValue(later);
        assertThat(challenges.tokens()).containsExactly("token");
    }

    @Test
    void challengeEndsAndIsSwept() throws Exception {
        OpenChallenges challenges = open().challenges();
        OpenChallenge longer = challenge("longer", NOW.plusSeconds(61));
        challenges.publish(challenge("token", NOW.plusSeconds(60)));
        challenges.publish(longer);

        assertThat(challenges.find("token", NOW.plusSeconds(60))).isEmpty();
        challenges.sweep(NOW.plusSeconds(60));
        assertThat(challenges.tokens()).containsExactly("longer");
        assertThat(challenges.find("longer", NOW.plusSeconds(60))).hasValue(longer);
    }

    /** What a token is in is the path of a URL, whoever asks for it. */
    @Test
    void whatIsNoTokenIsRefusedAndNeverFound() throws Exception {
        OpenChallenges challenges = open().challenges();
        for (String garbage : List.of(
                "",
                ".",
                "..",
                "../lease",
                "a/b",
                "a\\b",
                "a.json",
                "a%2f",
                "a b",
                "a\n",
                "a\0",
                "ä",
                "x".repeat(201))) {
            assertThatThrownBy(() -> challenges.publish(challenge(garbage, NOW.plusSeconds(60))))
                    .as(garbage)
                    .isInstanceOf(IOException.class);
            assertThat(challenges.find(garbage, NOW)).as(garbage).isEmpty();
            challenges.withdraw(challenge(garbage, NOW).answer());
        }
        assertThatThrownBy(() -> challenges.publish(new OpenChallenge(
                        ChallengeType.HTTP_01,
                        new ChallengeAnswer(SITE, SITE, "token", "x".repeat(1 << 20)),
                        NOW.plusSeconds(60))))
                .isInstanceOf(IOException.class);
        assertThat(challenges.tokens()).isEmpty();
    }

    // ---- leases

    @Test
    void oneHolderLeadsAtATime() throws Exception {
        Store first = open();
        try (Lease lease = first.site(SITE).lead()) {
            lease.require();
            // What it has it may take again.
            assertThat(first.site(SITE).lead().token()).isEqualTo(lease.token());
            assertThatThrownBy(() -> open().site(SITE).lead()).isInstanceOfAny(NotLeader.class, StoreInUse.class);
            assertThatThrownBy(() -> open().site(SITE).journal("test").write(ORDER))
                    .isInstanceOfAny(NotLeader.class, StoreInUse.class);
        }
        first.close();

        open().site(SITE).lead().require();
    }

    @Test
    void tokenGrowsWithEachHolder() throws Exception {
        long before = 0;
        for (int i = 0; i < 3; i++) {
            try (Store store = open();
                    Lease lease = store.site(SITE).lead()) {
                assertThat(lease.token()).isGreaterThan(before);
                before = lease.token();
            }
        }
    }

    /** A leader that was held up for minutes finds it out by its first write, whichever that is. */
    @Test
    void staleTokenChangesNothing() throws Exception {
        followed(this::outlive);
    }

    /** The next one finds nothing of the one before, and counts from where that never was. */
    @Test
    void staleTokenChangesNothingWhereNothingSaidWhoHadIt() throws Exception {
        followed(this::sweepMarks);
    }

    private interface End {
        void of(Store holder) throws Exception;
    }

    private void followed(End end) throws Exception {
        Certificate older = certificate(NOW.minusSeconds(60));
        Certificate current = certificate(NOW.minusSeconds(30));
        RenewalHistory history = RenewalHistory.NONE.picked(new RenewalHistory.Pick("7", NOW));
        OrderEntry order = ORDER.with(Pem.of(key()));
        OpenChallenge theirs = challenge("token", NOW.plusSeconds(60));
        Store first = open();
        SiteStore site = first.site(SITE);
        AccountStore account = first.account("test");
        Lease lease = site.lead();
        Lease leaseOfAccount = account.lead();
        PrivateKey accountKey = key();
        site.generations().store(older, null, NOW);
        account.writeKey(accountKey);

        end.of(first);
        Store second = open();
        try (Lease taken = second.site(SITE).lead();
                Lease takenAccount = second.account("test").lead()) {
            assertThat(taken.token()).isGreaterThan(lease.token());
            assertThat(takenAccount.token()).isGreaterThan(leaseOfAccount.token());
            second.site(SITE).generations().store(current, null, NOW);
            second.site(SITE).journal("test").write(order);
            second.site(SITE).write(history);
            second.challenges().publish(theirs);
            second.account("test").writeLedger(json("{\"orders\": {}}"));

            assertThatThrownBy(lease::require).isInstanceOf(NotLeader.class);
            assertThatThrownBy(leaseOfAccount::require).isInstanceOf(NotLeader.class);
            List<Write> writes = List.of(
                    () -> site.generations().store(certificate(NOW), null, NOW),
                    () -> site.generations().rollback(NAMES, 2, NOW),
                    () -> site.generations().revoked(2, RevocationReason.KEY_COMPROMISE),
                    () -> site.journal("test").write(ORDER),
                    () -> site.journal("test").clear(),
                    site::forgetOrders,
                    () -> site.write(RenewalHistory.NONE),
                    () -> first.challenges().publish(challenge("token", NOW.plusSeconds(90))),
                    () -> first.challenges().withdraw(theirs.answer()),
                    () -> account.writeLedger(json("{}")),
                    () -> account.writeAccount(json("{}")),
                    () -> account.writeKey(key()),
                    () -> account.replaceKey(key()));
            for (Write write : writes) {
                assertThatThrownBy(write::run).isInstanceOf(NotLeader.class);
            }
            site.forget(order);

            assertThat(loaded(second).chain()).isEqualTo(current.chain());
            assertThat(second.site(SITE).generations().newestFirst()).containsExactly(2, 1);
            assertThat(second.site(SITE).generations().isRolledBack(2)).isFalse();
            assertThat(second.site(SITE).journal("test").read()).hasValue(order);
            assertThat(second.site(SITE).history()).isEqualTo(history);
            assertThat(second.challenges().find("token", NOW)).hasValue(theirs);
            assertThat(second.account("test").readLedger()).hasValue(json("{\"orders\": {}}"));
            assertThat(second.account("test").readAccount()).isEmpty();
            assertThat(second.account("test").readKey()).hasValue(accountKey);
        }
    }

    private interface Write {
        void run() throws Exception;
    }

    @Test
    void whoOnlyReadsWritesNothing() throws Exception {
        Store store = open();
        store.site(SITE).journal("test").write(ORDER);
        store.close();

        assertThat(store.isWritable()).isFalse();
        assertThatThrownBy(() -> store.site(SITE).lead()).isInstanceOf(NotLeader.class);
        assertThatThrownBy(() -> store.site(SITE).journal("test").clear()).isInstanceOf(NotLeader.class);
        assertThatThrownBy(() -> store.challenges().publish(challenge("token", NOW.plusSeconds(60))))
                .isInstanceOf(NotLeader.class);
        assertThatThrownBy(() -> store.challenges().sweep(NOW)).isInstanceOf(NotLeader.class);
        assertThat(store.site(SITE).journal("test").read()).hasValue(ORDER);
        store.openToWrite();
        store.site(SITE).journal("test").clear();
        assertThat(store.site(SITE).journal("test").read()).isEmpty();
    }
}
