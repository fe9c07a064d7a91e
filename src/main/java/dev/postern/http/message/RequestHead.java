package dev.postern.http.message;

import dev.postern.config.Placeholder;
import dev.postern.route.FieldCondition;
import dev.postern.route.Route;
import dev.postern.route.RoutedRequest;
import dev.postern.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A request head whose framing and authority are known to be unambiguous. What is sent to a server is written anew from
 * this, never copied as it came.
 */
public final class RequestHead implements RoutedRequest {
    /** {@link #contentLength} of a request with {@code Transfer-Encoding: chunked}. */
    static final long CHUNKED = -1;

    // RFC 9110 §9.2.2.
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");

    private static final Set<String> MEANS_BODY = Set.of("POST", "PUT", "PATCH");

    private final int length;
    private final Fields fields;
    private final int methodFrom;
    private final int methodTo;
    private final int minorVersion;

    private final String method;
    private final RequestTarget target;
    private final long contentLength;
    private final ConnectionOptions connection;
    private final boolean expectsContinue;

    private RequestHead(
            int length,
            Fields fields,
            int methodFrom,
            int methodTo,
            int minorVersion,
            RequestTarget target,
            Framing framing) {
        this.length = length;
        this.fields = fields;
        this.methodFrom = methodFrom;
        this.methodTo = methodTo;
        this.minorVersion = minorVersion;
        this.method = method(fields.bytes(), methodFrom, methodTo);
        this.target = target;
        this.contentLength = framing.contentLength;
        this.connection = framing.connection;
        this.expectsContinue = framing.expectsContinue;
    }

    /** The same with other fields that lie in the same bytes, and perhaps behind them. */
    private RequestHead(RequestHead same, Fields fields) {
        this.length = same.length;
        this.fields = fields;
        this.methodFrom = same.methodFrom;
        this.methodTo = same.methodTo;
        this.minorVersion = same.minorVersion;
        this.method = same.method;
        this.target = same.target;
        this.contentLength = same.contentLength;
        this.connection = same.connection;
        this.expectsContinue = same.expectsContinue;
    }

    /** The same without the cookie of this name. */
    public RequestHead withoutCookie(String name) {
        Fields rest = RequestCookies.without(fields, name);
        return rest == fields ? this : new RequestHead(this, rest);
    }

    /**
     * The same as we tell it: without what the client says by these names, in lower case, and with what we say ourselves.
     */
    public RequestHead told(List<String> ours, List<Told> told) {
        return new RequestHead(this, fields.told(ours, told));
    }

    /**
     * @param came as it came, with all its bytes
     * @param serverName whom the connection is to, where that is known: HTTP/1.0 has no Host, and what it does not say
     *     nobody can guess where one connection leads to all sites
     * @throws BadMessage for every head that two readers could take for two different requests
     */
    static RequestHead of(
            Fields came,
            int methodFrom,
            int methodTo,
            int targetFrom,
            int targetTo,
            int minorVersion,
            @Nullable String serverName,
            Authorities authorities)
            throws BadMessage {
        Framing framing = Framing.ofRequest(came, minorVersion);
        Fields fields = came;
        if (framing.host < 0) {
            if (minorVersion > 0 || serverName == null) {
                throw BadMessage.malformed("no Host");
            }
            fields = came.withHost(serverName);
            framing.host = came.count();
        }
        RequestTarget target =
                RequestTarget.of(fields, methodFrom, methodTo, targetFrom, targetTo, framing.host, authorities);
        return new RequestHead(came.bytes().length, fields, methodFrom, methodTo, minorVersion, target, framing);
    }

    /** Of how many bytes it was made. */
    public int length() {
        return length;
    }

    public Fields fields() {
        return fields;
    }

    public int methodFrom() {
        return methodFrom;
    }

    public int methodTo() {
        return methodTo;
    }

    @Override
    public String method() {
        return method;
    }

    public boolean isHead() {
        return method.equals("HEAD");
    }

    public boolean isIdempotent() {
        return IDEMPOTENT.contains(method);
    }

    /** 0 or 1: HTTP/1.0 or HTTP/1.1. */
    public int minorVersion() {
        return minorVersion;
    }

    /**
     * What a placeholder in the location of a redirect stands for.
     *
     * @param route the one that redirects
     */
    public String value(Placeholder placeholder, Route route) {
        return switch (placeholder) {
            case HOST -> authority().host();
            case PATH -> target().pathText();
            case QUERY -> target().queryText();
            case URI -> target().normalText();
            case REST -> route.rest(target().routedText());
        };
    }

    public RequestTarget target() {
        return target;
    }

    public Authority authority() {
        return target.authority();
    }

    @Override
    public byte[] path() {
        return target.routed();
    }

    @Override
    public int pathFrom() {
        return target.routedFrom();
    }

    @Override
    public int pathTo() {
        return target.routedTo();
    }

    @Override
    public String host() {
        return authority().host();
    }

    /** A field that goes no further than to us decides nothing: the server must see what its route was chosen by. */
    @Override
    public boolean hasField(FieldCondition condition) {
        boolean named = !connection.named().isEmpty();
        for (int i = 0; i < fields.count(); i++) {
            if (FieldName.equalsIgnoreCase(fields.bytes(), fields.nameFrom(i), fields.nameTo(i), condition.name())
                    && condition.counts(fields.bytes(), fields.valueFrom(i), fields.valueTo(i))
                    && !(named && connection.names(fields, i))) {
                return true;
            }
        }
        return false;
    }

    /** Bytes of the body, or {@link #CHUNKED}. */
    public long contentLength() {
        return contentLength;
    }

    public boolean isChunked() {
        return contentLength == CHUNKED;
    }

    public boolean hasBody() {
        return contentLength != 0;
    }

    public boolean hasContentLength() {
        return fields.find(FieldName.CONTENT_LENGTH) >= 0;
    }

    /**
     * Whether its method means something by a body, so that one that is not there is missed
     * (<a href="https://datatracker.ietf.org/doc/html/rfc9110#section-8.6">RFC 9110 §8.6</a>).
     */
    public boolean meansBody() {
        return MEANS_BODY.contains(method);
    }

    public boolean expectsContinue() {
        return expectsContinue;
    }

    public ConnectionOptions connection() {
        return connection;
    }

    /** Whether the client wants to keep the connection, <a href="https://datatracker.ietf.org/doc/html/rfc9112#section-9.3">RFC 9112 §9.3</a>. */
    public boolean keepsAlive() {
        return minorVersion == 1 ? !connection.close() : connection.keepAlive() && !connection.close();
    }

    /** The protocol the client asks to switch to, or null. */
    @Nullable public String upgrade() {
        if (!connection.upgrade() || minorVersion == 0 || hasBody()) {
            return null;
        }
        String protocol = fields.first(FieldName.UPGRADE);
        // h2c smuggles requests past every rule of the edge; a list would let the server choose h2c.
        return protocol == null || protocol.toLowerCase(Locale.ROOT).startsWith("h2c") || protocol.indexOf(',') >= 0
                ? null
                : protocol;
    }

    private static String method(byte[] bytes, int from, int to) {
        int length = to - from;
        if (length == 3 && bytes[from] == 'G' && bytes[from + 1] == 'E' && bytes[from + 2] == 'T') {
            return "GET";
        }
        if (length == 4
                && bytes[from] == 'P'
                && bytes[from + 1] == 'O'
                && bytes[from + 2] == 'S'
                && bytes[from + 3] == 'T') {
            return "POST";
        }
        return new String(bytes, from, length, StandardCharsets.US_ASCII);
    }

    /** What the header fields say of body, host and connection. */
    private static final class Framing {
        private long contentLength;
        private int host = -1;
        private ConnectionOptions connection = ConnectionOptions.NONE;
        private boolean expectsContinue;

        /** <a href="https://datatracker.ietf.org/doc/html/rfc9112#section-6">RFC 9112 §6</a>, with every choice it leaves taken as a rejection. */
        static Framing ofRequest(Fields fields, int minorVersion) throws BadMessage {
            Framing framing = new Framing();
            boolean length = false;
            boolean chunked = false;
            boolean otherCodings = false;
            boolean more = false;
            for (int i = 0; i < fields.count(); i++) {
                switch (fields.name(i)) {
                    case FieldName.HOST -> {
                        if (framing.host >= 0) {
                            throw BadMessage.malformed("more than one Host");
                        }
                        framing.host = i;
                    }
                    case FieldName.CONTENT_LENGTH -> {
                        if (length) {
                            throw BadMessage.malformed("more than one Content-Length");
                        }
                        length = true;
                        framing.contentLength = BodyLength.parse(fields, i);
                    }
                    case FieldName.TRANSFER_ENCODING -> {
                        if (chunked) {
                            throw BadMessage.malformed("more than one Transfer-Encoding");
                        }
                        chunked = true;
                        if (!BodyLength.isChunked(fields, i)) {
                            if (!BodyLength.isChunkedOverOthers(fields, i)) {
                                throw BadMessage.malformed("Transfer-Encoding is not exactly \"chunked\"");
                            }
                            otherCodings = true;
                        }
                    }
                    case FieldName.CONNECTION ->
                        framing.connection = framing.connection.and(fields, i, Failure.ByClient.MALFORMED);
                    case FieldName.EXPECT -> {
                        if (FieldName.equalsIgnoreCase(
                                fields.bytes(), fields.valueFrom(i), fields.valueTo(i), "100-continue")) {
                            framing.expectsContinue = minorVersion == 1;
                        } else {
                            // An empty list expects nothing, RFC 9110 §5.6.1.
                            more |= fields.valueFrom(i) < fields.valueTo(i);
                        }
                    }
                    default -> {}
                }
            }
            if (chunked && length) {
                throw BadMessage.malformed("both Transfer-Encoding and Content-Length");
            }
            if (chunked && minorVersion == 0) {
                throw BadMessage.malformed("Transfer-Encoding in HTTP/1.0");
            }
            if (otherCodings) {
                throw new BadMessage(
                        Failure.ByClient.UNKNOWN_TRANSFER_CODING, "Transfer-Encoding has more than \"chunked\"");
            }
            if (more) {
                throw new BadMessage(Failure.ByClient.UNKNOWN_EXPECTATION, "Expect is not \"100-continue\"");
            }
            if (chunked) {
                framing.contentLength = CHUNKED;
            }
            return framing;
        }
    }
}
