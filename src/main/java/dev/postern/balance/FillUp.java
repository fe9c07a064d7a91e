package dev.postern.balance;

import dev.postern.backend.Server;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The first server of the list that has room, so that those at its end are idle, and can be switched off, while there is
 * little to do. Weights mean nothing here.
 */
final class FillUp implements Selector {
    private final Server[] servers;

    FillUp(List<Server> servers) {
        this.servers = servers.toArray(Server[]::new);
    }

    @Override
    public @Nullable Server select(Affinity affinity, Set<Server> tried) {
        for (Server server : servers) {
            if (server.hasRoom() && !tried.contains(server)) {
                return server;
            }
        }
        return null;
    }
}
