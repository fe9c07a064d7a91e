package dev.postern.http;

import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2LocalFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the other end of an HTTP/2 connection may have under way to us beyond what every stream begins with. A window that
 * was opened cannot be taken back, and whoever was to take what comes may stall: it counts as used for as long as its
 * stream is there, and all of them together are bounded. Event loop only.
 */
final class ReceiveWindows {
    private static final Logger log = LoggerFactory.getLogger(ReceiveWindows.class);

    /** Bytes of one connection: a few streams that go as fast as they can. */
    private static final int MAX_CONNECTION = 16 * 1024 * 1024;

    /** Bytes of the whole process: an eighth of the memory that buffers may take. */
    private static final long MAX = Runtime.getRuntime().maxMemory() / 8;

    /** Nobody gets more than this part of what is left, so that something is left for whoever comes next. */
    private static final int PART = 4;

    private static final AtomicLong granted = new AtomicLong();

    private final Http2LocalFlowController flow;
    private final Runnable flush;
    private long own;

    /** @param flush sends what was written */
    ReceiveWindows(Http2LocalFlowController flow, Runnable flush) {
        this.flow = flow;
        this.flush = flush;
    }

    /** Makes the window of {@code stream} larger; false where there is no room for that. */
    boolean grow(Http2Stream stream, int more) {
        if (!stream.state().remoteSideOpen()
                || own + more > MAX_CONNECTION
                || own + more > (MAX - granted.get()) / PART) {
            return false;
        }
        try {
            flow.incrementWindowSize(stream, more);
        } catch (Http2Exception e) {
            log.debug("stream {}: window", stream.id(), e);
            return false;
        }
        own += more;
        granted.addAndGet(more);
        flush.run();
        return true;
    }

    void giveBack(int bytes) {
        own -= bytes;
        granted.addAndGet(-bytes);
    }

    /** Of all connections there are, bytes. Any thread. */
    static long granted() {
        return granted.get();
    }
}
