package dev.postern.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/** The end of a chunked body, <a href="https://datatracker.ietf.org/doc/html/rfc9112#section-7.1.2">RFC 9112 §7.1.2</a>. */
final class Trailers {
    private Trailers() {}

    /** Trailers that would change how the request is read, were they merged into its head, are an attack. */
    static void checkRequest(Fields trailers) throws BadMessage {
        for (int i = 0; i < trailers.count(); i++) {
            int name = trailers.name(i);
            if (name == FieldName.CONTENT_LENGTH || name == FieldName.TRANSFER_ENCODING || name == FieldName.HOST) {
                throw BadMessage.malformed("trailer section has Host, Content-Length or Transfer-Encoding");
            }
        }
    }

    /**
     * Whether a trailer means nothing to any hop, so that it may go on.
     *
     * @param ofResponse its server says it, whom no spelling of a name lets say more than it may
     */
    static boolean passes(int name, boolean ofResponse) {
        return name == FieldName.OTHER || (ofResponse && name == FieldName.AMBIGUOUS);
    }

    /**
     * Last chunk, trailers, empty line. Of the trailers only such pass as mean nothing to any hop.
     *
     * @param chunkOpen whether a chunk is to be ended first
     */
    static ByteBuf end(
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
                if (passes(trailers.name(i), ofResponse)) {
                    out.field(trailers, i);
                }
            }
        }
        return out.crlf().end(allocator);
    }
}
