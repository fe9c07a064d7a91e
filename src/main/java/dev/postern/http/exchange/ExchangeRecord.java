package dev.postern.http.exchange;

import dev.postern.backend.Server;
import dev.postern.http.message.Failure;
import dev.postern.http.message.FieldName;
import dev.postern.http.message.RequestHead;
import dev.postern.route.Route;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is told of an exchange once it is over. Collected while it goes on, in fields that cost nothing where nobody
 * observes; {@link System#nanoTime} throughout. Event loop only.
 */
public abstract sealed class ExchangeRecord permits Exchange, Refusal {
    private static final Logger LOG = LoggerFactory.getLogger(ExchangeRecord.class);

    /** Of a timer: it never came to that. */
    public static final long NEVER = -1;

    private final String id;
    private final Client client;
    private final @Nullable RequestHead head;

    private final long beganNanos;
    private final long headNanos;
    /** When the first server was chosen. */
    private long chosenNanos = NEVER;

    private long connectedNanos = NEVER;
    private long responseNanos = NEVER;
    private long endNanos;

    private @Nullable String site;
    private @Nullable Route route;
    private @Nullable String backend;
    private @Nullable Server lastServer;
    private int leftOut;
    private int attempts;
    private boolean reusedConnection;

    private int status;
    private boolean tunnel;
    private long bytesIn;
    private long bytesOut;

    private @Nullable Failure failure;
    private Phase phase = Phase.COMPLETE;
    /** Of a tunnel: who closed it first. Whoever does may, so that it is no failure. */
    private EndedBy closedBy = EndedBy.NOBODY;

    /**
     * @param beganNanos when its first byte came
     * @param headNanos when its head was complete
     */
    ExchangeRecord(String id, Client client, @Nullable RequestHead head, long beganNanos, long headNanos) {
        this.id = id;
        this.client = client;
        this.head = head;
        this.beganNanos = beganNanos;
        this.headNanos = headNanos;
    }

    // ---- while it goes on

    public final void belongsTo(String nameOfSite) {
        site = nameOfSite;
    }

    public final void routed(Route chosen) {
        route = chosen;
    }

    final void forwarded(String toBackend) {
        backend = toBackend;
    }

    /** So many fields of its head do not reach the server, for their names alone; said again with each attempt. */
    final void leavesOut(int fields) {
        leftOut = fields;
        if (head != null && LOG.isDebugEnabled()) {
            LOG.debug(
                    "request {}: client {}: headers left out for their names, as keep-header-names has none of them: {}",
                    id,
                    client.text(),
                    RequestWriter.leftOut(head.fields(), route, client.isTrusted()));
        }
    }

    /** It is tried with a server, for the first time or once more. */
    final void tries(Server next, long nowNanos) {
        if (attempts++ == 0) {
            chosenNanos = nowNanos;
        }
        lastServer = next;
    }

    final void connectionMade(boolean reused, long nowNanos) {
        reusedConnection = reused;
        connectedNanos = nowNanos;
    }

    /** The connection broke, but it is tried with another. */
    final void connectionLost() {
        connectedNanos = NEVER;
    }

    final void answered(int withStatus, long nowNanos) {
        status = withStatus;
        responseNanos = nowNanos;
    }

    /** From now on bytes go back and forth as they are. */
    final void tunnelBegins() {
        tunnel = true;
    }

    public final boolean isTunnel() {
        return tunnel;
    }

    /** One side of the tunnel has said all that it had to say. The first one counts. */
    final void tunnelClosedBy(EndedBy side) {
        if (tunnel && closedBy == EndedBy.NOBODY) {
            closedBy = side;
            phase = Phase.TUNNEL;
        }
    }

    final void sent(int bytes) {
        bytesOut += bytes;
    }

    final void received(long bytes) {
        bytesIn = bytes;
    }

    /** The first one counts: what follows is its consequence. */
    final void failed(Failure why, boolean requestComplete) {
        if (failure == null) {
            failure = why;
            phase = phaseNow(why, requestComplete);
        }
    }

    private Phase phaseNow(Failure why, boolean requestComplete) {
        if (responseNanos != NEVER) {
            return tunnel ? Phase.TUNNEL : Phase.RESPONSE_BODY;
        }
        if (backend != null && chosenNanos == NEVER) {
            // A server is chosen at once, unless there is none, or none with room.
            return why == Failure.ByServer.NONE_AVAILABLE ? Phase.CONNECT : Phase.QUEUE;
        }
        if (backend != null && connectedNanos == NEVER) {
            return Phase.CONNECT;
        }
        if (!requestComplete) {
            return headNanos == NEVER ? Phase.HEAD : Phase.BODY;
        }
        return backend == null ? Phase.HEAD : Phase.RESPONSE_HEAD;
    }

    /** It is over: tells the observer. */
    public final void ended(ExchangeObserver observer) {
        endNanos = System.nanoTime();
        try {
            observer.ended(this);
        } catch (RuntimeException e) {
            // Whoever watches must not get into the way.
            LOG.error("request {}: observer: bug", id, e);
        }
    }

    // ---- once it is over

    /** As in the log, and in every answer that the edge makes itself. */
    public final String id() {
        return id;
    }

    /** Whose request it is. */
    public abstract InetAddress clientAddress();

    /** {@code HTTP/1.1}; null where the head could not be read. */
    public final @Nullable String protocol() {
        return head == null ? null : client.protocol(head);
    }

    /** {@code TLSv1.3}; null on a plaintext connection. */
    public final @Nullable String tlsVersion() {
        TlsParameters tls = client.tls();
        return tls == null ? null : tls.version();
    }

    public final @Nullable String tlsCipher() {
        TlsParameters tls = client.tls();
        return tls == null ? null : tls.cipher();
    }

    /** Null where the head could not be read that far. */
    public @Nullable String method() {
        return head == null ? null : head.method();
    }

    /** Host as asked for, in lower case, without the port; null where the head could not be read that far. */
    public @Nullable String host() {
        return head == null ? null : head.authority().host();
    }

    /** Path and query as they came, all of them printable ASCII; null where the head could not be read that far. */
    public @Nullable String target() {
        return head == null ? null : head.target().text();
    }

    /** Whatever the client says there; null where it says nothing. */
    public final @Nullable String referer() {
        return head == null ? null : head.fields().first(FieldName.REFERER);
    }

    /** Whatever the client says there; null where it says nothing. */
    public final @Nullable String userAgent() {
        return head == null ? null : head.fields().first(FieldName.USER_AGENT);
    }

    /** The site that was asked for; null where there is none of that name, or it did not come to that. */
    public final @Nullable String site() {
        return site;
    }

    /** Null until it is decided, and for what belongs to no site. */
    public final @Nullable Route route() {
        return route;
    }

    public final @Nullable String backend() {
        return backend;
    }

    /** The last one that was tried. */
    public final @Nullable Server server() {
        return lastServer;
    }

    /** How many fields of its head did not reach the server for their names, such as {@code api_key}. */
    public final int leftOut() {
        return leftOut;
    }

    /** How often it was tried again, with the same server or another. */
    public final int retries() {
        return Math.max(0, attempts - 1);
    }

    /** Whether the connection to the server had been used before. */
    public final boolean reusedConnection() {
        return reusedConnection;
    }

    /** As the client was told; 0 where it was told nothing. */
    public final int status() {
        return status;
    }

    /** Of the request's body, and of what came through a tunnel. */
    public final long bytesIn() {
        return bytesIn;
    }

    /** Of the response's body, and of what came through a tunnel. */
    public final long bytesOut() {
        return bytesOut;
    }

    public final EndedBy endedBy() {
        return failure == null ? closedBy : EndedBy.of(failure);
    }

    public final Phase phase() {
        return phase;
    }

    /** Why it failed; null where it did not. */
    public final @Nullable Failure failure() {
        return failure;
    }

    // ---- HAProxy's timers, nanoseconds, NEVER where it did not come to that

    /** TR: from the first byte to the end of the head. */
    public final long headTime() {
        return headNanos == NEVER ? NEVER : headNanos - beganNanos;
    }

    /** Tw: until a server had room, or nobody waited for that any more. */
    public final long queueTime() {
        if (phase == Phase.QUEUE) {
            return endNanos - headNanos;
        }
        return chosenNanos == NEVER ? NEVER : chosenNanos - headNanos;
    }

    /** Tc: until there was a connection to a server, all attempts together. */
    public final long connectTime() {
        return connectedNanos == NEVER ? NEVER : connectedNanos - chosenNanos;
    }

    /** Tr: until the server had begun to answer. */
    public final long responseTime() {
        return connectedNanos == NEVER || responseNanos == NEVER ? NEVER : responseNanos - connectedNanos;
    }

    /** Ta: from the first byte of the request to the end. */
    public final long totalTime() {
        return endNanos - beganNanos;
    }
}
