package dev.postern.ca.acme;

import dev.postern.ca.ServerName;
import dev.postern.ca.acme.ChallengeValidator.Proof;
import java.time.Instant;
import java.util.Optional;

/** <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.5">RFC 8555 §7.5</a>: proving names. */
final class AuthorizationResources {
    private final AcmeDoor door;
    private final AcmeUrls urls;
    private final AcmeOptions options;
    private final ChallengeValidator validator;

    AuthorizationResources(AcmeDoor door, AcmeUrls urls, AcmeOptions options) {
        this.door = door;
        this.urls = urls;
        this.options = options;
        this.validator = options.validator();
    }

    AcmeReply authorization(SignedRequest request, String id) throws AcmeRefusal {
        return door.within(its -> {
            Authorization authorization = its.authorization(id, request.account());
            if (!request.isRead()) {
                // https://datatracker.ietf.org/doc/html/rfc8555#section-7.5.2
                if (!Json.text(request.payload(), "status").equals(Optional.of("deactivated"))) {
                    throw AcmeRefusal.malformed("payload: an authorization can only be read or deactivated");
                }
                authorization.deactivate();
            }
            AcmeReply reply = AcmeReply.json(200, authorization.json(urls, options.clock.instant()));
            return authorization.isProcessing() ? reply.later(options.retryAfter) : reply;
        });
    }

    /** The client is ready to be validated, or asks how that went. Saying so twice changes nothing. */
    AcmeReply challenge(SignedRequest request, String id) throws AcmeRefusal {
        // Carried outside, used within only.
        Challenge challenge = door.within(its -> its.challenge(id, request.account()));
        if (door.within(its -> begins(challenge, request))) {
            validate(challenge, request.account()); // outside: it may look around, or find at once
        }
        return door.within(its -> {
            Authorization authorization = challenge.authorization();
            AcmeReply reply =
                    AcmeReply.json(200, challenge.json(urls)).withLink(urls.authorization(authorization), "up");
            return authorization.isProcessing() ? reply.later(options.retryAfter) : reply;
        });
    }

    private boolean begins(Challenge challenge, SignedRequest request) throws AcmeRefusal {
        if (request.isRead()) {
            return false;
        }
        request.payload();
        return switch (challenge.authorization().status(options.clock.instant())) {
            case PENDING -> {
                boolean isNew = challenge.status() == Challenge.Status.PENDING;
                if (isNew) {
                    challenge.process();
                }
                yield isNew;
            }
            case VALID, INVALID -> false; // its answer was lost on the way, or the client is impatient
            case DEACTIVATED, EXPIRED -> throw AcmeRefusal.malformed("authorization is no longer pending");
        };
    }

    private void validate(Challenge challenge, Account account) {
        validator.validate(
                new Proof(
                        challenge.type(),
                        plain(challenge.authorization().name()),
                        challenge.token(),
                        challenge.token() + "." + account.key().thumbprint(),
                        urls.account(account)),
                finding -> {
                    Optional<Problem> failure =
                            finding.or(() -> forbidden(challenge.authorization().name()));
                    door.change(its -> found(its, challenge, failure));
                });
    }

    private Optional<Problem> forbidden(String name) {
        return options.caa.apply(name).map(why -> Problem.about(name, ProblemType.CAA, why));
    }

    private static String plain(String name) {
        return ServerName.isWildcard(name) ? name.substring(2) : name;
    }

    private void found(AcmeState state, Challenge challenge, Optional<Problem> failure) {
        Authorization authorization = challenge.authorization();
        Instant now = options.clock.instant();
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
