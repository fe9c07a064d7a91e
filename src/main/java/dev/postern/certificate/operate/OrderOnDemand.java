package dev.postern.certificate.operate;

import dev.postern.certificate.care.Demand;
import dev.postern.certificate.care.Renewals;
import dev.postern.certificate.care.SiteNews;
import dev.postern.certificate.care.SiteRecord;
import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.policy.RenewalPolicy.Decision;
import dev.postern.time.MonotonicClock;
import dev.postern.time.TimeText;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An order that somebody asks for and waits for: due or not, without regard to our own back-off, within the limits of the
 * CA. Blocking; any thread but an event loop's.
 */
final class OrderOnDemand {
    private static final Logger LOG = LoggerFactory.getLogger(OrderOnDemand.class);

    /** How often somebody who waits for the pace to allow an order looks whether it does. */
    private static final long LOOK_MILLIS = 1_000;

    private final Renewals renewals;
    private final InstantSource time;
    private final MonotonicClock elapsed;
    private final Duration deadline;

    /** @param deadline of one order, the wait for its turn included */
    OrderOnDemand(Renewals renewals, InstantSource time, MonotonicClock elapsed, Duration deadline) {
        this.renewals = renewals;
        this.time = time;
        this.elapsed = elapsed;
        this.deadline = deadline;
    }

    /**
     * Orders now, and waits for what comes of it.
     *
     * @param insists even where the CA, or its limits, keep us away
     */
    void order(SiteRecord record, boolean insists) throws IssueFailure, InterruptedException {
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
            if (!runs && record.demanded(insists, time.instant()) instanceof Decision.Wait wait) {
                throw new IssueFailure(
                        Fault.CA,
                        record.name() + ": not ordered before " + TimeText.at(wait.until()) + ": " + wait.reason()
                                + "; postern cert renew --force asks all the same",
                        wait.until(),
                        null);
            }
            Demand before = record.demand();
            demand = before == null ? new Demand() : before;
            if (insists) {
                demand.insist();
            }
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

    /** When the policy would try again, in words. */
    String again(SiteRecord record) {
        Instant now = time.instant();
        Decision next;
        boolean isDue;
        synchronized (record) {
            next = record.plan(now);
            isDue = record.isDue(now);
        }
        if (!isDue && next instanceof Decision.Wait wait) {
            return "next renewal in " + TimeText.of(Duration.between(now, wait.until()));
        }
        return next instanceof Decision.Wait wait
                ? "tried again in " + TimeText.of(Duration.between(now, wait.until()))
                : "tried again at once";
    }

    /** The wait is over, the order is not. */
    void giveUp(SiteRecord record, Demand demand) throws IssueFailure {
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

    static CertificateIssuer preferred(SiteRecord record) throws IssueFailure {
        if (record.issuers().isEmpty()) {
            throw new IssueFailure(
                    Fault.OURS,
                    record.name() + ": no issuer may certify "
                            + String.join(", ", record.site().names()) + " (expected: one in acme.issuers that can)",
                    null);
        }
        return record.issuers().get(0);
    }

    /** Lets the order in flight end, well or not; returns with the monitor of the record not held, and no order begun. */
    void awaitOther(SiteRecord record, Ending then) throws IssueFailure, IOException, InterruptedException {
        long end = elapsed.nanoTime() + deadline.toNanos();
        while (true) {
            Demand demand;
            synchronized (record) {
                if (record.run() == null) {
                    then.run();
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

    /** What is done before another order can begin. */
    interface Ending {
        /** With the monitor of the record held. */
        void run() throws IOException;
    }
}
