package dev.postern.certificate.care;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells {@link CertificateEvents} what happened. Called with no lock held: who is told may take its time, and what
 * goes wrong there harms nobody here. Any thread.
 */
final class Announcements {
    private static final Logger LOG = LoggerFactory.getLogger(Announcements.class);

    /** How often somebody is told that a renewal is overdue. */
    private static final Duration AGAIN = Duration.ofDays(1);

    /** So long a site may be without its first certificate: DNS that was just changed takes its time. */
    private static final Duration LATE = Duration.ofHours(1);

    private final CertificateEvents events;
    private final Map<String, Instant> overdueTold = new ConcurrentHashMap<>();

    Announcements(CertificateEvents events) {
        this.events = events;
    }

    void renewed(CertificateEvents.Renewed event) {
        overdueTold.remove(event.site());
        guarded(event.site(), to -> to.renewed(event));
    }

    void failed(CertificateEvents.Failed event) {
        guarded(event.site(), to -> to.failed(event));
    }

    /** Told at most once a day for each site. */
    void overdue(CertificateEvents.Overdue event, Instant now) {
        Instant told = overdueTold.get(event.site());
        // What was told in the future was dated by a clock that was wrong then.
        if (told == null || told.isAfter(now) || !told.plus(AGAIN).isAfter(now)) {
            overdueTold.put(event.site(), now);
            guarded(event.site(), to -> to.overdue(event));
        }
    }

    /** Whether something has been going wrong for so long that somebody should know. */
    static boolean isLate(Duration since) {
        return since.compareTo(LATE) > 0;
    }

    private void guarded(String site, Consumer<CertificateEvents> tell) {
        try {
            tell.accept(events);
        } catch (RuntimeException e) {
            LOG.error("{}: a bug in who is told of its certificate: {}", site, e.toString(), e);
        }
    }
}
