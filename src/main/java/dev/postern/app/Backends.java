package dev.postern.app;

import dev.postern.backend.Backend;
import dev.postern.backend.BackendWatch;
import dev.postern.backend.Server;
import dev.postern.balance.LoadBalancer;
import dev.postern.config.Configuration;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;

/**
 * The backends by name, and the watch over their servers. A backend that stays is the same object through every reload,
 * and so are its servers: what is known of them, what is under way and what is counted survives. Used by one thread at a
 * time.
 */
final class Backends implements AutoCloseable {
    private final SecureRandom random = new SecureRandom();
    private final StickySecret secret;
    private final BackendWatch watch;
    private Map<String, LoadBalancer> byName = Map.of();

    /** @param loop where servers are checked */
    Backends(EventLoop loop, Class<? extends Channel> channelType, ScheduledExecutorService background, Path store) {
        this.secret = new StickySecret(store, random);
        this.watch = BackendWatch.start(loop, channelType, background, random);
    }

    /** What the backends are going to be; the balancers of those that are new serve nobody yet. */
    final class Next {
        private final Configuration config;
        private final Map<String, LoadBalancer> all = new HashMap<>();
        private final Map<LoadBalancer, Backend.Next> changes = new HashMap<>();

        private Next(Configuration config) {
            this.config = config;
            if (config.backends().values().stream().anyMatch(backend -> backend.sticky() != null)) {
                // Read now, where that may still fail.
                byte[] unused = secret.get();
            }
            List<Server> added = new ArrayList<>();
            config.backends().forEach((name, wanted) -> {
                LoadBalancer known = byName.get(name);
                if (known == null) {
                    LoadBalancer made = new LoadBalancer(new Backend(wanted), random.nextLong(), secret);
                    all.put(name, made);
                    added.addAll(made.backend().servers());
                } else {
                    Backend.Next next = known.backend().next(wanted);
                    all.put(name, known);
                    changes.put(known, next);
                    added.addAll(next.added());
                }
            });
            // The resolver may take its time: nobody waits for it yet.
            watch.resolve(added);
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
                    config.timeouts().connect());
        }
    }

    /** Asks for the names of servers that are new, which blocks; changes nothing. */
    Next next(Configuration config) {
        return new Next(config);
    }

    @Override
    public void close() {
        watch.close();
    }
}
