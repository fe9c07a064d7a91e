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
    public @Nullable Server select(Affinity affinity, Set<Server> tried) {
        int start = Math.floorMod(turn.getAndIncrement(), servers.length);
        Server best = null;
        for (int i = 0; i < servers.length; i++) {
            Server server = servers[(start + i) % servers.length];
            if (server.hasRoom() && !tried.contains(server) && (best == null || isBusier(best, server))) {
                best = server;
            }
        }
        return best;
    }

    /** (load + 1) / share, compared crosswise: an idle server of weight 2 comes before an idle one of weight 1. */
    private static boolean isBusier(Server a, Server than) {
        return (a.inFlight() + 1L) * than.share() > (than.inFlight() + 1L) * a.share();
    }
}
