package dev.postern.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/** What is said on a connection before anything behind it in the pipeline says anything, TLS included. Event loop only. */
public final class SaidFirst extends ChannelInboundHandlerAdapter {
    private @Nullable ByteBuf bytes;

    /** @param bytes released here */
    public SaidFirst(ByteBuf bytes) {
        this.bytes = bytes;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        ByteBuf said = bytes;
        if (said != null) {
            bytes = null;
            // Goes out with what comes next; a failure comes back as an exception of the channel.
            var unused = ctx.write(said, ctx.voidPromise());
        }
        ctx.fireChannelActive();
    }

    /** There was no connection. */
    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (bytes != null) {
            bytes.release();
            bytes = null;
        }
    }
}
