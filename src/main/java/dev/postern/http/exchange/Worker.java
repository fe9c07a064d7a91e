package dev.postern.http.exchange;

import dev.postern.http.message.Heads;
import dev.postern.http.message.HttpDate;
import dev.postern.http.message.RequestHead;
import dev.postern.machine.MachineErrors;
import dev.postern.machine.MemoryGuard;
import dev.postern.tunnel.OpenTunnels;
import dev.postern.wire.ClientConnection;
import dev.postern.wire.Endpoints;
import dev.postern.wire.Failure;
import dev.postern.wire.OpenConnections;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all client connections of one event loop share, and their exchanges: what heads are put together in, the way to the
 * servers, the sweep that fires timeouts. Whoever needs one or two of these is given them. Everything here is touched on that loop only, except where a method says otherwise.
 */
public final class Worker {
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

    /** How long a client that has just been answered may go on with its next request while we drain. */
    private static final long DRAIN_IDLE_NANOS = Duration.ofSeconds(1).toNanos();

    private final EventLoop loop;
    private final Ticker ticker;
    private final AtomicReference<Routing> routing;
    private final TowardsServers servers;
    private final Heads heads;
    private final OpenConnections connections = new OpenConnections();
    private final OpenTunnels tunnels;
    private final Turns turns;
    private final PuttingOut puttingOut;
    private final RequestIds ids;
    private final ExchangeObserver observer;
    private final RepeatedWarnings warnings = new RepeatedWarnings();

    private final Sweep sweep;

    /** What the workers of all event loops have the same. */
    public record Shared(
            AtomicReference<Routing> routing, InstantSource clock, TowardsServers.Shared servers, MemoryGuard memory) {}

    /**
     * @param maxIdle how many idle connections to servers the loop may keep
     * @param requestIdPrefix what makes request ids of this loop differ from those of all others
     * @param observer of this loop alone
     */
    public Worker(EventLoop loop, Shared shared, int maxIdle, String requestIdPrefix, ExchangeObserver observer) {
        Routing now = shared.routing.get();
        this.loop = loop;
        this.ticker = loop.ticker();
        this.tunnels = new OpenTunnels(loop);
        this.turns = new Turns(loop);
        this.puttingOut = new PuttingOut(shared.memory, ticker);
        this.routing = shared.routing;
        this.ids = new RequestIds(requestIdPrefix);
        this.observer = observer;
        this.heads = new Heads(now.limits(), new HttpDate(shared.clock));
        this.servers = new TowardsServers(loop, shared.servers, routing, heads, warnings, turns.reads());
        this.servers.keepAtMost(maxIdle);
        this.sweep = new Sweep(loop, this::sweep);
        this.sweep.every(now.sweepPeriodNanos());
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
            servers.keepAtMost(maxIdle);
            // What has retired is closed at once, not with the next sweep.
            servers.check(nanos());
            sweep.every(routing().sweepPeriodNanos());
        });
    }

    public EventLoop loop() {
        return loop;
    }

    /** Now, by the clock of the event loop, by which everything here is timed: nanoseconds since whenever. */
    public long nanos() {
        return ticker.nanoTime();
    }

    public Routing routing() {
        return routing.get();
    }

    /**
     * Who came in by {@code listener}.
     *
     * @param shown null on a plaintext connection
     */
    public Client client(
            String listener, @Nullable CertificateShown shown, Endpoints endpoints, boolean http2, Channel channel) {
        return new Client(listener, endpoints, shown, http2, routing().trustedProxies(), TlsParameters.of(channel));
    }

    public TowardsServers servers() {
        return servers;
    }

    /** What has no end of its own. */
    public OpenTunnels tunnels() {
        return tunnels;
    }

    public Turns turns() {
        return turns;
    }

    /** Who has to go while memory is short. */
    public PuttingOut puttingOut() {
        return puttingOut;
    }

    public Heads heads() {
        return heads;
    }

    public RepeatedWarnings warnings() {
        return warnings;
    }

    /** Which trace a request of {@code client} is part of; null where nobody traces. */
    @Nullable Trace traceOf(RequestHead head, Client client) {
        Sampling how = observer.sampling();
        return how == null ? null : Trace.of(head, client.isTrusted(), how);
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
        return servers.isDraining();
    }

    public RequestIds ids() {
        return ids;
    }

    /** Those of clients. */
    public OpenConnections connections() {
        return connections;
    }

    private void sweep(long now) {
        observer.swept(sweep.lateNanos());
        warnings.sweep(now);
        servers.check(now);
        puttingOut.sweep(connections.all(), sweep.beforeNanos());
        connections.forEach(connection -> look(connection, now));
    }

    private void look(ClientConnection connection, long now) {
        try {
            boolean draining = isDraining();
            if (draining) {
                connection.drain();
            }
            // Idle for a second at the last sweep already: a loop that was held up must not take for silence what
            // it has not read yet.
            if (draining && connection.isIdle() && connection.idleNanos(sweep.beforeNanos()) > DRAIN_IDLE_NANOS) {
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
     *
     * @param slowly whether tunnels may have all of that time, for nobody waits for our end
     */
    public void drain(Duration grace, boolean slowly) {
        servers.drain();
        loop.execute(() -> {
            if (slowly) {
                tunnels.drainSlowly(grace);
            } else {
                tunnels.drain(grace);
            }
        });
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
            servers.close();
            // What that ended is told by tasks that wait already.
            loop.execute(() -> observer.swept(0));
        });
    }
}
