package dev.postern.http.h2;

import dev.postern.http.exchange.LocalResponse;
import dev.postern.http.exchange.RequestIds;
import dev.postern.http.exchange.WebSocketKey;
import dev.postern.http.message.Ascii;
import dev.postern.http.message.Authority;
import dev.postern.http.message.BadMessage;
import dev.postern.http.message.FieldName;
import dev.postern.http.message.Fields;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.Heads;
import dev.postern.http.message.Legible;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.ResponseFields;
import dev.postern.http.message.ResponseHead;
import dev.postern.route.FieldEdits;
import dev.postern.wire.Failure;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Heads between HTTP/2 and the form everything else here works on. A request is spelled out as HTTP/1.1 and read by the
 * same strict parser, so that nothing passes here that would not pass there: the downgrade is where requests are
 * smuggled. What HTTP/2 forbids of its own is refused before,
 * <a href="https://datatracker.ietf.org/doc/html/rfc9113#section-8">RFC 9113 §8</a>.
 */
final class Http2Heads {
    private static final byte[] VERSION = HeadWriter.constant(" HTTP/1.1\r\n");
    private static final byte[] HOST = HeadWriter.constant("Host: ");
    private static final byte[] COOKIE = HeadWriter.constant("cookie: ");
    private static final byte[] COOKIE_SEPARATOR = HeadWriter.constant("; ");
    private static final byte[] CONNECTION_TE = HeadWriter.constant("connection: TE\r\n");
    private static final byte[] UPGRADE_WEB_SOCKET =
            HeadWriter.constant("connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: ");
    /** In what is above. */
    private static final int UPGRADE_FIELDS = 3;

    /** The empty line. */
    private static final int END = 2;

    private static final AsciiString GET = AsciiString.cached("GET");
    private static final byte[] DATE = HeadWriter.constant("date");
    private static final byte[] CONTENT_LENGTH = HeadWriter.constant("content-length");
    private static final byte[] CHUNKED = HeadWriter.constant("transfer-encoding: chunked\r\n");

    private Http2Heads() {}

    /**
     * The same request as HTTP/1.1 would have it.
     *
     * @param ids what a key for a WebSocket is made of
     * @param complete whether no body follows
     * @throws BadMessage where it is malformed, or beyond a limit
     */
    static RequestHead request(Heads heads, RequestIds ids, Http2Headers headers, boolean complete) throws BadMessage {
        Pseudo pseudo = Pseudo.of(headers);
        boolean tunnel = pseudo.protocol != null;
        HeadWriter out = heads.writer().begin();
        // To the rest of us it is what HTTP/1.1 would have asked for (RFC 8441 §5).
        Http2Fields.append(out, tunnel ? GET : pseudo.method).byteOf(' ');
        Http2Fields.append(out, pseudo.path).bytes(VERSION);
        CharSequence host = pseudo.authority == null ? headers.get("host") : pseudo.authority;
        if (host == null) {
            throw BadMessage.malformed("neither :authority nor host");
        }
        Http2Fields.append(out.bytes(HOST), host).crlf();
        boolean hasLength = false;
        boolean hasCookie = false;
        boolean hasHost = false;
        boolean te = false;
        int lines = 1;
        for (Map.Entry<CharSequence, CharSequence> field : headers) {
            CharSequence name = field.getKey();
            if (name.charAt(0) == ':') {
                continue;
            }
            CharSequence value = field.getValue();
            Http2Fields.check(name, value, Failure.ByClient.MALFORMED);
            if (AsciiString.contentEquals(name, "cookie")) {
                hasCookie = true;
                continue;
            }
            if (AsciiString.contentEquals(name, "host")) {
                if (hasHost || !pseudo.isFor(host, value)) {
                    throw BadMessage.malformed("more than one host, or one that differs from :authority");
                }
                hasHost = true;
                continue;
            }
            if (tunnel && (AsciiString.contentEquals(name, "content-length") || WebSocketKey.isName(name))) {
                // There is neither a body nor a key in such a request.
                throw BadMessage.malformed("CONNECT with a content-length or a key");
            }
            hasLength |= AsciiString.contentEquals(name, "content-length");
            te |= AsciiString.contentEquals(name, "te");
            Http2Fields.append(out, name, value);
            lines++;
        }
        if (hasCookie) {
            cookies(out, headers);
            lines++;
        }
        int length = out.length() + END;
        // What is written from here on is not the client's, and does not count.
        int own = 0;
        if (te) {
            // HTTP/1.1 believes it only where it is named so (RFC 9110 §10.1.4).
            out.bytes(CONNECTION_TE);
            own++;
        }
        if (tunnel) {
            out.bytes(UPGRADE_WEB_SOCKET).bytes(WebSocketKey.of(ids.next())).crlf();
            own += UPGRADE_FIELDS;
        } else if (!complete && !hasLength) {
            out.bytes(CHUNKED);
            own++;
        }
        out.crlf();
        RequestHead head = heads.parser().request(out.array(), out.length(), own, null);
        // Whatever the checks of single fields let through: nothing in them has made a line, or an end, of its own.
        if (head == null || head.length() != out.length() || head.fields().count() != lines + own) {
            throw BadMessage.malformed("head is not the lines it was made of");
        }
        int longest = heads.requests().bytes().length;
        if (length > longest) {
            throw new BadMessage(Failure.ByClient.HEAD_TOO_LARGE, "head over " + longest + " bytes");
        }
        if (complete && head.contentLength() > 0) {
            throw BadMessage.malformed("content-length without a body");
        }
        return head;
    }

    /** Crumbs of a cookie are one field again, RFC 9113 §8.2.3. */
    private static void cookies(HeadWriter out, Http2Headers headers) {
        out.bytes(COOKIE);
        boolean first = true;
        for (Map.Entry<CharSequence, CharSequence> field : headers) {
            if (AsciiString.contentEquals(field.getKey(), "cookie")) {
                if (!first) {
                    out.bytes(COOKIE_SEPARATOR);
                }
                Http2Fields.append(out, field.getValue());
                first = false;
            }
        }
        out.crlf();
    }

    /** The fields before all others, RFC 9113 §8.3.1: each once, and none that is not known. */
    private static final class Pseudo {
        private final CharSequence method;
        private final CharSequence path;
        private final boolean https;
        private final @Nullable CharSequence authority;
        /** What a CONNECT is to be switched to; null for any other request. */
        private final @Nullable CharSequence protocol;

        private Pseudo(
                CharSequence method,
                CharSequence path,
                boolean https,
                @Nullable CharSequence authority,
                @Nullable CharSequence protocol) {
            this.method = method;
            this.path = path;
            this.https = https;
            this.authority = authority;
            this.protocol = protocol;
        }

        static Pseudo of(Http2Headers headers) throws BadMessage {
            CharSequence method = null;
            CharSequence path = null;
            CharSequence scheme = null;
            CharSequence authority = null;
            CharSequence protocol = null;
            int count = 0;
            for (Map.Entry<CharSequence, CharSequence> field : headers) {
                CharSequence name = field.getKey();
                if (name.isEmpty()) {
                    throw BadMessage.malformed("field without a name");
                }
                if (name.charAt(0) != ':') {
                    continue;
                }
                count++;
                CharSequence value = field.getValue();
                switch (name.toString()) {
                    case ":method" -> method = value;
                    case ":path" -> path = value;
                    case ":scheme" -> scheme = value;
                    case ":authority" -> authority = value;
                    case ":protocol" -> protocol = value;
                    default -> throw BadMessage.malformed("unknown pseudo-header field");
                }
            }
            if (method == null || method.isEmpty() || path == null || path.isEmpty() || scheme == null) {
                throw BadMessage.malformed("no :method, :scheme or :path");
            }
            int distinct = 3 + (authority == null ? 0 : 1) + (protocol == null ? 0 : 1);
            if (count != distinct) {
                throw BadMessage.malformed("a pseudo-header field twice");
            }
            if (!isToken(method)) {
                throw BadMessage.malformed(":method is not a token");
            }
            boolean origin = path.charAt(0) == '/' || (path.length() == 1 && path.charAt(0) == '*');
            if (!origin || !isTarget(path)) {
                throw BadMessage.malformed(":path is not a path");
            }
            if (authority != null && !isTarget(authority)) {
                // Whom it names is looked at once it stands in a head: by then a line break would have made lines of
                // it.
                throw BadMessage.malformed(":authority has a blank, a line break or what else no authority may have");
            }
            boolean https = AsciiString.contentEqualsIgnoreCase(scheme, "https");
            if (!https && !AsciiString.contentEqualsIgnoreCase(scheme, "http")) {
                throw BadMessage.malformed(":scheme is neither http nor https");
            }
            boolean connect = AsciiString.contentEquals(method, "CONNECT");
            if (protocol != null
                    && !(connect && authority != null && AsciiString.contentEquals(protocol, WebSocketKey.PROTOCOL))) {
                throw BadMessage.malformed(":protocol is not \"websocket\", or not that of a CONNECT");
            }
            return new Pseudo(method, path, https, authority, protocol);
        }

        /** Whether {@code host} names what {@code authority} does; both as the client wrote them. */
        boolean isFor(CharSequence authority, CharSequence host) throws BadMessage {
            if (AsciiString.contentEqualsIgnoreCase(authority, host)) {
                return true;
            }
            return parsed(authority).isSameAs(parsed(host), https);
        }

        private static Authority parsed(CharSequence text) throws BadMessage {
            byte[] bytes = text.toString().getBytes(StandardCharsets.ISO_8859_1);
            return Authority.parse(bytes, 0, bytes.length);
        }
    }

    private static boolean isToken(CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0x7f || !Ascii.isToken((byte) text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isTarget(CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0x7f || !Ascii.isTarget((byte) text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /**
     * A server's final response head, without what concerns only the hop to the server.
     *
     * @param date for one that has none, RFC 9110 §6.6.1
     */
    static void response(HpackWriter out, ResponseHead head, byte[] date, FieldEdits edits) {
        fields(out.status(head.status()), head, edits);
        if (head.declaredLength() >= 0 && head.status() != 204) {
            // Anew: the server may have said it twice, which over HTTP/2 is an error of the stream (RFC 9113 §8.1.1).
            out.field(CONTENT_LENGTH, decimal(head.declaredLength()));
        }
        if (!head.hasDate()) {
            out.field(DATE, date);
        }
    }

    static void interim(HpackWriter out, ResponseHead head) {
        fields(out.status(head.status()), head, FieldEdits.NONE);
    }

    /** The server has switched protocols, <a href="https://datatracker.ietf.org/doc/html/rfc8441#section-5">RFC 8441 §5</a>. */
    static void switching(HpackWriter out, ResponseHead head) {
        fields(out.status(200), head, FieldEdits.NONE);
    }

    private static void fields(HpackWriter out, ResponseHead head, FieldEdits edits) {
        Fields fields = head.fields();
        for (int i = 0; i < fields.count(); i++) {
            if (fields.name(i) != FieldName.UPGRADE
                    && !(head.status() == 101 && WebSocketKey.isAccept(fields, i))
                    && ResponseFields.pass(head, i, edits)) {
                out.field(fields, i);
            }
        }
        add(out, edits);
    }

    /** A response of the edge's own. */
    static void local(HpackWriter out, LocalResponse response, byte[] date, FieldEdits edits) {
        out.status(response.status()).field(DATE, date);
        response.headers().forEach((name, value) -> {
            byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
            if (!edits.removes(bytes, 0, bytes.length)) {
                out.field(bytes, value.getBytes(StandardCharsets.ISO_8859_1));
            }
        });
        add(out, edits);
        if (response.status() != 204 && response.status() != 304) {
            out.field(CONTENT_LENGTH, decimal(response.body().length));
        }
    }

    private static void add(HpackWriter out, FieldEdits edits) {
        for (int i = 0; i < edits.count(); i++) {
            out.field(edits.lowerName(i), edits.value(i));
        }
    }

    private static byte[] decimal(long number) {
        return Long.toString(number).getBytes(StandardCharsets.US_ASCII);
    }

    /** What the log says of a head that is refused. */
    static Legible legible(Http2Headers head) {
        return Legible.of(head.method(), head.path(), head.authority() == null ? head.get("host") : head.authority());
    }
}
