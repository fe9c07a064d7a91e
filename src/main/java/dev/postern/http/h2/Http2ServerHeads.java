package dev.postern.http.h2;

import dev.postern.http.message.BadMessage;
import dev.postern.http.message.FieldName;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.Heads;
import dev.postern.http.message.ResponseHead;
import dev.postern.wire.Failure;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.ReadOnlyHttp2Headers;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Heads for and from an HTTP/2 server. A request is what {@code RequestWriter} writes for any server, spelled in HTTP/2;
 * a response is spelled out as HTTP/1.1 and read by the same strict parser as that of any other server.
 */
final class Http2ServerHeads {
    private static final byte[] VERSION = HeadWriter.constant("HTTP/1.1 ");
    private static final AsciiString HTTP = AsciiString.cached("http");
    private static final AsciiString HTTPS = AsciiString.cached("https");
    private static final AsciiString CONNECT = AsciiString.cached("CONNECT");
    private static final AsciiString PROTOCOL = AsciiString.cached(":protocol");
    private static final AsciiString KEY = AsciiString.cached("sec-websocket-key");

    private Http2ServerHeads() {}

    /**
     * A request on its way to a server.
     *
     * @param written by {@code RequestWriter.compose}
     * @param secured whether it goes over TLS
     * @param protocol what the client wants to switch to
     *     (<a href="https://datatracker.ietf.org/doc/html/rfc8441#section-4">RFC 8441 §4</a>); null for any other request
     */
    static Http2Headers request(HeadWriter written, boolean secured, @Nullable String protocol) {
        byte[] bytes = written.array();
        int methodTo = indexOf(bytes, ' ', 0);
        int targetTo = indexOf(bytes, ' ', methodTo + 1);
        AsciiString authority = AsciiString.EMPTY_STRING;
        List<AsciiString> pairs = new ArrayList<>(48);
        int pos = indexOf(bytes, '\n', targetTo) + 1;
        while (bytes[pos] != '\r') {
            int colon = indexOf(bytes, ':', pos);
            int end = indexOf(bytes, '\r', colon);
            AsciiString value = Http2Fields.text(bytes, colon + 2, end);
            int name = FieldName.of(bytes, pos, colon);
            if (name == FieldName.HOST) {
                authority = value;
            } else if (passes(name)) {
                AsciiString lower = Http2Fields.name(bytes, pos, colon);
                if (protocol == null || !lower.contentEquals(KEY)) {
                    pairs.add(lower);
                    pairs.add(value);
                }
            }
            pos = end + 2;
        }
        AsciiString path = Http2Fields.text(bytes, methodTo + 1, targetTo);
        AsciiString scheme = secured ? HTTPS : HTTP;
        if (protocol != null) {
            return connect(protocol, scheme, path, authority, pairs);
        }
        return ReadOnlyHttp2Headers.clientHeaders(
                false,
                Http2Fields.text(bytes, 0, methodTo),
                path,
                scheme,
                authority,
                pairs.toArray(AsciiString[]::new));
    }

    private static Http2Headers connect(
            String protocol, AsciiString scheme, AsciiString path, AsciiString authority, List<AsciiString> pairs) {
        Http2Headers headers = new DefaultHttp2Headers(false)
                .method(CONNECT)
                .add(PROTOCOL, new AsciiString(protocol).toLowerCase())
                .scheme(scheme)
                .path(path)
                .authority(authority);
        for (int i = 0; i < pairs.size(); i += 2) {
            headers.add(pairs.get(i), pairs.get(i + 1));
        }
        return headers;
    }

    /** What HTTP/2 says in another way goes; RFC 9113 §8.2.2. */
    private static boolean passes(int name) {
        return switch (name) {
            case FieldName.CONNECTION, FieldName.TRANSFER_ENCODING, FieldName.KEEP_ALIVE, FieldName.UPGRADE -> false;
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
    static ResponseHead response(Heads heads, Http2Headers headers) throws BadMessage {
        CharSequence status = null;
        HeadWriter out = heads.writer().begin().bytes(VERSION);
        for (Map.Entry<CharSequence, CharSequence> field : headers) {
            CharSequence name = field.getKey();
            if (!name.isEmpty() && name.charAt(0) == ':') {
                if (status != null || !AsciiString.contentEquals(name, ":status")) {
                    throw malformed("a pseudo-header field twice, or one that no response has");
                }
                status = field.getValue();
            }
        }
        if (status == null || status.length() != 3) {
            throw malformed("no :status of three digits");
        }
        Http2Fields.append(out, status).byteOf(' ').crlf();
        for (Map.Entry<CharSequence, CharSequence> field : headers) {
            CharSequence name = field.getKey();
            if (name.isEmpty()) {
                throw malformed("field without a name");
            }
            if (name.charAt(0) != ':') {
                Http2Fields.check(name, field.getValue(), Failure.ByServer.MALFORMED_RESPONSE);
                Http2Fields.append(out, name, field.getValue());
            }
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
