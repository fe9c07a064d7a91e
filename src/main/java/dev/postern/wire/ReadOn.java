package dev.postern.wire;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Ticker;

/**
 * Reads, and throws away, what a client still sends when it has been told everything: what is left unread at the close
 * makes the kernel send a reset, which destroys what the client has not read yet
 * (<a href="https://datatracker.ietf.org/doc/html/rfc9112#section-9.6">RFC 9112 §9.6</a>). In front of everything, TLS
 * included: nothing of it is worth decrypting. Event loop only.
 */
final class ReadOn extends ChannelInboundHandlerAdapter {
    private final Ticker ticker;
    private long lastNanos;

    ReadOn(Ticker ticker) {
        this.ticker = ticker;
        this.lastNanos = ticker.nanoTime();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message);
        lastNanos = ticker.nanoTime();
    }

    /** When something last came. */
    long lastNanos() {
        return lastNanos;
    }
}
