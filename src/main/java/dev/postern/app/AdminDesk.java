package dev.postern.app;

import dev.postern.admin.AdminPages;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.certificate.operate.CertificateOperations;
import dev.postern.control.ControlCommands;
import dev.postern.observe.Metrics;
import dev.postern.status.EdgePictures;
import dev.postern.status.StatusControl;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;

/**
 * What the admin listener shows and does, and the threads that do it: one for the pages, one that says whether we are ready,
 * however many pages are wanted, and a few for what takes minutes.
 */
final class AdminDesk implements AutoCloseable {
    /** As many actions as orders may run at once. */
    private static final int ACTIONS = 4;

    /** Requests that may wait for a page: more than browsers and monitoring have at once, and a minute's work at worst. */
    private static final int WAITING = 64;

    private final ExecutorService making = Threads.fixed(1, WAITING, "admin");
    private final ExecutorService judging = Threads.fixed(1, WAITING, "ready");
    private final ExecutorService acting = Threads.fixed(ACTIONS, "operators");
    private final EdgePictures.Subject subject;
    private final InstantSource clock;
    private final EdgePictures pictures;
    private final AdminPages pages;

    /** @param certificates those there are now */
    AdminDesk(
            EdgePictures.Subject subject,
            Metrics metrics,
            Supplier<List<CertificateStatus>> certificates,
            CertificateOperations operations,
            InstantSource clock) {
        this.subject = subject;
        this.clock = clock;
        this.pictures = new EdgePictures(subject, clock, System::nanoTime);
        this.pages = new AdminPages(
                metrics,
                () -> ServedSites.of(certificates.get(), clock.instant()),
                pictures,
                new CareInWords(operations),
                making,
                judging,
                acting,
                clock);
    }

    /** Says how all of it stands; what else is asked for is left to {@code others}. */
    ControlCommands telling(ControlCommands others) {
        return new StatusControl(pictures, subject, clock, others);
    }

    AdminPages pages() {
        return pages;
    }

    /** Takes up nothing more, and interrupts what is under way. */
    @Override
    public void close() {
        making.shutdownNow();
        judging.shutdownNow();
        acting.shutdownNow();
    }
}
