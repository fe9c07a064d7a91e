package dev.postern.app;

import dev.postern.alert.Trouble;
import dev.postern.backend.Backend;
import dev.postern.backend.Server;
import dev.postern.balance.LoadBalancer;
import dev.postern.certificate.care.CertificateEvents;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.config.Alerts.About;
import dev.postern.time.TimeText;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What is wrong now, in the words that operators are told it with. One thread looks; events may come on any. */
final class Symptoms {
    /** A log that has lost nothing for so long is complete again. */
    private static final Duration QUIET = Duration.ofMinutes(10);

    private final Map<String, CertificateEvents.Overdue> overdue = new ConcurrentHashMap<>();
    // Of the thread that looks.
    private long droppedBefore;
    private Instant droppedAt = Instant.EPOCH;

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

    /** @param dropped lines of the access logs that there are now; fewer than before where a reload has removed one */
    List<Trouble> look(
            List<CertificateStatus> certificates, Collection<LoadBalancer> backends, long dropped, Instant now) {
        List<Trouble> all = new ArrayList<>();
        certificates(certificates, all);
        backends(backends, all);
        logs(dropped, now, all);
        return all;
    }

    private void certificates(List<CertificateStatus> sites, List<Trouble> all) {
        for (CertificateStatus site : sites) {
            CertificateEvents.Overdue late = overdue.get(site.site());
            if (late != null) {
                all.add(new Trouble(
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
                all.add(new Trouble(
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

    private static void backends(Collection<LoadBalancer> balancers, List<Trouble> all) {
        for (LoadBalancer balancer : balancers) {
            Backend backend = balancer.backend();
            List<Server> servers = backend.servers();
            // Where an operator has taken out all of them, there is nothing to tell him.
            boolean isDown = servers.stream().anyMatch(server -> server.state() != Server.State.MAINTENANCE)
                    && servers.stream().allMatch(server -> server.state() != Server.State.UP);
            if (isDown) {
                StringBuilder text = new StringBuilder(
                        balancer.asksAny()
                                ? "Its servers are asked all the same, in case they are back."
                                : "Requests for it are answered 503.");
                servers.forEach(server -> text.append('\n')
                        .append(server.name())
                        .append(": ")
                        .append(backend.outlook(server).why()));
                all.add(new Trouble(
                        About.BACKENDS,
                        backend.name(),
                        "backend " + backend.name() + ": no server is up",
                        text.toString()));
            }
        }
    }

    private void logs(long dropped, Instant now, List<Trouble> all) {
        if (dropped > droppedBefore) {
            droppedAt = now;
        }
        droppedBefore = dropped;
        if (dropped > 0 && droppedAt.plus(QUIET).isAfter(now)) {
            all.add(new Trouble(
                    About.LOGS,
                    "access-log",
                    "the access log loses lines",
                    dropped + " lines were dropped until now; the service log says why."));
        }
    }
}
