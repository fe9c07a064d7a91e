package dev.postern.http;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;

/**
 * How many frames that carry nothing the other side of an HTTP/2 connection may send. Each costs it less than us; honest
 * ones come in proportion to streams and data, and so do these limits: those of Envoy for PRIORITY and WINDOW_UPDATE.
 * What is beyond ends the connection. Event loop only.
 */
final class FrameBudget {
    /** PING, SETTINGS and unknown frames within a window of time. */
    private static final int MAX_CONTROL = 1000;

    private static final int WINDOW_SECONDS = 10;
    private static final long WINDOW_NANOS = java.util.concurrent.TimeUnit.SECONDS.toNanos(WINDOW_SECONDS);

    /** gRPC measures the round trip by a PING for some of the data that it gets. */
    private static final int CONTROL_PER_DATA = 4;

    private static final int PRIORITY_PER_STREAM = 100;
    private static final int WINDOW_UPDATES = 5;
    private static final int WINDOW_UPDATES_PER_STREAM = 2;
    private static final int WINDOW_UPDATES_PER_DATA = 20;

    /** Bytes. A window that is opened by little and little cuts what we send into frames as small as that. */
    private static final int SMALL_FRAME = 1024;

    private long windowNanos;
    private int control;
    private long streams;
    private long data;
    private long priorities;
    private long windowUpdates;

    void streamBegan() {
        streams++;
        control = Math.max(0, control - CONTROL_PER_DATA);
    }

    /** We sent so many bytes of DATA. */
    void dataSent(int bytes) {
        data += 1 + bytes / SMALL_FRAME;
        control = Math.max(0, control - CONTROL_PER_DATA);
    }

    void control() throws Http2Exception {
        long now = System.nanoTime();
        if (control == 0 || now - windowNanos > WINDOW_NANOS) {
            windowNanos = now;
            control = 0;
        }
        if (++control > MAX_CONTROL) {
            throw enough("PING, SETTINGS or unknown");
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
