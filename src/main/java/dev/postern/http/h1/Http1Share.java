package dev.postern.http.h1;

import dev.postern.http.exchange.Turns;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What an HTTP/1.1 connection may do in a turn of its event loop: keeps what comes beyond, and so much of it only. Event
 * loop only.
 */
final class Http1Share {
    /** Requests that were sent ahead, as many as an HTTP/2 connection begins. */
    private static final int REQUESTS = 16;

    private final Turns turns;
    private final Channel channel;
    private final Turns.Place place;
    private final Consumer<@Nullable ByteBuf> work;
    private @Nullable ByteBuf kept;
    /** More has come than is kept gladly. */
    private boolean heldUp;

    private int used;
    /** Its connection wants to hear more. */
    private boolean reads = true;

    /**
     * @param work with what was kept, which it owns then; null for nothing but what it holds itself
     * @param broken closes the connection, whose work threw
     */
    Http1Share(Turns turns, Channel channel, Consumer<@Nullable ByteBuf> work, Runnable broken) {
        this.turns = turns;
        this.channel = channel;
        this.place = turns.place(this::go, broken);
        this.work = work;
    }

    /** Whether what comes now is to be {@linkplain #keep kept}. */
    boolean isOver() {
        return place.isWaiting() || turns.isOver();
    }

    /** Whether something has come that waits for its turn: nobody but us is to blame for how long that takes. */
    boolean holdsBytes() {
        return kept != null;
    }

    /** Takes ownership of {@code bytes}, until the next turn. */
    void keep(ByteBuf bytes) {
        ByteBuf before = kept;
        kept = before == null ? bytes : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(channel.alloc(), before, bytes);
        if (place.isWaiting()) {
            // One read ahead is enough.
            heldUp = true;
            channel.config().setAutoRead(false);
        }
        place.waits();
    }

    /** Whether another request that was sent ahead may begin in this turn; if not, it is begun in a later one. */
    boolean hasMore() {
        if (place.isWaiting()) {
            return false;
        }
        if (++used > REQUESTS || turns.isOver()) {
            place.waits();
        }
        return !place.isWaiting();
    }

    private void go() {
        used = 0;
        ByteBuf bytes = kept;
        kept = null;
        work.accept(bytes);
        if (heldUp && !place.isWaiting()) {
            heldUp = false;
            if (reads) {
                channel.config().setAutoRead(true);
            }
        }
    }

    void readComplete() {
        if (!place.isWaiting()) {
            used = 0;
        }
    }

    /** Whether the connection wants to hear more. */
    void reads(boolean more) {
        reads = more;
        boolean now = reads && !heldUp;
        if (channel.config().isAutoRead() != now) {
            channel.config().setAutoRead(now);
        }
    }

    /** Nothing comes any more. */
    void close() {
        if (kept != null) {
            kept.release();
            kept = null;
        }
    }
}
