package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainDatagramPacket;
import io.netty.channel.unix.DomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What systemd hears on the socket that it gives us. */
class SystemdNoticeTest {
    @TempDir
    private Path directory;

    private final BlockingQueue<String> heard = new ArrayBlockingQueue<>(10);

    @Test
    void systemdIsToldOfTheStartAReloadAndTheEnd() throws Exception {
        assumeTrue(Epoll.isAvailable(), "UNIX datagrams need Netty's epoll transport");
        String socket = directory.resolve("notify").toString();
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        Channel systemd = listen(loops, socket);

        try (SystemdNotice notice = SystemdNotice.of(Map.of("NOTIFY_SOCKET", socket))) {
            notice.ready();
            long before = System.nanoTime() / 1_000;
            notice.reloading();
            notice.ready();
            notice.stopping();

            assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("READY=1");
            String reloading = heard.poll(10, TimeUnit.SECONDS);
            assertThat(reloading).matches("RELOADING=1\nMONOTONIC_USEC=[0-9]+");
            assertThat(Long.parseLong(reloading.replaceAll("(?s).*=", ""))).isGreaterThanOrEqualTo(before);
            assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("READY=1");
            assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("STOPPING=1");
        } finally {
            systemd.close().syncUninterruptibly();
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    @Test
    void withoutASocketNothingIsSaid() {
        try (SystemdNotice notice = SystemdNotice.of(Map.of())) {
            notice.ready();
            notice.stopping();
        }
        assertThat(heard).isEmpty();
    }

    // A daemon must not depend on who watches it.
    @Test
    void socketThatIsGoneHarmsNothing() {
        try (SystemdNotice notice = SystemdNotice.of(
                Map.of("NOTIFY_SOCKET", directory.resolve("gone").toString()))) {
            notice.ready();
        }
        assertThat(heard).isEmpty();
    }

    @Test
    void watchdogHearsOfLifeWithinAQuarterOfItsTimeAndNoMoreOftenThanThat() throws Exception {
        assumeTrue(Epoll.isAvailable(), "UNIX datagrams need Netty's epoll transport");
        String socket = directory.resolve("notify").toString();
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        Channel systemd = listen(loops, socket);

        try (SystemdNotice notice = SystemdNotice.of(Map.of("NOTIFY_SOCKET", socket, "WATCHDOG_USEC", "400000"))) {
            assertThat(notice.aliveEvery()).isEqualTo(Duration.ofMillis(100));
            await().atMost(Duration.ofSeconds(10))
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> {
                        notice.alive();
                        return heard.size() >= 2;
                    });
            assertThat(heard).containsOnly("WATCHDOG=1");
        } finally {
            systemd.close().syncUninterruptibly();
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    // A launcher's environment is inherited by whatever it starts.
    @Test
    void watchdogOfAnotherProcessHearsNothing() {
        assumeTrue(Epoll.isAvailable(), "UNIX datagrams need Netty's epoll transport");
        Map<String, String> ofAnother =
                Map.of("NOTIFY_SOCKET", "/nowhere", "WATCHDOG_USEC", "400000", "WATCHDOG_PID", "1");
        try (SystemdNotice notice = SystemdNotice.of(ofAnother)) {
            assertThat(notice.aliveEvery()).isGreaterThan(Duration.ofDays(1));
        }
    }

    private Channel listen(EventLoopGroup loops, String socket) {
        return new Bootstrap()
                .group(loops)
                .channel(EpollDomainDatagramChannel.class)
                .handler(new SimpleChannelInboundHandler<DomainDatagramPacket>() {
                    @Override
                    protected void channelRead0(ChannelHandlerContext ctx, DomainDatagramPacket packet) {
                        heard.add(packet.content().toString(StandardCharsets.UTF_8));
                    }
                })
                .bind(new DomainSocketAddress(socket))
                .syncUninterruptibly()
                .channel();
    }
}
