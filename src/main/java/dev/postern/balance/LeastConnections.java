package dev.postern.balance;

import dev.postern.backend.Server;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The server with the fewest exchanges under way for its weight; among equals they take turns, else the first one would
 * get everything while there is little to do.
 */
final class LeastConnections implements Selector {
    private final Server[] servers;
    private final AtomicInteger turn;

    LeastConnections(List<Server> servers, AtomicInteger turn) {
        this.servers = servers.toArray(Server[]::new);
        this.turn = turn;
    }

    @Override
    public @Nullable Server select(Set<Server> tried) {
        int start = Math.floorMod(turn.getAndIncrement(), servers.length);
        Server best = null;
        long bestLoad = 0;
        for (int i = 0; i < servers.length; i++) {
            Server server = servers[(start + i) % servers.length];
            if (tried.contains(server)) {
                continue;
            }
            // (load + 1) / weight, compared crosswise: an idle server of weight 2 comes before an idle one of weight 1.
            long load = server.inFlight() + 1L;
            if (best == null || load * best.weight() < bestLoad * server.weight()) {
                best = server;
                bestLoad = load;
            }
        }
        return best;
    }
}
