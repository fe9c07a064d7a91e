package dev.postern.app;

import dev.postern.alert.Delivery;
import dev.postern.alert.TroubleWatch;
import dev.postern.certificate.care.CertificateEvents;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.config.Alerts;
import dev.postern.http.exchange.Routing;
import dev.postern.machine.HostName;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks now and then for what operators are to be told of, and has it told. Any thread. */
final class OperatorAlerts implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OperatorAlerts.class);

    /** How long something may be wrong until it is seen; twice as long until it is told. */
    static final Duration PERIOD = Duration.ofSeconds(10);

    /** What is looked at. */
    private record Sight(
            Supplier<List<CertificateStatus>> certificates, Supplier<Routing> routing, LongSupplier droppedLines) {}

    private final ExecutorService sending = Threads.fixed(1, "alert");
    private final ScheduledExecutorService background;
    private final InstantSource clock;
    private final TroubleWatch watch;
    private final Symptoms symptoms = new Symptoms();

    OperatorAlerts(InstantSource clock, ScheduledExecutorService background) {
        this.clock = clock;
        this.background = background;
        Delivery delivery = new Delivery(sending, this::later, clock, HostName.or("localhost"));
        this.watch = new TroubleWatch(delivery, clock);
    }

    private void later(Duration wait, Runnable task) {
        var unused = background.schedule(task, wait.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** From now on looks, where somebody is to be told. */
    void begin(
            @Nullable Alerts first,
            Supplier<List<CertificateStatus>> certificates,
            Supplier<Routing> routing,
            LongSupplier droppedLines) {
        watch.follow(first);
        Sight sight = new Sight(certificates, routing, droppedLines);
        long period = PERIOD.toMillis();
        var unused = background.scheduleWithFixedDelay(() -> lookAt(sight), period, period, TimeUnit.MILLISECONDS);
    }

    /** @param wanted null where nobody is told any more */
    Prepared prepare(@Nullable Alerts wanted) {
        return new Prepared() {
            @Override
            public void commit() {
                watch.follow(wanted);
            }

            @Override
            public void abandon() {}
        };
    }

    /** What happens to certificates is heard here first. */
    CertificateEvents before(CertificateEvents others) {
        return symptoms.before(others);
    }

    private void lookAt(Sight sight) {
        if (!watch.isOn()) {
            return;
        }
        try {
            watch.look(symptoms.look(
                    sight.certificates.get(),
                    sight.routing.get().backends().values(),
                    sight.droppedLines.getAsLong(),
                    clock.instant()));
        } catch (RuntimeException e) {
            LOG.error("alerts: bug", e);
        }
    }

    @Override
    public void close() {
        sending.shutdownNow();
    }
}
