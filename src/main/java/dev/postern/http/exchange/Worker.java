package dev.postern.http.exchange;

import dev.postern.backend.Server;
import dev.postern.backend.ServerBudget;
import dev.postern.balance.LoadBalancer;
import dev.postern.config.AddressRange;
import dev.postern.config.ServerProtocol;
import dev.postern.config.Timeouts;
import dev.postern.dial.ServerRoom;
import dev.postern.dial.Sockets;
import dev.postern.http.message.Heads;
import dev.postern.http.message.HttpDate;
import dev.postern.machine.MachineErrors;
import dev.postern.machine.MemoryGuard;
import dev.postern.tunnel.OpenTunnels;
import dev.postern.wire.ClientConnection;
import dev.postern.wire.Failure;
import dev.postern.wire.OpenConnections;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ScheduledFuture;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all connections of one event loop share: scratch space, the connections to servers, the sweep that fires
 * timeouts. Everything here is touched on that loop only, except where a method says otherwise.
 */
public final class Worker {
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

    /** How long a client that has just been answered may go on with its next request while we drain. */
    private static final long DRAIN_IDLE_NANOS = Duration.ofSeconds(1).toNanos();

    /** An event loop never waits, so that it takes it a moment only. */
    private static final long ASK_SECONDS = 1;

    private final EventLoop loop;
    private final Ticker ticker;
    private final Sockets sockets;
    private final AtomicReference<Routing> routing;
    private final HttpDate date;
    private final ServerConnections http1;
    private final ServerConnections http2;
    private final Heads heads;
    private final OpenConnections connections = new OpenConnections();
    private final OpenTunnels tunnels;
    private final Turns turns;
    private final TurnReads reads;
    private final PuttingOut puttingOut;
    private final ServerRoom room;
    private final ServerRoom sideRoom;
    private final RequestIds ids;
    private final ExchangeObserver observer;
    private final RepeatedWarnings warnings = new RepeatedWarnings();

    private ScheduledFuture<?> sweeps;
    private long sweepPeriodNanos;
    private long nextSweepNanos;
    /** When the last sweep began. */
    private long sweptNanos;
    /** When the one before began: whatever had come by then has been read. */
    private long sweptBeforeNanos;

    // Written by any thread, read on the loop.
    private volatile boolean draining;

    /**
     * How many connections to servers there may be, and how much memory, over all event loops.
     *
     * @param sidePort of the relay of challenges, which nobody else may take anything from
     * @param letGo has every event loop let idle ones go
     */
    public record Budgets(ServerBudget servers, ServerBudget sidePort, Runnable letGo, MemoryGuard memory) {}

    /** What makes the connections of an event loop to servers, of each protocol. */
    public record Protocols(Function<Worker, ServerConnections> http1, Function<Worker, ServerConnections> http2) {}

    /** What the workers of all event loops have the same. */
    public record Shared(
            Class<? extends Channel> channelType,
            AtomicReference<Routing> routing,
            InstantSource clock,
            Protocols protocols,
            Budgets budgets) {}

    /**
     * @param maxIdle how many idle connections to servers the loop may keep
     * @param requestIdPrefix what makes request ids of this loop differ from those of all others
     * @param observer of this loop alone
     */
    public Worker(EventLoop loop, Shared shared, int maxIdle, String requestIdPrefix, ExchangeObserver observer) {
        Budgets budgets = shared.budgets;
        this.loop = loop;
        this.ticker = loop.ticker();
        this.sweptNanos = ticker.nanoTime();
        this.sweptBeforeNanos = sweptNanos;
        this.tunnels = new OpenTunnels(loop);
        this.turns = new Turns(loop);
        this.reads = new TurnReads(turns);
        this.sockets = new Sockets(loop, shared.channelType, reads, this::room);
        this.puttingOut = new PuttingOut(budgets.memory());
        this.routing = shared.routing;
        this.date = new HttpDate(shared.clock);
        this.ids = new RequestIds(requestIdPrefix);
        this.observer = observer;
        this.http1 = shared.protocols.http1.apply(this);
        this.http1.keepAtMost(maxIdle);
        this.http2 = shared.protocols.http2.apply(this);
        this.room = new ServerRoom(budgets.servers(), loop, List.of(http1, http2), budgets.letGo());
        this.sideRoom = new ServerRoom(budgets.sidePort(), loop, List.of(http1, http2), budgets.letGo());
        this.heads = new Heads(routing.get().limits());
        this.sweeps = sweeps(routing.get());
    }

    /**
     * The routing was replaced: what it is worked with here follows it, and with it the connections that are open. Any
     * thread.
     *
     * @param maxIdle how many idle connections to servers the loop may keep from now on
     * @return done once everything does
     */
    public Future<?> follow(int maxIdle) {
        return loop.submit(() -> {
            heads.follow(routing().limits());
            http1.keepAtMost(maxIdle);
            // What has retired is closed at once, not with the next sweep.
            http1.check(nanos());
            http2.check(nanos());
            sweeps.cancel(false);
            sweeps = sweeps(routing());
        });
    }

    private ScheduledFuture<?> sweeps(Routing followed) {
        long period = followed.sweepPeriodNanos();
        sweepPeriodNanos = period;
        nextSweepNanos = nanos() + period;
        return loop.scheduleWithFixedDelay(this::sweep, period, period, TimeUnit.NANOSECONDS);
    }

    public EventLoop loop() {
        return loop;
    }

    /** Now, by the clock of the event loop, by which everything here is timed: nanoseconds since whenever. */
    public long nanos() {
        return ticker.nanoTime();
    }

    /** Towards servers. */
    public Sockets sockets() {
        return sockets;
    }

    public Routing routing() {
        return routing.get();
    }

    /** Those of the configuration that is in force now. */
    public Timeouts timeouts() {
        return routing().timeouts();
    }

    /** Whose connections begin with a PROXY header, by the configuration that is in force now. */
    public Routing.ProxyProtocol proxyProtocol() {
        return routing().proxyProtocol();
    }

    /** How many connections one client may have, by the configuration that is in force now; empty for no limit. */
    public OptionalInt connectionsPerClient() {
        return routing().limits().connectionsPerClient();
    }

    /** Whether {@code address} is that of a proxy which speaks for others. */
    public boolean isTrustedProxy(InetAddress address) {
        return AddressRange.anyContains(routing().trustedProxies(), address);
    }

    /** Those to servers that speak {@code protocol}. */
    ServerConnections connections(ServerProtocol protocol) {
        return protocol == ServerProtocol.H2C ? http2 : http1;
    }

    /** What has no end of its own. */
    public OpenTunnels tunnels() {
        return tunnels;
    }

    /** Of connections to servers that clients ask for. */
    public ServerRoom room() {
        return room;
    }

    /** Of connections to {@code server}. */
    private ServerRoom room(Server server) {
        return routing().plaintext().sidePort().backend().servers().contains(server) ? sideRoom : room;
    }

    /** Of connections to the servers of {@code balancer}. */
    public ServerRoom room(LoadBalancer balancer, Routing at) {
        return balancer.equals(at.plaintext().sidePort()) ? sideRoom : room;
    }

    /** Lets connections to servers go that are idle, where others need the room. Any thread. */
    public void letGo() {
        loop.execute(room::letGo);
    }

    boolean isMemoryShort() {
        return puttingOut.isDue();
    }

    public Turns turns() {
        return turns;
    }

    /** How much is read of a connection at a time. */
    public RecvByteBufAllocator reads() {
        return reads;
    }

    /**
     * {@code client} has yet to say whom it wants; until {@link #arrived}. Closed before that where memory is short and it
     * takes its time.
     */
    public void arrives(Channel client) {
        puttingOut.arrives(client, nanos());
    }

    public void arrived(Channel client) {
        puttingOut.arrived(client);
    }

    /**
     * Does {@code work} for a newcomer, now or, where the loop is busy with others, in one of the next turns.
     *
     * @param broken ends it, whose work threw
     */
    public void inTurn(Runnable work, Runnable broken) {
        if (turns.isOver()) {
            turns.place(work, broken).waits();
        } else {
            work.run();
        }
    }

    public Heads heads() {
        return heads;
    }

    public RepeatedWarnings warnings() {
        return warnings;
    }

    /** It is over: tells the observer. */
    public void ended(ExchangeRecord exchange) {
        exchange.ends(nanos());
        try {
            observer.ended(exchange);
        } catch (RuntimeException e) {
            // Whoever watches must not get into the way.
            LOG.error("request {}: observer: bug", exchange.id(), e);
        }
    }

    public boolean isDraining() {
        return draining;
    }

    public RequestIds ids() {
        return ids;
    }

    /** The Date of a response made now. */
    public byte[] date() {
        return date.now();
    }

    /** Those of clients. */
    public OpenConnections connections() {
        return connections;
    }

    private void sweep() {
        try {
            long now = nanos();
            sweptBeforeNanos = sweptNanos;
            sweptNanos = now;
            observer.swept(Math.max(0, now - nextSweepNanos));
            warnings.sweep(now);
            http1.check(now);
            http2.check(now);
            puttingOut.sweep(connections.all(), sweptBeforeNanos);
            connections.forEach(connection -> look(connection, now));
        } catch (RuntimeException | Error e) {
            // Whatever it was: without the sweep no timeout of this loop would ever fire again.
            MachineErrors.check(e);
            LOG.error("timeouts: bug", e);
        }
        nextSweepNanos = nanos() + sweepPeriodNanos;
    }

    private void look(ClientConnection connection, long now) {
        try {
            if (draining) {
                connection.drain();
            }
            // Idle for a second at the last sweep already: a loop that was held up must not take for silence what
            // it has not read yet.
            if (draining && connection.isIdle() && connection.idleNanos(sweptBeforeNanos) > DRAIN_IDLE_NANOS) {
                connection.closeIdle();
            } else {
                connection.checkTimeouts(now);
            }
        } catch (RuntimeException | Error e) {
            MachineErrors.check(e);
            LOG.error("timeouts: bug; connection closed", e);
            connection.closeNow(Failure.ByEdge.BUG);
        }
    }

    /**
     * From now on every response ends its connection, connections that stay idle for a second are closed, and tunnels
     * one after the other before {@code grace} is over. Any thread.
     */
    public void drain(Duration grace) {
        draining = true;
        loop.execute(() -> tunnels.drain(grace));
    }

    /**
     * Connections of one event loop to servers.
     *
     * @param idle of HTTP/1.1, and waiting for an exchange
     * @param streams under way on those of HTTP/2
     */
    public record ToServers(int idle, int http2, int streams) {
        private static final ToServers UNKNOWN = new ToServers(0, 0, 0);
    }

    /** Any thread; asks the event loop, and waits for its answer. */
    public ToServers toServers() {
        Future<ToServers> now = loop.submit(() -> new ToServers(http1.size(), http2.size(), http2.streams()));
        return now.awaitUninterruptibly(ASK_SECONDS, TimeUnit.SECONDS) && now.isSuccess()
                ? now.getNow()
                : ToServers.UNKNOWN;
    }

    /** Client connections open now. Any thread. */
    public int openConnections() {
        return connections.count();
    }

    /**
     * Closes whatever is left, at once. Any thread.
     *
     * @return done once it does
     */
    public Future<?> closeAll() {
        return loop.submit(() -> {
            connections.forEach(connection -> connection.closeNow(Failure.ByEdge.SHUTTING_DOWN));
            // An event loop that is ended while it works does not look for them.
            puttingOut.closeArriving();
            http1.close();
            http2.close();
            // What that ended is told by tasks that wait already.
            loop.execute(() -> observer.swept(0));
        });
    }
}
