package dev.postern.demo;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.Map;

/** Answers at the end of each request with what was asked; what came as its body is dropped. One for each connection. */
final class Echo extends SimpleChannelInboundHandler<HttpObject> {
    /** By which the page tells the two servers apart. */
    static final String COLOUR = "X-Demo-Server";

    private final String colour;
    private final StringBuilder text = new StringBuilder();
    private boolean keepAlive;
    private boolean html;

    Echo(String colour) {
        this.colour = colour;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, HttpObject part) {
        if (part instanceof HttpRequest request) {
            keepAlive = HttpUtil.isKeepAlive(request);
            html = request.headers().contains(HttpHeaderNames.ACCEPT)
                    && request.headers().get(HttpHeaderNames.ACCEPT).contains("text/html");
            text.setLength(0);
            text.append("Hello from demo server ").append(colour).append(". You asked:\n\n");
            text.append(request.method()).append(' ').append(request.uri()).append('\n');
            request.headers()
                    .forEach(header -> text.append(header.getKey())
                            .append(": ")
                            .append(header.getValue())
                            .append('\n'));
        }
        if (part instanceof LastHttpContent) {
            answer().send(ctx, keepAlive);
        }
    }

    private Answer answer() {
        return new Answer(
                HttpResponseStatus.OK,
                html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8",
                html ? page() : text + "\n",
                Map.of(COLOUR, colour));
    }

    private String page() {
        return """
                <!DOCTYPE html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width">
                <title>Postern demo: %s</title>
                <link rel="stylesheet" href="/demo/page.css">
                </head>
                <body>
                <main class="echo">
                <h1 class="%s">%s</h1>
                <pre>%s</pre>
                <p><a href="/">back</a></p>
                </main>
                </body>
                </html>
                """.formatted(colour, colour, colour, Answer.escaped(text.toString()));
    }

    /** The client has gone, or was never one of HTTP. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        var unused = ctx.close();
    }
}
