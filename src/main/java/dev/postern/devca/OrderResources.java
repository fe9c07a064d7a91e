package dev.postern.devca;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.postern.devca.AcmeOptions.Authorizations;
import dev.postern.devca.AcmeOptions.Finalization;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.4">RFC 8555 §7.4</a> and §7.5: from names to a certificate. */
final class OrderResources {
    private static final Logger LOG = LoggerFactory.getLogger(OrderResources.class);

    /** As at Let's Encrypt. */
    private static final int NAMES_LIMIT = 100;

    private final AcmeState state;
    private final AcmeUrls urls;
    private final Tokens tokens;
    private final InternalCa ca;
    private final AcmeOptions options;
    private final Http01Validator validator;

    OrderResources(AcmeState state, AcmeUrls urls, Tokens tokens, InternalCa ca, AcmeOptions options) {
        this.state = state;
        this.urls = urls;
        this.tokens = tokens;
        this.ca = ca;
        this.options = options;
        this.validator = new Http01Validator(options.resolver, options.validationPort, options.validationTimeout);
    }

    Reply create(SignedRequest request) throws AcmeRefusal {
        JsonObject payload = request.payload();
        if (payload.has("notBefore") || payload.has("notAfter")) {
            throw AcmeRefusal.malformed("notBefore, notAfter: this CA decides them itself");
        }
        List<String> names = names(Json.list(payload, "identifiers"));
        Account account = request.account();
        Instant now = options.clock.instant();
        synchronized (state) {
            List<Authorization> authorizations = new ArrayList<>();
            for (String name : names) {
                Authorization known = options.authorizations == Authorizations.REUSED
                        ? state.validAuthorization(account, name, now)
                        : null;
                if (known == null) {
                    known = new Authorization(
                            tokens.next(), account.id(), name, now.plus(AcmeState.PENDING_LIFE), tokens);
                    state.add(known);
                }
                authorizations.add(known);
            }
            Order order =
                    new Order(tokens.next(), account.id(), names, authorizations, now.plus(AcmeState.PENDING_LIFE));
            state.add(order, now);
            return reply(201, order);
        }
    }

    Reply order(SignedRequest request, String id) throws AcmeRefusal {
        request.requireRead();
        synchronized (state) {
            return reply(200, state.order(id, request.account()));
        }
    }

    Reply authorization(SignedRequest request, String id) throws AcmeRefusal {
        synchronized (state) {
            Authorization authorization = state.authorization(id, request.account());
            if (!request.isRead()) {
                // https://datatracker.ietf.org/doc/html/rfc8555#section-7.5.2
                if (!Json.text(request.payload(), "status").equals(Optional.of("deactivated"))) {
                    throw AcmeRefusal.malformed("payload: an authorization can only be read or deactivated");
                }
                authorization.deactivate();
            }
            Reply reply = Reply.json(200, authorization.json(urls, options.clock.instant()));
            return authorization.isProcessing() ? later(reply) : reply;
        }
    }

    /** The client is ready to be validated, or asks how that went. Saying so twice changes nothing. */
    Reply challenge(SignedRequest request, String id) throws AcmeRefusal {
        synchronized (state) {
            Challenge challenge = state.challenge(id, request.account());
            Authorization authorization = challenge.authorization();
            if (!request.isRead()) {
                request.payload();
                switch (authorization.status(options.clock.instant())) {
                    case PENDING -> {
                        if (challenge.status() == Challenge.Status.PENDING) {
                            challenge.process();
                            String answer = challenge.token() + "."
                                    + request.account().key().thumbprint();
                            options.executor.execute(() -> validate(challenge, answer));
                        }
                    }
                    case VALID, INVALID -> {} // its answer was lost on the way, or the client is impatient
                    case DEACTIVATED, EXPIRED -> throw AcmeRefusal.malformed("authorization is no longer pending");
                }
            }
            Reply reply = Reply.json(200, challenge.json(urls)).withLink(urls.authorization(authorization), "up");
            return authorization.isProcessing() ? later(reply) : reply;
        }
    }

    Reply finish(SignedRequest request, String id) throws AcmeRefusal {
        JsonObject payload = request.payload();
        String csr = Json.text(payload, "csr").orElseThrow(() -> AcmeRefusal.malformed("csr: missing"));
        SigningRequest wanted = SigningRequest.parse(Jws.decodeBytes(csr, "csr"));
        synchronized (state) {
            Order order = state.order(id, request.account());
            Order.Status status = order.status(options.clock.instant());
            if (status != Order.Status.READY) {
                throw AcmeRefusal.because(
                        ProblemType.ORDER_NOT_READY,
                        "order is " + status.toString().toLowerCase(Locale.ROOT));
            }
            if (!wanted.names().equals(new TreeSet<>(order.names()))) {
                throw SigningRequest.refused("asks for " + wanted.names() + " (expected: " + order.names() + ")");
            }
            if (wanted.key().equals(request.account().key().publicKey())) {
                // https://datatracker.ietf.org/doc/html/rfc8555#section-11.1
                throw SigningRequest.refused("its key is that of the account");
            }
            order.process();
            if (options.finalization == Finalization.LATER) {
                options.executor.execute(() -> sign(order, wanted));
            } else {
                sign(order, wanted);
            }
            return reply(200, order);
        }
    }

    private void validate(Challenge challenge, String answer) {
        Authorization authorization = challenge.authorization();
        Optional<Problem> failure;
        try {
            failure = validator.validate(authorization.name(), challenge.token(), answer);
        } catch (RuntimeException e) {
            LOG.error("internal ca: {}: validation failed on a bug", authorization.name(), e);
            failure = Optional.of(
                    Problem.about(authorization.name(), ProblemType.SERVER_INTERNAL, "validation broke: " + e));
        }
        Instant now = options.clock.instant();
        synchronized (state) {
            state.countValidation();
            if (authorization.status(now) != Authorization.Status.PENDING) {
                return; // deactivated or expired meanwhile
            }
            if (failure.isPresent()) {
                challenge.fail(failure.get());
                authorization.fail();
            } else {
                challenge.succeed(now);
                authorization.succeed(now.plus(AcmeState.AUTHORIZATION_LIFE));
            }
        }
    }

    private void sign(Order order, SigningRequest wanted) {
        synchronized (state) {
            try {
                List<X509Certificate> chain = ca.issue(wanted.key(), order.names(), options.certificateValidity);
                String id = tokens.next();
                state.add(id, new AcmeState.Issued(order.accountId(), chain));
                order.succeed(id);
            } catch (IOException | RuntimeException e) {
                LOG.error("internal ca: {}: not signed", order.names(), e);
                order.fail(Problem.of(ProblemType.SERVER_INTERNAL, "signing failed: " + e.getMessage()));
            }
        }
    }

    private Reply reply(int status, Order order) {
        Instant now = options.clock.instant();
        Reply reply = Reply.json(status, order.json(urls, now)).with("Location", urls.order(order));
        return order.isMoving(now) ? later(reply) : reply;
    }

    private Reply later(Reply reply) {
        long seconds = options.retryAfter.plusMillis(999).toSeconds();
        return reply.with("Retry-After", Long.toString(seconds));
    }

    /** All that is wrong with the names at once, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-6.7.1">§6.7.1</a>. */
    private List<String> names(List<JsonElement> identifiers) throws AcmeRefusal {
        if (identifiers.isEmpty() || identifiers.size() > NAMES_LIMIT) {
            throw AcmeRefusal.malformed("identifiers: " + identifiers.size() + " (expected: 1-" + NAMES_LIMIT + ")");
        }
        Set<String> seen = new TreeSet<>();
        List<String> names = new ArrayList<>();
        List<Problem> problems = new ArrayList<>();
        for (JsonElement element : identifiers) {
            if (!(element instanceof JsonObject identifier)) {
                throw AcmeRefusal.malformed("identifiers: not a list of objects");
            }
            String type = Json.text(identifier, "type").orElse("");
            String value = Json.text(identifier, "value").orElse("");
            problem(type, value).ifPresent(problems::add);
            if (seen.add(value)) {
                names.add(value); // named twice is certified once
            }
        }
        if (problems.size() == 1) {
            throw AcmeRefusal.because(problems.get(0));
        }
        if (!problems.isEmpty()) {
            throw AcmeRefusal.because(new Problem(
                    problems.get(0).type(), problems.size() + " names are refused", null, List.copyOf(problems)));
        }
        return names;
    }

    private Optional<Problem> problem(String type, String name) {
        if (!type.equals("dns")) {
            return Optional.of(Problem.of(
                    ProblemType.UNSUPPORTED_IDENTIFIER, "identifier of type \"" + type + "\" (expected: dns)"));
        }
        if (ServerName.isWildcard(name) && ServerName.isCertifiable(name)) {
            return Optional.of(Problem.about(
                    name,
                    ProblemType.REJECTED_IDENTIFIER,
                    "a wildcard cannot be proven with http-01, the only challenge here"));
        }
        if (!ServerName.isHostName(name)) {
            return Optional.of(Problem.about(name, ProblemType.MALFORMED, "not a host name in lower case"));
        }
        if (options.refuse.test(name)) {
            return Optional.of(
                    Problem.about(name, ProblemType.REJECTED_IDENTIFIER, "the policy of this CA forbids this name"));
        }
        return Optional.empty();
    }
}
