package dev.postern.http;

import dev.postern.backend.Server;
import dev.postern.backend.ServerConnection;
import dev.postern.balance.Affinity;
import dev.postern.balance.LoadBalancer;
import dev.postern.config.Configuration;
import dev.postern.http.Failure.ByServer;
import io.netty.channel.ChannelFuture;
import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
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
    private final LoadBalancer balancer;

    private Set<Server> tried = Set.of();
    private @Nullable Server server;
    /** A connection being made; cancelled where the exchange ends first. */
    private ServerConnector.@Nullable Attempt connecting;

    private int refusals;
    private boolean pooled;
    private boolean retried;

    RetryLadder(Worker worker, Exchange exchange, LoadBalancer balancer) {
        this.worker = worker;
        this.exchange = exchange;
        this.balancer = balancer;
    }

    /** {@code backend B: server S}, for the log. */
    String where() {
        return "backend " + balancer.backend().name() + ": server " + (server == null ? "-" : server);
    }

    /** Finds a connection to the next server that was not tried; the exchange hears of it, or of there being none. */
    void climb() {
        climb(ByServer.NONE_AVAILABLE, "no server is up");
    }

    private void climb(Failure whenNone, String detail) {
        Server next = balancer.select(affinity(), tried);
        if (next == null) {
            exchange.fail(whenNone, detail);
            return;
        }
        server = next;
        next.exchangeBegins();
        long now = System.nanoTime();
        exchange.tries(next, now);
        ServerStream idle = idle(next, now);
        if (idle == null) {
            connect(next);
        } else {
            pooled = true;
            exchange.connectionMade(true, now);
            exchange.connected(idle);
        }
    }

    private Affinity affinity() {
        return balancer.asksRequest() ? new RequestAffinity(exchange) : Affinity.NONE;
    }

    private @Nullable ServerStream idle(Server of, long now) {
        if (isHttp2()) {
            return worker.http2Servers().open(of);
        }
        long maxIdle = exchange.request().isIdempotent() ? Long.MAX_VALUE : SAFE_IDLE_NANOS;
        while (true) {
            ServerConnection idle = worker.pool().take(of, now, maxIdle);
            if (idle == null || idle.channel().isActive()) {
                return (ServerStream) idle;
            }
        }
    }

    private boolean isHttp2() {
        return balancer.backend().protocol() == Configuration.ServerProtocol.H2C;
    }

    private void connect(Server to) {
        pooled = false;
        Duration timeout = exchange.routing().timeouts().connect();
        ServerConnector.Outcome outcome = new ServerConnector.Outcome() {
            @Override
            public void connected(ServerStream made) {
                connecting = null;
                balancer.backend().connected(to);
                if (exchange.isFinished()) {
                    made.unused();
                } else {
                    exchange.connectionMade(false, System.nanoTime());
                    exchange.connected(made);
                }
            }

            @Override
            public void refused(ByServer failure, String why) {
                connecting = null;
                balancer.backend().refused(to, why);
                next(to, failure, why);
            }

            @Override
            public void impossible(String why) {
                connecting = null;
                exchange.fail(Failure.ByEdge.OUT_OF_RESOURCES, to + ": " + why);
            }
        };
        ServerConnector.Attempt begun = isHttp2()
                ? worker.http2Servers().connect(to, timeout, outcome)
                : ServerConnector.connect(worker, to, timeout, outcome);
        if (begun != null && !begun.isOver()) {
            connecting = begun;
        }
    }

    private void next(Server refused, ByServer failure, String why) {
        if (exchange.isFinished()) {
            return;
        }
        leave();
        if (tried.isEmpty()) {
            tried = new HashSet<>();
        }
        tried.add(refused);
        climb(failure, refused + ": " + why);
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
        if (failure == ByServer.REFUSED) {
            // Whatever it was: the server has said that it has not acted on it (RFC 9113 §8.7).
            return ++refusals <= MAX_REFUSALS;
        }
        return failure.retry() == Failure.Retry.IF_IDEMPOTENT
                && pooled
                && !retried
                && (unsent || exchange.request().isIdempotent());
    }

    /** Tries the same server once more, on a connection of its own. */
    void again() {
        retried = true;
        Server same = Objects.requireNonNull(server, "server");
        exchange.tries(same, System.nanoTime());
        connect(same);
    }

    /** The exchange is over, but its server stays busy until {@code tunnel} is closed. */
    void endsWith(ChannelFuture tunnel) {
        Server used = Objects.requireNonNull(server, "server");
        server = null;
        tunnel.addListener(closed -> used.exchangeEnds());
    }

    /** The exchange is over. */
    void end() {
        if (connecting != null) {
            connecting.cancel();
        }
        leave();
    }

    private void leave() {
        if (server != null) {
            server.exchangeEnds();
            server = null;
        }
    }
}
