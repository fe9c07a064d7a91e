package dev.postern.http.h2;

import dev.postern.http.message.Ascii;
import dev.postern.http.message.BadMessage;
import dev.postern.http.message.FieldName;
import dev.postern.http.message.Fields;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.Heads;
import dev.postern.http.message.RawFields;
import dev.postern.http.message.Trailers;
import dev.postern.wire.Failure;
import org.jspecify.annotations.Nullable;

/**
 * Single fields, and sections of them, between HTTP/2 and the form everything else here works on. What HTTP/2 itself
 * forbids is refused here, <a href="https://datatracker.ietf.org/doc/html/rfc9113#section-8.2">RFC 9113 §8.2</a>; the rest
 * by the parser that HTTP/1 goes through as well.
 */
final class Http2Fields {
    private static final byte[] SEPARATOR = HeadWriter.constant(": ");

    private Http2Fields() {}

    /** One field as HTTP/1.1 would have it. */
    static void append(HeadWriter out, RawFields fields, int field) {
        byte[] bytes = fields.bytes();
        out.bytes(bytes, fields.nameFrom(field), fields.nameTo(field))
                .bytes(SEPARATOR)
                .bytes(bytes, fields.valueFrom(field), fields.valueTo(field))
                .crlf();
    }

    static HeadWriter appendValue(HeadWriter out, RawFields fields, int field) {
        return out.bytes(fields.bytes(), fields.valueFrom(field), fields.valueTo(field));
    }

    /**
     * RFC 9113 §8.2.1 and §8.2.2. White space around a value is refused where a client says it. Where a server does, it is
     * taken off when the section is parsed, as HTTP/1.1 would have it: gRPC puts messages meant for people there, and
     * Envoy and nginx let them pass.
     */
    static void check(RawFields fields, int field, Failure malformed) throws BadMessage {
        byte[] bytes = fields.bytes();
        int from = fields.nameFrom(field);
        int to = fields.nameTo(field);
        for (int i = from; i < to; i++) {
            if (!Ascii.isToken(bytes[i]) || Ascii.lower(bytes[i]) != bytes[i]) {
                throw new BadMessage(malformed, "field name has upper-case letters, or what no name may have");
            }
        }
        int valueTo = fields.valueTo(field);
        for (int i = to; i < valueTo; i++) {
            if (!Ascii.isValue(bytes[i])) {
                throw new BadMessage(malformed, "field value has a control character");
            }
        }
        if (malformed.fault() == Failure.Fault.CLIENT
                && valueTo > to
                && (isBlank(bytes[to]) || isBlank(bytes[valueTo - 1]))) {
            throw new BadMessage(malformed, "field value begins or ends with white space");
        }
        switch (FieldName.of(bytes, from, to)) {
            case FieldName.CONNECTION,
                    FieldName.KEEP_ALIVE,
                    FieldName.PROXY_CONNECTION,
                    FieldName.TRANSFER_ENCODING,
                    FieldName.UPGRADE -> throw new BadMessage(malformed, "connection-specific field");
            case FieldName.TE -> {
                if (!FieldName.equalsIgnoreCase(bytes, to, valueTo, "trailers")) {
                    throw new BadMessage(malformed, "te is not \"trailers\"");
                }
            }
            default -> {}
        }
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }

    /**
     * A trailer section that came; null where there is nothing in it that means anything.
     *
     * @param longest how many bytes it may have in HTTP/1.1
     */
    static @Nullable Fields trailers(Heads heads, RawFields raw, int longest, Failure malformed) throws BadMessage {
        HeadWriter out = heads.writer().begin();
        for (int i = 0; i < raw.count(); i++) {
            if (raw.nameLength(i) == 0 || raw.isPseudo(i)) {
                throw new BadMessage(malformed, "pseudo-header field in the trailers");
            }
            check(raw, i, malformed);
            append(out, raw, i);
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
