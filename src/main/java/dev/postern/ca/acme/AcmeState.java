package dev.postern.ca.acme;

import dev.postern.ca.InternalCa;
import dev.postern.certificate.issuer.SuggestedWindow;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the ACME server knows. There is no lock in it: whoever has one came in by the {@linkplain AcmeDoor door}.
 *
 * <p>Orders and what belongs to them live in memory only, and are forgotten a while after their end.
 */
final class AcmeState {
    /** How long an unfinished order, or an unanswered authorization, stays open: as at Let's Encrypt. */
    static final Duration PENDING_LIFE = Duration.ofDays(7);

    /** How long a proven name need not be proven again: as at Let's Encrypt in 2026. */
    static final Duration AUTHORIZATION_LIFE = Duration.ofDays(30);

    /** Looking through everything for what is old costs a little: not at each order. */
    private static final Duration SWEEP_INTERVAL = Duration.ofHours(1);

    private final Accounts accounts;
    private final Map<String, Order> orders = new HashMap<>();
    private final Map<String, Authorization> authorizations = new HashMap<>();
    private final Map<String, Challenge> challenges = new HashMap<>();
    private final Map<String, Authorization> proven = new HashMap<>();
    private final Map<String, Issued> certificates = new HashMap<>();
    private final Map<String, Issued> certificatesByRenewalId = new HashMap<>();
    private final Map<String, Order> replacements = new HashMap<>();
    private final Map<String, SuggestedWindow> windows = new HashMap<>();
    private final List<AcmeIssuance> issuances = new ArrayList<>();
    private final LimitMeter meter;
    private final Set<BigInteger> revoked = new HashSet<>();
    private Instant nextSweep = Instant.MIN;

    private long accountsCreated;
    private long ordersCreated;
    private long validations;

    private long certificatesIssued;

    private int terms = 1;

    AcmeState(Accounts accounts, AcmeLimits limits) {
        this.accounts = accounts;
        this.meter = new LimitMeter(limits);
    }

    /** A certificate and the account that got it. */
    record Issued(String accountId, List<String> names, InternalCa.Issuance issuance) {
        List<X509Certificate> chain() {
            return issuance.chain();
        }

        X509Certificate leaf() {
            return issuance.chain().get(0);
        }
    }

    LimitMeter meter() {
        return meter;
    }

    /** The edition of the terms of service, from 1. */
    int terms() {
        return terms;
    }

    void changeTerms() {
        terms++;
    }

    List<AcmeIssuance> issuances() {
        return List.copyOf(issuances);
    }

    Optional<Issued> issued(String renewalId) {
        return Optional.ofNullable(certificatesByRenewalId.get(renewalId));
    }

    Optional<SuggestedWindow> window(String renewalId) {
        return Optional.ofNullable(windows.get(renewalId));
    }

    void suggest(String renewalId, SuggestedWindow window) {
        windows.put(renewalId, window);
    }

    boolean isRevoked(X509Certificate certificate) {
        return revoked.contains(certificate.getSerialNumber());
    }

    /** The order that replaces it or has done so; one that failed does not count. */
    Optional<Order> replacement(String renewalId, Instant now) {
        return Optional.ofNullable(replacements.get(renewalId))
                .filter(order -> order.status(now) != Order.Status.INVALID);
    }

    void prove(Authorization authorization) {
        proven.put(authorization.accountId() + " " + authorization.name(), authorization);
    }

    Accounts accounts() {
        return accounts;
    }

    AcmeCounters counters() {
        return new AcmeCounters(accountsCreated, ordersCreated, validations, certificatesIssued, revoked.size());
    }

    void countAccount() {
        accountsCreated++;
    }

    void countValidation() {
        validations++;
    }

    void add(Order order, Instant now) {
        sweep(now);
        orders.put(order.id(), order);
        String replaces = order.replaces();
        if (replaces != null) {
            replacements.put(replaces, order);
        }
        ordersCreated++;
    }

    void add(Authorization authorization) {
        authorizations.put(authorization.id(), authorization);
        authorization.challenges().forEach(challenge -> challenges.put(challenge.id(), challenge));
    }

    void add(String certificateId, Issued issued, AcmeIssuance issuance) {
        certificates.put(certificateId, issued);
        certificatesByRenewalId.put(CertificateId.of(issued.leaf()), issued);
        issuances.add(issuance);
        certificatesIssued++;
    }

    Order order(String id, Account account) throws AcmeRefusal {
        Order order = orders.get(id);
        if (order == null) {
            throw AcmeRefusal.notFound("order");
        }
        requireOwner(account, order.accountId());
        return order;
    }

    List<Order> orders(Account account) {
        return orders.values().stream()
                .filter(order -> order.accountId().equals(account.id()))
                .toList();
    }

    Authorization authorization(String id, Account account) throws AcmeRefusal {
        Authorization authorization = authorizations.get(id);
        if (authorization == null) {
            throw AcmeRefusal.notFound("authorization");
        }
        requireOwner(account, authorization.accountId());
        return authorization;
    }

    Challenge challenge(String id, Account account) throws AcmeRefusal {
        Challenge challenge = challenges.get(id);
        if (challenge == null) {
            throw AcmeRefusal.notFound("challenge");
        }
        requireOwner(account, challenge.authorization().accountId());
        return challenge;
    }

    Issued certificate(String id, Account account) throws AcmeRefusal {
        Issued issued = certificates.get(id);
        if (issued == null) {
            throw AcmeRefusal.notFound("certificate");
        }
        requireOwner(account, issued.accountId());
        return issued;
    }

    /** The account that got this certificate, where we remember it. */
    Optional<String> ownerOf(X509Certificate certificate) {
        return issued(CertificateId.of(certificate))
                .filter(issued -> issued.leaf().equals(certificate))
                .map(Issued::accountId);
    }

    /** False where it was revoked before. */
    boolean revoke(X509Certificate certificate) {
        return revoked.add(certificate.getSerialNumber());
    }

    @Nullable Authorization validAuthorization(Account account, String name, Instant now) {
        Authorization authorization = proven.get(account.id() + " " + name);
        return authorization != null && authorization.status(now) == Authorization.Status.VALID ? authorization : null;
    }

    private static void requireOwner(Account account, String ownerId) throws AcmeRefusal {
        if (!account.id().equals(ownerId)) {
            throw AcmeRefusal.because(ProblemType.UNAUTHORIZED, "this belongs to another account");
        }
    }

    private void sweep(Instant now) {
        if (now.isBefore(nextSweep)) {
            return;
        }
        nextSweep = now.plus(SWEEP_INTERVAL);
        // A day more than they live, so that a late client still learns what became of its order.
        Instant old = now.minus(Duration.ofDays(1));
        orders.values().removeIf(order -> order.expires().isBefore(old));
        authorizations
                .values()
                .removeIf(authorization -> authorization.expires().isBefore(old));
        challenges
                .values()
                .removeIf(challenge -> challenge.authorization().expires().isBefore(old));
        proven.values().removeIf(authorization -> authorization.expires().isBefore(old));
        meter.sweep(now);
        List.of(certificates, certificatesByRenewalId)
                .forEach(map -> map.values()
                        .removeIf(issued ->
                                issued.leaf().getNotAfter().toInstant().isBefore(old)));
        windows.keySet().retainAll(certificatesByRenewalId.keySet());
        replacements.keySet().retainAll(certificatesByRenewalId.keySet());
    }
}
