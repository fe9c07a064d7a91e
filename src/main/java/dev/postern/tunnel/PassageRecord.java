package dev.postern.tunnel;

import dev.postern.backend.Server;
import dev.postern.wire.ClientCertificate;
import dev.postern.wire.EndedBy;
import dev.postern.wire.Endpoints;
import dev.postern.wire.Failure;
import dev.postern.wire.Phase;
import org.jspecify.annotations.Nullable;

/**
 * What is told of a passage once it is over. Collected while it goes on; nanoseconds of the event loop's clock throughout.
 * Event loop only.
 */
public final class PassageRecord {
    /** Of a timer: it never came to that. */
    public static final long NEVER = -1;

    /**
     * What the client said of itself before anything is passed on.
     *
     * @param serverName what it asked for in its ClientHello; null where that was not looked at
     * @param certificate null where it was not asked for any
     */
    public record Hello(
            @Nullable String serverName, @Nullable ClientCertificate certificate) {
        public static final Hello NONE = new Hello(null, null);
    }

    private final String id;
    private final Endpoints endpoints;
    private final Hello hello;
    private final String service;
    private final String backend;
    private final long beganNanos;
    private long chosenNanos = NEVER;
    private long connectedNanos = NEVER;
    private long endNanos;
    private @Nullable Server server;
    private int attempts;
    private long bytesIn;
    private long bytesOut;
    private EndedBy closedBy = EndedBy.NOBODY;
    private @Nullable Failure failure;

    PassageRecord(String id, Endpoints endpoints, Hello hello, String service, String backend, long beganNanos) {
        this.id = id;
        this.endpoints = endpoints;
        this.hello = hello;
        this.service = service;
        this.backend = backend;
        this.beganNanos = beganNanos;
    }

    // ---- while it goes on

    void tries(Server next, long nowNanos) {
        if (attempts++ == 0) {
            chosenNanos = nowNanos;
        }
        server = next;
    }

    void connected(long nowNanos) {
        connectedNanos = nowNanos;
    }

    /** One side has said all that it had to say. The first one counts. */
    void closedBy(EndedBy side) {
        if (closedBy == EndedBy.NOBODY) {
            closedBy = side;
        }
    }

    void ends(long in, long out, @Nullable Failure why, long nowNanos) {
        bytesIn = in;
        bytesOut = out;
        failure = why;
        endNanos = nowNanos;
    }

    // ---- once it is over

    public String id() {
        return id;
    }

    /** The client, and what it has connected to. */
    public Endpoints endpoints() {
        return endpoints;
    }

    /** What the client asked for in its ClientHello; null where that was not looked at. */
    public @Nullable String serverName() {
        return hello.serverName();
    }

    /** What the client has shown; null where it was not asked for a certificate. */
    public @Nullable ClientCertificate certificate() {
        return hello.certificate();
    }

    public String service() {
        return service;
    }

    public String backend() {
        return backend;
    }

    /** The last one that was tried; null where it did not come to that. */
    public @Nullable Server server() {
        return server;
    }

    /** How often it was tried again, with another server. */
    public int retries() {
        return Math.max(0, attempts - 1);
    }

    /** From the client. */
    public long bytesIn() {
        return bytesIn;
    }

    /** To the client. */
    public long bytesOut() {
        return bytesOut;
    }

    /** Whoever closes a connection of layer 4 first may: that is no failure. */
    public EndedBy endedBy() {
        return failure == null ? closedBy : EndedBy.of(failure);
    }

    public Phase phase() {
        if (failure == null && closedBy == EndedBy.NOBODY) {
            return Phase.COMPLETE;
        }
        if (connectedNanos != NEVER) {
            return Phase.TUNNEL;
        }
        if (failure == Failure.ByClient.ADDRESS_DENIED || failure == Failure.ByClient.TOO_MANY_REQUESTS) {
            return Phase.HEAD;
        }
        boolean waited = chosenNanos == NEVER && failure != Failure.ByServer.NONE_AVAILABLE;
        return waited ? Phase.QUEUE : Phase.CONNECT;
    }

    /** Why it failed; null where it did not. */
    public @Nullable Failure failure() {
        return failure;
    }

    /** HAProxy's Tw, nanoseconds: until a server had room, or nobody waited for that any more. */
    public long queueTime() {
        return (chosenNanos == NEVER ? endNanos : chosenNanos) - beganNanos;
    }

    /** HAProxy's Tc, nanoseconds: until there was a connection to a server, all attempts together. */
    public long connectTime() {
        return connectedNanos == NEVER ? NEVER : connectedNanos - chosenNanos;
    }

    /** HAProxy's Tt, nanoseconds: from accept to the end of both connections. */
    public long totalTime() {
        return endNanos - beganNanos;
    }
}
