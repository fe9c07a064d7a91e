package dev.postern.http.h2;

import dev.postern.http.exchange.BreakOff;
import io.netty.handler.codec.http2.Http2Error;

/** What holds for every HTTP/2 connection, be it to a client or to a server. */
final class Http2Limits {
    /** What a stream may send before the other side of its exchange takes it, bytes; see {@link ReceiveWindow}. */
    static final int STREAM_WINDOW = 64 * 1024;

    /**
     * What all streams together may have under way to us, bytes; given back as soon as it is here. It bounds nothing that the
     * windows of the streams do not, and is never what they wait for.
     */
    static final int CONNECTION_WINDOW = 16 * 1024 * 1024;

    /** A head of 16 KiB fits into one frame, one of 32 KiB into two; this many more are generous. */
    static final int MAX_CONTINUATIONS = 8;

    /** Answers to PING and SETTINGS that wait because the other end does not read. */
    static final int MAX_QUEUED_CONTROL_FRAMES = 1000;

    /** The default of RFC 7541; a larger table is memory that others may fill. */
    static final long HEADER_TABLE = 4096;

    private Http2Limits() {}

    /** What a client is told of a response that ends in the middle (RFC 9113 §7). */
    static Http2Error code(BreakOff why) {
        return switch (why) {
            case CANCELLED -> Http2Error.CANCEL;
            case OVERLOADED -> Http2Error.ENHANCE_YOUR_CALM;
            case FAILED -> Http2Error.INTERNAL_ERROR;
        };
    }

    /** What of a server's reason says the same to the client. */
    static BreakOff breakOff(long errorCode) {
        if (errorCode == Http2Error.CANCEL.code()) {
            return BreakOff.CANCELLED;
        }
        return errorCode == Http2Error.ENHANCE_YOUR_CALM.code() ? BreakOff.OVERLOADED : BreakOff.FAILED;
    }
}
