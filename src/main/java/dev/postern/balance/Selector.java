package dev.postern.balance;

import dev.postern.backend.Server;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Chooses among a fixed list of servers. Immutable but for a counter; chosen from by any event loop at once. When the
 * list changes, the next instance is built.
 */
interface Selector {
    /** A server that is not in {@code tried}, or null where all of them are. */
    @Nullable Server select(Set<Server> tried);
}
