package dev.postern.backend;

import dev.postern.wire.Closed;
import io.netty.channel.Channel;
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

    /** Its client may never come back, and nobody else can use it. */
    private static final long MAX_IDLE_FOR_ONE_CLIENT_NANOS = 5_000_000_000L;

    private record Idle(ServerConnection connection, long sinceNanos) {}

    /** Where a connection leads that only one client's requests may go over. */
    private record ForOneClient(Server server, ProxyPreamble preamble) {}

    /** By {@link Server}, or by {@link ForOneClient}; the latter only while there is one. */
    private final Map<Object, ArrayDeque<Idle>> idle = new HashMap<>();

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

    private static Object line(Server server, @Nullable ProxyPreamble preamble) {
        return preamble == null ? server : new ForOneClient(server, preamble);
    }

    /**
     * A connection that became idle at most {@code maxIdleNanos} ago, no longer in the pool; null where there is none.
     *
     * @param preamble that it began with
     */
    public @Nullable ServerConnection take(
            Server server, @Nullable ProxyPreamble preamble, long nowNanos, long maxIdleNanos) {
        Object line = line(server, preamble);
        ArrayDeque<Idle> connections = idle.get(line);
        if (connections == null) {
            return null;
        }
        ServerConnection found = null;
        for (Idle newest = connections.peekLast();
                newest != null && found == null && nowNanos - newest.sinceNanos <= maxIdleNanos;
                newest = connections.peekLast()) {
            connections.removeLast();
            count--;
            Channel channel = newest.connection.channel();
            if (server.isReachedBy(channel)) {
                found = newest.connection;
            } else {
                // It has moved meanwhile, or has to prove who it is: whoever is there now is somebody else.
                channel.close().addListener(Closed.OBSERVED);
            }
        }
        if (preamble != null && connections.isEmpty()) {
            idle.remove(line);
        }
        return found;
    }

    /**
     * Keeps a connection whose exchange is over; false where the pool is full, or the server has moved to another
     * address meanwhile or is none of ours any more, and the caller has to close it.
     */
    public boolean keep(ServerConnection connection, long nowNanos) {
        Server server = connection.server();
        if (count >= max || server.isRetired() || !server.isReachedBy(connection.channel())) {
            return false;
        }
        count++;
        idle.computeIfAbsent(line(server, connection.preamble()), s -> new ArrayDeque<>())
                .addLast(new Idle(connection, nowNanos));
        return true;
    }

    /** Forgets a connection that closed while it was idle. */
    public void remove(ServerConnection connection) {
        Object line = line(connection.server(), connection.preamble());
        ArrayDeque<Idle> connections = idle.get(line);
        if (connections != null && connections.removeIf(entry -> entry.connection.equals(connection))) {
            count--;
            if (connection.preamble() != null && connections.isEmpty()) {
                idle.remove(line);
            }
        }
    }

    /** Closes what has been idle for too long, and what leads to servers that are ours no more. */
    public void evict(long nowNanos) {
        boolean anyRetired = false;
        boolean anyForOneClient = false;
        for (Map.Entry<Object, ArrayDeque<Idle>> entry : idle.entrySet()) {
            ArrayDeque<Idle> connections = entry.getValue();
            boolean forOneClient = entry.getKey() instanceof ForOneClient;
            anyForOneClient |= forOneClient;
            long longest = forOneClient ? MAX_IDLE_FOR_ONE_CLIENT_NANOS : MAX_IDLE_NANOS;
            boolean retired = isRetired(entry.getKey());
            anyRetired |= retired;
            while (!connections.isEmpty() && (retired || nowNanos - connections.peekFirst().sinceNanos > longest)) {
                count--;
                connections.removeFirst().connection.channel().close().addListener(Closed.OBSERVED);
            }
        }
        if (anyRetired) {
            idle.keySet().removeIf(ConnectionPool::isRetired);
        }
        if (anyForOneClient) {
            idle.entrySet()
                    .removeIf(entry -> entry.getKey() instanceof ForOneClient
                            && entry.getValue().isEmpty());
        }
    }

    /** Closes one that has been idle for longer than the others that lead where it does; false where none is idle. */
    public boolean closeOldest() {
        if (count == 0) {
            return false;
        }
        for (ArrayDeque<Idle> connections : idle.values()) {
            Idle oldest = connections.pollFirst();
            if (oldest != null) {
                count--;
                oldest.connection.channel().close().addListener(Closed.OBSERVED);
                return true;
            }
        }
        return false;
    }

    private static boolean isRetired(Object line) {
        return (line instanceof ForOneClient one ? one.server() : (Server) line).isRetired();
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
