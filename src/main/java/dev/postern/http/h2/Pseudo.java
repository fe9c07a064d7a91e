package dev.postern.http.h2;

import dev.postern.http.exchange.WebSocketKey;
import dev.postern.http.message.Ascii;
import dev.postern.http.message.Authority;
import dev.postern.http.message.BadMessage;
import dev.postern.http.message.FieldName;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.RawFields;

/**
 * The fields of a request before all others, <a href="https://datatracker.ietf.org/doc/html/rfc9113#section-8.3.1">RFC 9113
 * §8.3.1</a>: each once, and none that is not known.
 */
final class Pseudo {
    static final byte[] METHOD = HeadWriter.constant(":method");
    static final byte[] PATH = HeadWriter.constant(":path");
    static final byte[] AUTHORITY = HeadWriter.constant(":authority");
    private static final byte[] SCHEME = HeadWriter.constant(":scheme");
    private static final byte[] PROTOCOL = HeadWriter.constant(":protocol");
    private static final byte[] CONNECT = HeadWriter.constant("CONNECT");

    private static final int NONE = -1;

    /** How many there are. */
    final int count;
    // Which fields they are.
    final int method;
    final int path;
    /** Or negative. */
    final int authority;
    /** What a CONNECT is to be switched to; negative for any other request. */
    final int protocol;

    private final boolean https;

    private Pseudo(int count, int method, int path, int authority, int protocol, boolean https) {
        this.count = count;
        this.method = method;
        this.path = path;
        this.authority = authority;
        this.protocol = protocol;
        this.https = https;
    }

    static Pseudo of(RawFields raw) throws BadMessage {
        int method = NONE;
        int path = NONE;
        int scheme = NONE;
        int authority = NONE;
        int protocol = NONE;
        int count = 0;
        for (; count < raw.count() && raw.isPseudo(count); count++) {
            if (raw.isNamed(count, METHOD)) {
                method = first(method, count);
            } else if (raw.isNamed(count, PATH)) {
                path = first(path, count);
            } else if (raw.isNamed(count, SCHEME)) {
                scheme = first(scheme, count);
            } else if (raw.isNamed(count, AUTHORITY)) {
                authority = first(authority, count);
            } else if (raw.isNamed(count, PROTOCOL)) {
                protocol = first(protocol, count);
            } else {
                throw BadMessage.malformed("unknown pseudo-header field");
            }
        }
        if (isEmpty(raw, method) || isEmpty(raw, path) || scheme == NONE) {
            throw BadMessage.malformed("no :method, :scheme or :path");
        }
        if (!isToken(raw, method)) {
            throw BadMessage.malformed(":method is not a token");
        }
        byte start = raw.bytes()[raw.valueFrom(path)];
        boolean origin = start == '/' || (start == '*' && raw.valueTo(path) - raw.valueFrom(path) == 1);
        if (!origin || !isTarget(raw, path)) {
            throw BadMessage.malformed(":path is not a path");
        }
        if (authority != NONE && !isTarget(raw, authority)) {
            // Whom it names is looked at once it stands in a head: by then a line break would have made lines of it.
            throw BadMessage.malformed(":authority has a blank, a line break or what else no authority may have");
        }
        boolean https = is(raw, scheme, "https");
        if (!https && !is(raw, scheme, "http")) {
            throw BadMessage.malformed(":scheme is neither http nor https");
        }
        if (protocol != NONE
                && !(raw.hasValue(method, CONNECT)
                        && authority != NONE
                        && raw.value(protocol).equals(WebSocketKey.PROTOCOL))) {
            throw BadMessage.malformed(":protocol is not \"websocket\", or not that of a CONNECT");
        }
        return new Pseudo(count, method, path, authority, protocol, https);
    }

    private static int first(int before, int field) throws BadMessage {
        if (before != NONE) {
            throw BadMessage.malformed("a pseudo-header field twice");
        }
        return field;
    }

    private static boolean isEmpty(RawFields raw, int field) {
        return field == NONE || raw.valueFrom(field) == raw.valueTo(field);
    }

    private static boolean isToken(RawFields raw, int field) {
        for (int i = raw.valueFrom(field); i < raw.valueTo(field); i++) {
            if (!Ascii.isToken(raw.bytes()[i])) {
                return false;
            }
        }
        return true;
    }

    private static boolean isTarget(RawFields raw, int field) {
        for (int i = raw.valueFrom(field); i < raw.valueTo(field); i++) {
            if (!Ascii.isTarget(raw.bytes()[i])) {
                return false;
            }
        }
        return true;
    }

    private static boolean is(RawFields raw, int field, String lower) {
        return FieldName.equalsIgnoreCase(raw.bytes(), raw.valueFrom(field), raw.valueTo(field), lower);
    }

    /** Whether field {@code host} names what field {@code of} does; both as the client wrote them. */
    boolean isFor(RawFields raw, int of, int host) throws BadMessage {
        return of == host
                || raw.value(of).equalsIgnoreCase(raw.value(host))
                || parsed(raw, of).isSameAs(parsed(raw, host), https);
    }

    private static Authority parsed(RawFields raw, int field) throws BadMessage {
        return Authority.parse(raw.bytes(), raw.valueFrom(field), raw.valueTo(field));
    }
}
