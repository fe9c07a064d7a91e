package dev.postern.http.message;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * What came of a chunked body in the same read as the head in front of it. While nothing of the response has been passed
 * on, what is wrong with its chunks is an error that the client can be told. Owns its buffers. Event loop only.
 */
public final class FirstRead {
    private final ArrayDeque<ByteBuf> parts = new ArrayDeque<>(4);
    private boolean ended;
    private @Nullable Fields trailers;

    /** Takes ownership. */
    public void add(ByteBuf part) {
        parts.add(part);
    }

    public void ended(@Nullable Fields with) {
        ended = true;
        trailers = with;
    }

    /** The next part, now the caller's; null where there is none. */
    @Nullable public ByteBuf next() {
        return parts.poll();
    }

    /** The whole body has come. */
    public boolean isEnded() {
        return ended;
    }

    @Nullable public Fields trailers() {
        return trailers;
    }

    public void release() {
        for (ByteBuf part = parts.poll(); part != null; part = parts.poll()) {
            part.release();
        }
    }
}
