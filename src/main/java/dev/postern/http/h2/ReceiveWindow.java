package dev.postern.http.h2;

import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.concurrent.Ticker;

/**
 * How much of one body may be under way to us. Whoever sends waits a round trip for each window: once a whole one has been
 * taken, and the time it took was not spent waiting for who takes it, the next one is twice as large; once little is left
 * for others, half as large. What is held back is not given back, and so the one who takes slows the one who sends, whatever
 * the size. Event loop only.
 */
final class ReceiveWindow {
    /** Bytes: 50 MB/s across an ocean (80 ms). */
    private static final int MAX = 4 * 1024 * 1024;

    private final ReceiveWindows connection;
    private final Ticker ticker;
    private final Http2Stream stream;
    private int size = Http2Limits.STREAM_WINDOW;
    private int taken;
    /** What it has shrunk by and may still come: counted until it was taken. */
    private int excess;

    private long sinceNanos;
    private long heldNanos;
    private boolean paused;
    private long pausedNanos;
    private int held;

    ReceiveWindow(ReceiveWindows connection, Http2Stream stream, long nowNanos) {
        this.connection = connection;
        this.ticker = connection.ticker();
        this.stream = stream;
        this.sinceNanos = nowNanos;
    }

    /** From now on what comes is held back. */
    void pause() {
        if (!paused) {
            paused = true;
            pausedNanos = ticker.nanoTime();
        }
    }

    /** Returns how many of the bytes that were held back the other end may send anew. */
    int resume() {
        if (paused) {
            paused = false;
            heldNanos += ticker.nanoTime() - pausedNanos;
        }
        int free = held;
        held = 0;
        return taken(free);
    }

    /** So many bytes came; returns how many the other end may send anew at once. */
    int came(int bytes) {
        if (paused) {
            held += bytes;
            return 0;
        }
        return taken(bytes);
    }

    private int taken(int bytes) {
        if (excess == 0 && size > Http2Limits.STREAM_WINDOW && connection.isTooMuch()) {
            shrink();
        }
        if (excess > 0) {
            int less = Math.min(excess, bytes);
            excess -= less;
            connection.giveBack(less);
        }
        taken += bytes;
        if (taken >= size && size < MAX) {
            grow();
        }
        return bytes;
    }

    private void shrink() {
        int half = size / 2;
        if (connection.shrink(stream, half)) {
            size -= half;
            excess = half;
        }
    }

    private void grow() {
        long now = ticker.nanoTime();
        boolean keptUp = 2 * heldNanos < now - sinceNanos;
        taken = 0;
        heldNanos = 0;
        sinceNanos = now;
        if (keptUp && connection.grow(stream, size)) {
            size *= 2;
        }
    }

    /** The stream is over. */
    void close() {
        connection.giveBack(size - Http2Limits.STREAM_WINDOW + excess);
        size = Http2Limits.STREAM_WINDOW;
        excess = 0;
    }
}
