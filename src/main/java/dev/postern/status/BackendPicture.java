package dev.postern.status;

import dev.postern.backend.Backend;
import dev.postern.backend.Server;
import dev.postern.backend.ServerOutlook;
import dev.postern.balance.LoadBalancer;
import dev.postern.observe.Count;
import dev.postern.observe.Traffic;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One backend.
 *
 * @param waiting requests that wait for room at a server
 * @param queueRefusals requests that could not, because too many did
 * @param queueTimeouts requests that did so for too long
 * @param retriesRefused retries that the budget did not allow
 */
public record BackendPicture(
        String name,
        int waiting,
        long queueRefusals,
        long queueTimeouts,
        long retriesRefused,
        List<ServerPicture> servers) {
    /**
     * One server of it.
     *
     * @param weight how much of the requests it gets, compared with the others
     * @param warm whether it gets all of its share, and not less because it came back a moment ago
     * @param maxConnections how many requests it may have at once; 0 for any number
     * @param certificateEnds when the certificate ends that it has shown last; null where it has shown none
     * @param all what was counted since the start
     * @param recent what was counted a moment ago; null where nobody knows yet
     */
    public record ServerPicture(
            String name,
            ServerOutlook outlook,
            int weight,
            boolean backup,
            boolean draining,
            boolean warm,
            int inFlight,
            int maxConnections,
            @Nullable Instant certificateEnds,
            Count all,
            @Nullable Count recent) {
        /** In one word, as metrics have it; {@code draining} for one that is up and gets no new sessions. */
        public String state() {
            return draining && outlook.state() == Server.State.UP
                    ? "draining"
                    : outlook.state().name().toLowerCase(Locale.ROOT);
        }

        /** Milliseconds; of a moment ago where there was an answer, else since the start; NaN where there was none at all. */
        public double quantile(double part) {
            double now = recent == null ? Double.NaN : recent.quantile(part);
            return Double.isNaN(now) ? all.quantile(part) : now;
        }
    }

    /** How many of its servers get requests as usual. */
    public long up() {
        return servers.stream()
                .filter(server -> server.outlook.state() == Server.State.UP)
                .count();
    }

    static List<BackendPicture> of(Collection<LoadBalancer> all, Traffic traffic, @Nullable Traffic recent) {
        return all.stream()
                .map(balancer -> of(balancer, traffic, recent))
                .sorted(Comparator.comparing(BackendPicture::name))
                .toList();
    }

    private static BackendPicture of(LoadBalancer balancer, Traffic traffic, @Nullable Traffic recent) {
        Backend backend = balancer.backend();
        return new BackendPicture(
                backend.name(),
                balancer.waiting(),
                balancer.queueRefusals(),
                balancer.queueTimeouts(),
                balancer.retriesRefused(),
                backend.servers().stream()
                        .map(server -> new ServerPicture(
                                server.name(),
                                backend.outlook(server),
                                server.weight(),
                                server.isBackup(),
                                server.isDraining(),
                                server.isWarm(),
                                server.inFlight(),
                                server.maxConnections(),
                                server.certificateEnds(),
                                traffic.server(backend.name(), server.name()),
                                recent == null ? null : recent.server(backend.name(), server.name())))
                        .toList());
    }
}
