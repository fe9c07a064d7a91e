package dev.postern.http.h2;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DecoratingHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2LifecycleManager;
import org.jspecify.annotations.Nullable;

/**
 * Answers to PING and SETTINGS, and resets, that the other end provokes and does not read: over {@link
 * Http2Limits#MAX_QUEUED_CONTROL_FRAMES} of them waiting end the connection (CVE-2019-9512, CVE-2019-9515). Event loop only.
 */
final class LimitedAnswers extends DecoratingHttp2ConnectionEncoder {
    private final GatheredFrames frames;
    private @Nullable Http2LifecycleManager lifecycle;
    private int waiting;
    private boolean ended;

    LimitedAnswers(Http2Connection connection, GatheredFrames frames) {
        super(new DefaultHttp2ConnectionEncoder(connection, frames));
        this.frames = frames;
    }

    GatheredFrames frames() {
        return frames;
    }

    @Override
    public void lifecycleManager(Http2LifecycleManager manager) {
        lifecycle = manager;
        super.lifecycleManager(manager);
    }

    @Override
    public ChannelFuture writeSettingsAck(ChannelHandlerContext ctx, ChannelPromise promise) {
        return super.writeSettingsAck(ctx, counted(ctx, promise));
    }

    @Override
    public ChannelFuture writePing(ChannelHandlerContext ctx, boolean ack, long data, ChannelPromise promise) {
        return super.writePing(ctx, ack, data, ack ? counted(ctx, promise) : promise);
    }

    @Override
    public ChannelFuture writeRstStream(ChannelHandlerContext ctx, int stream, long error, ChannelPromise promise) {
        return super.writeRstStream(ctx, stream, error, counted(ctx, promise));
    }

    private ChannelPromise counted(ChannelHandlerContext ctx, ChannelPromise promise) {
        if (waiting == Http2Limits.MAX_QUEUED_CONTROL_FRAMES) {
            // Perhaps they only wait for the end of a read.
            ctx.flush();
        }
        if (waiting >= Http2Limits.MAX_QUEUED_CONTROL_FRAMES && !ended && lifecycle != null) {
            ended = true;
            lifecycle.onError(
                    ctx,
                    true,
                    Http2Exception.connectionError(
                            Http2Error.ENHANCE_YOUR_CALM,
                            "over %d answers that nobody reads",
                            Http2Limits.MAX_QUEUED_CONTROL_FRAMES));
            var unused = ctx.close();
        }
        waiting++;
        return promise.unvoid().addListener(written -> waiting--);
    }
}
