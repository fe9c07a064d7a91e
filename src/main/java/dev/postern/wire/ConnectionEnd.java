package dev.postern.wire;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The ways in which a client's connection ends. Event loop only. */
public final class ConnectionEnd {
    /** After the last word: as long as a part of an upload may be lost on its way, and be sent again. As nginx has it. */
    private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** The same for whoever wants to stop. */
    private static final long DRAIN_SILENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** However much a client still sends. As nginx has it. */
    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Channel channel;
    private final SendQueue queue;

    /** What the client sends is not heard any more. */
    private @Nullable ReadOn rest;

    /** Our half is closed, or about to be. */
    private boolean lingers;

    private long lingersSinceNanos;

    public ConnectionEnd(Channel channel, SendQueue queue) {
        this.channel = channel;
        this.queue = queue;
    }

    /**
     * Once everything is written, closes, or our half only
     * (<a href="https://datatracker.ietf.org/doc/html/rfc9112#section-9.6">RFC 9112 §9.6</a>): a client that still sends
     * would be answered with a reset, which could destroy the response; and one that has a good deal to read yet would be
     * left alone with the kernel, which waits for it for as long as it likes.
     *
     * @param clientMaySend what it still sends is read and thrown away from now on
     * @param lingering what to do once all is written, until the client closes too, or {@link #checkLinger} does
     */
    public void afterWriting(boolean clientMaySend, Runnable lingering) {
        if (clientMaySend) {
            readOn();
        }
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            SslHandler tls = channel.pipeline().get(SslHandler.class);
            if (!written.isSuccess() || (tls != null && tls.engine().isInboundDone())) {
                // Neither side can say, or hear, anything more.
                leave();
                return;
            }
            if (!clientMaySend && queue.isEmpty()) {
                now();
                return;
            }
            readOn();
            lingers = true;
            lingersSinceNanos = channel.eventLoop().ticker().nanoTime();
            lingering.run();
            if (tls == null) {
                shutdownOutput();
            } else {
                tls.closeOutbound().addListener(sent -> shutdownOutput());
            }
        });
    }

    private void readOn() {
        if (rest == null) {
            rest = new ReadOn(channel.eventLoop().ticker());
            channel.pipeline().addFirst("ReadOn", rest);
        }
        if (!channel.config().isAutoRead()) {
            channel.config().setAutoRead(true);
        }
    }

    /** Whether our half is closed. */
    public boolean lingers() {
        return lingers;
    }

    /**
     * Closes what lingers too long.
     *
     * @param taking the client has a part of the responses to take yet, and does
     */
    public void checkLinger(long now, boolean taking, boolean draining) {
        if (taking || rest == null) {
            lingersSinceNanos = now;
            return;
        }
        long lingered = now - lingersSinceNanos;
        long silent = Math.min(lingered, now - rest.lastNanos());
        if (lingered > LINGER_NANOS || silent > (draining ? DRAIN_SILENCE_NANOS : SILENCE_NANOS)) {
            leave();
        }
    }

    private void shutdownOutput() {
        ((DuplexChannel) channel).shutdownOutput().addListener(done -> {
            if (!done.isSuccess()) {
                leave();
            }
        });
    }

    /**
     * Resets, and past the TLS handler, which would say a polite goodbye: a response whose end is the end of the
     * connection must not look complete.
     */
    public void reset() {
        var unused = channel.config().setOption(ChannelOption.SO_LINGER, 0);
        channel.pipeline().firstContext().close().addListener(Closed.OBSERVED);
    }

    /** Closes, without a word more: everything was said, or nothing can be. */
    public void leave() {
        channel.pipeline().firstContext().close().addListener(Closed.OBSERVED);
    }

    /** Closes; what is not written yet is lost. */
    public void now() {
        channel.close().addListener(Closed.OBSERVED);
    }
}
