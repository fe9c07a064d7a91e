package dev.postern.http.h2;

import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2LocalFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.concurrent.Ticker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the other end of an HTTP/2 connection may have under way to us beyond what every stream begins with. A window that
 * was opened cannot be taken back, and whoever was to take what comes may stall: it counts as used until what may come has
 * come, and was taken, without being asked for anew; or until its stream is over. All of them together are bounded. Event
 * loop only.
 */
final class ReceiveWindows {
    private static final Logger LOG = LoggerFactory.getLogger(ReceiveWindows.class);

    /** Bytes of one connection: a few streams that go as fast as they can. */
    private static final int MAX_CONNECTION = 16 * 1024 * 1024;

    private final Http2LocalFlowController flow;
    private final WindowBudget budget;
    private final Runnable flush;
    private final Ticker ticker;
    private long own;

    /** @param flush sends what was written */
    ReceiveWindows(Http2LocalFlowController flow, WindowBudget budget, Runnable flush, Ticker ticker) {
        this.flow = flow;
        this.budget = budget;
        this.flush = flush;
        this.ticker = ticker;
    }

    /** The clock of the event loop. */
    Ticker ticker() {
        return ticker;
    }

    /** Makes the window of {@code stream} larger; false where there is no room for that. */
    boolean grow(Http2Stream stream, int more) {
        if (!stream.state().remoteSideOpen() || own + more > MAX_CONNECTION || !budget.take(own, more)) {
            return false;
        }
        own += more;
        if (!resize(stream, more)) {
            giveBack(more);
            return false;
        }
        flush.run();
        return true;
    }

    /** Lets the window of {@code stream} become smaller: it is not renewed until so much of it was used. */
    boolean shrink(Http2Stream stream, int less) {
        return resize(stream, -less);
    }

    private boolean resize(Http2Stream stream, int more) {
        try {
            flow.incrementWindowSize(stream, more);
            return true;
        } catch (Http2Exception e) {
            LOG.debug("stream {}: window", stream.id(), e);
            return false;
        }
    }

    /** Whether this connection is to come down, as there is little left for others. */
    boolean isTooMuch() {
        return budget.isTooMuch(own);
    }

    void giveBack(int bytes) {
        own -= bytes;
        budget.giveBack(bytes);
    }
}
