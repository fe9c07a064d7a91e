package dev.postern.http.h2;

import dev.postern.http.message.Ascii;
import dev.postern.http.message.BadMessage;
import dev.postern.http.message.Fields;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.Heads;
import dev.postern.http.message.Trailers;
import dev.postern.wire.Failure;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Single fields, and sections of them, between HTTP/2 and the form everything else here works on. What HTTP/2 itself
 * forbids is refused here, <a href="https://datatracker.ietf.org/doc/html/rfc9113#section-8.2">RFC 9113 §8.2</a>; the rest
 * by the parser that HTTP/1 goes through as well.
 */
final class Http2Fields {
    private static final byte[] SEPARATOR = HeadWriter.constant(": ");

    private Http2Fields() {}

    static HeadWriter append(HeadWriter out, CharSequence text) {
        if (text instanceof AsciiString ascii) {
            return out.bytes(ascii.array(), ascii.arrayOffset(), ascii.arrayOffset() + ascii.length());
        }
        return out.text(text.toString());
    }

    /** One field as HTTP/1.1 would have it. */
    static void append(HeadWriter out, CharSequence name, CharSequence value) {
        append(append(out, name).bytes(SEPARATOR), value).crlf();
    }

    /**
     * RFC 9113 §8.2.1 and §8.2.2. White space around a value is refused where a client says it. Where a server does, it is
     * taken off when the section is parsed, as HTTP/1.1 would have it: gRPC puts messages meant for people there, and
     * Envoy and nginx let them pass.
     */
    static void check(CharSequence name, CharSequence value, Failure malformed) throws BadMessage {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c > 0x7f || (c >= 'A' && c <= 'Z') || !Ascii.isToken((byte) c)) {
                throw new BadMessage(malformed, "field name has upper-case letters, or what no name may have");
            }
        }
        int length = value.length();
        for (int i = 0; i < length; i++) {
            if (value.charAt(i) > 0xff || !Ascii.isValue((byte) value.charAt(i))) {
                throw new BadMessage(malformed, "field value has a control character");
            }
        }
        if (malformed.fault() == Failure.Fault.CLIENT
                && length > 0
                && (isBlank(value.charAt(0)) || isBlank(value.charAt(length - 1)))) {
            throw new BadMessage(malformed, "field value begins or ends with white space");
        }
        switch (name.toString()) {
            case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade" ->
                throw new BadMessage(malformed, "connection-specific field");
            case "te" -> {
                if (!AsciiString.contentEqualsIgnoreCase(value, "trailers")) {
                    throw new BadMessage(malformed, "te is not \"trailers\"");
                }
            }
            default -> {}
        }
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }

    /**
     * A trailer section that came; null where there is nothing in it that means anything.
     *
     * @param longest how many bytes it may have in HTTP/1.1
     */
    static @Nullable Fields trailers(Heads heads, Http2Headers headers, int longest, Failure malformed)
            throws BadMessage {
        HeadWriter out = heads.writer().begin();
        for (Map.Entry<CharSequence, CharSequence> field : headers) {
            if (field.getKey().isEmpty() || field.getKey().charAt(0) == ':') {
                throw new BadMessage(malformed, "pseudo-header field in the trailers");
            }
            check(field.getKey(), field.getValue(), malformed);
            append(out, field.getKey(), field.getValue());
        }
        out.crlf();
        if (out.length() > longest) {
            throw new BadMessage(malformed, "trailer section over " + longest + " bytes");
        }
        Fields trailers = heads.parser().trailers(out.array(), out.length(), malformed, null);
        return trailers == null || trailers.count() == 0 ? null : trailers;
    }

    /** A trailer section to send, of such fields as mean nothing to any hop, as a block; null where there are none. */
    static byte @Nullable [] trailers(HpackWriter out, @Nullable Fields fields, boolean ofResponse) {
        if (fields == null) {
            return null;
        }
        boolean any = false;
        out.beginAside();
        for (int i = 0; i < fields.count(); i++) {
            if (Trailers.passes(fields, i, ofResponse)) {
                out.aside(fields, i);
                any = true;
            }
        }
        return any ? out.copy() : null;
    }
}
