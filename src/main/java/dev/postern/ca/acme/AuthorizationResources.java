package dev.postern.ca.acme;

import dev.postern.ca.ServerName;
import dev.postern.ca.acme.ChallengeValidator.Proof;
import java.time.Instant;
import java.util.Optional;

/** <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.5">RFC 8555 §7.5</a>: proving names. */
final class AuthorizationResources {
    private final AcmeState state;
    private final AcmeUrls urls;
    private final AcmeOptions options;
    private final ChallengeValidator validator;

    AuthorizationResources(AcmeState state, AcmeUrls urls, AcmeOptions options) {
        this.state = state;
        this.urls = urls;
        this.options = options;
        this.validator = options.validator();
    }

    AcmeReply authorization(SignedRequest request, String id) throws AcmeRefusal {
        synchronized (state) {
            Authorization authorization = state.authorization(id, request.account());
            if (!request.isRead()) {
                // https://datatracker.ietf.org/doc/html/rfc8555#section-7.5.2
                if (!Json.text(request.payload(), "status").equals(Optional.of("deactivated"))) {
                    throw AcmeRefusal.malformed("payload: an authorization can only be read or deactivated");
                }
                authorization.deactivate();
            }
            AcmeReply reply = AcmeReply.json(200, authorization.json(urls, options.clock.instant()));
            return authorization.isProcessing() ? reply.later(options.retryAfter) : reply;
        }
    }

    /** The client is ready to be validated, or asks how that went. Saying so twice changes nothing. */
    AcmeReply challenge(SignedRequest request, String id) throws AcmeRefusal {
        boolean isNew = false;
        Challenge challenge;
        synchronized (state) {
            challenge = state.challenge(id, request.account());
            if (!request.isRead()) {
                request.payload();
                switch (challenge.authorization().status(options.clock.instant())) {
                    case PENDING -> {
                        if (challenge.status() == Challenge.Status.PENDING) {
                            challenge.process();
                            isNew = true;
                        }
                    }
                    case VALID, INVALID -> {} // its answer was lost on the way, or the client is impatient
                    case DEACTIVATED, EXPIRED -> throw AcmeRefusal.malformed("authorization is no longer pending");
                }
            }
        }
        if (isNew) {
            validate(challenge, request.account()); // without the lock: it may look around, or find at once
        }
        synchronized (state) {
            Authorization authorization = challenge.authorization();
            AcmeReply reply =
                    AcmeReply.json(200, challenge.json(urls)).withLink(urls.authorization(authorization), "up");
            return authorization.isProcessing() ? reply.later(options.retryAfter) : reply;
        }
    }

    private void validate(Challenge challenge, Account account) {
        validator.validate(
                new Proof(
                        challenge.type(),
                        plain(challenge.authorization().name()),
                        challenge.token(),
                        challenge.token() + "." + account.key().thumbprint(),
                        urls.account(account)),
                finding -> found(
                        challenge,
                        finding.or(() -> forbidden(challenge.authorization().name()))));
    }

    private Optional<Problem> forbidden(String name) {
        return options.caa.apply(name).map(why -> Problem.about(name, ProblemType.CAA, why));
    }

    private static String plain(String name) {
        return ServerName.isWildcard(name) ? name.substring(2) : name;
    }

    private void found(Challenge challenge, Optional<Problem> failure) {
        Authorization authorization = challenge.authorization();
        Instant now = options.clock.instant();
        synchronized (state) {
            if (challenge.status() != Challenge.Status.PROCESSING) {
                return; // found before
            }
            state.countValidation();
            state.meter().validated(authorization.accountId(), authorization.name(), failure.isEmpty(), now);
            if (authorization.status(now) != Authorization.Status.PENDING) {
                return; // deactivated or expired meanwhile
            }
            if (failure.isPresent()) {
                challenge.fail(failure.get());
                authorization.fail();
            } else {
                challenge.succeed(now);
                authorization.succeed(now.plus(AcmeState.AUTHORIZATION_LIFE));
                state.prove(authorization);
            }
        }
    }
}
