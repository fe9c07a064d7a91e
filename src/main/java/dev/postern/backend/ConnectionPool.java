package dev.postern.backend;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Idle connections to servers, of one event loop: a connection never leaves its loop, so nothing here is shared. The
 * most recently used one is taken first, so that those a burst left over grow old and go.
 */
public final class ConnectionPool {
    /** Below the 60 s after which many servers close an idle connection themselves: whoever closes first avoids the race. */
    private static final long MAX_IDLE_NANOS = 55_000_000_000L;

    private record Idle(ServerConnection connection, long sinceNanos) {}

    private final Map<Server, ArrayDeque<Idle>> idle = new HashMap<>();
    private int max;
    private int count;

    /** @param max how many to keep at once, over all servers: a share of the file descriptors */
    public ConnectionPool(int max) {
        this.max = max;
    }

    /** From now on keeps at most so many; those that are too many go as they grow old. */
    public void max(int next) {
        max = next;
    }

    /** How many are kept now. */
    public int size() {
        return count;
    }

    /** A connection that became idle at most {@code maxIdleNanos} ago, no longer in the pool; null where there is none. */
    public @Nullable ServerConnection take(Server server, long nowNanos, long maxIdleNanos) {
        ArrayDeque<Idle> connections = idle.get(server);
        if (connections == null) {
            return null;
        }
        Idle newest = connections.peekLast();
        if (newest == null || nowNanos - newest.sinceNanos > maxIdleNanos) {
            return null;
        }
        connections.removeLast();
        count--;
        return newest.connection;
    }

    /**
     * Keeps a connection whose exchange is over; false where the pool is full, or the server has moved to another
     * address meanwhile or is none of ours any more, and the caller has to close it.
     */
    public boolean keep(ServerConnection connection, long nowNanos) {
        Server server = connection.server();
        if (count >= max
                || server.isRetired()
                || !server.isAt(connection.channel().remoteAddress())) {
            return false;
        }
        count++;
        idle.computeIfAbsent(server, s -> new ArrayDeque<>()).addLast(new Idle(connection, nowNanos));
        return true;
    }

    /** Forgets a connection that closed while it was idle. */
    public void remove(ServerConnection connection) {
        ArrayDeque<Idle> connections = idle.get(connection.server());
        if (connections != null && connections.removeIf(entry -> entry.connection.equals(connection))) {
            count--;
        }
    }

    /** Closes what has been idle for too long, and what leads to servers that are ours no more. */
    public void evict(long nowNanos) {
        boolean anyRetired = false;
        for (Map.Entry<Server, ArrayDeque<Idle>> entry : idle.entrySet()) {
            ArrayDeque<Idle> connections = entry.getValue();
            boolean retired = entry.getKey().isRetired();
            anyRetired |= retired;
            while (!connections.isEmpty()
                    && (retired || nowNanos - connections.peekFirst().sinceNanos > MAX_IDLE_NANOS)) {
                count--;
                connections.removeFirst().connection.channel().close().addListener(Closed.OBSERVED);
            }
        }
        if (anyRetired) {
            idle.keySet().removeIf(Server::isRetired);
        }
    }

    /** Closes everything. */
    public void close() {
        for (ArrayDeque<Idle> connections : idle.values()) {
            // Closing calls back into remove: leave nothing there for it to find.
            Iterator<Idle> entries = new ArrayDeque<>(connections).iterator();
            connections.clear();
            count = 0;
            entries.forEachRemaining(entry -> entry.connection.channel().close().addListener(Closed.OBSERVED));
        }
    }
}
