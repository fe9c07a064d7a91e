package dev.postern.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Two connections whose bytes go across as they are. Reads from one side only as fast as the other takes it. Ends when
 * either side closes, after what it sent has been passed on, or when nothing has moved for the idle time. Both channels
 * are on the same event loop, and so is everything here.
 */
public final class Tunnel {
    private static final Logger log = LoggerFactory.getLogger(Tunnel.class);

    /** How long an end may take for the last bytes once the other is closed. */
    private static final int HALF_CLOSED_SECONDS = 10;

    private final Channel client;
    private final Channel server;
    private final String clientText;
    private final long idleNanos;
    private long movedNanos = System.nanoTime();
    private @Nullable ScheduledFuture<?> watch;

    private Tunnel(Channel client, Channel server, Duration idle) {
        this.client = client;
        this.server = server;
        this.clientText = client.remoteAddress() instanceof InetSocketAddress address
                ? NetUtil.toSocketAddressString(address)
                : String.valueOf(client.remoteAddress());
        this.idleNanos = idle.toNanos();
    }

    /**
     * Joins two channels whose pipelines hold nothing that would touch the bytes.
     *
     * @param fromClient what has been read from the client already; its ownership passes
     * @param fromServer what has been read from the server already; its ownership passes
     */
    public static void join(
            Channel client, Channel server, @Nullable ByteBuf fromClient, @Nullable ByteBuf fromServer, Duration idle) {
        Tunnel tunnel = new Tunnel(client, server, idle);
        client.pipeline().addLast("Tunnel", tunnel.new End(server));
        server.pipeline().addLast("Tunnel", tunnel.new End(client));
        pass(fromServer, client);
        pass(fromClient, server);
        client.config().setAutoRead(true);
        server.config().setAutoRead(true);
        if (!client.isActive() || !server.isActive()) {
            closeAfterFlush(client);
            closeAfterFlush(server);
        }
        tunnel.watch(tunnel.idleNanos);
    }

    private static void pass(@Nullable ByteBuf bytes, Channel to) {
        if (bytes != null) {
            var unused = to.writeAndFlush(bytes, to.voidPromise());
        }
    }

    private void watch(long delayNanos) {
        watch = client.eventLoop().schedule(this::checkIdle, delayNanos, TimeUnit.NANOSECONDS);
    }

    /** One end is closed: the other gets what is on its way to it, and then is closed as well. */
    private void ended(Channel other) {
        closeAfterFlush(other);
        if (!client.isActive() && !server.isActive()) {
            if (watch != null) {
                // Else the timer would keep both for as long as it runs.
                watch.cancel(false);
            }
        } else {
            var unused = client.eventLoop().schedule(() -> closeNow(other), HALF_CLOSED_SECONDS, TimeUnit.SECONDS);
        }
    }

    private void checkIdle() {
        if (!client.isActive() && !server.isActive()) {
            return;
        }
        long left = movedNanos + idleNanos - System.nanoTime();
        if (left > 0) {
            watch(left);
        } else {
            log.info("client {}: timeouts.tunnel: nothing moved; closed", clientText);
            // Not after what is still to be written: whoever takes nothing would keep it from ever being closed.
            closeNow(client);
            closeNow(server);
        }
    }

    private static void closeAfterFlush(Channel channel) {
        channel.writeAndFlush(io.netty.buffer.Unpooled.EMPTY_BUFFER).addListener(written -> closeNow(channel));
    }

    private static void closeNow(Channel channel) {
        channel.close().addListener(closed -> {
            if (!closed.isSuccess()) {
                log.debug("{}: close failed", channel, closed.cause());
            }
        });
    }

    /** One end: what is read here is written to the other. */
    private final class End extends ChannelInboundHandlerAdapter {
        private final Channel other;

        End(Channel other) {
            this.other = other;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (other.isActive()) {
                movedNanos = System.nanoTime();
            }
            var unused = other.write(message, other.voidPromise());
            if (!other.isWritable()) {
                other.flush();
                if (!other.isWritable()) {
                    ctx.channel().config().setAutoRead(false);
                }
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            other.flush();
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            if (ctx.channel().isWritable()) {
                movedNanos = System.nanoTime();
                other.config().setAutoRead(true);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            ended(other);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof SslCloseCompletionEvent) {
                // Says that it sends no more; like the end of a plaintext connection, that is its end.
                closeNow(ctx.channel());
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            log.debug("{}: {}", ctx.channel(), cause.toString());
            closeNow(ctx.channel());
        }
    }
}
