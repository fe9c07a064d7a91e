package dev.postern.http.h2;

import dev.postern.http.message.BadMessage;
import dev.postern.http.message.FieldName;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.Heads;
import dev.postern.http.message.RawFields;
import dev.postern.http.message.ResponseHead;
import dev.postern.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Heads for and from an HTTP/2 server. A request is what {@code RequestWriter} writes for any server, spelled in HTTP/2;
 * a response is spelled out as HTTP/1.1 and read by the same strict parser as that of any other server.
 */
final class Http2ServerHeads {
    private static final byte[] VERSION = HeadWriter.constant("HTTP/1.1 ");
    private static final byte[] STATUS = HeadWriter.constant(":status");
    private static final byte[] METHOD = HeadWriter.constant(":method");
    private static final byte[] PATH = HeadWriter.constant(":path");
    private static final byte[] AUTHORITY = HeadWriter.constant(":authority");
    private static final byte[] PROTOCOL = HeadWriter.constant(":protocol");
    private static final byte[] CONNECT = HeadWriter.constant("CONNECT");
    private static final byte[] GET = HeadWriter.constant("GET");
    private static final byte[] POST = HeadWriter.constant("POST");
    private static final String KEY = "sec-websocket-key";

    private Http2ServerHeads() {}

    /**
     * A request on its way to a server.
     *
     * @param written by {@code RequestWriter.compose}
     * @param secured whether it goes over TLS
     * @param protocol what the client wants to switch to
     *     (<a href="https://datatracker.ietf.org/doc/html/rfc8441#section-4">RFC 8441 §4</a>); null for any other request
     */
    static void request(HpackWriter out, HeadWriter written, boolean secured, @Nullable String protocol) {
        byte[] bytes = written.array();
        int methodTo = indexOf(bytes, ' ', 0);
        int targetTo = indexOf(bytes, ' ', methodTo + 1);
        int fields = indexOf(bytes, '\n', targetTo) + 1;
        if (protocol == null) {
            method(out, bytes, methodTo);
        } else {
            out.field(METHOD, CONNECT).field(PROTOCOL, lower(protocol));
        }
        out.indexed(secured ? HpackTable.SCHEME_HTTPS : HpackTable.SCHEME_HTTP);
        if (targetTo == methodTo + 2 && bytes[methodTo + 1] == '/') {
            out.indexed(HpackTable.PATH);
        } else {
            out.field(PATH, 0, PATH.length, bytes, methodTo + 1, targetTo);
        }
        // Before all other fields (RFC 9113 §8.3), wherever the host is among them.
        for (int pos = fields; bytes[pos] != '\r'; ) {
            int colon = indexOf(bytes, ':', pos);
            int end = indexOf(bytes, '\r', colon);
            if (FieldName.of(bytes, pos, colon) == FieldName.HOST) {
                out.field(AUTHORITY, 0, AUTHORITY.length, bytes, colon + 2, end);
                break;
            }
            pos = end + 2;
        }
        for (int pos = fields; bytes[pos] != '\r'; ) {
            int colon = indexOf(bytes, ':', pos);
            int end = indexOf(bytes, '\r', colon);
            if (passes(FieldName.of(bytes, pos, colon))
                    && (protocol == null || !FieldName.equalsIgnoreCase(bytes, pos, colon, KEY))) {
                out.field(bytes, pos, colon, bytes, colon + 2, end);
            }
            pos = end + 2;
        }
    }

    private static void method(HpackWriter out, byte[] bytes, int to) {
        if (Arrays.equals(bytes, 0, to, GET, 0, GET.length)) {
            out.indexed(HpackTable.METHOD_GET);
        } else if (Arrays.equals(bytes, 0, to, POST, 0, POST.length)) {
            out.indexed(HpackTable.METHOD_POST);
        } else {
            out.field(METHOD, 0, METHOD.length, bytes, 0, to);
        }
    }

    private static byte[] lower(String protocol) {
        return protocol.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.US_ASCII);
    }

    /** What HTTP/2 says in another way goes; RFC 9113 §8.2.2. */
    private static boolean passes(int name) {
        return switch (name) {
            case FieldName.HOST,
                    FieldName.CONNECTION,
                    FieldName.TRANSFER_ENCODING,
                    FieldName.KEEP_ALIVE,
                    FieldName.UPGRADE -> false;
            default -> true;
        };
    }

    private static int indexOf(byte[] bytes, char wanted, int from) {
        int at = from;
        while (bytes[at] != wanted) {
            at++;
        }
        return at;
    }

    /**
     * The head of a response that came, as HTTP/1.1 would have it.
     *
     * @throws BadMessage where it is malformed, or beyond a limit
     */
    static ResponseHead response(Heads heads, RawFields raw) throws BadMessage {
        int status = -1;
        int fields = 0;
        for (; fields < raw.count() && raw.isPseudo(fields); fields++) {
            if (status >= 0 || !raw.isNamed(fields, STATUS)) {
                throw malformed("a pseudo-header field twice, or one that no response has");
            }
            status = fields;
        }
        if (status < 0 || raw.valueTo(status) - raw.valueFrom(status) != 3) {
            throw malformed("no :status of three digits");
        }
        HeadWriter out = heads.writer().begin().bytes(VERSION);
        Http2Fields.appendValue(out, raw, status).byteOf(' ').crlf();
        for (int i = fields; i < raw.count(); i++) {
            if (raw.nameLength(i) == 0) {
                throw malformed("field without a name");
            }
            // One of those that come first is no name either.
            Http2Fields.check(raw, i, Failure.ByServer.MALFORMED_RESPONSE);
            Http2Fields.append(out, raw, i);
        }
        out.crlf();
        int longest = heads.responses().bytes().length;
        if (out.length() > longest) {
            throw new BadMessage(Failure.ByServer.RESPONSE_HEAD_TOO_LARGE, "head over " + longest + " bytes");
        }
        ResponseHead head = heads.parser().response(out.array(), out.length(), Set.of());
        if (head == null) {
            throw malformed("head ends early");
        }
        return head;
    }

    private static BadMessage malformed(String detail) {
        return new BadMessage(Failure.ByServer.MALFORMED_RESPONSE, detail);
    }
}
