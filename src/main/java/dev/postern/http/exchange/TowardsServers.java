package dev.postern.http.exchange;

import dev.postern.backend.Server;
import dev.postern.backend.ServerBudget;
import dev.postern.balance.LoadBalancer;
import dev.postern.config.ServerProtocol;
import dev.postern.dial.ServerRoom;
import dev.postern.dial.Sockets;
import dev.postern.http.message.Heads;
import dev.postern.wire.SocketTypes;
import io.netty.channel.EventLoop;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.concurrent.Future;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/**
 * All that one event loop has towards servers: the connections to them, by protocol, what these are made with, and the room
 * there is for more. Event loop only, except where a method says otherwise.
 */
public final class TowardsServers {
    /** An event loop never waits, so that it takes it a moment only. */
    private static final long ASK_SECONDS = 1;

    private final EventLoop loop;
    private final AtomicReference<Routing> routing;
    private final Heads heads;
    private final RepeatedWarnings warnings;
    private final Sockets sockets;
    private final ServerConnections http1;
    private final ServerConnections http2;
    private final ServerRoom room;
    private final ServerRoom sideRoom;

    // Written by any thread, read on the loop.
    private volatile boolean draining;

    /** What makes the connections of an event loop to servers, of each protocol. */
    public record Protocols(
            Function<TowardsServers, ServerConnections> http1, Function<TowardsServers, ServerConnections> http2) {}

    /**
     * How many connections there may be, over all event loops.
     *
     * @param sidePort of the relay of challenges, which nobody else may take anything from
     * @param letGo has every event loop let idle ones go
     */
    public record Budgets(ServerBudget servers, ServerBudget sidePort, Runnable letGo) {}

    /** What all event loops have the same. */
    public record Shared(SocketTypes types, Protocols protocols, Budgets budgets) {}

    TowardsServers(
            EventLoop loop,
            Shared shared,
            AtomicReference<Routing> routing,
            Heads heads,
            RepeatedWarnings warnings,
            RecvByteBufAllocator reads) {
        this.loop = loop;
        this.routing = routing;
        this.heads = heads;
        this.warnings = warnings;
        this.sockets = new Sockets(loop, shared.types, reads, this::room);
        this.http1 = shared.protocols.http1.apply(this);
        this.http2 = shared.protocols.http2.apply(this);
        List<ServerConnections> both = List.of(http1, http2);
        Budgets budgets = shared.budgets;
        this.room = new ServerRoom(budgets.servers(), loop, both, budgets.letGo());
        this.sideRoom = new ServerRoom(budgets.sidePort(), loop, both, budgets.letGo());
    }

    public EventLoop loop() {
        return loop;
    }

    public Sockets sockets() {
        return sockets;
    }

    public Heads heads() {
        return heads;
    }

    public RepeatedWarnings warnings() {
        return warnings;
    }

    /** Those that speak {@code protocol}. */
    ServerConnections connections(ServerProtocol protocol) {
        return protocol == ServerProtocol.H2C ? http2 : http1;
    }

    /** For what clients ask for. */
    public ServerRoom room() {
        return room;
    }

    /** Of connections to {@code server}. */
    private ServerRoom room(Server server) {
        return routing.get().plaintext().sidePort().backend().servers().contains(server) ? sideRoom : room;
    }

    /** Of connections to the servers of {@code balancer}. */
    ServerRoom room(LoadBalancer balancer, Routing at) {
        return balancer.equals(at.plaintext().sidePort()) ? sideRoom : room;
    }

    /** @param idle how many connections may be kept that nobody has any use for */
    void keepAtMost(int idle) {
        http1.keepAtMost(idle);
        http2.keepAtMost(idle);
    }

    /** Looks at all of them. */
    void check(long nowNanos) {
        http1.check(nowNanos);
        http2.check(nowNanos);
    }

    /** Lets those go that are idle, where others need the room. Any thread. */
    public void letGo() {
        loop.execute(room::letGo);
    }

    /** From now on none is kept that belongs to one exchange at a time. Any thread. */
    void drain() {
        draining = true;
    }

    public boolean isDraining() {
        return draining;
    }

    /**
     * Connections of one event loop to servers.
     *
     * @param idle of HTTP/1.1, and waiting for an exchange
     * @param streams under way on those of HTTP/2
     */
    public record Count(int idle, int http2, int streams) {
        private static final Count UNKNOWN = new Count(0, 0, 0);
    }

    /** Any thread; asks the event loop, and waits for its answer. */
    public Count count() {
        Future<Count> now = loop.submit(() -> new Count(http1.size(), http2.size(), http2.streams()));
        return now.awaitUninterruptibly(ASK_SECONDS, TimeUnit.SECONDS) && now.isSuccess()
                ? now.getNow()
                : Count.UNKNOWN;
    }

    /** Closes all of them, at once. */
    void close() {
        http1.close();
        http2.close();
    }
}
