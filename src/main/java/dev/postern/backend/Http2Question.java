package dev.postern.backend;

import dev.postern.config.Health;
import dev.postern.trust.ServerHandshake;
import dev.postern.wire.Closed;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** A health check of a server that speaks HTTP/2: asks once its SETTINGS have come, and passes on the status. */
final class Http2Question extends ChannelInitializer<Channel> {
    /** A check is a connection of its own: this is the only stream on it. */
    private static final int STREAM = 1;

    private final Health health;
    private final String authority;
    private final ChannelHandler answer;
    private final BiConsumer<Channel, String> status;

    /**
     * @param answer hears of the end of the connection
     * @param status is told the status of the answer
     */
    Http2Question(Health health, String authority, ChannelHandler answer, BiConsumer<Channel, String> status) {
        this.health = health;
        this.authority = authority;
        this.answer = answer;
        this.status = status;
    }

    @Override
    protected void initChannel(Channel channel) {
        Frames frames = new Frames();
        Http2ConnectionHandler handler = new Http2ConnectionHandlerBuilder()
                .server(false)
                .initialSettings(Http2Settings.defaultSettings().pushEnabled(false))
                .frameListener(frames)
                .gracefulShutdownTimeoutMillis(0)
                .build();
        frames.handler = handler;
        channel.pipeline().addLast(handler, answer);
    }

    private final class Frames extends Http2FrameAdapter {
        private @Nullable Http2ConnectionHandler handler;
        private boolean asked;

        @Override
        public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) {
            Http2ConnectionHandler to = handler;
            if (asked || to == null) {
                return;
            }
            asked = true;
            Http2Headers request = new DefaultHttp2Headers(false)
                    .method(health.method())
                    .scheme(ServerHandshake.maker(ctx.channel()) == null ? "http" : "https")
                    .authority(authority)
                    .path(health.path())
                    .add("user-agent", "postern-health");
            to.encoder()
                    .writeHeaders(ctx, STREAM, request, 0, true, ctx.newPromise())
                    .addListener(Closed.OBSERVED);
            ctx.flush();
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean endOfStream) {
            CharSequence text = headers.status();
            if (text != null && text.length() == 3 && text.charAt(0) != '1') {
                status.accept(ctx.channel(), text.toString());
            }
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx,
                int streamId,
                Http2Headers headers,
                int streamDependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean endOfStream) {
            onHeadersRead(ctx, streamId, headers, padding, endOfStream);
        }
    }
}
