package dev.postern.certificate.care;

import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.TransientJournal;
import dev.postern.certificate.limits.FencedJournal;
import dev.postern.certificate.limits.Ledger;
import dev.postern.certificate.limits.Ledgers;
import dev.postern.certificate.policy.Opening;
import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.config.KeyType;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One issuer asked once for one site: at its staging directory first where it has found fault with the names again and
 * again, and every order charged to the ledger of its account before it is sent. Blocking; on a thread of the orders.
 */
final class IssuerTurn {
    private static final Logger LOG = LoggerFactory.getLogger(IssuerTurn.class);

    /** So many failures by fault of the names, and production is asked only once staging was content. */
    static final int STAGING_AFTER = 2;

    private final SiteRecord record;
    private final KeyType keyType;
    private final Ledgers ledgers;
    private final InstantSource clock;
    private final Attempt run;

    /** @param order what the journal holds of it; null where the issuer keeps none */
    record Taken(IssuedCertificate certificate, @Nullable OrderEntry order) {}

    private record Asked(Ledger.Kind kind, CertificateRequest.@Nullable Replaced replaced) {
        static Asked on(OrderTerms terms, String issuer) {
            return new Asked(terms.kind(issuer), terms.replaced(issuer));
        }
    }

    IssuerTurn(SiteRecord record, KeyType keyType, Ledgers ledgers, InstantSource clock, Attempt run) {
        this.record = record;
        this.keyType = keyType;
        this.ledgers = ledgers;
        this.clock = clock;
        this.run = run;
    }

    /**
     * @param history as it was when the run began
     * @param urgent whether a staging directory that is out of order is passed over
     */
    Taken take(CertificateIssuer issuer, RenewalHistory history, boolean urgent)
            throws IssueFailure, InterruptedException {
        run.requireLeading();
        CertificateIssuer staging = issuer.staging().orElse(null);
        if (staging != null && history.nameFailures().getOrDefault(issuer.name(), 0) >= STAGING_AFTER) {
            rehearse(issuer, staging, urgent);
        }
        Instant now = clock.instant();
        Asked asked = record.within(its -> Asked.on(its.terms(now), issuer.name()));
        try {
            return ask(issuer, asked.kind(), asked.replaced(), run::charged);
        } finally {
            run.charged();
        }
    }

    /**
     * Whether these names can be proven, found out without a certificate for them.
     *
     * @throws IssueFailure where some cannot: those that it blames
     */
    void prove(CertificateIssuer issuer, List<String> names) throws IssueFailure, InterruptedException {
        run.requireLeading();
        CertificateRequest request = new CertificateRequest(record.name(), names, keyType, record.solvers(), null);
        Ledger ledger = ledgers.of(issuer.name());
        Ledger.Charge charge = ledger.charge(names, Ledger.Kind.FIRST, clock.instant());
        FencedJournal journal = new FencedJournal(new TransientJournal(), run::isAbandoned, charge, clock);
        try {
            journal.begin(names);
            run.charged();
            issuer.prove(request, journal);
        } catch (IssueFailure e) {
            Instant now = clock.instant();
            ledger.failedValidations(e.invalid(), now);
            e.retryAfter().ifPresent(until -> ledger.hold(e.hold(), until, now));
            throw e;
        } catch (RuntimeException e) {
            LOG.error("{}: {}: a bug while proving names", record.name(), issuer.name(), e);
            throw new IssueFailure(Fault.OURS, issuer.name() + ": unexpected: " + e, e);
        } finally {
            charge.end();
        }
    }

    private void rehearse(CertificateIssuer issuer, CertificateIssuer staging, boolean urgent)
            throws IssueFailure, InterruptedException {
        Instant now = clock.instant();
        Opening account = ledgers.of(staging.name()).account(Ledger.Kind.FIRST, now);
        try {
            if (!account.isOpen(now)) {
                throw new IssueFailure(Fault.CA, account.because(), null);
            }
            LOG.info(
                    "{}: tried at {} first, for {} found fault with it before",
                    record.name(),
                    staging.name(),
                    issuer.name());
            Taken taken = ask(staging, Ledger.Kind.FIRST, null, () -> {});
            record.change(its -> its.forget(taken.order()));
        } catch (IssueFailure e) {
            if (urgent && e.fault() != Fault.NAME) {
                // It says nothing of the names, and there is no time to lose.
                LOG.info("{}: {}; production is asked without it", record.name(), e.getMessage());
                return;
            }
            // Whatever Retry-After there was is for the account at the staging directory; it is in that ledger.
            throw new IssueFailure(e.fault(), e.getMessage() + "; " + issuer.name() + " was not asked", e)
                    .blaming(e.blamed());
        }
    }

    private Taken ask(
            CertificateIssuer issuer,
            Ledger.Kind kind,
            CertificateRequest.@Nullable Replaced replaced,
            Runnable charged)
            throws IssueFailure, InterruptedException {
        List<String> names = record.within(SiteState::wanted);
        CertificateRequest request = new CertificateRequest(record.name(), names, keyType, record.solvers(), replaced);
        Ledger ledger = ledgers.of(issuer.name());
        Ledger.Charge charge = ledger.charge(request.names(), kind, clock.instant());
        FencedJournal journal = new FencedJournal(record.journal(issuer.name()), run::isAbandoned, charge, clock);
        try {
            journal.begin(request.names());
            charged.run();
            IssuedCertificate issued = issuer.issue(request, journal);
            ledger.failedValidations(issued.invalid(), clock.instant());
            if (issued.replaced()) {
                charge.replaced(clock.instant());
            } else {
                charge.certificate(clock.instant());
            }
            return new Taken(issued, journal.order());
        } catch (IssueFailure e) {
            Instant now = clock.instant();
            ledger.failedValidations(e.invalid(), now);
            e.retryAfter().ifPresent(until -> ledger.hold(e.hold(), until, now));
            throw e;
        } catch (RuntimeException e) {
            LOG.error("{}: {}: a bug while ordering", record.name(), issuer.name(), e);
            throw new IssueFailure(Fault.OURS, issuer.name() + ": unexpected: " + e, e);
        } finally {
            charge.end();
        }
    }
}
