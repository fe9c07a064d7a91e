package dev.postern.tls;

import dev.postern.wire.Closed;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.SslHandler;

/**
 * Ends the connection at once when TLS has ended it, be it by an alert
 * (<a href="https://datatracker.ietf.org/doc/html/rfc8446#section-6.2">RFC 8446 §6.2</a>) or by the client's goodbye. The
 * engine says nothing of a record that it answers with an alert until somebody wants to write, which may be never. So the
 * engine is asked to write nothing whenever it has written something while it read; that is seldom. Before the TLS handler.
 * Event loop only.
 */
final class EndWithTls extends ChannelDuplexHandler {
    /** Session tickets may come before an alert. */
    private static final int MAX_FLIGHTS = 4;

    private final SslHandler tls;
    /** Whatever anybody else writes is flushed at once: this is of the TLS handler, which flushes at the end of a read. */
    private boolean unflushed;
    /** Something has been written out since this was last cleared. */
    private boolean flushed;

    EndWithTls(SslHandler tls) {
        this.tls = tls;
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        unflushed |= ((ByteBuf) message).isReadable();
        var unused = ctx.write(message, promise);
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        flushed |= unflushed;
        unflushed = false;
        ctx.flush();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        boolean spoke = unflushed;
        ctx.fireChannelReadComplete();
        if (!spoke || !tls.handshakeFuture().isSuccess()) {
            // A handshake that fails ends by itself.
            return;
        }
        // The error comes out of this once nothing else does, and goes the way of all exceptions.
        for (int i = 0; spoke && i < MAX_FLIGHTS && ctx.channel().isActive(); i++) {
            flushed = false;
            ctx.channel().flush();
            spoke = flushed;
        }
        if (tls.engine().isInboundDone() && ctx.channel().isActive()) {
            ctx.close().addListener(Closed.OBSERVED);
        }
    }
}
