package dev.postern.listener;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.BindAddress;
import dev.postern.testing.FreePorts;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Ticker;
import java.net.BindException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ListenerTest {
    // Root may bind everything: what others are told cannot be provoked here.
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "Permission denied | permission denied; ports below 1024 need CAP_NET_BIND_SERVICE",
                "Address already in use | address already in use; another program listens there (ss -ltnp 'sport = :80'",
                "bind(..) failed: Address already in use | address already in use; another program listens there",
                "Cannot assign requested address | this host has no such address (expected: one that ip address shows, or sysctl"
                        + " net.ipv4.ip_nonlocal_bind=1, net.ipv6.ip_nonlocal_bind=1 for IPv6, where it comes later, as with VRRP)",
                "Something else | something else",
            })
    void messageSaysWhatIsInTheWay(String reason, String message) {
        assertThat(Listener.message("http", new BindAddress(null, 80), new BindException(reason)))
                .startsWith("listener http :80: bind: " + message);
    }

    // With SO_REUSEPORT from the start both would bind, and each would get half of the connections.
    @ParameterizedTest
    @EnumSource(Transport.class)
    void ofTwoThatStartInTheSameMomentOneHasThePort(Transport transport) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        Transport.EventLoops loops =
                transport.loops(4, new DefaultThreadFactory("listener", true), Ticker.systemTicker());
        try {
            for (int round = 0; round < 50; round++) {
                BindAddress address = new BindAddress(InetAddress.getLoopbackAddress(), FreePorts.next());
                CyclicBarrier both = new CyclicBarrier(2);

                List<Future<Boolean>> bound = threads.invokeAll(List.of(
                        () -> binds(transport, loops, address, both), () -> binds(transport, loops, address, both)));

                assertThat(List.of(bound.get(0).get(), bound.get(1).get())).containsExactlyInAnyOrder(true, false);
            }
        } finally {
            threads.shutdownNow();
            var unused = loops.group().shutdownGracefully();
        }
    }

    // The system chooses by the addresses and ports of a connection.
    @ParameterizedTest
    @EnumSource(Transport.class)
    void everyLoopGetsConnections(Transport transport) throws Exception {
        Transport.EventLoops loops =
                transport.loops(4, new DefaultThreadFactory("listener", true), Ticker.systemTicker());
        Set<EventLoop> seen = ConcurrentHashMap.newKeySet();
        try (Listener listener = new Listener(
                "http", transport, loops.all(), List.of(), GivenSockets.none(), loop -> new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel client) {
                        seen.add(client.eventLoop());
                        var unused = client.close();
                    }
                })) {
            listener.bind(List.of(new BindAddress(InetAddress.getLoopbackAddress(), 0)), List.of())
                    .open();

            for (int i = 0; i < 200; i++) {
                try (Socket client = new Socket()) {
                    client.connect(listener.addresses().get(0));
                    assertThat(client.getInputStream().read()).isEqualTo(-1);
                }
            }

            assertThat(seen).containsExactlyInAnyOrderElementsOf(loops.all());
        } finally {
            var unused = loops.group().shutdownGracefully();
        }
    }

    private static boolean binds(
            Transport transport, Transport.EventLoops loops, BindAddress address, CyclicBarrier both) throws Exception {
        try (Listener listener = new Listener(
                "http", transport, loops.all(), List.of(), GivenSockets.none(), loop -> new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel client) {
                        client.pipeline().addLast(new ChannelInboundHandlerAdapter());
                    }
                })) {
            both.await();
            boolean isBound = true;
            try {
                listener.bind(List.of(address), List.of()).open();
            } catch (CannotListen inUse) {
                isBound = false;
            }
            both.await();
            return isBound;
        }
    }
}
