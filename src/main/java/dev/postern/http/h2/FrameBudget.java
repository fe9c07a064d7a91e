package dev.postern.http.h2;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.util.concurrent.Ticker;
import java.util.concurrent.TimeUnit;

/**
 * How many frames that carry nothing, or next to nothing, the other side of an HTTP/2 connection may send. Each costs it
 * less than us; honest ones come in proportion to streams, data and time, and so do these limits: those of Envoy for
 * PRIORITY and WINDOW_UPDATE. What is beyond ends the connection. Event loop only.
 */
final class FrameBudget {
    /** Of all other kinds, within {@link #WINDOW_NANOS}. */
    private static final int MAX_CONTROL = 1000;

    private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** gRPC measures the round trip by a PING for some of the data that it gets. */
    private static final int CONTROL_PER_DATA = 4;

    /** HEADERS and RST_STREAM: a few for nothing, and for each stream a head, trailers, a reset, and one of what may be. */
    private static final int HEADS = 100;

    private static final int HEADS_PER_STREAM = 4;

    /** As many interim responses more as {@code Exchange} takes. */
    private static final int HEADS_PER_STREAM_OF_SERVER = 14;

    private static final int PRIORITY_PER_STREAM = 100;
    private static final int WINDOW_UPDATES = 5;
    private static final int WINDOW_UPDATES_PER_STREAM = 2;
    private static final int WINDOW_UPDATES_PER_DATA = 20;

    /** Bytes. A window that is opened by little and little cuts what we send into frames as small as that. */
    private static final int SMALL_FRAME = 1024;

    /** Bytes. DATA of less costs us about a microsecond, whatever is in it. */
    private static final int SMALL_DATA = 64;

    /** Within {@link #WINDOW_NANOS}: a hundredth of a processor. Nobody types, measures or plays faster. */
    private static final int MAX_SMALL_DATA = 100_000;

    /** A server sends what many clients have asked it for. */
    private static final int MAX_SMALL_DATA_OF_SERVER = 10 * MAX_SMALL_DATA;

    /** However fast a conversation is: whoever is answered is not flooding. */
    private static final int SMALL_DATA_PER_DATA = 4;

    /** A frame for a stream that is over costs as much as this many others. */
    private static final int LATE_FRAME = 10;

    private final Ticker ticker;
    private final int headsPerStream;
    private final int maxSmallData;
    private long windowNanos;
    private int control;
    private long smallWindowNanos;
    private int small;
    private long streams;
    private long heads;
    private long data;
    private long priorities;
    private long windowUpdates;

    private FrameBudget(Ticker ticker, int headsPerStream, int maxSmallData) {
        this.ticker = ticker;
        this.smallWindowNanos = ticker.nanoTime();
        this.headsPerStream = headsPerStream;
        this.maxSmallData = maxSmallData;
    }

    static FrameBudget ofClient(Ticker ticker) {
        return new FrameBudget(ticker, HEADS_PER_STREAM, MAX_SMALL_DATA);
    }

    static FrameBudget ofServer(Ticker ticker) {
        return new FrameBudget(ticker, HEADS_PER_STREAM_OF_SERVER, MAX_SMALL_DATA_OF_SERVER);
    }

    void streamBegan() {
        streams++;
        control = Math.max(0, control - CONTROL_PER_DATA);
    }

    /** We sent so many bytes of DATA. */
    void dataSent(int bytes) {
        data += 1 + bytes / SMALL_FRAME;
        control = Math.max(0, control - CONTROL_PER_DATA);
        small = Math.max(0, small - SMALL_DATA_PER_DATA);
    }

    /** DATA came, with so many bytes besides its padding. */
    void data(int bytes, boolean last) throws Http2Exception {
        if (bytes == 0 && !last) {
            control();
        } else if (bytes < SMALL_DATA) {
            small(1);
        }
    }

    /** What came is for a stream that is over. */
    void late() throws Http2Exception {
        small(LATE_FRAME);
    }

    private void small(int cost) throws Http2Exception {
        small += cost;
        if (small > maxSmallData) {
            // The clock is asked only here: there are very many of them.
            long now = ticker.nanoTime();
            if (now - smallWindowNanos <= WINDOW_NANOS) {
                throw enough("small or late DATA");
            }
            smallWindowNanos = now;
            small = cost;
        }
    }

    void control() throws Http2Exception {
        long now = ticker.nanoTime();
        if (control == 0 || now - windowNanos > WINDOW_NANOS) {
            windowNanos = now;
            control = 0;
        }
        if (++control > MAX_CONTROL) {
            throw enough("PING, SETTINGS, empty DATA or unknown");
        }
    }

    /** HEADERS or RST_STREAM, of a stream that is there or of one that is over. */
    void head() throws Http2Exception {
        if (++heads > HEADS + headsPerStream * streams) {
            throw enough("HEADERS or RST_STREAM");
        }
    }

    void priority() throws Http2Exception {
        if (++priorities > PRIORITY_PER_STREAM * (1 + streams)) {
            throw enough("PRIORITY");
        }
    }

    void windowUpdate() throws Http2Exception {
        if (++windowUpdates > WINDOW_UPDATES + WINDOW_UPDATES_PER_STREAM * streams + WINDOW_UPDATES_PER_DATA * data) {
            throw enough("WINDOW_UPDATE");
        }
    }

    private static Http2Exception enough(String frames) {
        return Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "flood of %s frames", frames);
    }
}
