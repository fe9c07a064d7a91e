package dev.postern.app;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** A plaintext web server for the demo: says which one it is, and what it was asked. */
final class DemoBackend implements AutoCloseable {
    private final MultiThreadIoEventLoopGroup group;
    private final Channel channel;

    private DemoBackend(MultiThreadIoEventLoopGroup group, Channel channel) {
        this.group = group;
        this.channel = channel;
    }

    static DemoBackend start(int number) throws IOException {
        MultiThreadIoEventLoopGroup group =
                new MultiThreadIoEventLoopGroup(1, Threads.named("demo-backend-" + number), NioIoHandler.newFactory());
        var bound = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel client) {
                        client.pipeline().addLast(new HttpServerCodec(), new Echo(number));
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
            throw new IOException(
                    "demo backend " + number + ": " + bound.cause().getMessage(), bound.cause());
        }
        return new DemoBackend(group, bound.channel());
    }

    int port() {
        return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    /** Answers at the end of each request; what came as its body is dropped. */
    private static final class Echo extends SimpleChannelInboundHandler<HttpObject> {
        private final int number;
        private final StringBuilder text = new StringBuilder();
        private boolean keepAlive;
        private boolean html;

        Echo(int number) {
            this.number = number;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, HttpObject part) {
            if (part instanceof HttpRequest request) {
                keepAlive = HttpUtil.isKeepAlive(request);
                html = request.headers().contains(HttpHeaderNames.ACCEPT)
                        && request.headers().get(HttpHeaderNames.ACCEPT).contains("text/html");
                text.setLength(0);
                text.append("Hello from demo backend ").append(number).append(". You asked:\n\n");
                text.append(request.method()).append(' ').append(request.uri()).append('\n');
                request.headers()
                        .forEach(header -> text.append(header.getKey())
                                .append(": ")
                                .append(header.getValue())
                                .append('\n'));
            }
            if (part instanceof LastHttpContent) {
                answer(ctx);
            }
        }

        private String page() {
            String asked =
                    text.toString().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
            return """
                    <!DOCTYPE html>
                    <html lang="en">
                    <head>
                    <meta charset="utf-8">
                    <meta name="viewport" content="width=device-width">
                    <title>Postern demo</title>
                    <style>body { font: 1em/1.5 system-ui, sans-serif; margin: 10vh auto; max-width: 48em; padding: 0 1em; color-scheme: light dark }
                    pre { overflow: auto; padding: 1em; border: 1px solid; border-radius: .5em }</style>
                    </head>
                    <body>
                    <h1>It works</h1>
                    <pre>%s</pre>
                    </body>
                    </html>
                    """.formatted(asked);
        }

        private void answer(ChannelHandlerContext ctx) {
            FullHttpResponse response = new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1,
                    HttpResponseStatus.OK,
                    Unpooled.copiedBuffer(html ? page() : text.append('\n'), StandardCharsets.UTF_8));
            response.headers()
                    .set(HttpHeaderNames.CONTENT_TYPE, html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8");
            HttpUtil.setContentLength(response, response.content().readableBytes());
            ctx.writeAndFlush(response)
                    .addListener(keepAlive ? ChannelFutureListener.CLOSE_ON_FAILURE : ChannelFutureListener.CLOSE);
        }
    }
}
