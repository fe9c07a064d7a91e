package dev.postern.certificate.care;

import dev.postern.certificate.policy.RenewalPolicy.Decision;
import dev.postern.config.Site;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * The care of one site at a time: it is looked at, put into the queue where something is due, and begun as soon as it may
 * be; at each wake-up, with each sweep, and after each attempt. Any thread; outside of any site.
 */
final class SiteCare {
    private final Sites sites;
    private final Upkeep upkeep;
    private final OrderDispatch dispatch;
    private final InstantSource time;
    private volatile boolean closed;

    // Null until begin, and from close on; read by any thread.
    private volatile @Nullable WakeUps wakeUps;

    SiteCare(Sites sites, Upkeep upkeep, OrderDispatch dispatch, InstantSource time) {
        this.sites = sites;
        this.upkeep = upkeep;
        this.dispatch = dispatch;
        this.time = time;
    }

    /** From now on does what is due, and asks to be woken when more is. */
    void begin(WakeUps clockwork) {
        wakeUps = clockwork;
    }

    /** Null where nothing is looked after but what an operator asks for. */
    @Nullable WakeUps wakeUps() {
        return wakeUps;
    }

    boolean isClosed() {
        return closed;
    }

    /** Begins nothing more. */
    void close() {
        wakeUps = null;
        closed = true;
    }

    /** What goes wrong with one site is no reason to leave out the others. */
    void lookAfterEach(Iterable<SiteRecord> records) {
        for (SiteRecord record : records) {
            upkeep.guarded(record.name(), () -> lookAfter(record));
        }
    }

    private void lookAfter(SiteRecord record) {
        WakeUps clockwork = wakeUps;
        if (clockwork == null || record.isRetired()) {
            return;
        }
        if (!record.isLoaded()) {
            if (sites.areRead()) {
                // Reading it met a bug.
                sites.read(record);
            }
            return;
        }
        Instant now = time.instant();
        Decision decision = upkeep.lookAfter(record, clockwork, now);
        if (decision != null && !waits(record)) {
            dispatch.offer(record, decision, now);
        }
    }

    /**
     * Of two certificates of a site the second one waits until the order of the first one is over: CAs remember for a while what
     * was proven, and tls-alpn-01 has room for one order at a time.
     */
    private boolean waits(SiteRecord record) {
        SiteRecord first = record.site().isSecond() ? sites.issued(Site.ofCertificate(record.name())) : null;
        return first != null && dispatch.isAtWork(first);
    }

    /** Something is new with a site. */
    void lookAgain(SiteRecord record) {
        lookAfter(record);
        pump();
    }

    /** Puts a site into the queue whose order somebody asks for; not where it is in flight. */
    void enqueue(SiteRecord record) {
        Instant now = time.instant();
        Decision decision = record.within(its -> its.run() != null ? null : new Outlook(its, now).decide());
        if (decision != null) {
            dispatch.offer(record, decision, now);
            pump();
        }
    }

    /** Begins as many orders as may be begun. */
    void pump() {
        WakeUps clockwork = wakeUps;
        if (closed) {
            return;
        }
        if (clockwork == null) {
            // Nothing is looked after: in the queue is only what an operator asked for.
            dispatch.pump((site, when) -> {});
        } else if (sites.areRead()) {
            // Which of all sites goes first is known once all are.
            dispatch.pump(clockwork);
        }
    }

    /** The attempt is over, well or not; called on its thread. */
    void ended(Attempt run) {
        dispatch.ended(run);
        lookAgain(run.record());
        if (run.record().site().twin() != null) {
            sites.issued().stream()
                    .filter(other -> other != run.record()
                            && other.site().names().equals(run.record().site().names()))
                    .forEach(this::lookAgain);
        }
    }
}
