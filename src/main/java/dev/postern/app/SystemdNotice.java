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
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
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
    private static final Logger LOG = LoggerFactory.getLogger(SystemdNotice.class);

    /** A datagram to a socket on this host is there at once, or never. */
    private static final long SECONDS = 2;

    /** For so long an unwatched process may say nothing. */
    private static final Duration UNWATCHED = Duration.ofDays(365);

    /** Of the time after which systemd would end us: half is what sd_watchdog_enabled(3) asks for; and one may be late. */
    private static final int ALIVE_PART = 4;

    private final @Nullable DomainSocketAddress systemd;
    private final @Nullable EventLoopGroup group;
    private final Duration aliveEvery;
    // Used by the one thread that watches all others.
    private long aliveNanos = System.nanoTime();

    private SystemdNotice(@Nullable DomainSocketAddress systemd, Duration aliveEvery) {
        this.systemd = systemd;
        this.aliveEvery = aliveEvery;
        this.group = systemd == null
                ? null
                : new MultiThreadIoEventLoopGroup(1, Threads.named("systemd"), EpollIoHandler.newFactory());
    }

    /** @param environment has {@code NOTIFY_SOCKET} where systemd wants to hear anything */
    static SystemdNotice of(Map<String, String> environment) {
        String socket = environment.get("NOTIFY_SOCKET");
        if (socket == null || socket.isEmpty()) {
            return new SystemdNotice(null, UNWATCHED);
        }
        if (!Epoll.isAvailable()) {
            LOG.warn("NOTIFY_SOCKET: systemd cannot be told anything without Netty's native transport");
            return new SystemdNotice(null, UNWATCHED);
        }
        // The @ stands for the zero byte that begins an abstract address.
        return new SystemdNotice(
                new DomainSocketAddress(socket.startsWith("@") ? '\0' + socket.substring(1) : socket),
                aliveEvery(environment));
    }

    /** <a href="https://www.freedesktop.org/software/systemd/man/latest/sd_watchdog_enabled.html">sd_watchdog_enabled(3)</a>. */
    private static Duration aliveEvery(Map<String, String> environment) {
        String microseconds = environment.get("WATCHDOG_USEC");
        String of = environment.get("WATCHDOG_PID");
        if (microseconds == null
                || (of != null
                        && !of.equals(Long.toString(ProcessHandle.current().pid())))) {
            return UNWATCHED;
        }
        try {
            Duration longest = Duration.of(Long.parseLong(microseconds), ChronoUnit.MICROS);
            if (longest.compareTo(Duration.ofMillis(ALIVE_PART)) >= 0) {
                return longest.dividedBy(ALIVE_PART);
            }
        } catch (NumberFormatException | ArithmeticException e) {
            // Told below.
        }
        LOG.warn("WATCHDOG_USEC: \"{}\" (expected: microseconds, 4000 at least); not looked at", microseconds);
        return UNWATCHED;
    }

    /** How often {@link #alive} is to be called at least. */
    Duration aliveEvery() {
        return aliveEvery;
    }

    /** Everything goes well; tells systemd where it wants to know, and not more often than that. */
    void alive() {
        long now = System.nanoTime();
        if (now - aliveNanos >= aliveEvery.toNanos()) {
            aliveNanos = now;
            send("WATCHDOG=1");
        }
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

    /** Another process, of the same service, goes on in our place; nothing that we say is heard any more. */
    void replacedBy(long pid) {
        send("MAINPID=" + pid);
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
            LOG.warn("NOTIFY_SOCKET: telling systemd {}: {}", message, String.valueOf(sent.cause()));
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
