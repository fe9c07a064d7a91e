package dev.postern.certificate.care;

import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.policy.FailedAttempt;
import dev.postern.certificate.policy.RenewalPolicy;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.store.NotLeader;
import dev.postern.pki.Certificate;
import dev.postern.pki.Chains;
import dev.postern.time.CaTime;
import dev.postern.time.ClockSkew;
import dev.postern.time.Clocks;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of an attempt: a certificate that came is checked, installed, published and told of; a failure is remembered
 * and told of. Called on the thread of the order, or by whoever gave it up, outside of any site.
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
            Clocks clocks,
            RandomGenerator random,
            Announcements announcements,
            ServedWatch watch) {
        this.table = table;
        this.time = clocks.ca();
        this.skew = clocks.skew();
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
            certificate = record.within(its -> its.check(result, time.earliestHeard()));
        } catch (CertificateException e) {
            record.change(its -> its.forget(order));
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
        Outcome outcome = record.within(its -> install(its, run, certificate, order, now));
        if (outcome instanceof Outcome.Outdone) {
            String message =
                    "the order gave the certificate that is installed already, or an older one; a new one is made";
            failed(run, FailedAttempt.of(Fault.OURS, message));
        } else if (outcome instanceof Outcome.OfAnother other) {
            failed(run, FailedAttempt.of(Fault.OURS, other.why() + "; the certificate that came is thrown away"));
        } else if (outcome instanceof Outcome.Installed installed) {
            announcements.renewed(installed.event());
            watch.ask(record.subject());
        }
    }

    /** What became of a certificate that is good. */
    private sealed interface Outcome {
        record Installed(CertificateEvents.Renewed event) implements Outcome {}

        /** An order that was installed before, or is older than what was; the journal outlived it. */
        record Outdone() implements Outcome {}

        /** Another holder of the store looks after the site now; what it has is shown. */
        record OfAnother(String why) implements Outcome {}

        record Unwanted() implements Outcome {}
    }

    private Outcome install(
            SiteState state, Attempt run, Certificate certificate, @Nullable OrderEntry order, Instant now) {
        Certificate before = state.certificate();
        if (state.isRetired()) {
            // The journal has it for whoever comes next; one that was removed gets no more.
            return new Outcome.Unwanted();
        }
        if (state.held().isOutdone(certificate, now)) {
            state.forget(order);
            return new Outcome.Outdone();
        }
        if (run.isAbandoned() && before != null && !certificate.notAfter().isAfter(before.notAfter())) {
            return new Outcome.Unwanted();
        }
        try {
            state.install(certificate, order, now, random);
        } catch (NotLeader e) {
            state.show(table, time.earliest());
            return new Outcome.OfAnother(String.valueOf(e.getMessage()));
        }
        state.show(table, time.earliest());
        Demand demand = state.demand();
        if (demand != null) {
            demand.installed();
        }
        return new Outcome.Installed(new SiteNews(state).renewed(certificate, now));
    }

    /** No certificate came; does nothing for an attempt that is not the site's any more. */
    void failed(Attempt run, FailedAttempt attempt) {
        run.record().within(its -> remember(its, run, attempt)).ifPresent(announcements::failed);
    }

    private Optional<CertificateEvents.Failed> remember(SiteState state, Attempt run, FailedAttempt attempt) {
        if (!Objects.equals(state.run(), run)) {
            return Optional.empty();
        }
        Instant now = time.instant();
        state.failed(attempt, RenewalPolicy.spread(random), now);
        Demand demand = state.demand();
        if (demand != null) {
            demand.failed(attempt.failure());
        }
        return Optional.of(new SiteNews(state)
                .failed(
                        attempt.failure().fault(),
                        Shown.of(state.site(), state.certificate() != null, table, time),
                        now));
    }
}
