package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.PosternProcess;
import dev.postern.testing.TestServer;
import dev.postern.testing.TestSite;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a connection costs that was used once and is kept: {@code -Dpostern.idle.connections=10000} for the number that is
 * published, of which the test prints the result.
 */
@Tag("long")
class IdleConnectionsTest {
    private static final int CONNECTIONS = Integer.getInteger("postern.idle.connections", 1000);

    /** With a dot: Netty sends no other. */
    private static final String NAME = "idle.example";

    /** Before anything is measured: what is compiled, pooled and loaded once. */
    private static final int WARM_UP = 300;

    /** So many handshakes at once: more than two cores can do with, and less than the accept queue. */
    private static final int AT_ONCE = 100;

    /** Six is what it should be, see the design; with so few connections what the JVM does by itself weighs more. */
    private static final int MAX_KILOBYTES_EACH = 30;

    @TempDir
    private Path directory;

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

    @Test
    void idleTlsConnectionCostsAFewKilobytes() throws Exception {
        TestSite site = new TestSite(directory);
        try (TestServer server = TestServer.saying("hello");
                PosternProcess postern = run(site, server)) {
            SslContext tls = SslContextBuilder.forClient()
                    .sslProvider(SslProvider.OPENSSL_REFCNT)
                    .trustManager(site.rootFile().toFile())
                    .build();
            InetSocketAddress edge = new InetSocketAddress(InetAddress.getLoopbackAddress(), postern.port("https"));
            List<Channel> warmUp = connect(tls, edge, WARM_UP);
            for (Channel channel : warmUp) {
                channel.close().sync();
            }
            collectGarbage(postern);
            long before = residentKilobytes(postern);

            List<Channel> channels = connect(tls, edge, CONNECTIONS);

            collectGarbage(postern);
            double each = (double) (residentKilobytes(postern) - before) / CONNECTIONS;
            System.out.printf(
                    "%d idle TLS connections: %.1f kB each; resident %d MB before, %d MB with them%n",
                    CONNECTIONS, each, before / 1024, residentKilobytes(postern) / 1024);
            assertThat(channels).allMatch(Channel::isActive);
            assertThat(each).isLessThan(MAX_KILOBYTES_EACH);
            for (Channel channel : channels) {
                channel.close().syncUninterruptibly();
            }
            ReferenceCountUtil.release(tls);
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
    }

    private PosternProcess run(TestSite site, TestServer server) throws Exception {
        Path file = directory.resolve("postern.yaml");
        Files.writeString(file, """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites: [{ names: [idle.example], backend: web, certificate: %s }]
                backends: { web: { servers: ["%s"] } }
                timeouts: { keep-alive: 1h, handshake: 1m }
                limits: { connections: %d }
                """.formatted(site.certificate(NAME), server.address(), CONNECTIONS + WARM_UP + 100));
        return PosternProcess.start(directory, List.of("-Xmx256m"), "run", "-c", file.toString());
    }

    /** Connections that have each had one answer. */
    private List<Channel> connect(SslContext tls, InetSocketAddress edge, int count) throws Exception {
        List<Channel> channels = new ArrayList<>();
        while (channels.size() < count) {
            List<CompletableFuture<Channel>> answered = new ArrayList<>();
            while (answered.size() < Math.min(AT_ONCE, count - channels.size())) {
                answered.add(ask(tls, edge));
            }
            for (CompletableFuture<Channel> next : answered) {
                channels.add(next.get(60, TimeUnit.SECONDS));
            }
        }
        return channels;
    }

    private CompletableFuture<Channel> ask(SslContext tls, InetSocketAddress edge) {
        CompletableFuture<Channel> answered = new CompletableFuture<>();
        new Bootstrap()
                .group(loops)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(tls.newHandler(channel.alloc(), NAME, edge.getPort()))
                                .addLast(new OneRequest(answered));
                    }
                })
                .connect(edge)
                .addListener(connected -> {
                    if (!connected.isSuccess()) {
                        answered.completeExceptionally(connected.cause());
                    }
                });
        return answered;
    }

    /** Asks once, and keeps the connection. */
    private static final class OneRequest extends SimpleChannelInboundHandler<ByteBuf> {
        private final CompletableFuture<Channel> answered;
        private final StringBuilder answer = new StringBuilder();

        OneRequest(CompletableFuture<Channel> answered) {
            this.answered = answered;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            ctx.writeAndFlush(Unpooled.copiedBuffer(
                            "GET / HTTP/1.1\r\nHost: " + NAME + "\r\n\r\n", StandardCharsets.US_ASCII))
                    .addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, ByteBuf part) {
            answer.append(part.toString(StandardCharsets.US_ASCII));
            if (answer.indexOf("hello") >= 0) {
                answered.complete(ctx.channel());
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            answered.completeExceptionally(new IllegalStateException("closed after: " + answer));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            answered.completeExceptionally(cause);
        }
    }

    /** What a handshake leaves behind is no cost of the connection. */
    private static void collectGarbage(PosternProcess postern) throws Exception {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        for (int i = 0; i < 2; i++) {
            assertThat(new ProcessBuilder(jcmd.toString(), Long.toString(postern.pid()), "GC.run")
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectErrorStream(true)
                            .start()
                            .waitFor())
                    .isZero();
        }
    }

    private static long residentKilobytes(PosternProcess postern) throws Exception {
        try (Stream<String> lines = Files.lines(Path.of("/proc/" + postern.pid() + "/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElseThrow();
        }
    }
}
