package dev.postern.certificate.care;

import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.policy.FailedAttempt;
import dev.postern.certificate.policy.IssuerChoice;
import dev.postern.certificate.policy.RenewalPolicy.Decision;
import dev.postern.pki.Certificate;
import dev.postern.time.CaTime;
import dev.postern.time.TimeText;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Begins the orders that the queue lets through, and ends those that do not end by themselves. Any thread. */
final class OrderDispatch {
    private static final Logger LOG = LoggerFactory.getLogger(OrderDispatch.class);

    /** How long {@link #close} waits for interrupted orders. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    private final OrderRun.Setting setting;
    private final OrderQueue queue;
    private final CaTime time;
    private final ExecutorService orders;
    private final Duration deadline;

    /** @param deadline an order that has not ended by then never will */
    OrderDispatch(OrderRun.Setting setting, CaTime time, ExecutorService orders, Duration deadline) {
        this.setting = setting;
        this.queue = setting.queue();
        this.time = time;
        this.orders = orders;
        this.deadline = deadline;
    }

    /** Puts a site that is due into the queue; does nothing for one that is not. Called outside of any site. */
    void offer(SiteRecord record, Decision decision, Instant now) {
        IssuerChoice choice = IssuerChoice.of(decision);
        if (choice == null) {
            return;
        }
        Offer offer = record.within(its -> offer(its, choice, now));
        queue.offer(record, offer.has(), offer.lane());
    }

    /**
     * What the queue is to know of a site.
     *
     * @param has what it has a certificate of
     * @param lane empty where it gets no more orders
     */
    private record Offer(@Nullable Certificate has, List<OrderQueue.Ask> lane) {}

    private static Offer offer(SiteState state, IssuerChoice choice, Instant now) {
        OrderTerms terms = state.terms(now);
        List<String> issuers = state.isRetired() ? List.of() : choice.issuers();
        return new Offer(
                state.certificate(),
                issuers.stream()
                        .map(issuer -> new OrderQueue.Ask(issuer, terms.kind(issuer), choice.insists()))
                        .toList());
    }

    /** Whether its order is in flight, or waits for its turn. */
    boolean isAtWork(SiteRecord record) {
        return queue.isAtWork(record);
    }

    /** Begins as many orders as may be begun; null where nothing is begun any more. */
    void pump(@Nullable WakeUps wakeUps) {
        while (wakeUps != null) {
            Instant now = time.instant();
            OrderQueue.Next next = queue.next(now);
            if (next instanceof OrderQueue.Next.Start start) {
                if (!begin(start, wakeUps, now)) {
                    return;
                }
            } else {
                if (next instanceof OrderQueue.Next.Later later) {
                    later.record().wakeAt(time.onThisHost(later.at()), wakeUps);
                }
                return;
            }
        }
    }

    /** False where the executor takes nothing any more. */
    private boolean begin(OrderQueue.Next.Start start, WakeUps wakeUps, Instant now) {
        SiteRecord record = start.record();
        Beginning beginning = record.within(its -> begin(its, start.issuer(), wakeUps, now));
        OrderRun run = beginning instanceof Beginning.Begun begun ? begun.run() : null;
        queue.began(start, run);
        if (beginning instanceof Beginning.Unwanted unwanted) {
            unwanted.vain().ifPresent(Demand::over);
        } else if (beginning instanceof Beginning.Other other) {
            offer(record, other.decision(), now);
        }
        if (run == null) {
            return true;
        }
        try {
            run.future(orders.submit(run));
            return true;
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: not begun, shutting down", record.name(), e);
            ended(run);
            return false;
        }
    }

    /** What becomes of a site whose turn it is. */
    private sealed interface Beginning {
        record Begun(OrderRun run) implements Beginning {}

        /** It is in flight already, whose end looks after it, or there is no such site any more, or it is not due now. */
        record Unwanted(Optional<Demand> vain) implements Beginning {}

        /** Another issuer is to be asked. */
        record Other(Decision decision) implements Beginning {}
    }

    private Beginning begin(SiteState state, String issuer, WakeUps wakeUps, Instant now) {
        // Looked at anew: it may have waited for long.
        Decision decision = new Outlook(state, now).decide();
        IssuerChoice choice = IssuerChoice.of(decision);
        if (state.run() != null || state.isRetired()) {
            LOG.debug("{}: in flight already, or no site any more", state.name());
            return new Beginning.Unwanted(Optional.empty());
        }
        if (choice == null && decision instanceof Decision.Wait wait) {
            state.wakeAt(time.onThisHost(wait.until()), wakeUps);
            // Somebody may wait for an order that the CA does not want now.
            return new Beginning.Unwanted(state.takeDemand());
        }
        if (choice == null || !choice.issuers().contains(issuer)) {
            return new Beginning.Other(decision);
        }
        List<String> tries = state.toBeTried(now);
        LOG.info(
                "{}: {}: {}",
                state.name(),
                tries.isEmpty() ? "ordering a certificate" : "trying " + String.join(", ", tries),
                tries.isEmpty() ? decision.reason() : "left out of its certificate");
        boolean urgent = decision instanceof Decision.Emergency || state.certificate() == null;
        OrderRun run = new OrderRun(
                setting,
                state.record(),
                turns(state.record(), choice, issuer),
                urgent,
                choice.insists(),
                state.history(),
                tries);
        state.begun(run);
        return new Beginning.Begun(run);
    }

    /** The issuer that the queue chose, and, where the choice says so, those after it. */
    private static List<CertificateIssuer> turns(SiteRecord record, IssuerChoice choice, String first) {
        int from = choice.issuers().indexOf(first);
        int to = choice.inTurn() ? choice.issuers().size() : from + 1;
        return record.issuers().stream()
                .filter(issuer -> choice.issuers().subList(from, to).contains(issuer.name()))
                .toList();
    }

    /** The attempt is over, well or not. */
    void ended(Attempt run) {
        Optional<Demand> demand = run.record().within(its -> its.ended(run));
        queue.ended(run);
        demand.ifPresent(Demand::over);
    }

    /** A record that has retired: nothing is begun for it any more, and what runs is interrupted; its journal stays. */
    void drop(SiteRecord record) {
        queue.forget(record);
        record.within(its -> its.run() == null ? its.takeDemand() : Optional.<Demand>empty())
                .ifPresent(Demand::over);
        Attempt run = record.within(SiteState::run);
        if (run != null && run.abandon()) {
            ended(run);
        }
    }

    void giveUpOverdue() {
        for (Attempt run : queue.running()) {
            if (run.elapsedNanos() > deadline.toNanos()) {
                String message = "no result after " + TimeText.of(deadline) + "; this attempt is given up";
                // Counted before it is interrupted: its thread may report its end at once, and then nobody counts it.
                setting.installer().failed(run, FailedAttempt.of(Fault.CA, message));
                run.abandon();
                setting.ended().accept(run);
            }
        }
    }

    /** Interrupts what is in flight: the journals stay, the next start resumes the orders. */
    void close() {
        for (Attempt run : queue.running()) {
            if (run.abandon()) {
                ended(run);
            }
        }
        try {
            queue.awaitIdle(GRACE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
