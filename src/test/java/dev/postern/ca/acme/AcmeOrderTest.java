package dev.postern.ca.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.ca.TestChains;
import dev.postern.ca.acme.AcmeOptions.Authorizations;
import dev.postern.ca.acme.AcmeOptions.Finalization;
import dev.postern.config.KeyType;
import dev.postern.pki.Keys;
import dev.postern.testing.Trust;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.shredzone.acme4j.AccountBuilder;
import org.shredzone.acme4j.Authorization;
import org.shredzone.acme4j.Certificate;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Order;
import org.shredzone.acme4j.Problem;
import org.shredzone.acme4j.RevocationReason;
import org.shredzone.acme4j.Status;
import org.shredzone.acme4j.challenge.Http01Challenge;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeServerException;

/** From names to a certificate and to its revocation, with acme4j as the client. */
class AcmeOrderTest {
    private final KeyPair accountKey = Keys.generate(KeyType.EC_P256);
    private final KeyPair siteKey = Keys.generate(KeyType.EC_P256);

    @TempDir
    Path directory;

    @Test
    void orderOfTwoNamesEndsWithAChainThatVerifies() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            Login login = AcmeSteps.register(acme, accountKey);

            Order order = login.newOrder().domains("a.example", "b.example").create();
            AcmeSteps.prove(acme, order);
            AcmeSteps.finish(order, siteKey);

            List<X509Certificate> chain = order.getCertificate().getCertificateChain();
            TestChains.verify(Trust.root(acme.ca), chain, acme.clock.instant());
            assertThat(TestChains.names(chain.get(0))).containsExactly("a.example", "b.example");
            assertThat(chain.get(0).getPublicKey()).isEqualTo(siteKey.getPublic());
            assertThat(acme.site.hosts).contains("a.example:" + acme.site.port(), "b.example:" + acme.site.port());
            assertThat(acme.server.counters()).isEqualTo(new AcmeCounters(1, 1, 2, 1, 0));
        }
    }

    @Test
    void wrongAnswerMakesOrderInvalidAndSaysWhy() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            Order order = order(acme, "a.example");
            Authorization authorization = order.getAuthorizations().get(0);
            Http01Challenge challenge = AcmeSteps.challenge(authorization);
            acme.site.answers.put(challenge.getToken(), challenge.getToken() + ".notTheThumbprint");

            challenge.trigger();
            AcmeSteps.awaitStatus(authorization, Status.INVALID);

            challenge.fetch();
            Problem problem = challenge.getError().orElseThrow();
            assertThat(problem.getType().toString()).endsWith(":unauthorized");
            assertThat(problem.getDetail().orElseThrow()).contains("notTheThumbprint", "a.example");
            order.fetch();
            assertThat(order.getStatus()).isEqualTo(Status.INVALID);
            assertThat(order.getError()).isPresent();
        }
    }

    @Test
    void unansweredChallengeIsInvalid() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            Order order = order(acme, "a.example");
            Authorization authorization = order.getAuthorizations().get(0);
            Http01Challenge challenge = AcmeSteps.challenge(authorization);

            challenge.trigger();
            AcmeSteps.awaitStatus(authorization, Status.INVALID);

            challenge.fetch();
            assertThat(challenge.getError().orElseThrow().getDetail().orElseThrow())
                    .contains("answered 404");
        }
    }

    @Test
    void whatIsNotDoneYetSaysWhenToComeBack() throws Exception {
        CountDownLatch resolving = new CountDownLatch(1);
        NameResolver slow = name -> {
            try {
                resolving.await();
            } catch (InterruptedException e) {
                throw new UnknownHostException("interrupted");
            }
            return List.of(InetAddress.getLoopbackAddress());
        };
        try (AcmeFixture acme = new AcmeFixture(directory, options -> options.resolver(slow))) {
            Order order = order(acme, "a.example");
            Authorization authorization = order.getAuthorizations().get(0);
            assertThat(authorization.fetch()).isEmpty(); // waits for the client, not for the server
            Http01Challenge challenge = AcmeSteps.challenge(authorization);
            acme.site.answers.put(challenge.getToken(), challenge.getAuthorization());

            challenge.trigger();
            challenge.trigger(); // as after a lost answer

            assertThat(challenge.getStatus()).isEqualTo(Status.PROCESSING);
            assertThat(authorization.fetch()).isPresent();
            assertThat(order.fetch()).isPresent();
            resolving.countDown();
            AcmeSteps.awaitStatus(authorization, Status.VALID);
            assertThat(authorization.fetch()).isEmpty();
            assertThat(order.fetch()).isEmpty();
            assertThat(acme.server.counters().validations()).isEqualTo(1);
        }
    }

    @Test
    void orderIsNotFinalizedBeforeItsNamesAreProven() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            Order order = order(acme, "a.example");

            AcmeSteps.assertRefused("orderNotReady", () -> order.execute(siteKey));
        }
    }

    @Test
    void csrMustAskForExactlyTheNamesOfTheOrder() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            Order order = order(acme, "a.example", "b.example");
            AcmeSteps.prove(acme, order);

            AcmeSteps.assertRefused("badCSR", () -> order.execute(siteKey, csr -> csr.addDomain("c.example")));
            AcmeSteps.assertRefused("badCSR", () -> order.execute(accountKey));
            AcmeSteps.assertRefused("badCSR", () -> order.execute(weakKey()));
            order.execute(siteKey, csr -> csr.setCommonName("a.example"));
            assertThat(order.getStatus()).isEqualTo(Status.VALID);
        }
    }

    @Test
    void namesThatCannotBeCertifiedAreRefusedTogether() throws Exception {
        try (AcmeFixture acme =
                new AcmeFixture(directory, options -> options.refuse(name -> name.endsWith(".blocked")))) {
            Login login = AcmeSteps.register(acme, accountKey);

            AcmeSteps.assertRefused(
                    "rejectedIdentifier",
                    () -> login.newOrder().domains("a.blocked").create());
            AcmeSteps.assertRefused(
                    "malformed", () -> login.newOrder().domains("a_b.example").create());
            assertThatThrownBy(() -> login.newOrder()
                            .domains("a.blocked", "ok.example", "b.blocked")
                            .create())
                    .isInstanceOfSatisfying(
                            AcmeServerException.class,
                            e -> assertThat(e.getProblem().getSubProblems())
                                    .extracting(sub ->
                                            sub.getIdentifier().orElseThrow().getDomain())
                                    .containsExactly("a.blocked", "b.blocked"));
        }
    }

    @Test
    void authorizationIsReusedWhereTheServerAllowsIt() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            Login login = AcmeSteps.register(acme, accountKey);
            AcmeSteps.prove(acme, login.newOrder().domains("a.example").create());

            Order second = login.newOrder().domains("a.example").create();

            assertThat(second.getStatus()).isEqualTo(Status.READY);
            acme.clock.advance(AcmeState.AUTHORIZATION_LIFE);
            assertThat(login.newOrder().domains("a.example").create().getStatus())
                    .isEqualTo(Status.PENDING);
        }
    }

    @Test
    void authorizationIsFreshWhereTheServerWantsIt() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory, options -> options.authorizations(Authorizations.FRESH))) {
            Login login = AcmeSteps.register(acme, accountKey);
            AcmeSteps.prove(acme, login.newOrder().domains("a.example").create());

            assertThat(login.newOrder().domains("a.example").create().getStatus())
                    .isEqualTo(Status.PENDING);
        }
    }

    @Test
    void deactivatedAuthorizationEndsItsOrder() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            Order order = order(acme, "a.example");

            order.getAuthorizations().get(0).deactivate();

            order.fetch();
            assertThat(order.getStatus()).isEqualTo(Status.INVALID);
        }
    }

    @Test
    void abandonedOrderExpires() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            Order order = order(acme, "a.example");

            acme.clock.advance(AcmeState.PENDING_LIFE);

            order.fetch();
            assertThat(order.getStatus()).isEqualTo(Status.INVALID);
        }
    }

    @Test
    void laterFinalizationEndsWithACertificateToo() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory, options -> options.finalization(Finalization.LATER))) {
            Order order = order(acme, "a.example");
            AcmeSteps.prove(acme, order);

            order.execute(siteKey);

            await().pollInterval(Duration.ofMillis(5)).until(() -> {
                order.fetch();
                return order.getStatus() == Status.VALID;
            });
            assertThat(order.getCertificate().getCertificateChain()).hasSize(2);
        }
    }

    @Test
    void certificateIsRevokedByItsAccountOnce() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            Order order = finished(acme);

            order.getCertificate().revoke(RevocationReason.SUPERSEDED);

            AcmeSteps.assertRefused(
                    "alreadyRevoked", () -> order.getCertificate().revoke());
            assertThat(acme.server.counters().revocations()).isEqualTo(1);
        }
    }

    @Test
    void certificateIsRevokedWithItsOwnKeyAndByNobodyElse() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            Order order = finished(acme);
            X509Certificate leaf = order.getCertificate().getCertificate();
            KeyPair strangerKey = Keys.generate(KeyType.EC_P256);
            Login stranger = new AccountBuilder()
                    .agreeToTermsOfService()
                    .useKeyPair(strangerKey)
                    .createLogin(acme.session());

            AcmeSteps.assertRefused("unauthorized", () -> Certificate.revoke(stranger, leaf, null));
            AcmeSteps.assertRefused("unauthorized", () -> Certificate.revoke(acme.session(), strangerKey, leaf, null));
            Certificate.revoke(acme.session(), siteKey, leaf, RevocationReason.KEY_COMPROMISE);
            assertThat(acme.server.counters().revocations()).isEqualTo(1);
        }
    }

    @Test
    void certificateLivesAsLongAsTold() throws Exception {
        try (AcmeFixture acme =
                new AcmeFixture(directory, options -> options.certificateValidity(Duration.ofSeconds(90)))) {
            Order order = finished(acme);

            X509Certificate leaf = order.getCertificate().getCertificate();

            assertThat(Duration.between(acme.clock.instant(), leaf.getNotAfter().toInstant()))
                    .isBetween(Duration.ofSeconds(88), Duration.ofSeconds(90));
        }
    }

    /** Of an account that is registered with it. */
    private Order order(AcmeFixture acme, String... names) throws AcmeException {
        return AcmeSteps.register(acme, accountKey).newOrder().domains(names).create();
    }

    private Order finished(AcmeFixture acme) throws AcmeException {
        Order order = order(acme, "a.example");
        AcmeSteps.prove(acme, order);
        AcmeSteps.finish(order, siteKey);
        return order;
    }

    private static KeyPair weakKey() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(1024);
        return generator.generateKeyPair();
    }
}
