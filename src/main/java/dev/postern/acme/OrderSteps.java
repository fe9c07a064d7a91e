package dev.postern.acme;

import dev.postern.certificate.CertificateRequest;
import dev.postern.certificate.ChallengeTable;
import dev.postern.certificate.IssueFailure;
import dev.postern.certificate.IssueFailure.Fault;
import dev.postern.certificate.IssuedCertificate;
import dev.postern.certificate.Keys;
import dev.postern.certificate.OrderEntry;
import dev.postern.certificate.OrderJournal;
import dev.postern.certificate.Pem;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.AcmeJsonResource;
import org.shredzone.acme4j.Authorization;
import org.shredzone.acme4j.Certificate;
import org.shredzone.acme4j.Identifier;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Order;
import org.shredzone.acme4j.Problem;
import org.shredzone.acme4j.Status;
import org.shredzone.acme4j.challenge.Http01Challenge;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeLazyLoadingException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One order, from its beginning or from where the journal says it stands
 * (<a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.1.6">RFC 8555 §7.1.6</a>):
 *
 * <pre>
 * pending ─ authorizations ─► ready ─ finalize ─► processing ─► valid ─ download ─►
 *    │ journal: order URL       │ journal: key       │ poll        │ key from the journal
 * </pre>
 *
 * <p>What the next step needs is in the journal, synced, before the step is taken. Used by one thread.
 */
final class OrderSteps {
    private static final Logger LOG = LoggerFactory.getLogger(OrderSteps.class);

    /** For each of: all authorizations, getting ready, finalizing. Let's Encrypt validates within seconds. */
    private static final Duration STEP_DEADLINE = Duration.ofMinutes(5);

    /** So many failures in a row of the same look are taken for a hiccup. */
    private static final int HICCUPS = 3;

    private final String issuer;
    private final Login login;
    private final CertificateRequest request;
    private final OrderJournal journal;
    private final ChallengeTable challenges;
    private final CaHttp http;
    private final Failures failures;
    private final Duration stepDeadline;
    private boolean begun;

    OrderSteps(
            String issuer,
            Login login,
            CertificateRequest request,
            OrderJournal journal,
            ChallengeTable challenges,
            CaHttp http,
            Failures failures,
            @Nullable Duration stepDeadline) {
        this.issuer = issuer;
        this.login = login;
        this.request = request;
        this.journal = journal;
        this.challenges = challenges;
        this.http = http;
        this.failures = failures;
        this.stepDeadline = stepDeadline == null ? STEP_DEADLINE : stepDeadline;
    }

    IssuedCertificate take() throws IssueFailure, AcmeException, IOException, InterruptedException {
        Order order = resume();
        if (order == null) {
            order = begin();
        }
        begun = true;
        if (order.getStatus() == Status.PENDING) {
            authorize(order);
            poll(order, "order " + order.getLocation(), status -> status != Status.PENDING);
        }
        for (int attempt = 1; order.getStatus() == Status.READY; attempt++) {
            finish(order, attempt);
        }
        if (order.getStatus() == Status.PROCESSING) {
            poll(order, "order " + order.getLocation(), status -> status != Status.PROCESSING);
        }
        if (order.getStatus() != Status.VALID) {
            throw invalid(order);
        }
        return download(order);
    }

    /** Whether there is an order: what fails before has nothing to do with it. */
    boolean hasBegun() {
        return begun;
    }

    /** The order in the journal where it is still of use; null otherwise. */
    private @Nullable Order resume() throws IssueFailure, AcmeException, IOException {
        OrderEntry entry = journal.read().orElse(null);
        if (entry == null) {
            return null;
        }
        String unusable = unusable(entry);
        if (unusable == null) {
            Order order = bind(entry);
            try {
                order.fetch();
                Status status = order.getStatus();
                boolean needsKey = status == Status.PROCESSING || status == Status.VALID;
                if (status == Status.INVALID) {
                    unusable = "it is invalid";
                } else if (needsKey && entry.keyPem() == null) {
                    unusable = "its key was not kept";
                } else {
                    LOG.info(
                            "{}: resuming order {}: {}",
                            request.site(),
                            entry.order(),
                            order.getJSON().get("status"));
                    return order;
                }
            } catch (AcmeException e) {
                boolean gone = http.lastStatus() >= 400 && http.lastStatus() < 500 && http.lastStatus() != 429;
                if (!gone || Failures.is(e, "accountDoesNotExist")) {
                    throw e;
                }
                unusable = "the CA does not know it any more";
            }
        }
        LOG.info("{}: order {} is not resumed: {}", request.site(), entry.order(), unusable);
        journal.clear();
        return null;
    }

    private @Nullable String unusable(OrderEntry entry) {
        if (!entry.issuer().equals(issuer)) {
            return "it is of issuer " + entry.issuer();
        }
        if (!entry.account().equals(account())) {
            return "it is of another account";
        }
        return Set.copyOf(entry.names()).equals(Set.copyOf(request.names())) ? null : "it is for other names";
    }

    private String account() {
        return login.getAccount().getLocation().toString();
    }

    private Order bind(OrderEntry entry) throws IOException {
        try {
            return login.bindOrder(URI.create(entry.order()).toURL());
        } catch (MalformedURLException | IllegalArgumentException e) {
            throw new IOException("order.json: \"" + entry.order() + "\" is not a URL", e);
        }
    }

    private Order begin() throws AcmeException, IOException {
        Order order = login.newOrder().domains(request.names()).create();
        journal.write(new OrderEntry(
                issuer, account(), request.names(), order.getLocation().toString(), null));
        LOG.debug("{}: order {}", request.site(), order.getLocation());
        return order;
    }

    /** Answers every authorization that is still open; several at once, for the CA works on them side by side. */
    private void authorize(Order order) throws IssueFailure, AcmeException, InterruptedException {
        List<String> tokens = new ArrayList<>();
        Map<String, Authorization> open = new LinkedHashMap<>();
        try {
            for (Authorization authorization : order.getAuthorizations()) {
                if (authorization.getStatus() != Status.VALID) {
                    String name = authorization.getIdentifier().getDomain();
                    answer(order, name, authorization, tokens);
                    open.put(name, authorization);
                }
            }
            for (Map.Entry<String, Authorization> entry : open.entrySet()) {
                Authorization authorization = entry.getValue();
                String where = "order " + order.getLocation() + ": http-01 for \"" + entry.getKey() + "\"";
                poll(authorization, where, status -> status != Status.PENDING && status != Status.PROCESSING);
                if (authorization.getStatus() != Status.VALID) {
                    // The challenge that was triggered does not know how it ended; the authorization has a new one.
                    Problem problem = authorization
                            .findChallenge(Http01Challenge.class)
                            .flatMap(Http01Challenge::getError)
                            .orElse(null);
                    discard();
                    throw failures.ofValidation(order.getLocation().toString(), entry.getKey(), problem);
                }
            }
        } finally {
            tokens.forEach(challenges::remove);
        }
    }

    private void answer(Order order, String name, Authorization authorization, List<String> tokens)
            throws IssueFailure, AcmeException {
        Http01Challenge challenge =
                authorization.findChallenge(Http01Challenge.class).orElse(null);
        if (challenge == null) {
            discard();
            throw new IssueFailure(
                    Fault.NAME,
                    "order " + order.getLocation() + ": the CA offers no http-01 for \"" + name + "\"",
                    null);
        }
        challenges.put(challenge.getToken(), challenge.getAuthorization());
        tokens.add(challenge.getToken());
        if (challenge.getStatus() == Status.PENDING) {
            try {
                challenge.trigger();
            } catch (AcmeException e) {
                // After a resume the CA may have begun, or ended, by itself: looking at it decides.
                if (!Failures.is(e, "malformed")) {
                    throw e;
                }
                LOG.debug("{}: triggering {}", request.site(), challenge.getLocation(), e);
            }
        }
    }

    /** Sends the CSR; the key is kept before. */
    private void finish(Order order, int attempt)
            throws IssueFailure, AcmeException, IOException, InterruptedException {
        String where = "order " + order.getLocation() + ": finalize";
        if (attempt > HICCUPS) {
            throw new IssueFailure(Fault.CA, where + ": the order stays ready after " + HICCUPS + " requests", null);
        }
        if (attempt > 1) {
            new Polling(stepDeadline).await(http.lastRetryAfter().orElse(null));
        }
        OrderEntry entry = entry(order);
        KeyPair key;
        try {
            if (entry.keyPem() == null) {
                key = Keys.generate(request.keyType());
                journal.write(new OrderEntry(
                        entry.issuer(), entry.account(), entry.names(), entry.order(), Pem.of(key.getPrivate())));
            } else {
                key = Keys.pairOf(Pem.readKey(entry.keyPem()));
            }
        } catch (GeneralSecurityException e) {
            throw new IOException("order.json: the key: " + e.getMessage(), e);
        }
        try {
            order.execute(key);
            order.fetch();
        } catch (AcmeException e) {
            // Too early, or the answer was lost on the way: in both cases the order knows better.
            if (!Failures.is(e, "orderNotReady") && !failures.isPassing(e)) {
                throw e;
            }
            LOG.debug("{}: {}", request.site(), where, e);
        }
        poll(order, where, status -> status != Status.PENDING && status != Status.PROCESSING);
    }

    private OrderEntry entry(Order order) throws IOException {
        String url = order.getLocation().toString();
        return journal.read()
                .filter(entry -> entry.order().equals(url))
                .orElseGet(() -> new OrderEntry(issuer, account(), request.names(), url, null));
    }

    private IssueFailure invalid(Order order) {
        discard();
        Problem problem = order.getError().orElse(null);
        String url = order.getLocation().toString();
        return problem == null
                ? new IssueFailure(Fault.CA, "order " + url + ": ended without a certificate: " + order.getJSON(), null)
                : failures.ofOrder(url, problem);
    }

    private IssuedCertificate download(Order order) throws IssueFailure, AcmeException, IOException {
        Certificate certificate = order.getCertificate();
        certificate.download();
        List<X509Certificate> chain = new ArrayList<>(certificate.getCertificateChain());
        String where = "order " + order.getLocation() + ": download: ";
        if (chain.isEmpty()) {
            throw new IssueFailure(Fault.CA, where + "no certificate in the answer", null);
        }
        X509Certificate last = chain.get(chain.size() - 1);
        if (chain.size() > 1 && last.getSubjectX500Principal().equals(last.getIssuerX500Principal())) {
            chain.remove(last);
        }
        String keyPem = Objects.requireNonNullElse(entry(order).keyPem(), "");
        IssuedCertificate issued = new IssuedCertificate(issuer, Pem.readKey(keyPem), List.copyOf(chain));
        if (!Keys.fit(issued.key(), chain.get(0).getPublicKey())) {
            discard();
            throw new IssueFailure(Fault.CA, where + "the certificate is for another key", null);
        }
        Set<String> certified = new HashSet<>();
        for (Identifier identifier : order.getIdentifiers()) {
            certified.add(identifier.getValue());
        }
        if (!certified.equals(Set.copyOf(request.names()))) {
            discard();
            throw new IssueFailure(Fault.CA, where + "the order is for " + certified, null);
        }
        return issued;
    }

    /** An order that can never succeed must not be resumed. */
    private void discard() {
        try {
            journal.clear();
        } catch (IOException e) {
            LOG.warn("{}: removing order.json: {}; the next attempt finds it useless", request.site(), e.getMessage());
        }
    }

    private interface Condition {
        boolean holds(Status status);
    }

    /** Looks again and again until it is done. A look that fails is not the end; several in a row are. */
    private void poll(AcmeJsonResource resource, String where, Condition done)
            throws IssueFailure, AcmeException, InterruptedException {
        Polling polling = new Polling(stepDeadline);
        int hiccups = 0;
        while (true) {
            Status status = Status.UNKNOWN;
            try {
                resource.fetch();
                hiccups = 0;
                status = statusOf(resource);
                if (done.holds(status)) {
                    return;
                }
            } catch (AcmeException | AcmeLazyLoadingException e) {
                if (!failures.isPassing(e) || ++hiccups > HICCUPS) {
                    throw e;
                }
                LOG.debug("{}: {}: looking failed; looked again", request.site(), where, e);
            }
            if (!polling.await(http.lastRetryAfter().orElse(null))) {
                throw new IssueFailure(
                        Fault.CA,
                        where + ": still "
                                + (status == Status.UNKNOWN
                                        ? "unknown"
                                        : status.toString().toLowerCase(Locale.ROOT))
                                + " after " + stepDeadline.toSeconds() + "s; resumed next time",
                        null);
            }
        }
    }

    private static Status statusOf(AcmeJsonResource resource) {
        return resource.getJSON().get("status").asStatus();
    }
}
