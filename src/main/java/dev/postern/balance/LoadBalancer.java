package dev.postern.balance;

import dev.postern.backend.Backend;
import dev.postern.backend.Server;
import dev.postern.config.Balance;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Says which server of a backend gets the next exchange. Any thread; no locks: each change of the backend or of a
 * server's state builds the next {@link Selector} and replaces the last. Lives as long as its backend, whose
 * configuration may change meanwhile.
 */
public final class LoadBalancer {
    private static final Selector NOBODY = (affinity, tried) -> null;

    private final Backend backend;
    private final long seed;
    private final AtomicInteger turn = new AtomicInteger();
    // Replaced by whoever changes the backend or a server's state; read by every event loop.
    private volatile Selector selector = NOBODY;
    private volatile boolean asksRequest;

    /** @param seed of what chance there is in the choice */
    public LoadBalancer(Backend backend, long seed) {
        this.backend = backend;
        this.seed = seed;
        backend.onChange(this::rebuild);
        rebuild();
    }

    public Backend backend() {
        return backend;
    }

    /** The backend is {@code next} from now on; those of its servers that stay keep what is known of them. */
    public void follow(Backend.Next next) {
        backend.follow(next);
    }

    /** Whether a choice depends on the request: else {@link Affinity#NONE} is all that {@link #select} needs. */
    public boolean asksRequest() {
        return asksRequest;
    }

    /**
     * The server to try next, or null where none is left that was not tried. Where every server that is up has been
     * tried, those that refused a connection a moment ago are tried as well: they may be back.
     */
    public @Nullable Server select(Affinity affinity, Set<Server> tried) {
        Server server = selector.select(affinity, tried);
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
        Balance balance = backend.config().balance();
        List<Server> up = backend.servers().stream()
                .filter(server -> server.state() == Server.State.UP)
                .toList();
        asksRequest = balance instanceof Balance.ByHash;
        selector = up.isEmpty() ? NOBODY : selector(balance, up);
    }

    private Selector selector(Balance balance, List<Server> servers) {
        if (balance instanceof Balance.ByHash byHash) {
            return new ConsistentHash(
                    servers,
                    HashKey.of(byHash.key()),
                    byHash.boundedLoad(),
                    new RoundRobin(servers, Server::share, turn));
        }
        return switch ((Balance.Plain) balance) {
            case ROUND_ROBIN -> new RoundRobin(servers, Server::share, turn);
            case STATIC_RR -> new RoundRobin(servers, Server::weight, turn);
            case LEAST_CONNECTIONS -> new LeastConnections(servers, turn);
            case RANDOM -> new TwoChoices(servers, turn, seed);
            case FIRST -> new FillUp(servers);
        };
    }
}
