package dev.postern.backend;

import dev.postern.machine.MachineErrors;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says of servers that the certificate which they have shown last is about to end, once a day each. One thread at a time. */
final class EndingCertificates {
    private static final Logger LOG = LoggerFactory.getLogger(EndingCertificates.class);

    /** Whoever renews by hand has a week of work, and one to notice. */
    private static final Duration SOON = Duration.ofDays(14);

    private static final Duration AGAIN = Duration.ofDays(1);

    private final InstantSource clock;
    private final Map<Server, Instant> said = new HashMap<>();

    EndingCertificates(InstantSource clock) {
        this.clock = clock;
    }

    void look(Collection<Backend> backends) {
        try {
            Instant now = clock.instant();
            Set<Server> there = new HashSet<>();
            for (Backend backend : backends) {
                for (Server server : backend.servers()) {
                    there.add(server);
                    look(backend, server, now);
                }
            }
            said.keySet().retainAll(there);
        } catch (RuntimeException | Error e) {
            MachineErrors.check(e);
            // Whatever it was: a schedule that throws is never run again.
            LOG.error("certificates of servers: bug", e);
        }
    }

    private void look(Backend backend, Server server, Instant now) {
        Instant ends = server.certificateEnds();
        Instant last = said.get(server);
        if (ends == null || ends.isAfter(now.plus(SOON))) {
            said.remove(server);
            return;
        }
        if (last != null && now.isBefore(last.plus(AGAIN))) {
            return;
        }
        said.put(server, now);
        if (ends.isAfter(now)) {
            LOG.warn(
                    "backend {}: server {}: its certificate ends on {}, in {} h (expected: a renewed one there)",
                    backend.name(),
                    server,
                    ends,
                    Duration.between(now, ends).toHours());
        } else {
            LOG.warn(
                    "backend {}: server {}: its certificate ended on {} (expected: a renewed one there)",
                    backend.name(),
                    server,
                    ends);
        }
    }
}
