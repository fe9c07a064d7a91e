package dev.postern.certificate.care;

import dev.postern.certificate.policy.RenewalPolicy.Decision;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.pki.Certificate;
import dev.postern.time.CaTime;
import dev.postern.time.RepeatedLines;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done whenever a site is looked at: what could not be written is written, what is served follows the dates, who
 * must know is told, and what is to be done next is decided. Any thread; outside of any site.
 */
final class Upkeep {
    private static final Logger LOG = LoggerFactory.getLogger(Upkeep.class);

    /** A bug that a sweep meets is met by each: once an hour is enough. */
    private static final Duration SAID_AGAIN = Duration.ofHours(1);

    private final CertificateTable table;
    private final CaTime time;
    private final Announcements announcements;
    private final RepeatedLines bugs = new RepeatedLines(SAID_AGAIN);

    Upkeep(CertificateTable table, CaTime time, Announcements announcements) {
        this.table = table;
        this.time = time;
        this.announcements = announcements;
    }

    /** What goes wrong with one site is no reason to leave out the others. */
    void guarded(String site, Runnable care) {
        try {
            care.run();
        } catch (RuntimeException e) {
            if (bugs.mayBeSaid(site + ": " + e, time.instant())) {
                LOG.error(
                        "{}: a bug while looking after it: {}; done again with the next sweep, said again in an hour",
                        site,
                        e.toString(),
                        e);
            }
        }
    }

    /**
     * Looks after all files of operators, and will again.
     *
     * @param wakeUps null where nothing is looked after
     */
    void lookAfter(Collection<CertificateFiles> brought, @Nullable WakeUps wakeUps) {
        if (wakeUps != null) {
            Instant now = time.earliest();
            brought.forEach(files -> guarded(files.site().name(), () -> files.serve(table, now)));
            lookLater(brought, wakeUps);
        }
    }

    /** All at once: an alarm for each of thousands costs more than the look. */
    void lookLater(Collection<CertificateFiles> brought, WakeUps wakeUps) {
        if (!brought.isEmpty()) {
            Instant when = time.onThisHost(time.instant().plus(CertificateFiles.LOOK));
            guarded(CertificateFiles.ALL, () -> wakeUps.at(CertificateFiles.ALL, when));
        }
    }

    /** What is to be done; null where nothing is, for an order runs or nobody may certify the site. */
    @Nullable Decision lookAfter(SiteRecord record, WakeUps wakeUps, Instant now) {
        tellOverdue(record, now);
        return record.within(its -> lookAfter(its, wakeUps, now));
    }

    private @Nullable Decision lookAfter(SiteState state, WakeUps wakeUps, Instant now) {
        state.save(now);
        state.believe(now);
        state.serve(table, time.earliest());
        if (state.begins()) {
            new SiteNews(state).begun(Shown.of(state.site(), state.certificate() != null, table, time), now);
        }
        Certificate certificate = state.certificate();
        Instant end = certificate == null || !certificate.notAfter().isAfter(now) ? null : certificate.notAfter();
        if (state.run() != null || state.record().issuers().isEmpty()) {
            if (end != null) {
                state.wakeAt(time.onThisHost(end), wakeUps);
            }
            return null;
        }
        Decision decision = new Outlook(state, now).decide();
        LOG.debug("{}: {}", state.name(), decision);
        if (decision instanceof Decision.Wait wait) {
            boolean endsFirst = end != null && end.isBefore(wait.until());
            state.wakeAt(time.onThisHost(endsFirst && end != null ? end : wait.until()), wakeUps);
        }
        return decision;
    }

    private void tellOverdue(SiteRecord record, Instant now) {
        CertificateEvents.Overdue overdue = record.within(its -> new SiteNews(its).overdue(now));
        if (overdue != null) {
            announcements.overdue(overdue, now);
        }
    }
}
