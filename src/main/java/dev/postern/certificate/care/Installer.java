package dev.postern.certificate.care;

import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.policy.FailedAttempt;
import dev.postern.certificate.policy.RenewalPolicy;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.pki.Certificate;
import dev.postern.pki.Chains;
import dev.postern.time.CaTime;
import dev.postern.time.ClockSkew;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of an attempt: a certificate that came is checked, installed, published and told of; a failure is remembered
 * and told of. Called on the thread of the order, or by whoever gave it up, without any monitor held.
 */
final class Installer {
    private static final Logger LOG = LoggerFactory.getLogger(Installer.class);

    private final CertificateTable table;
    private final CaTime time;
    private final ClockSkew skew;
    private final RandomGenerator random;
    private final Announcements announcements;
    private final ServedWatch watch;

    Installer(
            CertificateTable table,
            CaTime time,
            ClockSkew skew,
            RandomGenerator random,
            Announcements announcements,
            ServedWatch watch) {
        this.table = table;
        this.time = time;
        this.skew = skew;
        this.random = random;
        this.announcements = announcements;
        this.watch = watch;
    }

    /**
     * A certificate came.
     *
     * @param order what the journal holds of it; null where the issuer keeps none
     */
    void issued(Attempt run, IssuedCertificate result, @Nullable OrderEntry order) {
        SiteRecord record = run.record();
        // Fresh: it tells the time by which the CA signs, and is not thrown away because ours is another.
        result.chain().stream()
                .findFirst()
                .ifPresent(
                        leaf -> skew.signed(result.issuer(), leaf.getNotBefore().toInstant()));
        Instant now = time.instant();
        Certificate certificate;
        try {
            certificate = record.check(result, time.earliestHeard());
        } catch (CertificateException e) {
            record.forget(order);
            String message = result.issuer() + " sent a certificate that is not used: " + e.getMessage();
            failed(run, FailedAttempt.of(Fault.CA, message));
            return;
        }
        if (certificate.isExpired(time.earliest())) {
            // Our clock, the CA's answers and its signatures are of three times. The order stays in the journal.
            String message = result.issuer() + " sent a certificate until " + certificate.notAfter()
                    + ", which is in the past by the clock of this host; fetched again once the clock is set";
            failed(run, FailedAttempt.of(Fault.OURS, message));
            return;
        }
        if (certificate.notBefore().isAfter(time.latestBeginning(result.issuer()))) {
            // Clients go by the time that it is: until then they refuse it. The order stays in the journal.
            String message = result.issuer() + " sent a certificate that begins only at " + certificate.notBefore()
                    + ", when clients would take it; not installed before that";
            failed(run, FailedAttempt.of(Fault.CA, message));
            return;
        }
        String doubt = Chains.doubt(certificate.leaf(), certificate.isAlone(), result.chain());
        if (doubt != null) {
            LOG.warn("{}: the certificate from {} {}; served all the same", record.name(), result.issuer(), doubt);
        }
        CertificateEvents.Renewed renewed = null;
        synchronized (record) {
            Certificate before = record.certificate();
            if (record.isRetired()) {
                // The journal has it for whoever comes next; one that was removed gets no more.
                return;
            }
            if (record.held().isOutdone(certificate, now)) {
                // An order that was installed before, or is older than what was; the journal outlived it.
                record.forget(order);
            } else if (run.isAbandoned()
                    && before != null
                    && !certificate.notAfter().isAfter(before.notAfter())) {
                return;
            } else {
                record.install(certificate, order, now, random);
                record.show(table, time.earliest());
                renewed = record.news().renewed(certificate, now);
                Demand demand = record.demand();
                if (demand != null) {
                    demand.installed();
                }
            }
        }
        if (renewed == null) {
            String message =
                    "the order gave the certificate that is installed already, or an older one; a new one is made";
            failed(run, FailedAttempt.of(Fault.OURS, message));
            return;
        }
        announcements.renewed(renewed);
        watch.ask(record.subject());
    }

    /** No certificate came; does nothing for an attempt that is not the site's any more. */
    void failed(Attempt run, FailedAttempt attempt) {
        SiteRecord record = run.record();
        Instant now = time.instant();
        CertificateEvents.Failed event;
        synchronized (record) {
            if (!Objects.equals(record.run(), run)) {
                return;
            }
            record.failed(attempt, RenewalPolicy.spread(random), now);
            event = record.news().failed(attempt.failure().fault(), now);
            Demand demand = record.demand();
            if (demand != null) {
                demand.failed(attempt.failure());
            }
        }
        announcements.failed(event);
    }
}
