package dev.postern.backend;

import dev.postern.machine.MachineErrors;
import dev.postern.wire.Closed;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;

/** A health check that asks nothing: a connection, and what comes before any question, is enough. On the event loop. */
final class Greeting extends ChannelInboundHandlerAdapter {
    private final Verdict verdict;

    Greeting(Verdict verdict) {
        this.verdict = verdict;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        SslHandler tls = ctx.pipeline().get(SslHandler.class);
        if (tls == null) {
            // What was said first goes out before the end.
            ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(Closed.OBSERVED);
            verdict.finish(ctx.channel(), null);
        } else {
            // Where it fails, that was said already.
            tls.handshakeFuture().addListener(done -> {
                if (done.isSuccess()) {
                    verdict.finish(ctx.channel(), null);
                }
            });
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        MachineErrors.check(cause);
        verdict.finish(ctx.channel(), "health check: " + cause.getMessage());
    }
}
