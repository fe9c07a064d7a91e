package dev.postern.app;

import dev.postern.backend.Backend;
import dev.postern.backend.BackendWatch;
import dev.postern.backend.BackendWatch.Surroundings;
import dev.postern.balance.LoadBalancer;
import dev.postern.config.Balance;
import dev.postern.config.Configuration;
import dev.postern.trust.TlsToServers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The backends by name, and the watch over their servers. A backend that stays is the same object through every reload,
 * and so are its servers: what is known of them, what is under way and what is counted survives. Used by one thread at a
 * time.
 */
final class Backends implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Backends.class);

    private final SecureRandom random = new SecureRandom();
    private final StickySecret secret;
    private final BackendWatch watch;
    private Map<String, LoadBalancer> byName = Map.of();

    /** @param background where files that say of names are looked at */
    Backends(
            Surroundings surroundings, Configuration config, InstantSource clock, ScheduledExecutorService background) {
        this.secret = new StickySecret(ConfiguredStore.reading(config), random);
        this.watch = BackendWatch.start(surroundings, config.resolvers(), background, clock, random);
    }

    /** What the backends are going to be; the balancers of those that are new serve nobody yet. */
    final class Next {
        private final Configuration config;
        private final Map<String, LoadBalancer> all = new HashMap<>();
        private final Map<LoadBalancer, Configuration.Backend> changes = new HashMap<>();

        private Next(Configuration config) {
            this.config = config;
            if (StickySecret.isWanted(config)) {
                // Read now, where that may still fail.
                byte[] unused = secret.get();
            }
            // DNS servers may take their time: nobody waits for them yet.
            watch.resolve(config.backends().values());
            TlsToServers.unverified(config.backends().values()).forEach(LOG::warn);
            config.backends().forEach((name, wanted) -> {
                LoadBalancer known = byName.get(name);
                if (known == null) {
                    all.put(name, new LoadBalancer(watch.backend(wanted), random.nextLong(), secret));
                } else {
                    all.put(name, known);
                    changes.put(known, wanted);
                }
            });
        }

        Map<String, LoadBalancer> all() {
            return Map.copyOf(all);
        }

        /** What stays follows its configuration; to be called before anybody is sent to what is new. */
        void commit() {
            changes.forEach(LoadBalancer::follow);
        }

        /** What is left out is let go; to be called once nobody is sent there any more. */
        void retire() {
            byName.forEach((name, balancer) -> {
                if (!all.containsKey(name)) {
                    balancer.backend().retire();
                }
            });
            byName = Map.copyOf(all);
            watch.follow(
                    byName.values().stream().map(LoadBalancer::backend).toList(),
                    config.resolvers(),
                    config.timeouts().connect());
        }
    }

    /** Asks for the names of servers that are new, which blocks; changes nothing. */
    Next next(Configuration config) {
        return new Next(config);
    }

    /** The side port as a backend, which the http listener relays challenges to like any other request. */
    static LoadBalancer sidePort(List<InetSocketAddress> addresses) {
        List<Configuration.Server> servers = addresses.stream()
                .map(address -> new Configuration.Server(host(address.getAddress()), address.getPort(), 1))
                .toList();
        return new LoadBalancer(
                new Backend(new Configuration.Backend("challenge", Balance.ROUND_ROBIN, servers, null)),
                0,
                () -> new byte[0]);
    }

    private static String host(InetAddress bound) {
        return bound.isAnyLocalAddress() ? InetAddress.getLoopbackAddress().getHostAddress() : bound.getHostAddress();
    }

    @Override
    public void close() {
        watch.close();
    }
}
