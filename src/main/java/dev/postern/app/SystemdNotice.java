package dev.postern.app;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells systemd where we are, so that {@code Type=notify-reload} knows when a start and a reload are over: the protocol of
 * <a href="https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html">sd_notify(3)</a>. Whoever started us
 * otherwise is told nothing. The JDK has no UNIX datagram sockets; Netty's epoll transport has.
 */
final class SystemdNotice implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SystemdNotice.class);

    /** A datagram to a socket on this host is there at once, or never. */
    private static final long SECONDS = 2;

    private final @Nullable DomainSocketAddress systemd;
    private final @Nullable EventLoopGroup group;

    private SystemdNotice(@Nullable DomainSocketAddress systemd) {
        this.systemd = systemd;
        this.group = systemd == null
                ? null
                : new MultiThreadIoEventLoopGroup(1, Threads.named("systemd"), EpollIoHandler.newFactory());
    }

    /** @param socket the environment's {@code NOTIFY_SOCKET}; null where systemd wants to hear nothing */
    static SystemdNotice to(@Nullable String socket) {
        if (socket == null || socket.isEmpty()) {
            return new SystemdNotice(null);
        }
        if (!Epoll.isAvailable()) {
            log.warn("NOTIFY_SOCKET: systemd cannot be told anything without Netty's native transport");
            return new SystemdNotice(null);
        }
        // The @ stands for the zero byte that begins an abstract address.
        return new SystemdNotice(new DomainSocketAddress(socket.startsWith("@") ? '\0' + socket.substring(1) : socket));
    }

    void ready() {
        send("READY=1");
    }

    /** To be followed by {@link #ready}, whatever comes of it. */
    void reloading() {
        // CLOCK_MONOTONIC, which is what the JVM's nanoTime is on Linux.
        send("RELOADING=1\nMONOTONIC_USEC=" + TimeUnit.NANOSECONDS.toMicros(System.nanoTime()));
    }

    void stopping() {
        send("STOPPING=1");
    }

    private void send(String message) {
        EventLoopGroup loops = group;
        DomainSocketAddress address = systemd;
        if (loops == null || address == null) {
            return;
        }
        ChannelFuture connected = new Bootstrap()
                .group(loops)
                .channel(EpollDomainDatagramChannel.class)
                .handler(new ChannelInboundHandlerAdapter())
                .connect(address)
                .awaitUninterruptibly();
        ChannelFuture sent = connected.isSuccess()
                ? connected.channel().writeAndFlush(Unpooled.copiedBuffer(message, StandardCharsets.UTF_8))
                : connected;
        if (!sent.awaitUninterruptibly(SECONDS, TimeUnit.SECONDS) || !sent.isSuccess()) {
            log.warn("NOTIFY_SOCKET: telling systemd {}: {}", message, String.valueOf(sent.cause()));
        }
        connected.channel().close().awaitUninterruptibly(SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        if (group != null) {
            group.shutdownGracefully(0, SECONDS, TimeUnit.SECONDS).awaitUninterruptibly(SECONDS, TimeUnit.SECONDS);
        }
    }
}
