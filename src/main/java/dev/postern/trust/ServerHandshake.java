package dev.postern.trust;

import dev.postern.machine.MachineErrors;
import dev.postern.wire.Closed;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.PromiseNotifier;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to a server over TLS, right behind the TLS handler: tells how the handshake ended, and what the end of the
 * connection means. Event loop only.
 */
public final class ServerHandshake extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(ServerHandshake.class);

    /** Who waits for the end of the handshake; told once. */
    public interface Outcome {
        /** @param certificateEnds when the certificate of the server does; null where it has shown none */
        void secured(@Nullable Instant certificateEnds);

        /** The connection is closed, or about to be. */
        void failed(TlsFault fault);
    }

    /** Who has made it: told from others by identity. */
    private final Object by;

    private final SslHandler tls;
    private final Speech speech;
    private final Outcome outcome;
    private boolean over;

    ServerHandshake(Object by, SslHandler tls, Speech speech, Outcome outcome) {
        this.by = by;
        this.tls = tls;
        this.speech = speech;
        this.outcome = outcome;
    }

    /** Who has made the TLS of it; null for a connection without. */
    public static @Nullable Object maker(Channel channel) {
        ServerHandshake mine = channel.pipeline().get(ServerHandshake.class);
        return mine == null ? null : mine.by;
    }

    /** Nothing more will be written: tells the other side so, and goes on reading. */
    public static Future<?> endOutput(Channel channel) {
        ServerHandshake mine = channel.pipeline().get(ServerHandshake.class);
        if (mine == null) {
            return ((DuplexChannel) channel).shutdownOutput();
        }
        Promise<Void> ended = channel.eventLoop().newPromise();
        mine.tls
                .closeOutbound()
                .addListener(
                        said -> ((DuplexChannel) channel).shutdownOutput().addListener(new PromiseNotifier<>(ended)));
        return ended;
    }

    /** So much time is left for it. Before the connection is made. */
    public void within(Duration left) {
        tls.setHandshakeTimeoutMillis(Math.max(1, left.toMillis()));
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent done) {
            ended(ctx, done.isSuccess() ? null : Objects.requireNonNull(done.cause(), "cause"));
            return;
        }
        if (event instanceof ChannelInputShutdownEvent && !over) {
            // Where half of a connection may be closed, nobody else would close the other.
            ctx.close().addListener(Closed.OBSERVED);
            return;
        }
        if (event instanceof SslCloseCompletionEvent said && speech != Speech.ANY) {
            closed(ctx, said.isSuccess());
        }
        ctx.fireUserEventTriggered(event);
    }

    private void closed(ChannelHandlerContext ctx, boolean bidsGoodbye) {
        if (bidsGoodbye) {
            // Nothing more comes; nothing that we still have to say would be answered.
            ctx.close().addListener(Closed.OBSERVED);
        } else if (speech == Speech.HTTP_1) {
            // A body that ends with the connection may have been cut short, RFC 9112 §9.8.
            ctx.fireExceptionCaught(new SSLException("closed without a TLS close_notify"));
        }
    }

    private void ended(ChannelHandlerContext ctx, @Nullable Throwable cause) {
        if (over) {
            return;
        }
        over = true;
        String chosen = tls.applicationProtocol();
        if (cause == null && (speech != Speech.HTTP_2 || "h2".equals(chosen))) {
            outcome.secured(certificateEnds());
            return;
        }
        ctx.close().addListener(Closed.OBSERVED);
        outcome.failed(cause == null ? TlsFault.notAgreed(chosen) : TlsFault.of(cause));
    }

    private @Nullable Instant certificateEnds() {
        try {
            return tls.engine().getSession().getPeerCertificates()[0] instanceof X509Certificate leaf
                    ? leaf.getNotAfter().toInstant()
                    : null;
        } catch (SSLPeerUnverifiedException e) {
            return null;
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        MachineErrors.check(cause);
        if (tls.handshakeFuture().isSuccess()) {
            ctx.fireExceptionCaught(cause);
        } else {
            LOG.debug("handshake: {}", cause.toString());
        }
    }
}
