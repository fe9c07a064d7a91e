package dev.postern.certificate.operate;

import dev.postern.certificate.care.CertificateStatus.Served;
import dev.postern.certificate.care.Renewals;
import dev.postern.certificate.care.SiteNews;
import dev.postern.certificate.care.SiteRecord;
import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.certificate.store.Generation;
import dev.postern.disk.DiskFailure;
import dev.postern.pki.Certificate;
import java.io.IOException;
import java.math.BigInteger;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The end of a certificate before its time, and what comes in its place. Blocking; any thread but an event loop's. */
final class Revocation {
    private static final Logger LOG = LoggerFactory.getLogger(Revocation.class);

    private final Renewals renewals;
    private final OrderOnDemand orders;
    private final InstantSource time;

    Revocation(Renewals renewals, OrderOnDemand orders, InstantSource time) {
        this.renewals = renewals;
        this.orders = orders;
        this.time = time;
    }

    /** Revokes the certificate that is served, and orders another one. */
    void revokeAndReplace(SiteRecord record, RevocationReason reason) throws IssueFailure, InterruptedException {
        String site = record.name();
        Certificate old = certificate(record);
        revoke(record, old, reason);
        try {
            orders.order(record, false);
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
                            + failure.getMessage() + "; " + SiteNews.blame(e.fault()) + "; " + orders.again(record),
                    e.retryAfter().orElse(null),
                    e);
        }
    }

    /** Revokes one that is not served any more. */
    void revokeOlder(SiteRecord record, String serial, RevocationReason reason)
            throws IssueFailure, IOException, InterruptedException {
        Certificate served = record.certificate();
        if (served != null && served.serialText().equals(serial)) {
            throw new IssueFailure(
                    Fault.OURS,
                    record.name() + ": serial " + serial + " is the certificate that is served (expected: none, to"
                            + " revoke and replace that one); nothing was revoked",
                    null);
        }
        Certificate found = record.within(its -> its.held().find(serial))
                .orElseThrow(() -> new IssueFailure(
                        Fault.OURS,
                        record.name() + ": no generation in the store has serial " + serial + "; nothing was revoked",
                        null));
        revoke(record, found, reason);
        // It may have been shown for names that the current one lacks.
        renewals.republish(record);
    }

    private String serving(SiteRecord record) {
        return record.within(its -> {
            Certificate left = its.certificate();
            return left == null || left.isExpired(time.instant())
                    ? "nothing to serve"
                    : "serving generation " + its.held().number() + ", valid until " + left.notAfter();
        });
    }

    private static Certificate certificate(SiteRecord record) throws IssueFailure {
        Certificate certificate = record.certificate();
        if (certificate == null) {
            throw new IssueFailure(Fault.OURS, record.name() + ": has no certificate; nothing was done", null);
        }
        return certificate;
    }

    private CertificateIssuer issuerOf(Certificate certificate) throws IssueFailure {
        for (CertificateIssuer issuer : renewals.remit().issuers()) {
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
        refuse(record, certificate, reason);
    }

    /** Whatever its CA says of it: it is not served here any more. */
    private static void refuse(SiteRecord record, Certificate certificate, RevocationReason reason) {
        try {
            record.change(its -> its.held().revoked(certificate, reason));
        } catch (IOException e) {
            LOG.error(
                    "{}: marking the revoked generation: {}; refused all the same, and marked as soon as the disk"
                            + " takes it; a restart before that would serve it",
                    record.name(),
                    DiskFailure.reason(e));
        }
    }

    /** The old ones, and those that are shown besides for names that the new one lacks: all lay in the same store. */
    private Collection<Certificate> leaked(SiteRecord record, Certificate... old) {
        Map<BigInteger, Certificate> leaked = new LinkedHashMap<>();
        for (Certificate one : old) {
            leaked.put(one.serial(), one);
        }
        Instant now = time.instant();
        for (Generation one : record.within(its -> its.held().older()).newestFirst()) {
            if (!one.certificate().isExpired(now)) {
                leaked.putIfAbsent(one.certificate().serial(), one.certificate());
            }
        }
        return leaked.values();
    }

    private String whatIsLeft(Certificate leaked) throws IssueFailure {
        return issuerOf(leaked).revokes()
                ? "\"postern cert revoke " + leaked.site() + " --serial " + leaked.serialText()
                        + " --reason key-compromise\" asks the CA again"
                : "clients believe it until " + leaked.notAfter();
    }

    /** A new key and certificate, seen by a client, and only then the old one revoked. */
    void rekey(SiteRecord record) throws IssueFailure, IOException, InterruptedException {
        String site = record.name();
        Certificate old = certificate(record);
        // Before anything is ordered: whether the old one can be revoked in the end.
        CertificateIssuer unused = issuerOf(old);
        if (!renewals.watch().isStarted()) {
            throw new IOException(site + ": there is no listener here at which a client could see the new certificate;"
                    + " nothing was ordered, and nothing is revoked");
        }
        // Keys that lay in the same store as the one that leaked.
        orders.forgetOthers(record);
        // One that came of an order in flight has a key that lay beside the old one.
        Certificate between = certificate(record);
        orders.order(record, false);
        if (certificate(record) == between) {
            throw new IssueFailure(Fault.OURS, site + ": no other certificate came; the old one is not revoked", null);
        }
        Served served = renewals.watch().look(record.subject());
        if (served.answer() != Served.Answer.YES) {
            String why = served.why() == null ? "the listeners are closing" : served.why();
            throw new IOException(site + ": the new certificate is installed, but not seen: " + why
                    + "; the old one, serial " + old.serialText() + ", is not revoked");
        }
        Collection<Certificate> leaked = leaked(record, old, between);
        leaked.forEach(certificate -> refuse(record, certificate, RevocationReason.KEY_COMPROMISE));
        renewals.republish(record);
        for (Certificate certificate : leaked) {
            try {
                revoke(record, certificate, RevocationReason.KEY_COMPROMISE);
            } catch (IssueFailure e) {
                throw new IssueFailure(
                        e.fault(),
                        site + ": the new certificate is served, but the old one, serial " + certificate.serialText()
                                + ", is not revoked: " + e.getMessage() + "; it is refused here all the same, and "
                                + whatIsLeft(certificate),
                        e.retryAfter().orElse(null),
                        e);
            }
        }
    }
}
