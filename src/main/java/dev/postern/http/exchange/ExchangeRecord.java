package dev.postern.http.exchange;

import dev.postern.backend.Server;
import dev.postern.http.message.FieldName;
import dev.postern.http.message.Legible;
import dev.postern.http.message.RequestHead;
import dev.postern.route.Route;
import dev.postern.wire.ClientCertificate;
import dev.postern.wire.EndedBy;
import dev.postern.wire.Failure;
import dev.postern.wire.Phase;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * What is told of an exchange once it is over, or of a request that never became one: its head could not be read, or did
 * not come. Collected while it goes on, in fields that cost nothing where nobody observes; nanoseconds of the event loop's
 * clock throughout. Event loop only.
 */
public final class ExchangeRecord {
    private static final int SMALL_HEAD = 1024;

    /** Of a timer: it never came to that. */
    public static final long NEVER = -1;

    private final String id;
    private final Client client;
    private @Nullable RequestHead head;
    private Legible legible;
    private Requester requester;

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
    /** What was said to {@code forward-auth}; null where nobody was asked. */
    private @Nullable Admission admission;

    private @Nullable Trace trace;

    private int leftOut;
    private int attempts;
    private boolean reusedConnection;

    private int status;
    private boolean tunnel;
    private long bytesIn;
    private long bytesOut;

    private @Nullable Failure failure;
    private String detail = "";
    private Phase phase = Phase.COMPLETE;
    /** Of a tunnel: who closed it first. Whoever does may, so that it is no failure. */
    private EndedBy closedBy = EndedBy.NOBODY;

    /**
     * @param beganNanos when its first byte came
     * @param headNanos when its head was complete
     */
    ExchangeRecord(String id, Client client, RequestHead head, long beganNanos, long headNanos) {
        this(id, client, head, Legible.NOTHING, beganNanos, headNanos);
    }

    private ExchangeRecord(
            String id, Client client, @Nullable RequestHead head, Legible legible, long beganNanos, long headNanos) {
        this.id = id;
        this.client = client;
        this.head = head;
        this.legible = legible;
        this.requester = new Requester(client, head);
        this.beganNanos = beganNanos;
        this.headNanos = headNanos;
    }

    /**
     * Of a request that is refused before it becomes an exchange.
     *
     * @param legible what could be read of it all the same
     */
    public static ExchangeRecord refused(
            String id, Client client, Legible legible, long beganNanos, Failure failure, String detail) {
        ExchangeRecord refused = new ExchangeRecord(id, client, null, legible, beganNanos, NEVER);
        refused.failed(failure, detail, false);
        return refused;
    }

    // ---- while it goes on

    /** The client is told so. */
    public ExchangeRecord with(LocalResponse answer, long nowNanos) {
        answered(answer.status(), nowNanos);
        sent(answer.body().length);
        return this;
    }

    public void belongsTo(String nameOfSite) {
        site = nameOfSite;
    }

    public void routed(Route chosen) {
        route = chosen;
    }

    void forwarded(String toBackend) {
        backend = toBackend;
    }

    /** @param partOf null where nobody traces */
    void traced(@Nullable Trace partOf) {
        trace = partOf;
    }

    /** Another server has said whether it may come in. */
    void admitted(Admission answer) {
        admission = answer;
    }

    /** So many fields of its head do not reach the server, for their names alone; said again with each attempt. */
    void leavesOut(int fields) {
        leftOut = fields;
    }

    /** It is tried with a server, for the first time or once more. */
    void tries(Server next, long nowNanos) {
        if (attempts++ == 0) {
            chosenNanos = nowNanos;
        }
        lastServer = next;
        if (trace != null) {
            trace.tries(next, nowNanos);
        }
    }

    void connectionMade(boolean reused, long nowNanos) {
        reusedConnection = reused;
        connectedNanos = nowNanos;
    }

    /** The connection broke, but it is tried with another. */
    void connectionLost() {
        connectedNanos = NEVER;
    }

    void answered(int withStatus, long nowNanos) {
        status = withStatus;
        responseNanos = nowNanos;
    }

    /** From now on bytes go back and forth as they are. */
    void tunnelBegins() {
        tunnel = true;
    }

    /** One side of the tunnel has said all that it had to say. The first one counts. */
    void tunnelClosedBy(EndedBy side) {
        if (tunnel && closedBy == EndedBy.NOBODY) {
            closedBy = side;
            phase = Phase.TUNNEL;
        }
    }

    void sent(int bytes) {
        bytesOut += bytes;
    }

    void received(long bytes) {
        bytesIn = bytes;
    }

    /** The first one counts: what follows is its consequence. */
    void failed(Failure why, String words, boolean requestComplete) {
        if (failure == null) {
            failure = why;
            detail = words;
            if (trace != null) {
                trace.failed(why);
            }
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

    /** Lets a large head go, but for what it asked for: for whoever keeps this once all others are done with it. */
    public void letGo() {
        RequestHead large = head;
        if (large != null && large.length() > SMALL_HEAD) {
            String target = large.target().text();
            requester = requester.known();
            legible = new Legible(large.method(), target.substring(0, Math.min(target.length(), SMALL_HEAD)), host());
            head = null;
        }
    }

    /** It is over. */
    void ends(long nowNanos) {
        endNanos = nowNanos;
        if (trace != null) {
            trace.ends(nowNanos);
        }
    }

    // ---- once it is over

    /** As in the log, and in every answer that the edge makes itself. */
    public String id() {
        return id;
    }

    /** Whose request it is. */
    public Requester requester() {
        return requester;
    }

    /** Of whose request it is. */
    public InetAddress clientAddress() {
        return requester.address();
    }

    /** {@code HTTP/1.1}; null where the head could not be read. */
    public @Nullable String protocol() {
        return head == null ? null : client.protocol(head);
    }

    /** {@code TLSv1.3}; null on a plaintext connection. */
    public @Nullable String tlsVersion() {
        TlsParameters tls = client.tls();
        return tls == null ? null : tls.version();
    }

    public @Nullable String tlsCipher() {
        TlsParameters tls = client.tls();
        return tls == null ? null : tls.cipher();
    }

    /** What the client has shown; null where it was not asked for a certificate. */
    public @Nullable ClientCertificate certificate() {
        return client.certificate();
    }

    /** Null where the head could not be read that far. */
    public @Nullable String method() {
        return head == null ? legible.method() : head.method();
    }

    /** Host as asked for, in lower case, without the port; null where the head could not be read that far. */
    public @Nullable String host() {
        return head == null ? legible.host() : head.authority().host();
    }

    /** Path and query as they came, all of them printable ASCII; null where the head could not be read that far. */
    public @Nullable String target() {
        return head == null ? legible.target() : head.target().text();
    }

    /** Whatever the client says there; null where it says nothing. */
    public @Nullable String referer() {
        return head == null ? null : head.fields().first(FieldName.REFERER);
    }

    /** Whatever the client says there; null where it says nothing. */
    public @Nullable String userAgent() {
        return head == null ? null : head.fields().first(FieldName.USER_AGENT);
    }

    /** The first header of the request with this name, which is lower-case; null where there is none. */
    public @Nullable String header(String lowerName) {
        int field = head == null ? -1 : head.fields().find(lowerName, 0);
        return head == null || field < 0 ? null : head.fields().value(field);
    }

    /** The site that was asked for; null where there is none of that name, or it did not come to that. */
    public @Nullable String site() {
        return site;
    }

    /** Null until it is decided, and for what belongs to no site. */
    public @Nullable Route route() {
        return route;
    }

    public @Nullable String backend() {
        return backend;
    }

    /** Which trace it is part of; null where nobody traces. */
    public @Nullable Trace trace() {
        return trace;
    }

    /** By the clock of the event loop. */
    public long endNanos() {
        return endNanos;
    }

    /** What was said to {@code forward-auth}; null where nobody was asked, or nobody has answered. */
    public @Nullable Admission admission() {
        return admission;
    }

    /** The last one that was tried. */
    public @Nullable Server server() {
        return lastServer;
    }

    /** How many fields of its head did not reach the server for their names, such as {@code api_key}. */
    public int leftOut() {
        return leftOut;
    }

    /** How often it was tried again, with the same server or another. */
    public int retries() {
        return Math.max(0, attempts - 1);
    }

    /** Whether the connection to the server had been used before. */
    public boolean reusedConnection() {
        return reusedConnection;
    }

    /** As the client was told; 0 where it was told nothing. */
    public int status() {
        return status;
    }

    /** Of the request's body, and of what came through a tunnel. */
    public long bytesIn() {
        return bytesIn;
    }

    /** Of the response's body, and of what came through a tunnel. */
    public long bytesOut() {
        return bytesOut;
    }

    public EndedBy endedBy() {
        return failure == null ? closedBy : EndedBy.of(failure);
    }

    public Phase phase() {
        return phase;
    }

    /** Why it failed; null where it did not. */
    public @Nullable Failure failure() {
        return failure;
    }

    /** The same in words, for operators; empty where there are none. */
    public String detail() {
        return detail;
    }

    // ---- HAProxy's timers, nanoseconds, NEVER where it did not come to that

    /** TR: from the first byte to the end of the head. */
    public long headTime() {
        return headNanos == NEVER ? NEVER : headNanos - beganNanos;
    }

    /** Tw: until a server had room, or nobody waited for that any more. */
    public long queueTime() {
        Admission before = admission;
        long since = headNanos + (before == null ? 0 : before.nanos());
        if (phase == Phase.QUEUE) {
            return endNanos - since;
        }
        return chosenNanos == NEVER ? NEVER : chosenNanos - since;
    }

    /** Tc: until there was a connection to a server, all attempts together. */
    public long connectTime() {
        return connectedNanos == NEVER ? NEVER : connectedNanos - chosenNanos;
    }

    /** Tr: until the server had begun to answer. */
    public long responseTime() {
        return connectedNanos == NEVER || responseNanos == NEVER ? NEVER : responseNanos - connectedNanos;
    }

    /** Ta: from the first byte of the request to the end. */
    public long totalTime() {
        return endNanos - beganNanos;
    }
}
