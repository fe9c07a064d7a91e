package dev.postern.tunnel;

import dev.postern.balance.LoadBalancer;
import dev.postern.config.Durations;
import dev.postern.config.RouteTimeouts;
import dev.postern.config.TcpService;
import dev.postern.config.Timeouts;
import java.time.Duration;
import java.util.OptionalInt;

/**
 * Where a connection that is passed on goes to, and how long that may take: of one snapshot of the configuration.
 *
 * @param name in log, metrics and messages
 * @param portOffset how far the port of a server is from the one that was connected to; empty for its own
 * @param connect how long it may take to be connected to a server
 * @param client for how long the client, once connected, may neither send nor take anything
 * @param server the same of the server
 * @param idle for how long nothing may move in either direction
 */
public record Service(
        String name,
        LoadBalancer balancer,
        OptionalInt portOffset,
        Duration connect,
        Duration client,
        Duration server,
        Duration idle) {
    /**
     * For the connections of a site that are not opened here.
     *
     * @param own what the site says itself
     * @param all what holds where neither it nor the backend says anything
     */
    public static Service ofSite(String site, LoadBalancer balancer, RouteTimeouts own, Timeouts all) {
        Timeouts timeouts = balancer.backend().config().timeouts().over(own).over(all);
        return new Service(
                site,
                balancer,
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
                config.portOffset(),
                own.connect() == null ? timeouts.connect() : own.connect(),
                own.client(),
                own.server(),
                own.tunnel() == null ? timeouts.tunnel() : own.tunnel());
    }
}
