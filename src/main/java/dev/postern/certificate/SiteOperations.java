package dev.postern.certificate;

import dev.postern.certificate.CertificateStatus.Served;
import dev.postern.certificate.IssueFailure.Fault;
import dev.postern.certificate.RenewalPolicy.Decision;
import dev.postern.config.Configuration.KeyType;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What an operator asks of {@link Renewals}: the same care, the same locks, the same limits. */
final class SiteOperations implements CertificateOperations {
    private static final Logger LOG = LoggerFactory.getLogger(SiteOperations.class);

    /** How often somebody who waits for the pace to allow an order looks whether it does. */
    private static final long LOOK_MILLIS = 1_000;

    private final Renewals renewals;
    private final InstantSource time;
    private final MonotonicClock elapsed;
    private final ClockSkew skew;
    private final KeyType keyType;
    private final List<CertificateIssuer> issuers;
    private final Duration deadline;

    /** @param deadline of one order, the wait for its turn included */
    SiteOperations(
            Renewals renewals,
            Renewals.Surroundings surroundings,
            InstantSource time,
            KeyType keyType,
            List<CertificateIssuer> issuers,
            Duration deadline) {
        this.renewals = renewals;
        this.time = time;
        this.elapsed = surroundings.elapsed();
        this.skew = surroundings.skew();
        this.keyType = keyType;
        this.issuers = List.copyOf(issuers);
        this.deadline = deadline;
    }

    private SiteRecord record(String site) throws NoSuchSite {
        SiteRecord record = renewals.record(site);
        if (record == null) {
            throw new NoSuchSite("\"" + site + "\": no site of this name gets its certificate from an issuer (expected:"
                    + " the first of the names of a site in the configuration)");
        }
        return record;
    }

    private CertificateStatus status(SiteRecord record) {
        return renewals.status(record);
    }

    @Override
    public List<CertificateStatus> list() {
        return renewals.status();
    }

    @Override
    public Dueness dueness(String site) throws NoSuchSite {
        SiteRecord record = record(site);
        Instant now = time.instant();
        synchronized (record) {
            boolean due = record.isDue(now);
            return record.plan(now) instanceof Decision.Wait wait
                    ? new Dueness(due, wait.until(), wait.reason())
                    : new Dueness(due, now, "");
        }
    }

    // ---- orders

    @Override
    public CertificateStatus order(String site) throws NoSuchSite, IssueFailure, InterruptedException {
        SiteRecord record = record(site);
        order(record);
        return status(record);
    }

    private void order(SiteRecord record) throws IssueFailure, InterruptedException {
        CertificateIssuer unused = preferred(record);
        Demand demand;
        boolean runs;
        synchronized (record) {
            runs = record.run() != null;
            record.save(time.instant());
            String refusal = record.held().notOnDiskBecause();
            if (refusal != null) {
                // Its order would be resumed, bring the same again, and be forgotten with it.
                throw new IssueFailure(
                        Fault.OURS,
                        record.name() + ": the certificate that came last is not on disk yet: " + refusal
                                + "; no other is ordered before it is",
                        null);
            }
            if (!runs && record.demanded(time.instant()) instanceof Decision.Wait wait) {
                throw new IssueFailure(
                        Fault.CA,
                        record.name() + ": not ordered before " + TimeText.at(wait.until()) + ": " + wait.reason(),
                        wait.until(),
                        null);
            }
            Demand before = record.demand();
            demand = before == null ? new Demand() : before;
            record.demand(demand);
        }
        if (!runs) {
            renewals.enqueue(record);
        }
        long end = elapsed.nanoTime() + deadline.toNanos();
        while (!await(record, demand)) {
            if (elapsed.nanoTime() - end > 0) {
                giveUp(record, demand);
            }
            renewals.pump();
        }
    }

    private boolean await(SiteRecord record, Demand demand) throws IssueFailure, InterruptedException {
        try {
            return demand.await(LOOK_MILLIS);
        } catch (IssueFailure e) {
            if (renewals.isClosed()) {
                // Not the order's fault: it is resumed after the next start.
                throw (InterruptedException) new InterruptedException("Postern stops").initCause(e);
            }
            throw new IssueFailure(
                    e.fault(),
                    e.getMessage() + "; " + SiteNews.blame(e.fault()) + "; " + again(record),
                    e.retryAfter().orElse(null),
                    e);
        }
    }

    private String again(SiteRecord record) {
        Instant now = time.instant();
        Decision next;
        synchronized (record) {
            next = record.plan(now);
        }
        return next instanceof Decision.Wait wait
                ? "tried again in " + TimeText.of(Duration.between(now, wait.until()))
                : "tried again at once";
    }

    private void giveUp(SiteRecord record, Demand demand) throws IssueFailure {
        synchronized (record) {
            if (record.demand() == demand && record.run() == null) {
                record.demand(null);
            }
        }
        throw new IssueFailure(
                Fault.CA,
                record.name() + ": no certificate after " + TimeText.of(deadline)
                        + ": the CA, its limits or other orders keep it waiting; explain says which",
                null);
    }

    private static CertificateIssuer preferred(SiteRecord record) throws IssueFailure {
        if (record.issuers().isEmpty()) {
            throw new IssueFailure(
                    Fault.OURS,
                    record.name() + ": no issuer may certify "
                            + String.join(", ", record.site().names()) + " (expected: one in acme.issuers that can)",
                    null);
        }
        return record.issuers().get(0);
    }

    @Override
    public List<String> rehearse(String site) throws NoSuchSite, IssueFailure, InterruptedException {
        SiteRecord record = record(site);
        CertificateIssuer preferred = preferred(record);
        Optional<CertificateIssuer> staging = preferred.staging();
        if (staging.isEmpty()) {
            throw new IssueFailure(
                    Fault.OURS,
                    preferred.name() + ": has no staging directory to rehearse at (expected: \"staging\" beside its"
                            + " directory in acme.issuers); nothing was asked of it",
                    null);
        }
        CertificateIssuer stage = staging.get();
        List<String> names = record.site().names();
        List<String> done = new ArrayList<>();
        done.add(site + ": rehearsing at " + stage.name() + " for " + String.join(", ", names));
        IssuedCertificate issued =
                rehearse(record, stage, new CertificateRequest(site, names, keyType, record.solvers(), null));
        done.add(
                issued.challenge() == null
                        ? "nothing had to be proven"
                        : "proven by " + issued.challenge().text());
        try {
            Certificate certificate = record.check(issued, time.instant());
            done.add("certificate " + certificate.serialText() + ", " + certificate.notBefore() + " to "
                    + certificate.notAfter() + ", for " + String.join(", ", certificate.names()) + ", in a chain of "
                    + certificate.chain().size());
        } catch (CertificateException e) {
            throw new IssueFailure(
                    Fault.CA, stage.name() + " sent a certificate that would not be used: " + e.getMessage(), e);
        }
        done.add("thrown away; nothing was installed, and what is served is as before");
        return done;
    }

    /** The limits of a staging directory are wide, but it has some. */
    private IssuedCertificate rehearse(SiteRecord record, CertificateIssuer stage, CertificateRequest request)
            throws IssueFailure, InterruptedException {
        Ledger ledger = record.ledger(stage.name());
        Instant now = time.instant();
        Opening account =
                ledger.account(Ledger.Kind.FIRST, now).and(ledger.names(request.names(), Ledger.Kind.FIRST, now));
        if (!account.isOpen(now)) {
            throw new IssueFailure(
                    Fault.CA,
                    record.name() + ": not before " + TimeText.at(account.at()) + ": " + account.because(),
                    account.at(),
                    null);
        }
        Ledger.Charge charge = ledger.charge(request.names(), Ledger.Kind.FIRST, now);
        FencedJournal journal = new FencedJournal(new TransientJournal(), () -> false, charge, time);
        try {
            journal.begin(request.names());
            IssuedCertificate issued = stage.issue(request, journal);
            ledger.failedValidations(issued.invalid(), time.instant());
            charge.certificate(time.instant());
            return issued;
        } catch (IssueFailure e) {
            Instant failed = time.instant();
            ledger.failedValidations(e.invalid(), failed);
            if (e.isOfAccount()) {
                e.retryAfter().ifPresent(until -> ledger.hold(until, failed));
            }
            throw e;
        } finally {
            charge.end();
        }
    }

    // ---- going back

    @Override
    public CertificateStatus rollback(String site) throws NoSuchSite, IOException {
        SiteRecord record = record(site);
        renewals.rollback(record);
        CertificateStatus status = status(record);
        LOG.warn(
                "{}: an operator went back to the certificate before, valid until {}; nothing is renewed for {} unless it is urgent",
                site,
                status.notAfter(),
                TimeText.of(RenewalHistory.HOLD));
        return status;
    }

    @Override
    public int adopt(Certificate certificate, @Nullable String account) throws NoSuchSite, IOException {
        return renewals.adopt(record(certificate.site()), certificate, account);
    }

    @Override
    public CertificateStatus reload(String site) throws NoSuchSite {
        SiteRecord record = record(site);
        renewals.reload(record);
        return status(record);
    }

    // ---- revocation

    @Override
    public CertificateStatus revoke(String site, RevocationReason reason)
            throws NoSuchSite, IssueFailure, InterruptedException {
        SiteRecord record = record(site);
        Certificate old = certificate(record);
        revoke(record, old, reason);
        try {
            order(record);
        } catch (InterruptedException e) {
            renewals.reload(record);
            throw e;
        } catch (IssueFailure e) {
            // What is there besides is better than what nobody should trust.
            renewals.reload(record);
            // When it is tried again depends on what is served now.
            IssueFailure failure = e.getCause() instanceof IssueFailure cause ? cause : e;
            throw new IssueFailure(
                    e.fault(),
                    site + ": revoked (serial " + old.serialText() + "); " + serving(record) + "; replacement failed: "
                            + failure.getMessage() + "; " + SiteNews.blame(e.fault()) + "; " + again(record),
                    e.retryAfter().orElse(null),
                    e);
        }
        return status(record);
    }

    private String serving(SiteRecord record) {
        synchronized (record) {
            Certificate left = record.certificate();
            return left == null || left.isExpired(time.instant())
                    ? "nothing to serve"
                    : "serving generation " + record.held().number() + ", valid until " + left.notAfter();
        }
    }

    private static Certificate certificate(SiteRecord record) throws IssueFailure {
        synchronized (record) {
            Certificate certificate = record.certificate();
            if (certificate == null) {
                throw new IssueFailure(Fault.OURS, record.name() + ": has no certificate; nothing was done", null);
            }
            return certificate;
        }
    }

    private CertificateIssuer issuerOf(Certificate certificate) throws IssueFailure {
        for (CertificateIssuer issuer : issuers) {
            if (issuer.name().equals(certificate.issuer())) {
                return issuer;
            }
        }
        throw new IssueFailure(
                Fault.OURS,
                certificate.site() + ": the certificate with serial " + certificate.serialText() + " is from "
                        + certificate.issuer() + ", which is not in acme.issuers; nothing was revoked",
                null);
    }

    private void revoke(SiteRecord record, Certificate certificate, RevocationReason reason)
            throws IssueFailure, InterruptedException {
        issuerOf(certificate).revoke(certificate, reason);
        LOG.warn(
                "{}: the certificate with serial {} is revoked: {}",
                record.name(),
                certificate.serialText(),
                reason.text());
        synchronized (record) {
            try {
                record.held().revoked(certificate, reason);
            } catch (IOException e) {
                LOG.error(
                        "{}: marking the revoked generation: {}; remove its folder, or a restart may serve it",
                        record.name(),
                        CertificateStore.reason(e));
            }
        }
    }

    @Override
    public CertificateStatus rekey(String site) throws NoSuchSite, IssueFailure, IOException, InterruptedException {
        SiteRecord record = record(site);
        Certificate old = certificate(record);
        // Before anything is ordered: whether the old one can be revoked in the end.
        CertificateIssuer unused = issuerOf(old);
        if (!renewals.watch().isStarted()) {
            throw new IOException(site + ": there is no listener here at which a client could see the new certificate;"
                    + " nothing was ordered, and nothing is revoked");
        }
        forgetOrders(record);
        // One that came of an order in flight has a key that lay beside the old one.
        Certificate between = certificate(record);
        order(record);
        if (certificate(record) == between) {
            throw new IssueFailure(Fault.OURS, site + ": no other certificate came; the old one is not revoked", null);
        }
        Served served = renewals.watch().look(record.subject());
        if (served.answer() != Served.Answer.YES) {
            String why = served.why() == null ? "the listeners are closing" : served.why();
            throw new IOException(site + ": the new certificate is installed, but not seen: " + why
                    + "; the old one, serial " + old.serialText() + ", is not revoked");
        }
        try {
            revoke(record, old, RevocationReason.KEY_COMPROMISE);
            if (!between.serial().equals(old.serial())) {
                revoke(record, between, RevocationReason.KEY_COMPROMISE);
            }
        } catch (IssueFailure e) {
            throw new IssueFailure(
                    e.fault(),
                    site + ": the new certificate is served, but the old one, serial " + old.serialText()
                            + ", is not revoked: " + e.getMessage(),
                    e.retryAfter().orElse(null),
                    e);
        }
        return status(record);
    }

    /**
     * Lets the order in flight end, and forgets what the journals hold: keys that lay in the same store as the one that
     * leaked.
     */
    private void forgetOrders(SiteRecord record) throws IssueFailure, IOException, InterruptedException {
        long end = elapsed.nanoTime() + deadline.toNanos();
        while (true) {
            Demand demand;
            synchronized (record) {
                if (record.run() == null) {
                    record.forgetOrders();
                    return;
                }
                Demand before = record.demand();
                demand = before == null ? new Demand() : before;
                record.demand(demand);
            }
            if (elapsed.nanoTime() - end > 0) {
                giveUp(record, demand);
            }
            try {
                demand.await(LOOK_MILLIS);
            } catch (IssueFailure e) {
                if (renewals.isClosed()) {
                    throw (InterruptedException) new InterruptedException("Postern stops").initCause(e);
                }
                LOG.info("{}: the order in flight ended: {}", record.name(), e.getMessage());
            }
        }
    }

    // ---- what is going to happen

    @Override
    public List<SitePlan> plan() {
        return renewals.plans();
    }

    @Override
    public List<String> explain(String site) throws NoSuchSite {
        SiteRecord record = record(site);
        synchronized (record) {
            return new Explanation(record, issuers, time.instant())
                    .lines(renewals.watch().of(site, record.certificate()), skew.current());
        }
    }

    @Override
    public List<IssuerAccount> accounts() {
        return issuers.stream()
                .map(CertificateIssuer::account)
                .flatMap(Optional::stream)
                .toList();
    }

    @Override
    public Duration clockSkew() {
        return skew.current().orElse(Duration.ZERO);
    }
}
