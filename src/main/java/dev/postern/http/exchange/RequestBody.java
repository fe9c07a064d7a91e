package dev.postern.http.exchange;

import dev.postern.http.message.Fields;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request on its way from the client: what waits for a server, and, while it is small, what was already
 * sent, so that the request can be sent once more. Owns the buffers it holds. Event loop only.
 */
final class RequestBody {
    /** HAProxy's bound for what it can send again, one buffer. */
    private static final int MAX_REPLAY = 16 * 1024;

    /** What a buffer costs besides its bytes: a body in chunks of one byte is not small. */
    private static final int PART_COST = 256;

    // Most requests have no body: made for the first part of one.
    private @Nullable ArrayDeque<ByteBuf> unsent;
    private @Nullable ArrayDeque<ByteBuf> sent;
    private long received;
    private long kept;
    private long unsentBytes;
    private boolean replayable = true;
    private boolean complete;
    /** What still comes is for nobody. */
    private boolean discards;

    private @Nullable Fields trailers;

    /** Takes ownership. */
    void add(ByteBuf part) {
        received += part.readableBytes();
        if (discards) {
            part.release();
            return;
        }
        kept += cost(part);
        unsentBytes += cost(part);
        ArrayDeque<ByteBuf> parts = unsent == null ? new ArrayDeque<>(4) : unsent;
        parts.add(part);
        unsent = parts;
        if (kept > MAX_REPLAY && replayable) {
            replayable = false;
            release(sent);
        }
    }

    private static int cost(ByteBuf part) {
        return Math.max(PART_COST, part.readableBytes());
    }

    void complete(@Nullable Fields trailers) {
        this.complete = true;
        this.trailers = trailers;
    }

    /** Nothing is to come, it was said; whether that is so, only the end of the request tells. */
    void awaitsEnd() {
        complete = false;
    }

    /** There is more to come after all: what a client sends through a tunnel. Nothing of it is sent twice. */
    void reopen() {
        complete = false;
        forgetSent();
    }

    /** The client has sent all of it. */
    boolean isComplete() {
        return complete;
    }

    @Nullable Fields trailers() {
        return trailers;
    }

    long received() {
        return received;
    }

    /** What waits to be written, in bytes of memory. */
    long unsentBytes() {
        return unsentBytes;
    }

    /** The next part to write, now the caller's; null where there is none. */
    @Nullable ByteBuf next() {
        ByteBuf part = unsent == null ? null : unsent.poll();
        if (part == null) {
            return null;
        }
        unsentBytes -= cost(part);
        if (replayable) {
            ArrayDeque<ByteBuf> parts = sent == null ? new ArrayDeque<>(4) : sent;
            parts.add(part.retainedDuplicate());
            sent = parts;
        }
        return part;
    }

    /** Whether everything received so far is still here. */
    boolean isReplayable() {
        return replayable;
    }

    /** Makes what was sent unsent again. */
    void rewind() {
        if (sent == null || unsent == null) {
            return;
        }
        while (!sent.isEmpty()) {
            ByteBuf part = sent.removeLast();
            unsentBytes += cost(part);
            unsent.addFirst(part);
        }
    }

    /** The request will not be sent again: what was kept for that is let go. */
    void forgetSent() {
        replayable = false;
        release(sent);
    }

    /** Nobody takes it: what is here is let go, and what still comes. */
    void discard() {
        discards = true;
        release();
    }

    void release() {
        forgetSent();
        release(unsent);
        unsentBytes = 0;
    }

    private static void release(@Nullable ArrayDeque<ByteBuf> parts) {
        if (parts == null) {
            return;
        }
        for (ByteBuf part = parts.poll(); part != null; part = parts.poll()) {
            part.release();
        }
    }
}
