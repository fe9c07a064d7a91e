package dev.postern.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.certificate.served.ChallengeTable;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.ChallengeType;
import dev.postern.config.ExternalAccount;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.KeyType;
import dev.postern.config.RateLimits;
import dev.postern.pki.Certificate;
import dev.postern.pki.Keys;
import dev.postern.testing.Care;
import dev.postern.testing.ChallengeResponder;
import dev.postern.testing.FreePorts;
import dev.postern.testing.MemoryJournal;
import dev.postern.testing.PebbleServer;
import dev.postern.testing.PebbleServer.Options;
import dev.postern.time.Clocks;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.PrivateKey;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Real orders at Debian's pebble. */
class PebbleTest {
    @TempDir
    Path directory;

    private final ChallengeTable challenges = new ChallengeTable();
    private ChallengeResponder responder;
    private Store store;

    @BeforeEach
    void open() throws IOException {
        responder = new ChallengeResponder(challenges);
        store = FileStore.open(directory.resolve("certs"));
    }

    @AfterEach
    void close() {
        responder.close();
        store.close();
    }

    private PebbleServer pebble(Options options) {
        return PebbleServer.start(directory.resolve("pebble"), options);
    }

    private Options options() {
        return Options.httpPort(responder.port());
    }

    private AcmeIssuer issuer(PebbleServer pebble) throws IOException {
        return issuer(new AcmeDirectory("pebble", pebble.directoryUri(), pebble.caFile()));
    }

    private AcmeIssuer issuer(AcmeDirectory at) throws IOException {
        return new AcmeIssuers(
                        new Customer(
                                "ops@example.com",
                                true,
                                store,
                                new Clocks(InstantSource.system(), MonotonicClock.SYSTEM)),
                        List.of())
                .at(at);
    }

    private IssuedCertificate issue(AcmeIssuer issuer, OrderJournal journal, String... names)
            throws IssueFailure, InterruptedException {
        return issuer.issue(Care.request(challenges, names), journal);
    }

    private static Certificate checked(IssuedCertificate issued) throws Exception {
        return Certificate.of("site", issued.issuer(), issued.key(), issued.chain());
    }

    @Test
    void twoNamesGetOneCertificate_thoughNoncesAreRefused() throws Exception {
        try (PebbleServer pebble = pebble(options().nonceReject(30))) {
            Certificate certificate =
                    checked(issue(issuer(pebble), new MemoryJournal(), "example.com", "www.example.com"));

            assertThat(certificate.names()).containsExactlyInAnyOrder("example.com", "www.example.com");
            assertThat(certificate.chain()).hasSize(2);
        }
    }

    /** <a href="https://datatracker.ietf.org/doc/html/rfc8738">RFC 8738</a>. */
    @Test
    void addressIsCertifiedBesideANameOverHttp01() throws Exception {
        try (PebbleServer pebble = pebble(options())) {
            IssuedCertificate issued = issue(issuer(pebble), new MemoryJournal(), "127.0.0.1", "example.com");

            assertThat(checked(issued).names()).containsExactlyInAnyOrder("127.0.0.1", "example.com");
            assertThat(issued.chain().get(0).getSubjectAlternativeNames()).contains(List.of(7, "127.0.0.1"));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = KeyType.class,
            names = {"EC_P384", "RSA_2048"})
    void otherKeyTypesAreCertified(KeyType type) throws Exception {
        try (PebbleServer pebble = pebble(options())) {
            CertificateRequest request = Care.request(challenges, type, "example.com");

            Certificate certificate = checked(issuer(pebble).issue(request, new MemoryJournal()));

            assertThat(certificate.key().getAlgorithm()).isEqualTo(type == KeyType.RSA_2048 ? "RSA" : "EC");
        }
    }

    @Test
    void accountIsRegisteredOnceAndKept() throws Exception {
        try (PebbleServer pebble = pebble(options())) {
            AcmeIssuer first = issuer(pebble);
            // On the common pool, which has one thread on two cores: nothing of ours may need another one of it.
            CompletableFuture<IssuedCertificate> beside = CompletableFuture.supplyAsync(() -> {
                try {
                    return issue(first, new MemoryJournal(), "b.example.com");
                } catch (IssueFailure | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            checked(issue(first, new MemoryJournal(), "a.example.com"));
            checked(beside.join());

            checked(issue(issuer(pebble), new MemoryJournal(), "c.example.com"));

            assertThat(pebble.accounts()).isEqualTo(1);
        }
    }

    @Test
    void accountThatTheCaLostIsRegisteredAnew() throws Exception {
        try (PebbleServer pebble = pebble(options())) {
            checked(issue(issuer(pebble), new MemoryJournal(), "example.com"));
        }
        // Another pebble knows nothing of the first one; only its port differs, so the account file is pointed to it.
        try (PebbleServer pebble = pebble(options())) {
            var account = store.account("pebble").readAccount().orElseThrow();
            account.addProperty("directory", pebble.directoryUri().toString());
            account.addProperty(
                    "url", pebble.directoryUri().resolve("/my-account/1").toString());
            store.account("pebble").writeAccount(account);

            checked(issue(issuer(pebble), new MemoryJournal(), "example.com"));

            assertThat(pebble.accounts()).isEqualTo(1);
        }
    }

    /** Each step that is persisted, and after the last one: the order is finished, not made again. */
    @ParameterizedTest
    @ValueSource(strings = {"order made", "key kept", "finalized"})
    void orderIsResumedAfterACrash(String step) throws Exception {
        try (PebbleServer pebble = pebble(options().authzReuse(0))) {
            MemoryJournal journal = new MemoryJournal();
            switch (step) {
                case "order made" -> journal.dieAfterWrite(1);
                case "key kept" -> journal.dieAfterWrite(2);
                default -> journal.dieBeforeRead(3);
            }
            assertThatThrownBy(() -> issue(issuer(pebble), journal, "example.com", "www.example.com"))
                    .hasRootCauseInstanceOf(MemoryJournal.Died.class);

            Certificate certificate = checked(issue(issuer(pebble), journal, "example.com", "www.example.com"));

            assertThat(certificate.names()).containsExactlyInAnyOrder("example.com", "www.example.com");
            assertThat(pebble.orders()).isEqualTo(1);
        }
    }

    @Test
    void orderForOtherNamesIsNotResumed() throws Exception {
        try (PebbleServer pebble = pebble(options())) {
            MemoryJournal journal = new MemoryJournal().dieAfterWrite(1);
            assertThatThrownBy(() -> issue(issuer(pebble), journal, "example.com"))
                    .isInstanceOf(IssueFailure.class);

            Certificate certificate = checked(issue(issuer(pebble), journal, "example.com", "www.example.com"));

            assertThat(certificate.names()).contains("www.example.com");
        }
    }

    @Test
    void orderThatTheCaForgotIsMadeAgain() throws Exception {
        try (PebbleServer pebble = pebble(options())) {
            MemoryJournal journal = new MemoryJournal().dieAfterWrite(1);
            assertThatThrownBy(() -> issue(issuer(pebble), journal, "example.com"))
                    .isInstanceOf(IssueFailure.class);
            var entry = journal.read().orElseThrow();
            journal.write(
                    new OrderEntry(entry.issuer(), entry.account(), entry.names(), entry.order() + "gone", null, null));

            checked(issue(issuer(pebble), journal, "example.com"));
        }
    }

    @Test
    void blockedNameIsTheFaultOfTheNameAndHarmsNoOther() throws Exception {
        try (PebbleServer pebble = pebble(options().blocklist("blocked.example"))) {
            AcmeIssuer issuer = issuer(pebble);

            assertThatThrownBy(() -> issue(issuer, new MemoryJournal(), "blocked.example"))
                    .isInstanceOfSatisfying(IssueFailure.class, e -> {
                        assertThat(e.fault()).isEqualTo(Fault.NAME);
                        assertThat(e).hasMessageContaining("urn:ietf:params:acme:error:rejectedIdentifier");
                    });
            checked(issue(issuer, new MemoryJournal(), "example.com"));
        }
    }

    @Test
    void nameWhoseTokenCannotBeFetchedIsTheFaultOfTheName() throws Exception {
        try (PebbleServer pebble = pebble(Options.httpPort(FreePorts.next()))) {
            MemoryJournal journal = new MemoryJournal();

            assertThatThrownBy(() -> issue(issuer(pebble), journal, "example.com"))
                    .isInstanceOfSatisfying(IssueFailure.class, e -> {
                        assertThat(e.fault()).isEqualTo(Fault.NAME);
                        assertThat(e)
                                .hasMessageStartingWith("order https://")
                                .hasMessageContaining("http-01 for \"example.com\": CA could not fetch the token: ")
                                .hasMessageContaining("(urn:ietf:params:acme:error:connection); no client asked this")
                                .hasMessageEndingWith(" keeps the CA out");
                    });
            // An order that failed for good must not be resumed.
            assertThat(journal.read()).isEmpty();
        }
    }

    @Test
    void shortLifeIsTakenAsItComes() throws Exception {
        try (PebbleServer pebble = pebble(options().validity(Duration.ofSeconds(60)))) {
            Certificate certificate = checked(issue(issuer(pebble), new MemoryJournal(), "example.com"));

            assertThat(Duration.between(certificate.notBefore(), certificate.notAfter()))
                    .isBetween(Duration.ofSeconds(58), Duration.ofSeconds(61));
        }
    }

    @Test
    void unknownCaIsNotTrusted() throws Exception {
        try (PebbleServer pebble = pebble(options())) {
            AcmeIssuer issuer = issuer(new AcmeDirectory("pebble", pebble.directoryUri(), null));

            assertThatThrownBy(() -> issue(issuer, new MemoryJournal(), "example.com"))
                    .isInstanceOfSatisfying(
                            IssueFailure.class, e -> assertThat(e.fault()).isEqualTo(Fault.CA))
                    .hasMessageContaining("is from no CA that is trusted");
        }
    }

    /** Valid authorizations that come again, or do not, or only for some of the names. */
    @ParameterizedTest
    @ValueSource(ints = {0, 50, 100})
    void authorizationsMayBeReused(int percent) throws Exception {
        try (PebbleServer pebble = pebble(options().authzReuse(percent))) {
            AcmeIssuer issuer = issuer(pebble);
            for (int i = 0; i < 3; i++) {
                IssuedCertificate issued =
                        issue(issuer, new MemoryJournal(), "example.com", "www.example.com", "a.example.com");

                assertThat(checked(issued).names()).hasSize(3);
                // Where all of them come again the order is ready at once, and nothing has to be proven.
                boolean unproven = i > 0 && percent > 0;
                assertThat(issued.challenge() == null && unproven ? ChallengeType.HTTP_01 : issued.challenge())
                        .isEqualTo(ChallengeType.HTTP_01);
            }
        }
    }

    @Test
    void slowValidationIsWaitedFor() throws Exception {
        try (PebbleServer pebble = pebble(options().slowly())) {
            checked(issue(issuer(pebble), new MemoryJournal(), "example.com"));
        }
    }

    @Test
    void externalAccountIsBound() throws Exception {
        try (PebbleServer pebble = pebble(options().bound())) {
            Path key = Files.writeString(directory.resolve("hmac"), PebbleServer.MAC_KEY + "\n");
            AcmeDirectory at = new AcmeDirectory(
                    "pebble",
                    pebble.directoryUri(),
                    pebble.caFile(),
                    new ExternalAccount(PebbleServer.KEY_ID, key),
                    null,
                    null,
                    null,
                    RateLimits.NONE);

            assertThatThrownBy(() -> issue(issuer(pebble), new MemoryJournal(), "example.com"))
                    .hasMessageContaining("set eab (key-id and hmac-file)");
            checked(issue(issuer(at), new MemoryJournal(), "example.com"));
        }
    }

    /** acme4j cannot say it; whether what we send instead is well-formed, a real server decides. */
    @Test
    void contactThatWasRemovedIsWithdrawn() throws Exception {
        try (PebbleServer pebble = pebble(options())) {
            AcmeDirectory at = new AcmeDirectory("pebble", pebble.directoryUri(), pebble.caFile());
            AcmeIssuer issuer = issuer(at);
            checked(issue(issuer, new MemoryJournal(), "example.com"));
            assertThat(issuer.account().orElseThrow().show().contacts()).containsExactly("mailto:ops@example.com");
            AcmeIssuer nobody = new AcmeIssuers(
                            new Customer(null, true, store, new Clocks(InstantSource.system(), MonotonicClock.SYSTEM)),
                            List.of())
                    .at(at);

            checked(issue(nobody, new MemoryJournal(), "example.com"));

            assertThat(nobody.account().orElseThrow().show().contacts()).isEmpty();
            assertThat(pebble.accounts()).isEqualTo(1);
        }
    }

    @Test
    void certificateIsRevokedWithItsOwnKey() throws Exception {
        try (PebbleServer pebble = pebble(options())) {
            Certificate certificate = checked(issue(issuer(pebble), new MemoryJournal(), "example.com"));
            Store elsewhere = FileStore.open(directory.resolve("elsewhere"));
            AcmeIssuer stranger = new AcmeIssuers(
                            new Customer(
                                    null, true, elsewhere, new Clocks(InstantSource.system(), MonotonicClock.SYSTEM)),
                            List.of())
                    .at(new AcmeDirectory("pebble", pebble.directoryUri(), pebble.caFile()));

            stranger.revoke(certificate, RevocationReason.KEY_COMPROMISE);
            stranger.revoke(certificate, RevocationReason.KEY_COMPROMISE);

            elsewhere.close();
            assertThat(pebble.accounts()).isEqualTo(1);
        }
    }

    /** Pebble checks every signature: the old key is of no more use, the new one is, now and after a restart. */
    @Test
    void accountGetsANewKey() throws Exception {
        try (PebbleServer pebble = pebble(options())) {
            AcmeIssuer issuer = issuer(pebble);
            checked(issue(issuer, new MemoryJournal(), "example.com"));
            PrivateKey old = store.account("pebble").readKey().orElseThrow();

            issuer.account().orElseThrow().rollover();

            assertThat(store.account("pebble").readKey().orElseThrow()).isNotEqualTo(old);
            assertThat(store.account("pebble").readNextKey()).isEmpty();
            checked(issue(issuer, new MemoryJournal(), "example.com"));
            checked(issue(issuer(pebble), new MemoryJournal(), "example.com"));
            assertThat(issuer.account().orElseThrow().show().status()).isEqualTo("valid");
            assertThat(pebble.accounts()).isEqualTo(1);
            assertThat(Files.getPosixFilePermissions(directory.resolve("certs/accounts/pebble/key.pem")))
                    .containsExactlyInAnyOrder(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
        }
    }

    /** Before the CA heard of the next key, and after it: whichever it knows is found out and used. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void changeOfKeysThatWasCutShortLeavesAWorkingAccount(boolean caHeard) throws Exception {
        try (PebbleServer pebble = pebble(options())) {
            AcmeIssuer issuer = issuer(pebble);
            checked(issue(issuer, new MemoryJournal(), "example.com"));
            PrivateKey old = store.account("pebble").readKey().orElseThrow();
            PrivateKey next;
            if (caHeard) {
                issuer.account().orElseThrow().rollover();
                next = store.account("pebble").readKey().orElseThrow();
                store.account("pebble").writeKey(old);
            } else {
                next = Keys.generate(KeyType.EC_P256).getPrivate();
            }
            store.account("pebble").writeNextKey(next);

            checked(issue(issuer(pebble), new MemoryJournal(), "example.com"));

            assertThat(store.account("pebble").readKey()).contains(caHeard ? next : old);
            assertThat(store.account("pebble").readNextKey()).isEmpty();
            assertThat(pebble.accounts()).isEqualTo(1);
        }
    }
}
