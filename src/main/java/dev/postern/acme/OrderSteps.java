package dev.postern.acme;

import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.ChallengeSolver;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.config.ChallengeType;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.pki.Keys;
import dev.postern.pki.Pem;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.Identifier;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Order;
import org.shredzone.acme4j.Problem;
import org.shredzone.acme4j.Status;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeProtocolException;
import org.shredzone.acme4j.toolbox.JSON;
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
 * <p>What the next step needs is in the journal, synced, before the step is taken. An order whose names could not be
 * proven in one way is followed by another one, with the next way, at once. Used by one thread.
 */
final class OrderSteps {
    private static final Logger LOG = LoggerFactory.getLogger(OrderSteps.class);

    private final String issuer;
    private final ChainChoice chains;
    private final Login login;
    private final CertificateRequest request;
    private final OrderJournal journal;
    private final Conversation conversation;
    private final Failures failures;
    private final Beginning beginning;
    private boolean begun;
    private @Nullable Unproven unproven;
    private @Nullable ChallengeType provenBy;

    OrderSteps(
            AcmeDirectory issuer,
            Login login,
            CertificateRequest request,
            OrderJournal journal,
            Conversation conversation) {
        this.issuer = issuer.name();
        this.chains = new ChainChoice(request.site(), issuer.preferredChain());
        this.login = login;
        this.request = request;
        this.journal = journal;
        this.conversation = conversation;
        this.failures = conversation.failures();
        this.beginning = new Beginning(issuer, login, request, journal, conversation);
    }

    IssuedCertificate take() throws IssueFailure, AcmeException, IOException, InterruptedException {
        Order order = resume();
        if (order == null) {
            order = beginning.begin();
        }
        begun = true;
        try {
            return take(order);
        } catch (IssueFailure e) {
            throw afterUnproven(e);
        } catch (AcmeException | RuntimeException e) {
            if (Failures.isInterrupt(e)) {
                throw e;
            }
            if (beginning.isOfReplacing(e) && beginning.mayReplace() && isReplacing(order)) {
                LOG.info(
                        "{}: the CA does not take the order as a replacement any more: {}; ordered without",
                        request.site(),
                        Failures.brief(e.getMessage()));
                beginning.doNotReplace();
                return take(beginning.begin());
            }
            if (unproven == null) {
                throw e;
            }
            IssueFailure failure = failures.of(issuer, e);
            throw afterUnproven(failure.holding(failures.hold(e)));
        }
    }

    /** Only as far as the names: the order is never finalized, and is forgotten. */
    void proveOnly() throws IssueFailure, AcmeException, IOException, InterruptedException {
        Order order = beginning.begin();
        begun = true;
        try {
            if (prove(order).getStatus() == Status.INVALID) {
                throw invalid(order);
            }
        } catch (IssueFailure e) {
            throw afterUnproven(e);
        }
    }

    /** What failed last is not the whole story where a validation failed before it. */
    private IssueFailure afterUnproven(IssueFailure failure) {
        Unproven before = unproven;
        return before == null || failure == before.failure() ? failure : before.followedBy(failure);
    }

    private IssuedCertificate take(Order begunOrder)
            throws IssueFailure, AcmeException, IOException, InterruptedException {
        Order order = prove(begunOrder);
        for (int attempt = 1; order.getStatus() == Status.READY; attempt++) {
            finish(order, attempt);
        }
        if (order.getStatus() == Status.PROCESSING) {
            conversation.watch(order, where(order), conversation.polling(), status -> status != Status.PROCESSING);
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

    private static String where(Order order) {
        return "order " + order.getLocation();
    }

    /** The order in the journal where it is still of use; null otherwise. */
    private @Nullable Order resume() throws IssueFailure, AcmeException, IOException, InterruptedException {
        OrderEntry entry = journal.read().orElse(null);
        if (entry == null) {
            return null;
        }
        String unusable = unusable(entry);
        boolean gone = false;
        if (unusable == null) {
            Order order = bind(entry);
            try {
                conversation.patiently(order::fetch);
                unusable = unusable(entry, order);
                if (unusable == null) {
                    LOG.info(
                            "{}: resuming order {}: {}",
                            request.site(),
                            entry.order(),
                            order.getStatus().toString().toLowerCase(Locale.ROOT));
                    return order;
                }
            } catch (AcmeException e) {
                int status = conversation.http().lastStatus();
                // What the CA's front says, or what is said of a nonce on the way there, is not said of the order: a
                // finalized one that is not resumed for that has lost its certificate.
                gone = conversation.http().wasFor(order.getLocation())
                        && (status == 404
                                || status == 410
                                || Failures.is(e, Refusal.MALFORMED)
                                || Failures.is(e, Refusal.UNAUTHORIZED));
                if (!gone) {
                    throw e;
                }
                unusable = "the CA does not know it any more";
            }
        }
        LOG.info("{}: order {} is not resumed: {}", request.site(), entry.order(), unusable);
        if (!gone) {
            journal.clear();
        }
        // One that the CA denies stays in the journal until there is another: the CA may be mistaken, and the key of an
        // issued certificate hangs on it.
        return null;
    }

    private @Nullable String unusable(OrderEntry entry) {
        if (!entry.issuer().equals(issuer)) {
            return "it is of issuer " + entry.issuer();
        }
        if (!entry.account().equals(beginning.account())) {
            return "it is of another account";
        }
        return Set.copyOf(entry.names()).equals(Set.copyOf(request.names())) ? null : "it is for other names";
    }

    private @Nullable String unusable(OrderEntry entry, Order order) throws AcmeException {
        Status status = order.getStatus();
        boolean finalized = status == Status.PROCESSING || status == Status.VALID;
        if (status == Status.INVALID) {
            return "it is invalid";
        }
        if (finalized && entry.keyPem() == null) {
            return "its key was not kept";
        }
        if (status != Status.VALID && isExpired(order)) {
            return "it is expired";
        }
        String ordered =
                order.getJSON().get("profile").map(JSON.Value::asString).orElse(null);
        String profile = beginning.profile();
        if (!finalized && profile != null && ordered != null && !profile.equals(ordered)) {
            return "it is for profile " + ordered;
        }
        return null;
    }

    /** By the CA's clock: one that stays in processing for ever must not keep the next one from being made. */
    private boolean isExpired(Order order) {
        Instant now = conversation.http().lastDate().orElse(null);
        Instant expires = order.getExpires().orElse(null);
        return now != null && expires != null && expires.isBefore(now);
    }

    private Order bind(OrderEntry entry) throws IOException {
        try {
            return login.bindOrder(URI.create(entry.order()).toURL());
        } catch (MalformedURLException | IllegalArgumentException e) {
            throw new IOException("order.json: \"" + entry.order() + "\" is not a URL", e);
        }
    }

    /** Returns an order that waits for its names no more: the one given, or the one that followed it. */
    private Order prove(Order begunOrder) throws IssueFailure, AcmeException, IOException, InterruptedException {
        Order order = begunOrder;
        List<ChallengeSolver> solvers = request.solvers();
        while (order.getStatus() == Status.PENDING) {
            int authorizations = order.getAuthorizations().size();
            if (authorizations > request.names().size()) {
                discard();
                throw new IssueFailure(
                        Fault.CA,
                        where(order) + ": the CA wants " + authorizations + " authorizations for "
                                + request.names().size() + " names (expected: one for each at most)",
                        null);
            }
            Proof proof = new Proof(request.site(), login, conversation, order, solvers);
            Unproven now = proof.prove();
            provenBy = proof.provenBy();
            if (now == null) {
                conversation.watch(order, where(order), conversation.polling(), status -> status != Status.PENDING);
                break;
            }
            if (now.orderEnded()) {
                discard();
            }
            Unproven before = unproven;
            unproven = before == null ? now : before.and(now);
            solvers = now.others(solvers);
            if (solvers.isEmpty()) {
                throw unproven.failure();
            }
            LOG.info(
                    "{}: not proven with {}; tried with {}",
                    request.site(),
                    words(now.failed().stream()),
                    words(solvers.stream().map(ChallengeSolver::type)));
            LOG.debug("{}: {}", request.site(), now.failure().getMessage());
            if (now.orderEnded()) {
                order = beginning.begin();
            }
        }
        request.solvers().forEach(solver -> solver.proven(request.site()));
        return order;
    }

    private static String words(Stream<ChallengeType> types) {
        return types.map(ChallengeType::text).collect(Collectors.joining(", "));
    }

    private boolean isReplacing(Order order) throws IOException {
        return entry(order).replaces() != null;
    }

    /** Sends the CSR; the key is kept before. */
    private void finish(Order order, int attempt)
            throws IssueFailure, AcmeException, IOException, InterruptedException {
        String where = where(order) + ": finalize";
        if (attempt > Conversation.HICCUPS) {
            throw new IssueFailure(
                    Fault.CA, where + ": the order stays ready after " + Conversation.HICCUPS + " requests", null);
        }
        if (attempt > 1) {
            conversation.polling().await(conversation.asked());
        }
        KeyPair key = keyOf(order);
        try {
            order.execute(key);
            order.fetch();
        } catch (AcmeException | AcmeProtocolException e) {
            // Too early, or the answer was lost on the way: in both cases the order knows better.
            if (!Failures.is(e, Refusal.ORDER_NOT_READY) && !failures.isPassing(e)) {
                throw e;
            }
            LOG.debug("{}: {}", request.site(), where, e);
        }
        conversation.watch(
                order,
                where,
                conversation.polling(),
                status -> status != Status.PENDING && status != Status.PROCESSING);
    }

    private KeyPair keyOf(Order order) throws IOException {
        OrderEntry entry = entry(order);
        try {
            if (entry.keyPem() != null) {
                return Keys.pairOf(Pem.readKey(entry.keyPem()));
            }
        } catch (GeneralSecurityException e) {
            throw Conversation.badKey("order.json", e);
        }
        KeyPair key = Keys.generate(request.keyType());
        journal.write(entry.with(Pem.of(key.getPrivate())));
        return key;
    }

    private OrderEntry entry(Order order) throws IOException {
        String url = order.getLocation().toString();
        return journal.read()
                .filter(entry -> entry.order().equals(url))
                .orElseGet(() -> new OrderEntry(issuer, beginning.account(), request.names(), url, null, null));
    }

    private IssueFailure invalid(Order order) {
        discard();
        Problem problem = order.getError().orElse(null);
        return problem == null
                ? new IssueFailure(
                        Fault.CA,
                        where(order) + ": ended without a certificate: "
                                + Failures.brief(order.getJSON().toString()),
                        null)
                : failures.ofOrder(order.getLocation().toString(), problem);
    }

    private IssuedCertificate download(Order order)
            throws IssueFailure, AcmeException, IOException, InterruptedException {
        String where = where(order) + ": download: ";
        OrderEntry entry = entry(order);
        if (entry.keyPem() == null) {
            discard();
            throw new IssueFailure(
                    Fault.CA,
                    where
                            + "the order is finished, but not by us: its certificate is for a key that is not in order.json",
                    null);
        }
        PrivateKey key = Pem.readKey(entry.keyPem());
        List<X509Certificate> chain = conversation.patiently(() -> chains.of(order.getCertificate(), key));
        if (chain.isEmpty()) {
            throw new IssueFailure(Fault.CA, where + "no certificate in the answer", null);
        }
        if (!Keys.fit(key, chain.get(0).getPublicKey())) {
            discard();
            throw new IssueFailure(Fault.CA, where + "the certificate is for another key", null);
        }
        Set<String> certified = new HashSet<>();
        for (Identifier identifier : order.getIdentifiers()) {
            certified.add(Identifiers.name(identifier));
        }
        if (!certified.equals(Set.copyOf(request.names()))) {
            discard();
            throw new IssueFailure(Fault.CA, where + "the order is for " + certified, null);
        }
        List<String> invalid = unproven == null ? List.of() : unproven.names();
        return new IssuedCertificate(issuer, key, chain, provenBy, entry.replaces() != null, invalid);
    }

    /** An order that can never succeed must not be resumed. */
    private void discard() {
        try {
            journal.clear();
        } catch (IOException e) {
            LOG.warn("{}: removing order.json: {}; the next attempt finds it useless", request.site(), e.getMessage());
        }
    }
}
