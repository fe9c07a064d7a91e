package dev.postern.http.h2;

import dev.postern.http.exchange.Turns;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2FrameTypes;

/**
 * What an HTTP/2 connection may do in a turn of its event loop: cuts what came into frames, and says when to stop. Event
 * loop only.
 */
final class Http2Share {
    private static final int PREFACE = Http2CodecUtil.connectionPrefaceBuf().readableBytes();

    /** In frames that begin nothing. */
    private static final int SHARE = 128;

    /** A request costs as much as so many of them. */
    private static final int REQUEST = 8;

    private final Turns turns;
    private int prefaceLeft = PREFACE;
    /** Of a frame whose header was passed on alone, since it may be wrong already. */
    private int payload;

    private int used;
    private boolean over;
    /** Has waited for this turn: something gets done in it. */
    private boolean waited;

    Http2Share(Turns turns) {
        this.turns = turns;
    }

    /** Another turn begins. */
    void begins() {
        used = 0;
        waited = over;
        over = false;
    }

    /** Whether there is more than was to be done in this turn. */
    boolean isOver() {
        return over;
    }

    /** How many bytes of {@code in} to decode next; 0 where more have to come first, or the share is used up. */
    int next(ByteBuf in) {
        int readable = in.readableBytes();
        if (prefaceLeft > 0) {
            int part = Math.min(prefaceLeft, readable);
            prefaceLeft -= part;
            return part;
        }
        if (payload > 0) {
            return rest(readable);
        }
        if (readable < Http2CodecUtil.FRAME_HEADER_LENGTH) {
            return 0;
        }
        int length = in.getUnsignedMedium(in.readerIndex());
        if (length > Http2CodecUtil.DEFAULT_MAX_FRAME_SIZE) {
            // An error, whatever follows.
            return readable;
        }
        if (isUsedUp(in.getByte(in.readerIndex() + 3))) {
            over = true;
            return 0;
        }
        int frame = Http2CodecUtil.FRAME_HEADER_LENGTH + length;
        if (readable >= frame) {
            return frame;
        }
        payload = length;
        return Http2CodecUtil.FRAME_HEADER_LENGTH;
    }

    private int rest(int readable) {
        if (readable < payload) {
            return 0;
        }
        int whole = payload;
        payload = 0;
        return whole;
    }

    private boolean isUsedUp(byte type) {
        if (used >= SHARE) {
            return true;
        }
        boolean first = waited;
        waited = false;
        int before = used;
        used += type == Http2FrameTypes.HEADERS ? REQUEST : 1;
        // Looking at the clock for every small frame would cost more than some of them.
        return !first && before / REQUEST != used / REQUEST && turns.isOver();
    }
}
