package dev.postern.dial;

import dev.postern.backend.ProxyPreamble;
import dev.postern.backend.Server;
import dev.postern.balance.Affinity;
import dev.postern.balance.Lease;
import dev.postern.balance.LoadBalancer;
import dev.postern.balance.Waiter;
import dev.postern.config.Durations;
import dev.postern.wire.Failure;
import dev.postern.wire.Failure.ByServer;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds a server for one caller, and a place on a connection to it: chooses one that has room, waits in line where none
 * has, connects. A server that cannot be reached is left for the next, always: nothing was written. Holds at most one place
 * at a server, and one more that is reserved. Event loop only.
 *
 * @param <T> what a caller gets of a connection
 */
public final class Dial<T> {
    /** Whoever wants the connection. */
    public interface Caller<T> {
        /** Whose network the connection counts for, where one client may not have all of them. */
        long network();

        /** What the connection is to begin with; null where the backend does not want to be told. */
        @Nullable ProxyPreamble preamble();

        /** For how long a connection that is there may have been of no use, to be safe for this caller. */
        long maxIdleNanos();

        Duration connectTimeout();

        /** Whether nothing is wanted any more. */
        boolean isOver();

        /** Does what may throw: then the caller ends. */
        void guard(Runnable work);

        /** It is {@code server}'s turn, for the first time or once more. */
        void tries(Server server, long nowNanos);

        /** @param reused whether the connection was there before */
        void connected(T place, boolean reused, long nowNanos);

        /** There is none. */
        void failed(Failure why, String detail);
    }

    private final EventLoop loop;
    private final LoadBalancer balancer;
    private final ServerRoom room;
    private final Connector<T> connector;
    private final Affinity affinity;
    private final Caller<T> caller;

    private Set<Server> tried = Set.of();
    private @Nullable Lease lease;
    /** Of the server that comes next, where that is decided and not begun. */
    private @Nullable Lease reserved;
    /** A connection being made; cancelled where the caller ends first. */
    private Connector.@Nullable Attempt connecting;

    private @Nullable Turn turn;
    /** Counted among the connections that work for this client. */
    private boolean working;

    private long worksFor;

    /** @param affinity what the choice depends on */
    public Dial(
            EventLoop loop,
            LoadBalancer balancer,
            ServerRoom room,
            Connector<T> connector,
            Affinity affinity,
            Caller<T> caller) {
        this.loop = loop;
        this.balancer = balancer;
        this.room = room;
        this.connector = connector;
        this.affinity = affinity;
        this.caller = caller;
    }

    private long nanos() {
        return loop.ticker().nanoTime();
    }

    /** The server whose place is held; null where there is none. */
    public @Nullable Server server() {
        return lease == null ? null : lease.server();
    }

    private Server same() {
        return Objects.requireNonNull(lease, "lease").server();
    }

    /** Finds a connection to the next server that was not tried; the caller hears of it, or of there being none. */
    public void begin() {
        climb(ByServer.NONE_AVAILABLE, "no server is up");
    }

    private void climb(Failure whenNone, String detail) {
        Lease next = balancer.take(affinity, tried);
        if (next != null) {
            begin(next);
        } else if (balancer.isBusy(tried)) {
            queue();
        } else {
            caller.failed(whenNone, detail);
        }
    }

    private void begin(Lease next) {
        lease = next;
        long now = nanos();
        caller.tries(next.server(), now);
        if (!connector.areShared()) {
            long network = caller.network();
            if (!room.worksFor(network)) {
                caller.failed(Failure.ByEdge.OUT_OF_RESOURCES, room.whyNotForClient());
                return;
            }
            working = true;
            worksFor = network;
        }
        useOrConnect(next.server(), now);
    }

    private void useOrConnect(Server server, long now) {
        T open = connector.open(server, caller.preamble(), now, caller.maxIdleNanos());
        if (open == null) {
            connect(server);
        } else {
            caller.connected(open, true, now);
        }
    }

    // ---- once more

    /**
     * Tries the same server once more: on a connection made for it, since what killed one of the pool has perhaps killed all
     * of them; where connections are shared on any that is still good, since a server that refuses streams would get a new
     * one for each of them otherwise.
     */
    public void again() {
        Server server = same();
        long now = nanos();
        caller.tries(server, now);
        if (connector.areShared()) {
            useOrConnect(server, now);
        } else {
            connect(server);
        }
    }

    /** Tries another server that has room now; false where there is none: then it is still with the same. */
    public boolean moves() {
        tried(same());
        Lease next = balancer.take(affinity, tried);
        if (next == null) {
            return false;
        }
        leave();
        begin(next);
        return true;
    }

    /** Whether another server has room now; its place is then held for {@link #elsewhere}. */
    public boolean reserves() {
        tried(same());
        reserved = balancer.take(affinity, tried);
        return reserved != null;
    }

    /** Tries the server that is reserved; the one before is done with. */
    public void elsewhere() {
        leave();
        Lease next = Objects.requireNonNull(reserved, "reserved");
        reserved = null;
        begin(next);
    }

    private void tried(Server one) {
        if (tried.isEmpty()) {
            tried = new HashSet<>();
        }
        tried.add(one);
    }

    // ---- the queue

    private void queue() {
        Turn mine = new Turn();
        turn = mine;
        if (balancer.join(mine)) {
            mine.begins();
        } else {
            turn = null;
            caller.failed(
                    ByServer.QUEUE_FULL,
                    "queue.length: " + balancer.backend().config().queue().length() + " wait for a server already");
        }
    }

    /** A place in the queue, and how long it lasts. */
    private final class Turn implements Waiter {
        private final Set<Server> triedBefore = tried;
        private @Nullable ScheduledFuture<?> timeout;

        /** Those who are turned away at once need no clock. */
        void begins() {
            Duration longest = balancer.backend().config().queue().timeout();
            timeout =
                    loop.schedule(() -> caller.guard(() -> tooLong(longest)), longest.toNanos(), TimeUnit.NANOSECONDS);
        }

        @Override
        public Affinity affinity() {
            return affinity;
        }

        @Override
        public Set<Server> tried() {
            return triedBefore;
        }

        @Override
        public void granted(Lease next) {
            loop.execute(() -> {
                stop();
                if (turn == this && !caller.isOver()) {
                    turn = null;
                    caller.guard(() -> begin(next));
                } else {
                    next.release();
                }
            });
        }

        private void tooLong(Duration longest) {
            if (turn == this && balancer.timesOut(this)) {
                turn = null;
                caller.failed(
                        ByServer.QUEUE_TIMEOUT, "queue.timeout: no server had room for " + Durations.text(longest));
            }
        }

        private void stop() {
            if (timeout != null) {
                timeout.cancel(false);
            }
        }

        void end() {
            stop();
            boolean unused = balancer.leave(this);
        }
    }

    // ---- the connection

    private void connect(Server to) {
        if (connector.areShared() || room.isThere()) {
            makeConnection(to);
            return;
        }
        connecting = room.await(found -> {
            connecting = null;
            if (found) {
                caller.guard(() -> makeConnection(to));
            } else {
                caller.failed(Failure.ByEdge.OUT_OF_RESOURCES, room.why());
            }
        });
    }

    private void makeConnection(Server to) {
        Connector.Attempt begun = connector.connect(to, caller.preamble(), caller.connectTimeout(), new Connecting(to));
        if (!begun.isOver()) {
            connecting = begun;
        }
    }

    private final class Connecting implements Connector.Outcome<T> {
        private final Server to;

        Connecting(Server to) {
            this.to = to;
        }

        @Override
        public void connected(T made) {
            connecting = null;
            balancer.backend().connected(to);
            caller.guard(() -> caller.connected(made, false, nanos()));
        }

        @Override
        public void refused(ByServer failure, String why) {
            connecting = null;
            balancer.backend().refused(to, why);
            caller.guard(() -> next(to, failure, why));
        }

        @Override
        public void impossible(String why) {
            connecting = null;
            caller.failed(Failure.ByEdge.OUT_OF_RESOURCES, why);
        }
    }

    private void next(Server refused, ByServer failure, String why) {
        if (caller.isOver()) {
            return;
        }
        leave();
        tried(refused);
        climb(failure, why);
    }

    // ---- the end

    /** The caller is over: whatever is held is given back, and nothing more is heard. */
    public void end() {
        if (connecting != null) {
            connecting.cancel();
        }
        if (turn != null) {
            turn.end();
            turn = null;
        }
        if (reserved != null) {
            reserved.release();
            reserved = null;
        }
        leave();
    }

    private void leave() {
        Lease left = lease;
        if (left == null) {
            return;
        }
        lease = null;
        if (working) {
            working = false;
            room.leaves(worksFor);
        }
        left.release();
    }
}
