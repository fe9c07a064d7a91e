package dev.postern.app;

import dev.postern.backend.Backend;
import dev.postern.balance.LoadBalancer;
import dev.postern.config.Configuration;
import dev.postern.http.exchange.RateLimiter;
import dev.postern.http.exchange.Routing;
import dev.postern.route.RouteTable;
import dev.postern.tunnel.Service;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes of a configuration what requests are decided by. */
final class Routings {
    private static final int COOKIE_SECRET = 32;

    private Routings() {}

    /** @param backends as far as they are there: before the first configuration is prepared none is */
    static Routing of(
            Configuration config, Map<String, LoadBalancer> backends, Routing.Plaintext plaintext, RateLimiter rates) {
        RouteTable all = RouteTable.of(config.sites());
        return new Routing(
                all,
                WebListeners.entrances(config, all),
                backends,
                config.trustedProxies(),
                config.timeouts(),
                config.limits(),
                plaintext,
                Service.ofSites(config, backends),
                rates);
    }

    /** As if {@code config} were in force, with nothing known of any server; binds and asks nothing. */
    static Routing imagined(Configuration config) {
        Map<String, LoadBalancer> backends = new HashMap<>();
        config.backends()
                .forEach((name, backend) ->
                        backends.put(name, new LoadBalancer(new Backend(backend), 0, () -> new byte[COOKIE_SECRET])));
        Routing.Plaintext plaintext = new Routing.Plaintext(Backends.sidePort(List.of()), false, List.of());
        Routing routing = of(config, backends, plaintext, new RateLimiter(new SecureRandom()));
        return routing.listeningAt(config.listeners().allHttps().stream()
                .filter(https -> !WebListeners.binds(config, https).isEmpty())
                .map(https -> new Routing.HttpsPort(
                        https.name(),
                        routing.entrance(https.name()).routes(),
                        https.bind().get(0).port()))
                .toList());
    }
}
