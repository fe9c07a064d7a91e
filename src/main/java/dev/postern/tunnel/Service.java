package dev.postern.tunnel;

import dev.postern.balance.LoadBalancer;
import dev.postern.config.AddressRange;
import dev.postern.config.BackendName;
import dev.postern.config.Configuration;
import dev.postern.config.Durations;
import dev.postern.config.RateLimit;
import dev.postern.config.Site;
import dev.postern.config.TcpService;
import dev.postern.config.Timeouts;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Where a connection that is passed on goes to, and how long that may take: of one snapshot of the configuration.
 *
 * @param name in log, metrics and messages
 * @param admission whose connections are passed on
 * @param portOffset how far the port of a server is from the one that was connected to; empty for its own
 * @param connect how long it may take to be connected to a server
 * @param client for how long the client, once connected, may neither send nor take anything
 * @param server the same of the server
 * @param idle for how long nothing may move in either direction
 */
public record Service(
        String name,
        LoadBalancer balancer,
        Admission admission,
        OptionalInt portOffset,
        Duration connect,
        Duration client,
        Duration server,
        Duration idle) {
    /**
     * Whom it lets in.
     *
     * @param allow where there are any, nobody else
     * @param rateLimit of connections, for each client; null for none
     */
    public record Admission(
            List<AddressRange> allow,
            List<AddressRange> deny,
            @Nullable RateLimit rateLimit) {
        /** Whether {@code client} may come in at all. */
        public boolean admits(InetAddress client) {
            return !AddressRange.anyContains(deny, client)
                    && (allow.isEmpty() || AddressRange.anyContains(allow, client));
        }
    }

    /**
     * Where the connections of sites go that are not opened here: by what the site is called, and by backend.
     *
     * @param backends as far as they are there: before the first configuration is prepared none is
     */
    public static Map<String, Map<String, Service>> ofSites(Configuration config, Map<String, LoadBalancer> backends) {
        Map<String, Map<String, Service>> all = new HashMap<>();
        for (Site site : config.sites()) {
            if (site.passthrough() != null) {
                BackendName wanted = BackendName.of(site.passthrough());
                Map<String, Service> ofSite = new HashMap<>();
                backends.forEach((name, balancer) -> {
                    if (wanted.mayBe(name)) {
                        ofSite.put(name, ofSite(site, balancer, config.timeouts()));
                    }
                });
                all.put(site.name(), ofSite);
            }
        }
        return Map.copyOf(all);
    }

    private static Service ofSite(Site site, LoadBalancer balancer, Timeouts all) {
        Timeouts timeouts = balancer.backend()
                .config()
                .timeouts()
                .over(site.settings().timeouts())
                .over(all);
        return new Service(
                site.name(),
                balancer,
                new Admission(
                        site.settings().allow(),
                        site.settings().deny(),
                        site.settings().rateLimit()),
                OptionalInt.empty(),
                timeouts.connect(),
                Durations.UNLIMITED,
                Durations.UNLIMITED,
                timeouts.tunnel());
    }

    /** @param all what holds where the service says nothing of its own */
    public static Service of(TcpService config, LoadBalancer balancer, Timeouts all) {
        TcpService.Timeouts own = config.timeouts();
        Timeouts timeouts = balancer.backend().config().timeouts().over(all);
        return new Service(
                config.name(),
                balancer,
                new Admission(config.allow(), config.deny(), config.rateLimit()),
                config.portOffset(),
                own.connect() == null ? timeouts.connect() : own.connect(),
                own.client(),
                own.server(),
                own.tunnel() == null ? timeouts.tunnel() : own.tunnel());
    }
}
