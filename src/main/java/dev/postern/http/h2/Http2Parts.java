package dev.postern.http.h2;

import dev.postern.http.message.HeadWriter;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2LocalFlowController;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;

/**
 * What a connection is put together from.
 *
 * @param key of what {@link Http2Wire} knows of a stream
 */
record Http2Parts(
        Http2ConnectionDecoder decoder,
        LimitedAnswers encoder,
        SendWindows windows,
        Http2Wire.Frames frames,
        FrameBudget budget,
        Http2Connection.PropertyKey key) {
    /** A window is given back when half of it is used, as Netty does by itself. */
    private static final float WINDOW_UPDATE_RATIO = 0.5f;

    /**
     * @param ofClient whether a client is at the other end
     * @param out where header blocks are put together; see {@link HpackWriter}
     */
    static Http2Parts of(boolean ofClient, HeaderBlocks blocks, FrameBudget budget, HeadWriter out) {
        DefaultHttp2Connection connection = new DefaultHttp2Connection(ofClient, 0);
        GatheredFrames written = new GatheredFrames(new HpackWriter(out));
        SendWindows windows = new SendWindows(connection, written);
        connection.remote().flowController(windows);
        // What a stream holds back is its own affair: the others may go on, and the memory is that of their windows.
        connection.local().flowController(new DefaultHttp2LocalFlowController(connection, WINDOW_UPDATE_RATIO, true));
        LimitedAnswers encoder = new LimitedAnswers(connection, written);
        Http2Wire.Frames frames = new Http2Wire.Frames();
        Http2ConnectionDecoder decoder =
                new DefaultHttp2ConnectionDecoder(connection, encoder, new WeighedFrames(blocks, budget));
        decoder.frameListener(frames);
        return new Http2Parts(decoder, encoder, windows, frames, budget, connection.newKey());
    }
}
