package dev.postern.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ways in which a client's connection ends. Event loop only. */
final class ConnectionEnd {
    private static final Logger log = LoggerFactory.getLogger(ConnectionEnd.class);

    private final Channel channel;
    private final SendQueue queue;

    ConnectionEnd(Channel channel, SendQueue queue) {
        this.channel = channel;
        this.queue = queue;
    }

    /**
     * Once everything is written, closes, or our half only
     * (<a href="https://datatracker.ietf.org/doc/html/rfc9112#section-9.6">RFC 9112 §9.6</a>): a client that still sends
     * would be answered with a reset, which could destroy the response; and one that has a good deal to read yet would be
     * left alone with the kernel, which waits for it for as long as it likes.
     *
     * @param lingering what to do from then on, until the client closes too
     */
    void afterWriting(boolean clientMaySend, Runnable lingering) {
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            if (!written.isSuccess() || (!clientMaySend && queue.isEmpty())) {
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
}
