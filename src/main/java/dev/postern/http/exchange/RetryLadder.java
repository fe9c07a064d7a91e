package dev.postern.http.exchange;

import dev.postern.backend.ProxyPreamble;
import dev.postern.backend.Server;
import dev.postern.balance.Affinity;
import dev.postern.balance.LoadBalancer;
import dev.postern.balance.StickyCookie;
import dev.postern.config.Retries;
import dev.postern.config.SentHost;
import dev.postern.config.ServerFaults;
import dev.postern.config.Tolerance;
import dev.postern.dial.Dial;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.ResponseHead;
import dev.postern.wire.ClientNetwork;
import dev.postern.wire.Failure;
import dev.postern.wire.Failure.ByServer;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Says whether an exchange may be tried once more (retry policy), and keeps its client with its server (stickiness); {@link
 * Dial} finds the connection. A pooled connection that dies before a byte of the response is
 * tried once more on a new one, if nothing was sent, or if the method is idempotent and the body is still at hand. After
 * the first byte of a response nothing is tried again. Event loop only.
 */
final class RetryLadder implements Dial.Caller<ServerStream> {
    /**
     * A request that must not be sent twice takes only a connection that was in use a moment ago: servers close idle
     * ones after a second at the very earliest, and this one would then be lost between us and them.
     */
    private static final long SAFE_IDLE_NANOS = Duration.ofMillis(500).toNanos();

    /** A server that goes away may have a neighbour that does, too; one that refuses on and on is overloaded. */
    private static final int MAX_REFUSALS = 3;

    private final Exchange exchange;
    private final ExchangeRecord record;
    private final LoadBalancer balancer;
    private final Dial<ServerStream> dial;

    private final @Nullable Retries retries;
    /** What the choice depends on; made from the request as the client sent it. */
    private final Affinity affinity;

    private final @Nullable StickyCookie sticky;

    private int refusals;
    private boolean pooled;
    private boolean retried;
    /** Retries beyond those that are always safe. */
    private int elsewhere;

    RetryLadder(TowardsServers servers, Exchange exchange, ExchangeRecord record, LoadBalancer balancer) {
        this.exchange = exchange;
        this.record = record;
        this.balancer = balancer;
        this.retries = balancer.backend().config().retries();
        this.sticky = balancer.sticky();
        this.affinity =
                balancer.asksRequest() ? new RequestAffinity(exchange.request(), exchange.requester()) : Affinity.NONE;
        this.dial = new Dial<>(
                servers.loop(),
                balancer,
                servers.room(balancer, exchange.routing()),
                servers.connections(balancer.backend().protocol()),
                affinity,
                this);
        if (retries != null) {
            balancer.earnsRetry(retries.budgetPercent());
        }
    }

    /** {@code backend B: server S}, for the log: the last one that was tried. */
    String where() {
        Server last = record.server();
        return "backend " + balancer.backend().name() + ": server " + (last == null ? "-" : last);
    }

    /** Finds a connection to a server; the exchange hears of it, or of there being none. */
    void climb() {
        dial.begin();
    }

    // ---- what the dial asks and tells

    @Override
    public long network() {
        return ClientNetwork.of(exchange.requester().address());
    }

    @Override
    public @Nullable ProxyPreamble preamble() {
        return balancer.backend().wantsPreamble() ? exchange.requester().preamble() : null;
    }

    @Override
    public long maxIdleNanos() {
        return exchange.request().isIdempotent() ? Long.MAX_VALUE : SAFE_IDLE_NANOS;
    }

    @Override
    public Duration connectTimeout() {
        return exchange.timeouts().connect();
    }

    @Override
    public boolean isOver() {
        return exchange.isFinished();
    }

    @Override
    public void guard(Runnable work) {
        exchange.guard(work);
    }

    @Override
    public void tries(Server server, long nowNanos) {
        record.tries(server, nowNanos);
    }

    @Override
    public void connected(ServerStream made, boolean reused, long nowNanos) {
        if (exchange.isFinished()) {
            made.unused();
            return;
        }
        pooled = reused;
        record.connectionMade(reused, nowNanos);
        exchange.connected(made, nowNanos);
    }

    @Override
    public void failed(Failure why, String detail) {
        exchange.fail(why, detail);
    }

    // ---- retries that are always safe

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
     * Tries the same server once more. One that has refused a stream has enough to do: the next server is tried before it,
     * unless the client belongs to this one.
     */
    void again(Failure failure) {
        if (failure != ByServer.REFUSED || isHome(server()) || !dial.moves()) {
            retried = true;
            dial.again();
        }
    }

    private Server server() {
        return Objects.requireNonNull(dial.server(), "server");
    }

    // ---- retries that the operator has asked for

    Set<Tolerance> tolerated() {
        return balancer.backend().config().tolerated();
    }

    /** The Host that the server is to be asked for; null for that of the client. */
    @Nullable String host() {
        SentHost host = balancer.backend().config().host();
        if (host instanceof SentHost.Named named) {
            return named.host();
        }
        return host instanceof SentHost.OfServer ? server().host() : null;
    }

    /** The server has answered. */
    void answered(int status) {
        if (record.trace() != null) {
            record.trace().answered(status);
        }
        balancer.backend().answered(server(), status);
    }

    /** The server has failed to answer. */
    void failed(ByServer failure) {
        if (record.trace() != null) {
            record.trace().failed(failure);
        }
        ServerFaults.Kind kind = kind(failure);
        Server at = dial.server();
        if (kind != null && at != null) {
            balancer.backend().failed(at, kind);
        }
    }

    private static ServerFaults.@Nullable Kind kind(ByServer failure) {
        return switch (failure) {
            case CLOSED_BEFORE_RESPONSE, CLOSED_DURING_RESPONSE -> ServerFaults.Kind.CLOSED;
            case MALFORMED_RESPONSE, RESPONSE_HEAD_TOO_LARGE -> ServerFaults.Kind.MALFORMED;
            case RESPONSE_TIMEOUT, SERVER_TIMEOUT -> ServerFaults.Kind.TIMEOUT;
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
        boolean reserved = dial.reserves();
        if (!reserved) {
            balancer.returnsRetry();
        }
        return reserved;
    }

    /** Asks the server that is waiting for us; the one before is done with. */
    void elsewhere() {
        elsewhere++;
        retried = false;
        dial.elsewhere();
    }

    // ---- stickiness

    /** What the server is sent: not the cookie, which is ours. */
    RequestHead withoutSticky(RequestHead request) {
        return sticky == null ? request : request.withoutCookie(sticky.name());
    }

    /** What the client is sent: with the cookies of whoever has let it in, and the one that brings it back. */
    ResponseHead withOurs(ResponseHead head) {
        Admission admission = record.admission();
        ResponseHead own = head;
        if (admission != null) {
            for (String cookie : admission.cookies()) {
                own = own.withCookie(cookie.substring(0, Math.max(0, cookie.indexOf('='))), cookie);
            }
        }
        return withSticky(own);
    }

    /** Nothing is added where the client has it already. */
    private ResponseHead withSticky(ResponseHead head) {
        Server at = dial.server();
        if (sticky == null || at == null || isHome(at)) {
            return head;
        }
        String setCookie = sticky.setCookie(at, exchange.client().isSecure());
        return setCookie == null ? head : head.withCookie(sticky.name(), setCookie);
    }

    /** Whether the client's cookie says that it belongs there. */
    private boolean isHome(Server one) {
        return sticky != null && one.equals(sticky.server(affinity.cookie(sticky.name())));
    }

    // ---- the end

    /** The exchange is over. */
    void end() {
        dial.end();
    }
}
