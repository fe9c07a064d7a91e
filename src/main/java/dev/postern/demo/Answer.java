package dev.postern.demo;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A response of the demo's own servers: never kept by a browser, and its pages load nothing from elsewhere. */
record Answer(HttpResponseStatus status, String type, String body, Map<String, String> more) {
    private static final String POLICY =
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; connect-src 'self' wss://localhost:*;"
                    + " form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    static Answer text(HttpResponseStatus status, String text) {
        return new Answer(status, "text/plain; charset=utf-8", text + "\n", Map.of());
    }

    static Answer ok(String type, String body) {
        return new Answer(HttpResponseStatus.OK, type, body, Map.of());
    }

    /** Any thread. */
    void send(ChannelHandlerContext ctx, boolean keepAlive) {
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, status, Unpooled.copiedBuffer(body, StandardCharsets.UTF_8));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, type)
                .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
                .set("X-Content-Type-Options", "nosniff");
        if (type.startsWith("text/html")) {
            response.headers().set(HttpHeaderNames.CONTENT_SECURITY_POLICY, POLICY);
        }
        more.forEach((name, value) -> response.headers().set(name, value));
        HttpUtil.setContentLength(response, response.content().readableBytes());
        ctx.writeAndFlush(response)
                .addListener(keepAlive ? ChannelFutureListener.CLOSE_ON_FAILURE : ChannelFutureListener.CLOSE);
    }

    /** As HTML has it, in text and between double quotes. */
    static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
