package dev.postern.tunnel;

import dev.postern.dial.ServerRoom;
import dev.postern.dial.Sockets;
import dev.postern.wire.Endpoints;
import dev.postern.wire.Failure;
import dev.postern.wire.OpenConnections;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all connections that are passed on share on one event loop. Event loop only. */
public final class Passages {
    private static final Logger LOG = LoggerFactory.getLogger(Passages.class);

    private final Sockets sockets;
    private final ServerRoom room;
    private final OpenTunnels tunnels;
    private final OpenConnections connections;
    private final Supplier<String> ids;
    private final PassageObserver observer;

    /**
     * @param sockets towards servers
     * @param connections of clients, which somebody looks after
     * @param ids tells the next one
     */
    public Passages(
            Sockets sockets,
            ServerRoom room,
            OpenTunnels tunnels,
            OpenConnections connections,
            Supplier<String> ids,
            PassageObserver observer) {
        this.sockets = sockets;
        this.room = room;
        this.tunnels = tunnels;
        this.connections = connections;
        this.ids = ids;
        this.observer = observer;
    }

    /**
     * One that {@code service} does not let in; it is closed by whoever asks.
     *
     * @param serverName what the client asked for, where that is known
     */
    public void refused(Endpoints endpoints, @Nullable String serverName, Service service, Failure why) {
        PassageRecord record = new PassageRecord(
                nextId(),
                endpoints,
                new PassageRecord.Hello(serverName, null),
                service.name(),
                service.balancer().backend().name(),
                nanos());
        LOG.debug(
                "connection {}: client {}: tcp {}: {}; closed",
                record.id(),
                endpoints.clientText(),
                service.name(),
                why.reason());
        record.ends(0, 0, why, nanos());
        ended(record);
    }

    long nanos() {
        return sockets.loop().ticker().nanoTime();
    }

    String nextId() {
        return ids.get();
    }

    Sockets sockets() {
        return sockets;
    }

    ServerRoom room() {
        return room;
    }

    OpenTunnels tunnels() {
        return tunnels;
    }

    OpenConnections connections() {
        return connections;
    }

    void ended(PassageRecord passage) {
        try {
            observer.ended(passage);
        } catch (RuntimeException e) {
            // Whoever watches must not get into the way.
            LOG.error("connection {}: observer: bug", passage.id(), e);
        }
    }
}
