package dev.postern.http.message;

import dev.postern.route.FieldEdits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The end of a chunked body, <a href="https://datatracker.ietf.org/doc/html/rfc9112#section-7.1.2">RFC 9112 §7.1.2</a>. */
public final class Trailers {
    /** Beside those that {@link FieldName} knows, none of which passes. */
    private static final List<String> OF_HEADS = List.of(
            "set-cookie",
            "set-cookie2",
            "cookie",
            "location",
            "refresh",
            "link",
            "age",
            "cache-control",
            "clear-site-data",
            "expires",
            "pragma",
            "retry-after",
            "vary",
            "warning",
            "www-authenticate",
            "strict-transport-security",
            "alt-svc",
            "allow",
            "accept",
            "origin",
            "range",
            "max-forwards",
            "trailer",
            "http2-settings",
            "x-frame-options",
            "x-accel-redirect",
            "x-sendfile");

    private static final List<String> BEGINS_LIKE_HEADS =
            List.of("content-", "if-", "accept-", "proxy-", "access-control-", "sec-", "cross-origin-");

    /** Is known only at the end, and belongs here (<a href="https://datatracker.ietf.org/doc/html/rfc9530#section-2">RFC 9530 §2</a>). */
    private static final String CONTENT_DIGEST = "content-digest";

    private Trailers() {}

    /** Trailers that would change how the request is read, were they merged into its head, are an attack. */
    public static void checkRequest(Fields trailers) throws BadMessage {
        for (int i = 0; i < trailers.count(); i++) {
            int name = trailers.name(i);
            if (name == FieldName.CONTENT_LENGTH || name == FieldName.TRANSFER_ENCODING || name == FieldName.HOST) {
                throw BadMessage.malformed("trailer section has Host, Content-Length or Transfer-Encoding");
            }
        }
    }

    /**
     * Whether a trailer may go on. What decides about a message decides before its body: a trailer that says how it is
     * framed, addressed, authenticated, cached or read, where to go, or what to remember comes too late, and whoever puts
     * trailers into the head (<a href="https://datatracker.ietf.org/doc/html/rfc9110#section-6.5.1">RFC 9110 §6.5.1</a>) would
     * believe it after all.
     *
     * @param ofResponse its server says it, whom no spelling of a name lets say more than it may
     */
    public static boolean passes(Fields fields, int field, boolean ofResponse) {
        int name = fields.name(field);
        return (name == FieldName.OTHER && !isOfHeads(fields.bytes(), fields.nameFrom(field), fields.nameTo(field)))
                || (ofResponse && name == FieldName.AMBIGUOUS);
    }

    /** What a route takes out of heads must not come in behind the body: some programs put the two together. */
    public static @Nullable Fields without(@Nullable Fields trailers, FieldEdits edits) {
        if (trailers == null || edits == FieldEdits.NONE) {
            return trailers;
        }
        Fields rest = trailers;
        for (int i = rest.count() - 1; i >= 0; i--) {
            if (edits.removes(rest.bytes(), rest.nameFrom(i), rest.nameTo(i))) {
                rest = rest.without(i);
            }
        }
        return rest;
    }

    private static boolean isOfHeads(byte[] b, int from, int to) {
        for (String name : OF_HEADS) {
            if (FieldName.equalsIgnoreCase(b, from, to, name)) {
                return true;
            }
        }
        for (String prefix : BEGINS_LIKE_HEADS) {
            if (to - from > prefix.length() && FieldName.is(b, from, prefix)) {
                return !FieldName.equalsIgnoreCase(b, from, to, CONTENT_DIGEST);
            }
        }
        return false;
    }

    /**
     * Last chunk, trailers, empty line. Of the trailers only such pass as mean nothing to any hop.
     *
     * @param chunkOpen whether a chunk is to be ended first
     */
    public static ByteBuf end(
            HeadWriter out,
            ByteBufAllocator allocator,
            boolean chunkOpen,
            @Nullable Fields trailers,
            boolean ofResponse) {
        out.begin();
        if (chunkOpen) {
            out.crlf();
        }
        out.byteOf('0').crlf();
        if (trailers != null) {
            for (int i = 0; i < trailers.count(); i++) {
                if (passes(trailers, i, ofResponse)) {
                    out.field(trailers, i);
                }
            }
        }
        return out.crlf().end(allocator);
    }
}
