package dev.postern.demo;

import com.google.gson.JsonObject;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler.HandshakeComplete;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Once a connection has become a WebSocket it is told every second who it is with, and how often it was told. One for each connection. */
final class Ticking extends ChannelInboundHandlerAdapter {
    private final String colour;
    private @Nullable Future<?> ticking;
    private long told;

    Ticking(String colour) {
        this.colour = colour;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof HandshakeComplete) {
            ticking = ctx.executor().scheduleAtFixedRate(() -> tick(ctx), 0, 1, TimeUnit.SECONDS);
        }
        ctx.fireUserEventTriggered(event);
    }

    private void tick(ChannelHandlerContext ctx) {
        // Who reads nothing is told nothing more until it does.
        if (ctx.channel().isWritable()) {
            JsonObject tick = new JsonObject();
            tick.addProperty("server", colour);
            tick.addProperty("number", ++told);
            ctx.writeAndFlush(new TextWebSocketFrame(tick.toString()))
                    .addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (ticking != null) {
            ticking.cancel(false);
        }
    }
}
