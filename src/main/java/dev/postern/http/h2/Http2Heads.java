package dev.postern.http.h2;

import dev.postern.http.exchange.LocalResponse;
import dev.postern.http.exchange.RequestIds;
import dev.postern.http.exchange.WebSocketKey;
import dev.postern.http.message.BadMessage;
import dev.postern.http.message.FieldName;
import dev.postern.http.message.Fields;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.Heads;
import dev.postern.http.message.Legible;
import dev.postern.http.message.RawFields;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.ResponseFields;
import dev.postern.http.message.ResponseHead;
import dev.postern.route.FieldEdits;
import dev.postern.wire.Failure;
import java.nio.charset.StandardCharsets;
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

    private static final byte[] GET = HeadWriter.constant("GET");
    private static final byte[] HOST_NAME = HeadWriter.constant("host");
    private static final byte[] COOKIE_NAME = HeadWriter.constant("cookie");
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
    static RequestHead request(Heads heads, RequestIds ids, RawFields raw, boolean complete) throws BadMessage {
        Pseudo pseudo = Pseudo.of(raw);
        boolean tunnel = pseudo.protocol >= 0;
        HeadWriter out = heads.writer().begin();
        // To the rest of us it is what HTTP/1.1 would have asked for (RFC 8441 §5).
        if (tunnel) {
            out.bytes(GET);
        } else {
            Http2Fields.appendValue(out, raw, pseudo.method);
        }
        Http2Fields.appendValue(out.byteOf(' '), raw, pseudo.path).bytes(VERSION);
        int host = pseudo.authority >= 0 ? pseudo.authority : find(raw, pseudo.count, HOST_NAME);
        if (host < 0) {
            throw BadMessage.malformed("neither :authority nor host");
        }
        Http2Fields.appendValue(out.bytes(HOST), raw, host).crlf();
        boolean hasLength = false;
        boolean hasCookie = false;
        boolean hasHost = false;
        boolean te = false;
        int lines = 1;
        for (int i = pseudo.count; i < raw.count(); i++) {
            if (raw.nameLength(i) == 0) {
                throw BadMessage.malformed("field without a name");
            }
            if (raw.isPseudo(i)) {
                throw BadMessage.malformed("a pseudo-header field behind a field");
            }
            Http2Fields.check(raw, i, Failure.ByClient.MALFORMED);
            if (raw.isNamed(i, COOKIE_NAME)) {
                hasCookie = true;
                continue;
            }
            switch (FieldName.of(raw.bytes(), raw.nameFrom(i), raw.nameTo(i))) {
                case FieldName.HOST -> {
                    if (hasHost || !pseudo.isFor(raw, host, i)) {
                        throw BadMessage.malformed("more than one host, or one that differs from :authority");
                    }
                    hasHost = true;
                    continue;
                }
                case FieldName.CONTENT_LENGTH -> {
                    if (hasLength) {
                        // The same again; of two that differ the stream was reset before (RFC 9110 §8.6).
                        continue;
                    }
                    hasLength = true;
                }
                case FieldName.TE -> te = true;
                default -> {}
            }
            if (tunnel && (hasLength || WebSocketKey.isName(raw.bytes(), raw.nameFrom(i), raw.nameTo(i)))) {
                // There is neither a body nor a key in such a request.
                throw BadMessage.malformed("CONNECT with a content-length or a key");
            }
            Http2Fields.append(out, raw, i);
            lines++;
        }
        if (hasCookie) {
            cookies(out, raw);
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

    private static int find(RawFields raw, int from, byte[] name) {
        for (int i = from; i < raw.count(); i++) {
            if (raw.isNamed(i, name)) {
                return i;
            }
        }
        return -1;
    }

    /** Crumbs of a cookie are one field again, RFC 9113 §8.2.3. */
    private static void cookies(HeadWriter out, RawFields raw) {
        out.bytes(COOKIE);
        boolean first = true;
        for (int i = find(raw, 0, COOKIE_NAME); i >= 0; i = find(raw, i + 1, COOKIE_NAME)) {
            if (!first) {
                out.bytes(COOKIE_SEPARATOR);
            }
            Http2Fields.appendValue(out, raw, i);
            first = false;
        }
        out.crlf();
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
    static Legible legible(RawFields raw) {
        int authority = find(raw, 0, Pseudo.AUTHORITY);
        return Legible.of(
                value(raw, find(raw, 0, Pseudo.METHOD)),
                value(raw, find(raw, 0, Pseudo.PATH)),
                value(raw, authority >= 0 ? authority : find(raw, 0, HOST_NAME)));
    }

    private static @Nullable String value(RawFields raw, int field) {
        return field < 0 ? null : raw.value(field);
    }
}
