package dev.postern.balance;

import dev.postern.backend.Backend;
import dev.postern.backend.Server;
import dev.postern.config.Configuration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Says which server of a backend gets the next exchange. Any thread; no locks: each change of a server's state builds
 * the next {@link Selector} and replaces the last.
 */
public final class LoadBalancer {
    private final Backend backend;
    private final AtomicInteger turn = new AtomicInteger();
    // Guarded by this.
    private Configuration.Balance balance;
    // Replaced by whoever changes a server's state; read by every event loop.
    private volatile Selector selector;

    public LoadBalancer(Backend backend, Configuration.Balance balance) {
        this.backend = backend;
        this.balance = balance;
        this.selector = build(balance);
        backend.onChange(this::rebuild);
    }

    public Backend backend() {
        return backend;
    }

    /** The backend is {@code next} from now on; those of its servers that stay keep what is known of them. */
    public void follow(Backend.Next next) {
        synchronized (this) {
            balance = next.config().balance();
        }
        backend.follow(next);
    }

    /**
     * The server to try next, or null where none is left that was not tried. Where every server that is up has been
     * tried, those that refused a connection a moment ago are tried as well: they may be back.
     */
    public @Nullable Server select(Set<Server> tried) {
        Server server = selector.select(tried);
        return server != null ? server : lastResort(tried);
    }

    private @Nullable Server lastResort(Set<Server> tried) {
        for (Server server : backend.servers()) {
            if (server.state() == Server.State.REFUSING && !tried.contains(server)) {
                return server;
            }
        }
        return null;
    }

    // Under a monitor, so that the last change to be seen is the one that stays.
    private synchronized void rebuild() {
        selector = build(balance);
    }

    private Selector build(Configuration.Balance balance) {
        List<Server> up = backend.servers().stream()
                .filter(server -> server.state() == Server.State.UP)
                .toList();
        if (up.isEmpty()) {
            return tried -> null;
        }
        return balance == Configuration.Balance.LEAST_CONNECTIONS
                ? new LeastConnections(up, turn)
                : new RoundRobin(up, turn);
    }
}
