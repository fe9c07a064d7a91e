package dev.postern.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ways in which a client's connection ends, and how much of what it is owed has left us. Event loop only. */
final class ConnectionEnd {
    private static final Logger log = LoggerFactory.getLogger(ConnectionEnd.class);

    private final Channel channel;
    /** What had not left us at the last look. */
    private long unwritten;

    ConnectionEnd(Channel channel) {
        this.channel = channel;
    }

    /** Closes once everything is written. */
    void afterWriting() {
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> now());
    }

    /**
     * Once everything is written, closes our half only
     * (<a href="https://datatracker.ietf.org/doc/html/rfc9112#section-9.6">RFC 9112 §9.6</a>): a client that still sends
     * would be answered with a reset, which could destroy the response.
     *
     * @param lingering what to do from then on, until the client closes too
     */
    void afterWriting(Runnable lingering) {
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            if (!written.isSuccess()) {
                now();
                return;
            }
            lingering.run();
            SslHandler tls = channel.pipeline().get(SslHandler.class);
            if (tls == null) {
                shutdownOutput();
            } else {
                tls.closeOutbound().addListener(sent -> shutdownOutput());
            }
        });
    }

    private void shutdownOutput() {
        ((DuplexChannel) channel).shutdownOutput().addListener(done -> {
            if (!done.isSuccess()) {
                now();
            }
        });
    }

    /**
     * Resets, and past the TLS handler, which would say a polite goodbye: a response whose end is the end of the
     * connection must not look complete.
     */
    void reset() {
        var unused = channel.config().setOption(ChannelOption.SO_LINGER, 0);
        channel.pipeline().firstContext().close().addListener(this::closed);
    }

    /** Closes; what is not written yet is lost. */
    void now() {
        channel.close().addListener(this::closed);
    }

    private void closed(Future<?> closing) {
        if (!closing.isSuccess()) {
            log.debug("{}: close failed", channel, closing.cause());
        }
    }

    /** What the client is owed and has not taken, in relation to the last look. */
    enum Owed {
        NOTHING,
        LESS_THAN_BEFORE,
        AS_BEFORE
    }

    /** Looks. */
    Owed owed() {
        ChannelOutboundBuffer out = channel.unsafe().outboundBuffer();
        long left = out == null ? 0 : out.totalPendingWriteBytes();
        Owed owed = left == 0 ? Owed.NOTHING : left == unwritten ? Owed.AS_BEFORE : Owed.LESS_THAN_BEFORE;
        unwritten = left;
        return owed;
    }
}
