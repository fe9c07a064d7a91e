package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.backend.Backend;
import dev.postern.backend.ServerBudget;
import dev.postern.balance.LoadBalancer;
import dev.postern.config.Configuration;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.http.exchange.CertificateShown;
import dev.postern.http.exchange.Exchange;
import dev.postern.http.exchange.ExchangeObserver;
import dev.postern.http.exchange.LocalResponse;
import dev.postern.http.exchange.RateLimiter;
import dev.postern.http.exchange.RequestSteps;
import dev.postern.http.exchange.Routing;
import dev.postern.http.exchange.TowardsServers;
import dev.postern.http.exchange.Worker;
import dev.postern.http.h1.Http1ClientConnection;
import dev.postern.http.h1.Http1ServerConnections;
import dev.postern.http.h2.Http2ClientConnection;
import dev.postern.http.h2.Http2ServerConnections;
import dev.postern.machine.MemoryGuard;
import dev.postern.route.RouteTable;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.Http2Wire;
import dev.postern.wire.Endpoints;
import dev.postern.wire.SocketTypes;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.Http2Error;
import java.io.DataInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.AbstractMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where we make a mistake no client waits for ever: here an answer cannot be written, and nobody is there to hear of it. */
class BugTest {
    private final MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final MemoryGuard memory = new MemoryGuard(Runnable::run);
    private Worker worker;

    @BeforeEach
    void start() throws Exception {
        Configuration config = ConfigurationFile.parse("postern.yaml", """
                listeners: { https: { bind: "127.0.0.1:0" } }
                acme: { email: ops@example.com, agree-to-terms: true }
                sites: [{ names: [example.com], backend: web }]
                backends: { web: { servers: ["127.0.0.1:1"] } }
                """);
        LoadBalancer none = new LoadBalancer(
                new Backend(Objects.requireNonNull(config.backends().get("web"))), 0, () -> new byte[0]);
        Routing routing = new Routing(
                RouteTable.of(config.sites()),
                Map.of(),
                Map.of(),
                List.of(),
                config.timeouts(),
                config.limits(),
                new Routing.Plaintext(none, false, List.of()),
                Map.of(),
                new RateLimiter(new Random(1)));
        ServerBudget servers = new ServerBudget(1, 1, 1);
        worker = new Worker(
                (EventLoop) loops.next(),
                new Worker.Shared(
                        new AtomicReference<>(routing),
                        InstantSource.system(),
                        new TowardsServers.Shared(
                                new SocketTypes(NioSocketChannel.class, NioDomainSocketChannel.class),
                                new TowardsServers.Protocols(Http1ServerConnections::new, Http2ServerConnections::new),
                                new TowardsServers.Budgets(servers, servers, () -> {})),
                        memory),
                1,
                "",
                ExchangeObserver.NONE);
    }

    @AfterEach
    void stop() throws Exception {
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).await();
        memory.close();
    }

    @Test
    void http1ConnectionWhoseAnswerCannotBeWrittenEnds() throws Exception {
        try (CapturedLog log = CapturedLog.begin();
                Socket client = connect(channel -> new Http1ClientConnection(
                        worker,
                        RequestSteps.of("https", BugTest::answersLater),
                        null,
                        Endpoints.of(channel),
                        channel))) {
            client.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

            assertThat(client.getInputStream().read()).isEqualTo(-1);
            await().untilAsserted(() -> assertThat(log.lines("has ended, and its connection does not know"))
                    .hasSize(1));
        }
    }

    @Test
    void http2StreamWhoseAnswerCannotBeWrittenIsReset() throws Exception {
        CertificateShown shown = new CertificateShown("a", "a", (site, host) -> false);
        try (CapturedLog log = CapturedLog.begin();
                Socket client = connect(channel -> Http2ClientConnection.of(
                        worker,
                        RequestSteps.of("https", BugTest::answersLater),
                        shown,
                        Endpoints.of(channel),
                        channel))) {
            client.getOutputStream().write(Http2Wire.PREFACE.getBytes(StandardCharsets.US_ASCII));
            client.getOutputStream().write(Http2Wire.frame(Http2Wire.SETTINGS, 0, 0));
            // GET https://a/
            byte[] head = {(byte) 0x82, (byte) 0x87, (byte) 0x84, 0x41, 1, 'a'};
            client.getOutputStream()
                    .write(Http2Wire.frame(Http2Wire.HEADERS, Http2Wire.END_HEADERS | Http2Wire.END_STREAM, 1, head));

            assertThat(errorOfReset(new DataInputStream(client.getInputStream())))
                    .isEqualTo((int) Http2Error.INTERNAL_ERROR.code());
            await().untilAsserted(() -> assertThat(log.lines("has ended, and its stream does not know"))
                    .hasSize(1));
        }
    }

    /** Whoever writes it throws, when the exchange is over. */
    private static boolean answersLater(Exchange exchange) {
        Map<String, String> broken = new AbstractMap<>() {
            @Override
            public Set<Entry<String, String>> entrySet() {
                throw new IllegalStateException("broken");
            }
        };
        exchange.goOn(() -> exchange.respond(new LocalResponse(200, broken, new byte[0])));
        return true;
    }

    @FunctionalInterface
    private interface Connections {
        ChannelHandler of(Channel channel);
    }

    private Socket connect(Connections connections) throws Exception {
        Channel server = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(connections.of(channel));
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
        int port = ((InetSocketAddress) server.localAddress()).getPort();
        Socket client = new Socket(InetAddress.getLoopbackAddress(), port);
        client.setSoTimeout(20_000);
        return client;
    }

    private static int errorOfReset(DataInputStream in) throws Exception {
        while (true) {
            int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
            int type = in.readUnsignedByte();
            in.skipNBytes(5);
            if (type == Http2Wire.RST_STREAM) {
                return in.readInt();
            }
            in.skipNBytes(length);
        }
    }
}
