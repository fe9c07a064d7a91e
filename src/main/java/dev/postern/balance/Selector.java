package dev.postern.balance;

import dev.postern.backend.Server;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Chooses among a fixed list of servers. Immutable but for a counter; chosen from by any event loop at once. When the
 * list, or the share of a server, changes, the next instance is built.
 */
interface Selector {
    /** A server that may be taken and is not in {@code tried}, or null where there is none. */
    @Nullable Server select(Affinity affinity, Set<Server> tried);
}
