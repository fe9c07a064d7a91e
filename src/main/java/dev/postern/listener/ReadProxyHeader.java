package dev.postern.listener;

import dev.postern.config.Durations;
import dev.postern.machine.MachineErrors;
import dev.postern.wire.Closed;
import dev.postern.wire.Endpoints;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first handler of a connection from an address that is configured to begin with a PROXY header: reads the header,
 * lets the rest of the pipeline be built for the client it names, and goes. Such a connection never gets any further
 * without one: an address that may speak for others must not be taken for a client by mistake. One that closes before it
 * says anything is a probe, and no news. Event loop only.
 */
final class ReadProxyHeader extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(ReadProxyHeader.class);

    private final Endpoints connection;
    private final Duration timeout;
    private final Consumer<Endpoints> next;
    private final Consumer<String> told;

    private @Nullable ByteBuf read;
    private @Nullable ScheduledFuture<?> deadline;
    private boolean refused;

    /**
     * @param connection between the proxy and us
     * @param next builds the rest of the pipeline, or closes the channel
     * @param told hears of a proxy that does not do what it is configured to
     */
    ReadProxyHeader(Endpoints connection, Duration timeout, Consumer<Endpoints> next, Consumer<String> told) {
        this.connection = connection;
        this.timeout = timeout;
        this.next = next;
        this.told = told;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        deadline = ctx.executor().schedule(() -> late(ctx), timeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void late(ChannelHandlerContext ctx) {
        if (read == null) {
            LOG.debug("proxy {}: nothing within {}; closed", connection.clientText(), Durations.text(timeout));
            ctx.close().addListener(Closed.OBSERVED);
        } else {
            refuse(ctx, "PROXY header is not complete after " + Durations.text(timeout));
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (refused) {
            bytes.release();
            return;
        }
        ByteBuf all = read == null ? bytes : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(ctx.alloc(), read, bytes);
        read = all;
        try {
            ProxyHeader header = ProxyHeader.read(all);
            if (header != null) {
                pass(ctx, header, all.skipBytes(header.length()));
            }
        } catch (ProxyHeader.Malformed e) {
            refuse(ctx, String.valueOf(e.getMessage()));
        }
    }

    private void pass(ChannelHandlerContext ctx, ProxyHeader header, ByteBuf rest) {
        read = null;
        InetSocketAddress client = header.client();
        InetSocketAddress local = header.local();
        next.accept(client == null || local == null ? connection : new Endpoints(client, local));
        if (rest.isReadable() && ctx.channel().isActive()) {
            ctx.fireChannelRead(rest);
        } else {
            rest.release();
        }
        // What is told at the end of this read is told to those who took this place.
        ctx.pipeline().remove(this);
    }

    private void refuse(ChannelHandlerContext ctx, String why) {
        refused = true;
        told.accept("proxy " + connection.clientText() + ": " + why + "; closed");
        ctx.close().addListener(Closed.OBSERVED);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (deadline != null) {
            deadline.cancel(false);
        }
        ByteBuf unused = read;
        read = null;
        if (unused != null) {
            unused.release();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        handlerRemoved(ctx);
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        MachineErrors.check(cause);
        LOG.debug("proxy {}: {}", connection.clientText(), cause.toString());
        ctx.close().addListener(Closed.OBSERVED);
    }
}
