package dev.postern.http.exchange;

import dev.postern.backend.ProxyPreamble;
import dev.postern.backend.Server;
import dev.postern.balance.Affinity;
import dev.postern.balance.LoadBalancer;
import dev.postern.balance.StickyCookie;
import dev.postern.balance.Waiter;
import dev.postern.config.Durations;
import dev.postern.config.Retries;
import dev.postern.config.SentHost;
import dev.postern.config.ServerFaults;
import dev.postern.config.Tolerance;
import dev.postern.http.message.Failure;
import dev.postern.http.message.Failure.ByServer;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.ResponseHead;
import dev.postern.wire.ClientNetwork;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds a server connection for one exchange, and says whether the exchange may be tried once more. A connection that
 * cannot be made is tried with the next server, always. A pooled connection that dies before a byte of the response is
 * tried once more on a new one, if nothing was sent, or if the method is idempotent and the body is still at hand. After
 * the first byte of a response nothing is tried again. Event loop only.
 */
final class RetryLadder {
    /**
     * A request that must not be sent twice takes only a connection that was in use a moment ago: servers close idle
     * ones after a second at the very earliest, and this one would then be lost between us and them.
     */
    private static final long SAFE_IDLE_NANOS = Duration.ofMillis(500).toNanos();

    /** A server that goes away may have a neighbour that does, too; one that refuses on and on is overloaded. */
    private static final int MAX_REFUSALS = 3;

    private final Worker worker;
    private final Exchange exchange;
    private final ExchangeRecord record;
    private final LoadBalancer balancer;
    private final ServerRoom room;
    private final ServerConnections connections;

    private final @Nullable Retries retries;
    /** What the choice depends on; made from the request as the client sent it. */
    private final Affinity affinity;

    private final @Nullable StickyCookie sticky;

    private Set<Server> tried = Set.of();
    private @Nullable Server server;
    /** Counted for a retry that is decided, and not begun. */
    private @Nullable Server reserved;
    /** A connection being made; cancelled where the exchange ends first. */
    private ServerConnections.@Nullable Attempt connecting;

    private int refusals;
    private @Nullable Turn turn;
    /** Counted among the connections that work for this client. */
    private boolean working;

    private long worksFor;
    private boolean pooled;
    private boolean retried;
    /** Retries beyond those that are always safe. */
    private int elsewhere;

    RetryLadder(Worker worker, Exchange exchange, ExchangeRecord record, LoadBalancer balancer) {
        this.worker = worker;
        this.exchange = exchange;
        this.record = record;
        this.balancer = balancer;
        this.room = worker.room(balancer, exchange.routing());
        this.connections = worker.connections(balancer.backend().protocol());
        this.retries = balancer.backend().config().retries();
        this.sticky = balancer.sticky();
        this.affinity =
                balancer.asksRequest() ? new RequestAffinity(exchange.request(), exchange.requester()) : Affinity.NONE;
        if (retries != null) {
            balancer.earnsRetry(retries.budgetPercent());
        }
    }

    /** {@code backend B: server S}, for the log: the last one that was tried. */
    String where() {
        Server last = record.server();
        return "backend " + balancer.backend().name() + ": server " + (last == null ? "-" : last);
    }

    /** Finds a connection to the next server that was not tried; the exchange hears of it, or of there being none. */
    void climb() {
        climb(ByServer.NONE_AVAILABLE, "no server is up");
    }

    private void climb(Failure whenNone, String detail) {
        Server next = balancer.take(affinity, tried);
        if (next != null) {
            begin(next);
        } else if (balancer.isBusy(tried)) {
            queue();
        } else {
            exchange.fail(whenNone, detail);
        }
    }

    /** @param next the exchange is counted there */
    private void begin(Server next) {
        server = next;
        long now = System.nanoTime();
        record.tries(next, now);
        if (!connections.areShared()) {
            long network = ClientNetwork.of(exchange.requester().address());
            if (!room.worksFor(network)) {
                exchange.fail(Failure.ByEdge.OUT_OF_RESOURCES, room.whyNotForClient());
                return;
            }
            working = true;
            worksFor = network;
        }
        ServerStream idle = idle(next, now);
        if (idle == null) {
            connect(next);
        } else {
            use(idle, now);
        }
    }

    // ---- the queue

    private void queue() {
        Turn mine = new Turn();
        turn = mine;
        if (balancer.join(mine)) {
            mine.begins();
        } else {
            turn = null;
            exchange.fail(
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
            timeout = worker.loop()
                    .schedule(() -> exchange.guard(() -> tooLong(longest)), longest.toNanos(), TimeUnit.NANOSECONDS);
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
        public void granted(Server next) {
            worker.loop().execute(() -> {
                stop();
                if (turn == this && !exchange.isFinished()) {
                    turn = null;
                    exchange.guard(() -> begin(next));
                } else {
                    balancer.release(next);
                }
            });
        }

        private void tooLong(Duration longest) {
            if (turn == this && balancer.timesOut(this)) {
                turn = null;
                exchange.fail(
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

    private @Nullable ServerStream idle(Server of, long now) {
        long maxIdle = exchange.request().isIdempotent() ? Long.MAX_VALUE : SAFE_IDLE_NANOS;
        return connections.open(of, preamble(), now, maxIdle);
    }

    Set<Tolerance> tolerated() {
        return balancer.backend().config().tolerated();
    }

    /** What connections of this exchange begin with; null where the backend does not want to be told. */
    private @Nullable ProxyPreamble preamble() {
        return balancer.backend().wantsPreamble() ? exchange.requester().preamble() : null;
    }

    private void connect(Server to) {
        if (connections.areShared() || room.isThere()) {
            makeConnection(to);
            return;
        }
        connecting = room.await(found -> {
            connecting = null;
            if (found) {
                exchange.guard(() -> makeConnection(to));
            } else {
                exchange.fail(Failure.ByEdge.OUT_OF_RESOURCES, room.why());
            }
        });
    }

    private void makeConnection(Server to) {
        pooled = false;
        Duration timeout = exchange.timeouts().connect();
        ServerConnections.Outcome<ServerStream> outcome = new ServerConnections.Outcome<>() {
            @Override
            public void connected(ServerStream made) {
                connecting = null;
                balancer.backend().connected(to);
                if (exchange.isFinished()) {
                    made.unused();
                } else {
                    record.connectionMade(false, System.nanoTime());
                    exchange.guard(() -> exchange.connected(made));
                }
            }

            @Override
            public void refused(ByServer failure, String why) {
                connecting = null;
                balancer.backend().refused(to, why);
                exchange.guard(() -> next(to, failure, why));
            }

            @Override
            public void impossible(String why) {
                connecting = null;
                exchange.fail(Failure.ByEdge.OUT_OF_RESOURCES, why);
            }
        };
        ServerConnections.Attempt begun = connections.connect(to, preamble(), timeout, outcome);
        if (!begun.isOver()) {
            connecting = begun;
        }
    }

    private void next(Server refused, ByServer failure, String why) {
        if (exchange.isFinished()) {
            return;
        }
        leave();
        tried(refused);
        climb(failure, why);
    }

    /** Whether it matters for a retry that nothing at all could be written. */
    boolean watchesWrite() {
        return pooled && !exchange.request().isIdempotent();
    }

    /**
     * Whether the request may go out once more after its connection failed, and nothing had come back.
     *
     * @param unsent nothing of it could be written
     */
    boolean mayTryAgain(Failure failure, boolean unsent) {
        return switch (failure.retry()) {
            case NOT_ACTED_ON -> ++refusals <= MAX_REFUSALS;
            case IF_IDEMPOTENT ->
                pooled && !retried && (unsent || exchange.request().isIdempotent());
            case ELSEWHERE, NEVER -> false;
        };
    }

    /**
     * Tries the same server once more: over HTTP/1 on a connection made for it, since what killed one of the pool has
     * perhaps killed all of them; over HTTP/2 on any that is still good, since a server that refuses streams would get a
     * new connection for each of them otherwise. One that has refused a stream has enough to do: the next server is tried
     * before it, unless the client belongs to this one.
     */
    void again(Failure failure) {
        Server same = Objects.requireNonNull(server, "server");
        if (failure == ByServer.REFUSED && !isHome(same)) {
            tried(same);
            Server next = balancer.take(affinity, tried);
            if (next != null) {
                leave();
                begin(next);
                return;
            }
        }
        retried = true;
        long now = System.nanoTime();
        record.tries(same, now);
        ServerStream open = connections.areShared() ? idle(same, now) : null;
        if (open == null) {
            connect(same);
        } else {
            use(open, now);
        }
    }

    private void use(ServerStream idle, long now) {
        pooled = true;
        record.connectionMade(true, now);
        exchange.connected(idle);
    }

    // ---- retries that the operator has asked for

    /** The Host that the server is to be asked for; null for that of the client. */
    @Nullable String host() {
        SentHost host = balancer.backend().config().host();
        if (host instanceof SentHost.Named named) {
            return named.host();
        }
        return host instanceof SentHost.OfServer
                ? Objects.requireNonNull(server, "server").host()
                : null;
    }

    /** The server has answered. */
    void answered(int status) {
        balancer.backend().answered(Objects.requireNonNull(server, "server"), status);
    }

    /** The server has failed to answer. */
    void failed(ByServer failure) {
        ServerFaults.Kind kind = kind(failure);
        if (kind != null && server != null) {
            balancer.backend().failed(server, kind);
        }
    }

    private static ServerFaults.@Nullable Kind kind(ByServer failure) {
        return switch (failure) {
            case CLOSED_BEFORE_RESPONSE, CLOSED_DURING_RESPONSE -> ServerFaults.Kind.CLOSED;
            case MALFORMED_RESPONSE, RESPONSE_HEAD_TOO_LARGE -> ServerFaults.Kind.MALFORMED;
            case RESPONSE_TIMEOUT -> ServerFaults.Kind.TIMEOUT;
            default -> null;
        };
    }

    /** Whether another server is to be asked instead of passing such a response on; it is then waiting for us. */
    boolean triesElsewhere(int status) {
        return retries != null && retries.on().has(status) && reserve(retries);
    }

    /** Whether another server is to be asked after this failure; it is then waiting for us. */
    boolean triesElsewhere(ByServer failure) {
        ServerFaults.Kind kind = kind(failure);
        return retries != null && kind != null && retries.on().has(kind) && reserve(retries);
    }

    private boolean reserve(Retries rule) {
        if (elsewhere >= rule.attempts() || !exchange.request().isIdempotent() || !balancer.spendsRetry()) {
            return false;
        }
        tried(Objects.requireNonNull(server, "server"));
        reserved = balancer.take(affinity, tried);
        if (reserved == null) {
            balancer.returnsRetry();
        }
        return reserved != null;
    }

    /** Asks the server that is waiting for us; the one before is done with. */
    void elsewhere() {
        elsewhere++;
        retried = false;
        leave();
        Server next = Objects.requireNonNull(reserved, "reserved");
        reserved = null;
        begin(next);
    }

    private void tried(Server one) {
        if (tried.isEmpty()) {
            tried = new HashSet<>();
        }
        tried.add(one);
    }

    // ---- stickiness

    /** What the server is sent: not the cookie, which is ours. */
    RequestHead withoutSticky(RequestHead request) {
        return sticky == null ? request : request.withoutCookie(sticky.name());
    }

    /** What the client is sent: the cookie that brings it back, unless it has that already. */
    ResponseHead withSticky(ResponseHead head) {
        if (sticky == null || server == null || isHome(server)) {
            return head;
        }
        String setCookie = sticky.setCookie(server, exchange.client().isSecure());
        return setCookie == null ? head : head.withCookie(sticky.name(), setCookie);
    }

    /** Whether the client's cookie says that it belongs there. */
    private boolean isHome(Server one) {
        return sticky != null && one.equals(sticky.server(affinity.cookie(sticky.name())));
    }

    // ---- the end

    /** The exchange is over. */
    void end() {
        if (connecting != null) {
            connecting.cancel();
        }
        if (turn != null) {
            turn.end();
            turn = null;
        }
        leave();
    }

    private void leave() {
        if (server != null) {
            Server left = server;
            server = null;
            if (working) {
                working = false;
                room.leaves(worksFor);
            }
            balancer.release(left);
        }
    }
}
