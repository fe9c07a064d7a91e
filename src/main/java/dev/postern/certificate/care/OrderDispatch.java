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
import java.util.Objects;
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

    /** Puts a site that is due into the queue; does nothing for one that is not. The record's monitor is not held. */
    void offer(SiteRecord record, Decision decision, Instant now) {
        IssuerChoice choice = IssuerChoice.of(decision);
        if (choice == null) {
            return;
        }
        List<OrderQueue.Ask> lane;
        Certificate has;
        synchronized (record) {
            if (record.isRetired()) {
                return;
            }
            has = record.certificate();
            OrderTerms terms = record.terms(now);
            lane = choice.issuers().stream()
                    .map(issuer -> new OrderQueue.Ask(issuer, terms.kind(issuer), choice.insists()))
                    .toList();
        }
        queue.offer(record, has, lane);
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
                    synchronized (later.record()) {
                        later.record().wakeAt(time.onThisHost(later.at()), wakeUps);
                    }
                }
                return;
            }
        }
    }

    /** False where the executor takes nothing any more. */
    private boolean begin(OrderQueue.Next.Start start, WakeUps wakeUps, Instant now) {
        SiteRecord record = start.record();
        OrderRun run = null;
        Decision again = null;
        Demand vain = null;
        synchronized (record) {
            // Looked at anew: it may have waited for long. Where it is in flight already, its end looks after it.
            Decision decision = record.decide(now);
            IssuerChoice choice = IssuerChoice.of(decision);
            if (record.run() != null || record.isRetired()) {
                LOG.debug("{}: in flight already, or no site any more", record.name());
            } else if (choice == null && decision instanceof Decision.Wait wait) {
                record.wakeAt(time.onThisHost(wait.until()), wakeUps);
                // Somebody may wait for an order that the CA does not want now.
                vain = record.demand();
                record.demand(null);
            } else if (choice != null && choice.issuers().contains(start.issuer())) {
                List<String> tries = record.toBeTried(now);
                LOG.info(
                        "{}: {}: {}",
                        record.name(),
                        tries.isEmpty() ? "ordering a certificate" : "trying " + String.join(", ", tries),
                        tries.isEmpty() ? decision.reason() : "left out of its certificate");
                boolean urgent = decision instanceof Decision.Emergency || record.certificate() == null;
                run = new OrderRun(
                        setting,
                        record,
                        turns(record, choice, start.issuer()),
                        urgent,
                        choice.insists(),
                        record.history(),
                        tries);
                record.run(run);
            } else {
                again = decision;
            }
        }
        queue.began(start, run);
        if (vain != null) {
            vain.over();
        }
        if (again != null) {
            offer(record, again, now);
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
        SiteRecord record = run.record();
        Demand demand = null;
        synchronized (record) {
            if (Objects.equals(record.run(), run)) {
                record.run(null);
                demand = record.demand();
                record.demand(null);
            }
        }
        queue.ended(run);
        if (demand != null) {
            demand.over();
        }
    }

    /** A record that has retired: nothing is begun for it any more, and what runs is interrupted; its journal stays. */
    void drop(SiteRecord record) {
        queue.forget(record);
        Attempt run;
        Demand demand = null;
        synchronized (record) {
            run = record.run();
            if (run == null) {
                demand = record.demand();
                record.demand(null);
            }
        }
        if (run != null && run.abandon()) {
            ended(run);
        }
        if (demand != null) {
            demand.over();
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
