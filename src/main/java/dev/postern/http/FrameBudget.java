package dev.postern.http;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;

/**
 * How many frames that carry nothing the other side of an HTTP/2 connection may send. Each costs it less than us; honest
 * ones come in proportion to streams and data, and so do these limits, which are Envoy's. What is beyond ends the
 * connection. Event loop only.
 */
final class FrameBudget {
    /** PING, SETTINGS: those of a keep-alive, of measuring a round trip, of an adapted window. */
    private static final int CONTROL_PER_WINDOW = 200;

    private static final int WINDOW_SECONDS = 10;
    private static final int PRIORITY_PER_STREAM = 100;
    private static final int WINDOW_UPDATES = 5;
    private static final int WINDOW_UPDATES_PER_STREAM = 2;
    private static final int WINDOW_UPDATES_PER_DATA = 20;

    private final Budget control = new Budget(CONTROL_PER_WINDOW, WINDOW_SECONDS);
    private long streams;
    private long data;
    private long priorities;
    private long windowUpdates;

    void streamBegan() {
        streams++;
    }

    /** We sent a DATA frame, which may be cut into several. */
    void dataSent() {
        data++;
    }

    void control() throws Http2Exception {
        if (!control.allows(System.nanoTime())) {
            throw enough("PING or SETTINGS");
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
