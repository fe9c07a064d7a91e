package dev.postern.certificate.operate;

import dev.postern.certificate.care.SiteRecord;
import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.certificate.issuer.TransientJournal;
import dev.postern.certificate.limits.FencedJournal;
import dev.postern.certificate.limits.Ledger;
import dev.postern.certificate.policy.Opening;
import dev.postern.config.KeyType;
import dev.postern.pki.Certificate;
import dev.postern.time.TimeText;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A whole issuance at the staging directory of a site's issuer, through the live challenge port; installs nothing and
 * leaves no trace in the store but the account there. Blocking.
 */
final class Rehearsal {
    private final InstantSource time;
    private final Supplier<KeyType> keyType;

    Rehearsal(InstantSource time, Supplier<KeyType> keyType) {
        this.time = time;
        this.keyType = keyType;
    }

    /** What was done, line by line. */
    List<String> of(SiteRecord record) throws IssueFailure, InterruptedException {
        String site = record.name();
        CertificateIssuer preferred = OrderOnDemand.preferred(record);
        Optional<CertificateIssuer> staging = preferred.staging();
        if (staging.isEmpty()) {
            return proven(record, preferred);
        }
        CertificateIssuer stage = staging.get();
        List<String> names = record.site().names();
        List<String> done = new ArrayList<>();
        done.add(site + ": rehearsing at " + stage.name() + " for " + String.join(", ", names));
        IssuedCertificate issued = issue(
                record,
                stage,
                new CertificateRequest(site, names, record.site().keyType(keyType.get()), record.solvers(), null));
        done.add(
                issued.challenge() == null
                        ? "nothing had to be proven"
                        : "proven by " + issued.challenge().text());
        try {
            Certificate certificate = record.within(its -> its.check(issued, time.instant()));
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

    /** A CA without a directory for trying things out is asked itself, as far as the names: its order is never finalized. */
    private List<String> proven(SiteRecord record, CertificateIssuer issuer) throws IssueFailure, InterruptedException {
        List<String> names = record.site().names();
        CertificateRequest request = new CertificateRequest(
                record.name(), names, record.site().keyType(keyType.get()), record.solvers(), null);
        asking(record, issuer, request, (journal, charge) -> {
            issuer.prove(request, journal);
            return true;
        });
        return List.of(
                record.name() + ": rehearsing at " + issuer.name() + ", which has no staging directory, for "
                        + String.join(", ", names),
                "all names were proven",
                "the order was not finalized: no certificate was made, and what is served is as before");
    }

    /** What is asked of an issuer. */
    private interface Question<T> {
        T ask(OrderJournal journal, Ledger.Charge charge) throws IssueFailure, InterruptedException;
    }

    /** The limits of a staging directory are wide, but it has some. */
    private IssuedCertificate issue(SiteRecord record, CertificateIssuer stage, CertificateRequest request)
            throws IssueFailure, InterruptedException {
        return asking(record, stage, request, (journal, charge) -> {
            IssuedCertificate issued = stage.issue(request, journal);
            record.ledger(stage.name()).failedValidations(issued.invalid(), time.instant());
            charge.certificate(time.instant());
            return issued;
        });
    }

    private <T> T asking(SiteRecord record, CertificateIssuer stage, CertificateRequest request, Question<T> question)
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
            return question.ask(journal, charge);
        } catch (IssueFailure e) {
            Instant failed = time.instant();
            ledger.failedValidations(e.invalid(), failed);
            e.retryAfter().ifPresent(until -> ledger.hold(e.hold(), until, failed));
            throw e;
        } finally {
            charge.end();
        }
    }
}
