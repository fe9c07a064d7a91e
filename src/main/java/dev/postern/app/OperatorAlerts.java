package dev.postern.app;

import dev.postern.alert.Delivery;
import dev.postern.alert.Trouble;
import dev.postern.alert.TroubleWatch;
import dev.postern.backend.Backend;
import dev.postern.backend.Server;
import dev.postern.balance.LoadBalancer;
import dev.postern.certificate.care.CertificateEvents;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.config.Alerts;
import dev.postern.config.Alerts.About;
import dev.postern.http.exchange.Routing;
import dev.postern.machine.HostName;
import dev.postern.time.TimeText;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
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

    /** A log that has lost nothing for so long is complete again. */
    private static final Duration QUIET = Duration.ofMinutes(10);

    /** What is looked at. */
    private record Sight(
            Supplier<List<CertificateStatus>> certificates, Supplier<Routing> routing, LongSupplier droppedLines) {}

    private final ExecutorService sending = Threads.fixed(1, "alert");
    private final ScheduledExecutorService background;
    private final InstantSource clock;
    private final TroubleWatch watch;
    private final Map<String, CertificateEvents.Overdue> overdue = new ConcurrentHashMap<>();
    // Background thread only.
    private long droppedBefore;
    private Instant droppedAt = Instant.EPOCH;

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
        return new CertificateEvents() {
            @Override
            public void renewed(Renewed event) {
                overdue.remove(event.site());
                others.renewed(event);
            }

            @Override
            public void failed(Failed event) {
                others.failed(event);
            }

            @Override
            public void overdue(Overdue event) {
                overdue.put(event.site(), event);
                others.overdue(event);
            }
        };
    }

    private void lookAt(Sight sight) {
        if (!watch.isOn()) {
            return;
        }
        try {
            List<Trouble> now = new ArrayList<>();
            certificates(sight.certificates.get(), now);
            backends(sight.routing.get().backends().values(), now);
            logs(sight.droppedLines.getAsLong(), now);
            watch.look(now);
        } catch (RuntimeException e) {
            LOG.error("alerts: bug", e);
        }
    }

    private void certificates(List<CertificateStatus> all, List<Trouble> now) {
        for (CertificateStatus site : all) {
            CertificateEvents.Overdue late = overdue.get(site.site());
            if (late != null) {
                now.add(new Trouble(
                        About.RENEWALS,
                        site.site(),
                        site.site() + ": its certificate is not renewed",
                        (site.notAfter() == null
                                        ? "There is none."
                                        : "The one that is served ends at " + TimeText.at(site.notAfter()) + ".")
                                + "\n" + late.failures() + " attempts failed in a row; the last one: "
                                + late.lastFailure() + "\npostern cert explain " + site.site() + " says more."));
            }
            for (CertificateStatus.LeftOut name : site.leftOut()) {
                now.add(new Trouble(
                        About.NAMES,
                        site.site() + " " + name.name(),
                        name.name() + ": left out of the certificate of " + site.site(),
                        "It cannot be proven: " + name.because() + "\nIts clients are "
                                + (name.servedUntil() == null
                                        ? "refused."
                                        : "shown an older certificate until " + TimeText.at(name.servedUntil())
                                                + ".")));
            }
        }
    }

    private static void backends(Collection<LoadBalancer> all, List<Trouble> now) {
        for (LoadBalancer balancer : all) {
            Backend backend = balancer.backend();
            List<Server> servers = backend.servers();
            if (!servers.isEmpty() && servers.stream().allMatch(server -> server.state() != Server.State.UP)) {
                StringBuilder text = new StringBuilder("Requests for it are answered 503.");
                servers.forEach(server -> text.append('\n')
                        .append(server.name())
                        .append(": ")
                        .append(backend.outlook(server).why()));
                now.add(new Trouble(
                        About.BACKENDS,
                        backend.name(),
                        "backend " + backend.name() + ": no server is up",
                        text.toString()));
            }
        }
    }

    private void logs(long dropped, List<Trouble> now) {
        Instant at = clock.instant();
        if (dropped != droppedBefore) {
            droppedBefore = dropped;
            droppedAt = at;
        }
        if (dropped > 0 && droppedAt.plus(QUIET).isAfter(at)) {
            now.add(new Trouble(
                    About.LOGS,
                    "access-log",
                    "the access log loses lines",
                    dropped + " lines were dropped until now; the service log says why."));
        }
    }

    @Override
    public void close() {
        sending.shutdownNow();
    }
}
