package dev.postern.http.h2;

import dev.postern.wire.ConnectionEnd;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;

/**
 * Stands before an HTTP/2 connection, and ends only our half of it when it closes: frames that are on their way from the
 * client would be answered with a reset, which takes GOAWAY and the last answers with it. The rest is up to {@link
 * ConnectionEnd}. Event loop only.
 */
final class HalfClose extends ChannelOutboundHandlerAdapter {
    private final ConnectionEnd end;
    private boolean begun;

    HalfClose(ConnectionEnd end) {
        this.end = end;
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        if (!ctx.channel().isActive()) {
            var unused = ctx.close(promise);
            return;
        }
        if (!promise.isVoid()) {
            ctx.channel().closeFuture().addListener(closed -> promise.trySuccess());
        }
        if (!begun) {
            begun = true;
            end.afterWriting(true, () -> {});
        }
    }
}
