package dev.postern.tls;

import dev.postern.wire.Closed;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.PromiseNotifier;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where a handshake fails over the certificate of the client, there is more on its way: in TLS 1.2 what proves that it has the
 * key. Closed at once, the connection would be reset for that, and the reset could overtake the alert, which says what is wrong with
 * the certificate. So our half is closed, and the rest thrown away, until the client closes too. Before the TLS handler. Event loop
 * only.
 */
final class LingerAfterAlert extends ChannelDuplexHandler {
    /** As long as a part of the handshake may be lost on its way, and be sent again. */
    private static final long LONGEST_SECONDS = 2;

    private final SslHandler tls;
    private boolean leaving;
    private @Nullable ScheduledFuture<?> end;

    LingerAfterAlert(SslHandler tls) {
        this.tls = tls;
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        boolean failed =
                tls.handshakeFuture().isDone() && !tls.handshakeFuture().isSuccess();
        if (leaving || !failed || !(ctx.channel() instanceof DuplexChannel channel) || channel.isInputShutdown()) {
            var unused = ctx.close(promise);
            return;
        }
        leaving = true;
        channel.closeFuture().addListener(new PromiseNotifier<>(promise));
        end = ctx.executor().schedule(() -> leave(ctx), LONGEST_SECONDS, TimeUnit.SECONDS);
        ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            if (written.isSuccess()) {
                channel.shutdownOutput().addListener(shut -> {
                    if (!shut.isSuccess()) {
                        leave(ctx);
                    }
                });
            } else {
                leave(ctx);
            }
        });
    }

    private static void leave(ChannelHandlerContext ctx) {
        ctx.close().addListener(Closed.OBSERVED);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (leaving) {
            ReferenceCountUtil.release(message);
        } else {
            ctx.fireChannelRead(message);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (leaving && event instanceof ChannelInputShutdownEvent) {
            leave(ctx);
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (end != null) {
            end.cancel(false);
        }
        ctx.fireChannelInactive();
    }
}
