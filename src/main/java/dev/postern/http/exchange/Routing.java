package dev.postern.http.exchange;

import dev.postern.balance.LoadBalancer;
import dev.postern.config.AddressRange;
import dev.postern.config.BackendName;
import dev.postern.config.Limits;
import dev.postern.config.Timeouts;
import dev.postern.route.RouteAction;
import dev.postern.route.RouteTable;
import dev.postern.route.SiteRoutes;
import dev.postern.tunnel.Service;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What an exchange is decided by: one immutable snapshot of the configuration, replaced as a whole.
 *
 * @param passages where connections to a site are passed on to, unopened: by what the site is called, and by backend
 * @param rates what was counted for the limits, whichever are in force; the one part that lives on
 */
public record Routing(
        RouteTable routes,
        Map<String, LoadBalancer> backends,
        List<AddressRange> trustedProxies,
        Timeouts timeouts,
        Limits limits,
        Plaintext plaintext,
        ProxyProtocol proxyProtocol,
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

    /** Whether {@code address} is that of a proxy which speaks for others. */
    public boolean isTrustedProxy(InetAddress address) {
        return AddressRange.anyContains(trustedProxies, address);
    }

    /** Where a connection to {@code serverName} is passed on to, unopened; null where a handshake is made with it. */
    public @Nullable Service passage(String serverName) {
        if (passages.isEmpty()) {
            return null;
        }
        SiteRoutes site = routes.site(serverName);
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
     * @param redirect the status of the redirect to HTTPS; empty where the sites are served in plaintext
     * @param isAt80 whether we listen on port 80 ourselves; if not, and clients come there, somebody in front of us maps
     *     ports, and then 443 as well
     * @param httpsPort where we listen for TLS; 0 where no site has it
     */
    public record Plaintext(LoadBalancer sidePort, OptionalInt redirect, boolean isAt80, int httpsPort) {
        /** Whether any site may have to prove itself in this way. */
        public boolean hasSidePort() {
            return !sidePort.backend().servers().isEmpty();
        }
    }

    /** From where connections to each listener begin with a PROXY header. */
    public record ProxyProtocol(List<AddressRange> http, List<AddressRange> https) {}
}
