package dev.postern.certificate.care;

import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.limits.Ledgers;
import dev.postern.certificate.policy.FailedAttempt;
import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.certificate.store.Lease;
import dev.postern.certificate.store.NotLeader;
import dev.postern.config.KeyType;
import dev.postern.machine.MachineErrors;
import dev.postern.time.Clocks;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One attempt to get a certificate for one site, on a thread of the orders. */
final class OrderRun implements Attempt, Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(OrderRun.class);

    /**
     * What every run works with.
     *
     * @param keyType that is asked for now
     * @param ended told of each run that is over, well or not, on its thread
     */
    record Setting(
            Supplier<KeyType> keyType,
            Installer installer,
            OrderQueue queue,
            Ledgers ledgers,
            Clocks clocks,
            Consumer<Attempt> ended) {}

    private final Setting setting;
    private final SiteRecord record;
    private final List<CertificateIssuer> issuers;
    private final boolean urgent;
    private final boolean insists;
    private final RenewalHistory history;
    private final List<String> tries;

    // The issuer that the queue let this run through to, until that is in the ledger.
    private final AtomicReference<@Nullable String> coming;
    private final long begunNanos;
    private final AtomicBoolean claimed = new AtomicBoolean();
    // Written by whoever gives the run up, read by its thread.
    private volatile boolean abandoned;
    private volatile @Nullable Future<?> future;
    // Of its thread, while that runs.
    private @Nullable Lease lease;

    /**
     * @param issuers asked in turn; the queue has counted the first one
     * @param urgent whether the site has nothing to serve, or soon nothing
     * @param insists whether the issuers are asked even where they, or their limits, keep us away
     * @param history as it is when the run begins
     * @param tries names that the certificate does without, to be tried first: without a demand that is all of this run
     */
    OrderRun(
            Setting setting,
            SiteRecord record,
            List<CertificateIssuer> issuers,
            boolean urgent,
            boolean insists,
            RenewalHistory history,
            List<String> tries) {
        this.setting = setting;
        this.record = record;
        this.issuers = List.copyOf(issuers);
        this.urgent = urgent;
        this.insists = insists;
        this.history = history;
        this.tries = List.copyOf(tries);
        this.coming = new AtomicReference<>(issuers.get(0).name());
        this.begunNanos = setting.clocks().elapsed().nanoTime();
    }

    @Override
    public SiteRecord record() {
        return record;
    }

    @Override
    public long elapsedNanos() {
        return setting.clocks().elapsed().nanoTime() - begunNanos;
    }

    @Override
    public boolean isAbandoned() {
        return abandoned;
    }

    @Override
    public void requireLeading() throws IssueFailure {
        Lease has = lease;
        try {
            if (has != null) {
                has.require();
            }
        } catch (NotLeader e) {
            throw new IssueFailure(Fault.OURS, String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public void charged() {
        String issuer = coming.getAndSet(null);
        if (issuer != null) {
            setting.queue().charged(issuer);
        }
    }

    void future(Future<?> submitted) {
        future = submitted;
        if (abandoned) {
            submitted.cancel(true);
        }
    }

    @Override
    public boolean abandon() {
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
        try (Lease leading = record.lead()) {
            lease = leading;
            attempt();
        } catch (NotLeader e) {
            setting.installer().failed(this, FailedAttempt.of(Fault.OURS, String.valueOf(e.getMessage())));
        } catch (InterruptedException e) {
            LOG.debug("{}: interrupted; the order is resumed later", record.name());
        } catch (RuntimeException | Error e) {
            // Recorded whatever it is: what is not counted as a failure would be tried again at once, for ever.
            MachineErrors.check(e);
            LOG.error("{}: a bug while taking a certificate", record.name(), e);
            setting.installer().failed(this, FailedAttempt.of(Fault.OURS, "unexpected: " + e));
        } finally {
            setting.ended().accept(this);
        }
    }

    private void attempt() throws InterruptedException {
        IssuerTurn turn = new IssuerTurn(
                record,
                record.site().keyType(setting.keyType().get()),
                setting.ledgers(),
                setting.clocks().ca(),
                this);
        if (!tries.isEmpty()) {
            boolean isAll = record.within(its -> its.demand() == null);
            new LeftOutNames(record, tries, setting.clocks().ca()).tryAt(issuers.get(0), turn);
            if (isAll || !mayAsk(issuers.get(0))) {
                return;
            }
        }
        FailedAttempt failed = null;
        for (CertificateIssuer issuer : issuers) {
            if (failed != null && !mayAsk(issuer)) {
                continue;
            }
            try {
                IssuerTurn.Taken taken = turn.take(issuer, history, urgent);
                setting.installer().issued(this, taken.certificate(), taken.order());
                return;
            } catch (IssueFailure e) {
                FailedAttempt latest = FailedAttempt.at(issuer.name(), e);
                failed = failed == null ? latest : failed.and(latest);
            }
        }
        if (failed != null) {
            setting.installer().failed(this, failed);
        }
    }

    /** The queue has seen to the first one only. One that may not be asked now is left out of this attempt. */
    private boolean mayAsk(CertificateIssuer issuer) {
        Instant now = setting.clocks().ca().instant();
        OrderQueue.Ask ask = record.within(
                its -> new OrderQueue.Ask(issuer.name(), its.terms(now).kind(issuer.name()), insists));
        boolean may = !abandoned && setting.queue().mayAsk(ask, now);
        charged();
        if (may) {
            coming.set(issuer.name());
        } else {
            LOG.debug("{}: {} is left out of this attempt", record.name(), issuer.name());
        }
        return may;
    }
}
