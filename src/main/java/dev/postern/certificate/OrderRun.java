package dev.postern.certificate;

import dev.postern.certificate.IssueFailure.Fault;
import dev.postern.config.Configuration.KeyType;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One attempt to get a certificate for one site, on a thread of the orders. */
final class OrderRun implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(OrderRun.class);

    private final Renewals renewals;
    private final SiteRecord record;
    private final KeyType keyType;
    private final boolean emergency;
    private final boolean servesNothing;
    private final RenewalHistory history;
    private final Instant begun;

    private final long begunNanos = System.nanoTime();
    private final AtomicBoolean claimed = new AtomicBoolean();
    // Written by whoever gives the run up, read by its thread.
    private volatile boolean abandoned;
    private volatile @Nullable Future<?> future;

    /** @param history as it is when the run begins */
    OrderRun(
            Renewals renewals,
            SiteRecord record,
            KeyType keyType,
            boolean emergency,
            boolean servesNothing,
            RenewalHistory history,
            Instant begun) {
        this.renewals = renewals;
        this.record = record;
        this.keyType = keyType;
        this.emergency = emergency;
        this.servesNothing = servesNothing;
        this.history = history;
        this.begun = begun;
    }

    SiteRecord record() {
        return record;
    }

    long elapsedNanos() {
        return System.nanoTime() - begunNanos;
    }

    boolean isAbandoned() {
        return abandoned;
    }

    void future(Future<?> submitted) {
        future = submitted;
        if (abandoned) {
            submitted.cancel(true);
        }
    }

    /**
     * Interrupts it and keeps it from writing to the journal any more, for the next run may be using it.
     *
     * @return whether it will never begin, so that nobody but the caller reports its end
     */
    boolean abandon() {
        abandoned = true;
        boolean neverBegan = claimed.compareAndSet(false, true);
        Future<?> submitted = future;
        if (submitted != null) {
            submitted.cancel(true);
        }
        return neverBegan;
    }

    @Override
    public void run() {
        if (!claimed.compareAndSet(false, true)) {
            return;
        }
        try {
            attempt();
        } catch (InterruptedException e) {
            LOG.debug("{}: interrupted; the order is resumed later", record.name());
        } catch (RuntimeException | Error e) {
            // Recorded whatever it is: what is not counted as a failure would be tried again at once, for ever.
            LOG.error("{}: a bug while taking a certificate", record.name(), e);
            renewals.failed(this, new IssueFailure(Fault.OURS, "unexpected: " + e, e), Map.of());
        } finally {
            renewals.ended(this);
        }
    }

    private void attempt() throws InterruptedException {
        CertificateRequest request =
                new CertificateRequest(record.name(), record.site().names(), keyType);
        Map<String, Instant> pauses = new HashMap<>();
        IssueFailure failure = null;
        boolean anyIssuer = emergency || servesNothing;
        for (CertificateIssuer issuer : record.issuers()) {
            if (failure != null && !emergency) {
                break;
            }
            if (renewals.queue().isHeld(issuer.name(), begun)) {
                if (anyIssuer) {
                    continue;
                }
                break;
            }
            if (emergency
                    && RenewalPolicy.pausedUntil(history, issuer.name(), begun).isAfter(begun)) {
                continue;
            }
            FencedJournal journal = new FencedJournal(record.journal(issuer.name()));
            IssueFailure latest;
            try {
                renewals.issued(this, issuer.issue(request, journal), journal.order());
                return;
            } catch (IssueFailure e) {
                latest = e;
            } catch (RuntimeException e) {
                LOG.error("{}: {}: a bug while ordering", record.name(), issuer.name(), e);
                latest = new IssueFailure(Fault.OURS, issuer.name() + ": unexpected: " + e, e);
            }
            if (latest.isOfAccount()) {
                latest.retryAfter().ifPresent(until -> hold(issuer, until));
            }
            latest.retryAfter().ifPresent(until -> pauses.put(issuer.name(), until));
            failure = failure == null ? latest : both(failure, latest);
        }
        if (failure != null) {
            renewals.failed(this, failure, pauses);
        }
    }

    private void hold(CertificateIssuer issuer, Instant until) {
        renewals.queue().hold(issuer.name(), until);
        LOG.warn("{}: the CA asks our account to stay away until {}; no site is sent there", issuer.name(), until);
    }

    /** Two issuers failed: the operator hears of both, and a CA that found fault with the name is counted. */
    private static IssueFailure both(IssueFailure first, IssueFailure second) {
        Fault fault = first.fault() == Fault.NAME ? Fault.NAME : second.fault();
        return new IssueFailure(fault, first.getMessage() + "; and " + second.getMessage(), second);
    }

    /** The journal of the site, for as long as the run is not given up. */
    private final class FencedJournal implements OrderJournal {
        private final OrderJournal journal;
        private @Nullable OrderEntry order;

        FencedJournal(OrderJournal journal) {
            this.journal = journal;
        }

        /** The order that this run made or resumed; null where there was none. */
        @Nullable OrderEntry order() {
            return order;
        }

        private void check() throws IOException {
            if (abandoned) {
                throw new IOException("this attempt was given up");
            }
        }

        @Override
        public Optional<OrderEntry> read() throws IOException {
            check();
            Optional<OrderEntry> entry = journal.read();
            order = entry.orElse(null);
            return entry;
        }

        @Override
        public void write(OrderEntry entry) throws IOException {
            check();
            journal.write(entry);
            order = entry;
        }

        @Override
        public void clear() throws IOException {
            check();
            journal.clear();
        }
    }
}
