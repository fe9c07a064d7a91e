package dev.postern.wire;

/**
 * Why an exchange could not be completed. Its {@link #reason} is a stable code: the same in log, metrics, the answer and
 * docs/reasons.md, whose table a test compares; {@code ErrorResponses} alone
 * turns it into a status.
 */
public sealed interface Failure {
    /** Whose fault it is. */
    enum Fault {
        CLIENT,
        EDGE,
        BACKEND
    }

    /** Whether the request may be sent once more, to another server or on another connection. */
    enum Retry {
        NEVER,
        /** No connection was made, and nothing written: the next server is asked, always. */
        ELSEWHERE,
        /** Whatever it is: the server has said that it has not acted on it (RFC 9113 §8.7). A few times. */
        NOT_ACTED_ON,
        /** If no byte was written, or if the method is idempotent and the body is still at hand. */
        IF_IDEMPOTENT
    }

    Fault fault();

    Retry retry();

    /** Stable, lower-case, with underscores. */
    String reason();

    /** The client broke a rule or a limit. */
    enum ByClient implements Failure {
        MALFORMED,
        /** Speaks a version of HTTP that is not the one of the connection. */
        VERSION_NOT_SUPPORTED,
        /** Without TLS, on the port for HTTPS. */
        PLAIN_HTTP,
        HEAD_TIMEOUT,
        BODY_TIMEOUT,
        BODY_TOO_SLOW,
        BODY_TOO_LARGE,
        REQUEST_LINE_TOO_LONG,
        HEAD_TOO_LARGE,
        TOO_MANY_HEADERS,
        /** {@code Expect} with something else than {@code 100-continue}. */
        UNKNOWN_EXPECTATION,
        /** {@code Transfer-Encoding} has another coding in front of {@code chunked}. */
        UNKNOWN_TRANSFER_CODING,
        NO_SUCH_SITE,
        NO_SUCH_ROUTE,
        /** The path could be read in more than one way. */
        PATH_REFUSED,
        /** {@code allow} and {@code deny} of the route. */
        ADDRESS_DENIED,
        /** {@code client-certificates} of the route: none was shown. */
        CLIENT_CERTIFICATE_REQUIRED,
        /** {@code client-certificates} of the route: one was shown that is not good, or is not any more. */
        CLIENT_CERTIFICATE_REFUSED,
        /** {@code allow-methods} of the route. */
        METHOD_NOT_ALLOWED,
        /** {@code auth} of the route: no user and password, or wrong ones. */
        NOT_AUTHENTICATED,
        /** More passwords to look at than one client is given time for. */
        TOO_MANY_LOGINS,
        WRONG_SITE,
        /** More than {@code rate-limit} allows. */
        TOO_MANY_REQUESTS,
        /** Went away before the response was complete, or reset its connection. */
        GONE,
        /** Of layer 4: neither sent nor took anything for as long as {@code timeouts.client}. */
        CLIENT_TIMEOUT,
        /** Is there, but takes nothing of what it is sent. */
        RESPONSE_NOT_TAKEN,
        /** Takes what it is sent by a few bytes at a time. */
        RESPONSE_TAKEN_TOO_SLOWLY;

        @Override
        public Fault fault() {
            return Fault.CLIENT;
        }

        @Override
        public Retry retry() {
            return Retry.NEVER;
        }

        @Override
        public String reason() {
            return Failure.code(this);
        }
    }

    /** We could not, or would not, carry on. */
    enum ByEdge implements Failure {
        /** No file descriptor, no local port, no memory; or a limit of ours that keeps some of them for others. */
        OUT_OF_RESOURCES,
        /** Nothing moved in a tunnel for as long as {@code timeouts.tunnel}. */
        TUNNEL_IDLE,
        /** Told to stop, and the grace is over, or is being shared out between the tunnels. */
        SHUTTING_DOWN,
        BUG;

        @Override
        public Fault fault() {
            return Fault.EDGE;
        }

        @Override
        public Retry retry() {
            return Retry.NEVER;
        }

        @Override
        public String reason() {
            return Failure.code(this);
        }
    }

    /** No server could be reached, or the one that was broke off, stalled or answered nonsense. */
    enum ByServer implements Failure {
        NONE_AVAILABLE(Retry.NEVER),
        /** Every server, or that of its cookie, has as many exchanges as it may, and too many wait already. */
        QUEUE_FULL(Retry.NEVER),
        /** Waited for room on a server for as long as it may. */
        QUEUE_TIMEOUT(Retry.NEVER),
        NAME_UNRESOLVED(Retry.ELSEWHERE),
        CONNECT_REFUSED(Retry.ELSEWHERE),
        CONNECT_TIMEOUT(Retry.ELSEWHERE),
        NO_ROUTE_TO_SERVER(Retry.ELSEWHERE),
        CONNECT_FAILED(Retry.ELSEWHERE),
        /** No TLS came about: it speaks something else, or agrees to nothing that we do. */
        TLS_HANDSHAKE_FAILED(Retry.ELSEWHERE),
        /** It ended the handshake by an alert: what it was shown or offered is not what it wants. */
        TLS_ALERT_RECEIVED(Retry.ELSEWHERE),
        /** Its certificate does not prove that it is the one we look for. */
        SERVER_CERTIFICATE_UNTRUSTED(Retry.ELSEWHERE),
        /** {@code forward-auth} of the route: whoever is to say who may come in says nothing, or nothing that can be understood. */
        FORWARD_AUTH_FAILED(Retry.NEVER),
        /** Said that it has not looked at the request and will not: a stream refused. */
        REFUSED(Retry.NOT_ACTED_ON),
        /** The same of a connection that it ends, by a GOAWAY: a new one may be as good as the old one was. */
        GOING_AWAY(Retry.NOT_ACTED_ON),
        /** Speaks HTTP/2, and has not said that it takes WebSockets over it. */
        NO_WEB_SOCKET(Retry.NEVER),
        CLOSED_BEFORE_RESPONSE(Retry.IF_IDEMPOTENT),
        CLOSED_DURING_RESPONSE(Retry.NEVER),
        MALFORMED_RESPONSE(Retry.NEVER),
        RESPONSE_HEAD_TOO_LARGE(Retry.NEVER),
        /** 504. Nothing for as long as that from the server that has the request; the next one has as long again. Waiting in line and connecting count as well, once the request is there. */
        RESPONSE_TIMEOUT(Retry.NEVER),
        /** Of layer 4: neither sent nor took anything for as long as {@code timeouts.server}. */
        SERVER_TIMEOUT(Retry.NEVER);

        private final Retry retry;

        ByServer(Retry retry) {
            this.retry = retry;
        }

        @Override
        public Fault fault() {
            return Fault.BACKEND;
        }

        @Override
        public Retry retry() {
            return retry;
        }

        @Override
        public String reason() {
            return Failure.code(this);
        }
    }

    private static String code(Enum<?> failure) {
        return failure.name().toLowerCase(java.util.Locale.ROOT);
    }
}
