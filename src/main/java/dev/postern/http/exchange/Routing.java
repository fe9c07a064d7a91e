package dev.postern.http.exchange;

import dev.postern.balance.LoadBalancer;
import dev.postern.config.AddressRange;
import dev.postern.config.BackendName;
import dev.postern.config.Limits;
import dev.postern.config.Listeners;
import dev.postern.config.Timeouts;
import dev.postern.route.RouteAction;
import dev.postern.route.RouteTable;
import dev.postern.route.SiteRoutes;
import dev.postern.tunnel.Service;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What an exchange is decided by: one immutable snapshot of the configuration, replaced as a whole.
 *
 * @param routes of all sites
 * @param entrances what each listener leads to, by its name
 * @param passages where connections to a site are passed on to, unopened: by what the site is called, and by backend
 * @param rates what was counted for the limits, whichever are in force; the one part that lives on
 */
public record Routing(
        RouteTable routes,
        Map<String, Entrance> entrances,
        Map<String, LoadBalancer> backends,
        List<AddressRange> trustedProxies,
        Timeouts timeouts,
        Limits limits,
        Plaintext plaintext,
        Map<String, Map<String, Service>> passages,
        RateLimiter rates) {
    /** Where a request for {@code host} goes; null where its name is made of the host, and there is none of that name. */
    public @Nullable LoadBalancer backend(RouteAction.Forward forward, String host) {
        LoadBalancer backend = backends.get(forward.backend().forHost(host));
        if (backend == null && !forward.backend().isTemplate()) {
            throw new IllegalStateException("backend: " + forward.backend() + " (expected: one of the configuration)");
        }
        return backend;
    }

    /** The same where TLS is accepted at {@code https}. */
    public Routing listeningAt(List<HttpsPort> https) {
        return new Routing(
                routes,
                entrances,
                backends,
                trustedProxies,
                timeouts,
                limits,
                new Plaintext(plaintext.sidePort, plaintext.isAt80, https),
                passages,
                rates);
    }

    /** Whether {@code address} is that of a proxy which speaks for others. */
    public boolean isTrustedProxy(InetAddress address) {
        return AddressRange.anyContains(trustedProxies, address);
    }

    /** What the listener leads to that {@code client} came in by. */
    public Entrance entrance(Client client) {
        return entrance(client.listener());
    }

    /** Whom {@code client} means that has no word for it; null where it has to say it. */
    public @Nullable String calledUs(Client client) {
        return client.calledUs(entrance(client).routes());
    }

    /** What the listener of this name leads to: to nothing where a reload took it out. */
    public Entrance entrance(String listener) {
        return entrances.getOrDefault(listener, Entrance.NOWHERE);
    }

    /**
     * Where a connection to {@code serverName} is passed on to, unopened; null where a handshake is made with it.
     *
     * @param listener where it came in
     */
    public @Nullable Service passage(String listener, String serverName) {
        if (passages.isEmpty()) {
            return null;
        }
        SiteRoutes site = entrance(listener).routes().site(serverName);
        BackendName backend = site == null ? null : site.passthrough();
        Map<String, Service> ofSite = site == null || backend == null ? null : passages.get(site.site());
        return ofSite == null || backend == null ? null : ofSite.get(backend.forHost(serverName));
    }

    /** A timeout fires at most this much late: a tenth of the shortest, at most half a second. */
    long sweepPeriodNanos() {
        long shortest = Stream.concat(
                        Stream.of(
                                timeouts.requestHead(),
                                timeouts.requestBody(),
                                timeouts.keepAlive(),
                                timeouts.response()),
                        routes.shortestTimeout().stream())
                .mapToLong(Duration::toNanos)
                .min()
                .orElseThrow();
        return Math.max(
                Duration.ofMillis(10).toNanos(), Math.min(Duration.ofMillis(500).toNanos(), shortest / 10));
    }

    /**
     * What happens to requests that come in without TLS.
     *
     * @param sidePort where challenges are answered
     * @param isAt80 whether we listen on port 80 ourselves; if not, and clients come there, somebody in front of us maps
     *     ports, and then 443 as well
     * @param https where we listen for TLS, in the order of the file; none where no site has it
     */
    public record Plaintext(LoadBalancer sidePort, boolean isAt80, List<HttpsPort> https) {
        private static final int HTTP = 80;
        private static final int HTTPS = 443;

        /** Whether any site may have to prove itself in this way. */
        public boolean hasSidePort() {
            return !sidePort.backend().servers().isEmpty();
        }

        /** The first listener for {@code host} that serves this site over TLS; null where none does. */
        public @Nullable HttpsPort https(SiteRoutes site, String host) {
            for (HttpsPort each : https) {
                SiteRoutes there = each.routes.site(host);
                if (there != null && there.site().equals(site.site())) {
                    return each;
                }
            }
            return null;
        }

        /**
         * To which port a redirect leads. The one that a client came to, and will come to, is not our own where somebody maps
         * ports in front of us: 80 and 443, and none of a further listener.
         *
         * @param cameTo as its Host says; less than 0 where that says nothing
         */
        public int redirectPort(SiteRoutes site, String host, int cameTo) {
            HttpsPort there = https(site, host);
            if (there == null) {
                return HTTPS;
            }
            boolean isMapped = (cameTo < 0 || cameTo == HTTP) && !isAt80;
            return isMapped && there.listener.equals(Listeners.HTTPS) ? HTTPS : there.port;
        }
    }

    /** A port where we listen for TLS, and for whom. */
    public record HttpsPort(String listener, RouteTable routes, int port) {}
}
