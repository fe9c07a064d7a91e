package dev.postern.ca.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.security.KeyPair;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.shredzone.acme4j.AccountBuilder;
import org.shredzone.acme4j.Authorization;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Order;
import org.shredzone.acme4j.Status;
import org.shredzone.acme4j.challenge.Http01Challenge;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeServerException;

/** What an ACME client does on the way to a certificate. */
final class AcmeSteps {
    private AcmeSteps() {}

    static Login register(AcmeFixture acme, KeyPair accountKey) throws AcmeException {
        return new AccountBuilder()
                .agreeToTermsOfService()
                .addEmail("ops@example.com")
                .useKeyPair(accountKey)
                .createLogin(acme.session());
    }

    static void prove(AcmeFixture acme, Order order) throws AcmeException {
        for (Authorization authorization : order.getAuthorizations()) {
            Http01Challenge challenge = challenge(authorization);
            acme.site.answers.put(challenge.getToken(), challenge.getAuthorization() + "\n");
            challenge.trigger();
            awaitStatus(authorization, Status.VALID);
        }
        order.fetch();
        assertThat(order.getStatus()).isEqualTo(Status.READY);
    }

    static void finish(Order order, KeyPair key) throws AcmeException {
        order.execute(key);
        order.fetch();
        assertThat(order.getStatus()).isEqualTo(Status.VALID);
    }

    static Http01Challenge challenge(Authorization authorization) {
        return authorization.findChallenge(Http01Challenge.class).orElseThrow();
    }

    static void awaitStatus(Authorization authorization, Status status) {
        await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(5)).until(() -> {
            authorization.fetch();
            return authorization.getStatus() == status;
        });
    }

    static void assertRefused(String type, ThrowingCallable request) {
        assertThatThrownBy(request)
                .isInstanceOfSatisfying(
                        AcmeServerException.class,
                        e -> assertThat(e.getType().toString()).isEqualTo("urn:ietf:params:acme:error:" + type));
    }
}
