package dev.postern.certificate.operate;

import dev.postern.certificate.care.Demand;
import dev.postern.certificate.care.Outlook;
import dev.postern.certificate.care.Renewals;
import dev.postern.certificate.care.SiteNews;
import dev.postern.certificate.care.SiteRecord;
import dev.postern.certificate.care.SiteState;
import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.policy.RenewalPolicy.Decision;
import dev.postern.time.Clocks;
import dev.postern.time.MonotonicClock;
import dev.postern.time.TimeText;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
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
    OrderOnDemand(Renewals renewals, Clocks clocks, Duration deadline) {
        this.renewals = renewals;
        this.time = clocks.ca();
        this.elapsed = clocks.elapsed();
        this.deadline = deadline;
    }

    /**
     * Orders now, and waits for what comes of it.
     *
     * @param insists even where the CA, or its limits, keep us away
     */
    void order(SiteRecord record, boolean insists) throws IssueFailure, InterruptedException {
        CertificateIssuer unused = preferred(record);
        Demand demand = record.within(its -> demand(its, insists));
        renewals.enqueue(record);
        long end = elapsed.nanoTime() + deadline.toNanos();
        while (!await(record, demand)) {
            if (elapsed.nanoTime() - end > 0) {
                giveUp(record, demand);
            }
            renewals.pump();
        }
    }

    private Demand demand(SiteState state, boolean insists) throws IssueFailure {
        state.save(time.instant());
        String refusal = state.held().notOnDiskBecause();
        if (refusal != null) {
            // Its order would be resumed, bring the same again, and be forgotten with it.
            throw new IssueFailure(
                    Fault.OURS,
                    state.name() + ": the certificate that came last is not on disk yet: " + refusal
                            + "; no other is ordered before it is",
                    null);
        }
        if (state.run() == null && new Outlook(state, time.instant()).demanded(insists) instanceof Decision.Wait wait) {
            throw new IssueFailure(
                    Fault.CA,
                    state.name() + ": not ordered before " + TimeText.at(wait.until()) + ": " + wait.reason()
                            + "; postern cert renew --force asks all the same",
                    wait.until(),
                    null);
        }
        Demand demand = state.demanded();
        if (insists) {
            demand.insist();
        }
        return demand;
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
        return record.within(its -> {
            Outlook outlook = new Outlook(its, now);
            return outlook.plan() instanceof Decision.Wait wait
                    ? (outlook.isDue() ? "tried again in " : "next renewal in ")
                            + TimeText.of(Duration.between(now, wait.until()))
                    : "tried again at once";
        });
    }

    /** The wait is over, the order is not. */
    void giveUp(SiteRecord record, Demand demand) throws IssueFailure {
        record.change(its -> {
            if (its.demand() == demand && its.run() == null) {
                // Nobody else is told: whoever waits as well gives up by its own watch.
                var unused = its.takeDemand();
            }
        });
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

    /** Lets the order in flight end, well or not, and has all that is left of orders forgotten before another can begin. */
    void forgetOthers(SiteRecord record) throws IssueFailure, IOException, InterruptedException {
        long end = elapsed.nanoTime() + deadline.toNanos();
        while (true) {
            Optional<Demand> other = record.within(its -> {
                if (its.run() != null) {
                    return Optional.of(its.demanded());
                }
                its.forgetOrders();
                return Optional.empty();
            });
            if (other.isEmpty()) {
                return;
            }
            Demand demand = other.get();
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
}
