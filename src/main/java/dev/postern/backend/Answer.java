package dev.postern.backend;

import dev.postern.config.Configuration;
import dev.postern.config.Health;
import dev.postern.machine.MachineErrors;
import dev.postern.wire.Closed;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** One request of a health check, and the status line that answers it. On the event loop. */
final class Answer extends ChannelInboundHandlerAdapter {
    private static final int MAX_STATUS_LINE = 8192;

    /** What a check says of a server that answers 404 where that means that it wants no new sessions. */
    static final String WANTS_TO_DRAIN = "health check: status 404";

    private final Health health;
    private final Server server;
    private final boolean asked;
    private final Verdict verdict;
    private final StringBuilder line = new StringBuilder();

    /** @param asked by somebody else, in another protocol */
    Answer(Health health, Server server, boolean asked, Verdict verdict) {
        this.health = health;
        this.server = server;
        this.asked = asked;
        this.verdict = verdict;
    }

    /** Whom the server is asked for. */
    String authority() {
        String host = health.host();
        return host != null
                ? host
                : server.config().isSocket()
                        ? Configuration.Server.LOCALHOST
                        : server.config().address();
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (asked) {
            return;
        }
        String request = health.method() + " " + health.path() + " HTTP/1.1\r\nHost: " + authority()
                + "\r\nUser-Agent: postern-health\r\nConnection: close\r\n\r\n";
        ByteBuf bytes = Unpooled.copiedBuffer(request, StandardCharsets.ISO_8859_1);
        ctx.writeAndFlush(bytes).addListener(Closed.OBSERVED);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            line.append(bytes.toString(StandardCharsets.ISO_8859_1));
        } finally {
            bytes.release();
        }
        int end = line.indexOf("\r\n");
        if (end >= 0) {
            verdict.finish(ctx.channel(), judge(line.substring(0, end)));
        } else if (line.length() > MAX_STATUS_LINE) {
            verdict.finish(ctx.channel(), "health check: answer is not HTTP/1");
        }
    }

    private @Nullable String judge(String statusLine) {
        if (!statusLine.matches("HTTP/1\\.[01] \\d{3}( .*)?")) {
            return "health check: answer is not HTTP/1";
        }
        return judge(Integer.parseInt(statusLine.substring(9, 12)));
    }

    /** Three digits, or what a broken server has for them. */
    void status(Channel channel, String text) {
        verdict.finish(
                channel, text.matches("\\d{3}") ? judge(Integer.parseInt(text)) : "health check: answer has no status");
    }

    private @Nullable String judge(int status) {
        if (status == 404 && health.drainOn404()) {
            return WANTS_TO_DRAIN;
        }
        return status >= health.expectFrom() && status <= health.expectTo()
                ? null
                : "health check: status " + status + " (expected: " + health.expectFrom() + "-" + health.expectTo()
                        + ")";
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        verdict.finish(ctx.channel(), "health check: connection closed without an answer");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        MachineErrors.check(cause);
        verdict.finish(ctx.channel(), "health check: " + cause.getMessage());
    }
}
