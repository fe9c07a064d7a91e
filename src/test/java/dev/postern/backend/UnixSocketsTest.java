package dev.postern.backend;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.wire.SocketTypes;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers at a UNIX socket of this machine. */
class UnixSocketsTest {
    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    private final List<String> heads = new CopyOnWriteArrayList<>();

    private interface Answering {
        void to(SocketChannel client) throws IOException;
    }

    private Path listens(Answering answering) throws IOException {
        Path path = edge.directory().resolve("app.sock");
        ServerSocketChannel listener = edge.closes(ServerSocketChannel.open(StandardProtocolFamily.UNIX));
        listener.bind(UnixDomainSocketAddress.of(path));
        start(() -> {
            while (true) {
                SocketChannel client = listener.accept();
                start(() -> {
                    try (client) {
                        answering.to(client);
                    }
                });
            }
        });
        return path;
    }

    private interface Running {
        void run() throws IOException;
    }

    private static void start(Running running) {
        Thread thread = new Thread(() -> {
            try {
                running.run();
            } catch (IOException over) {
                // As the test is.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    /** Of requests without a body. */
    private void http(SocketChannel client) throws IOException {
        StringBuilder head = new StringBuilder();
        ByteBuffer read = ByteBuffer.allocate(4096);
        while (client.read(read.clear()) >= 0) {
            head.append(US_ASCII.decode(read.flip()));
            if (head.toString().endsWith("\r\n\r\n")) {
                heads.add(head.toString());
                head.setLength(0);
                client.write(US_ASCII.encode("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
            }
        }
    }

    @Test
    void requestsAndChecksGoToTheSocket() throws Exception {
        Path path = listens(this::http);
        edge.startWithBackend("{ servers: [\"unix:" + path + "\"], health: { interval: 50ms, timeout: 10s } }", "");
        RawClient client = edge.client();

        for (int i = 0; i < 3; i++) {
            assertThat(client.get("localhost", "/a").body()).isEqualTo("hello");
        }

        await().until(() -> heads.stream().anyMatch(head -> head.startsWith("GET /health ")));
        assertThat(heads)
                .filteredOn(head -> head.startsWith("GET /a "))
                .hasSize(3)
                .allMatch(head -> head.contains("X-Forwarded-For: 127.0.0.1\r\n"));
        assertThat(heads)
                .filteredOn(head -> head.startsWith("GET /health "))
                .allMatch(head -> head.contains("Host: localhost\r\n"));
    }

    @Test
    void connectionToASocketIsUsedAgain() throws Exception {
        List<Integer> connections = new CopyOnWriteArrayList<>();
        Path path = listens(client -> {
            connections.add(1);
            http(client);
        });
        edge.startWithBackend("{ servers: [\"unix:" + path + "\"], host: server }", "");
        RawClient client = edge.client();

        for (int i = 0; i < 3; i++) {
            assertThat(client.get("localhost", "/").status()).isEqualTo(200);
        }

        assertThat(connections).hasSize(1);
        assertThat(heads).allMatch(head -> head.contains("\r\nHost: localhost\r\n"));
    }

    @Test
    void socketIsSoughtBesideTheFileThatNamesIt() throws Exception {
        Path unused = listens(this::http);
        edge.startWithBackend("{ servers: [\"unix:" + relative() + "\"] }", "");

        assertThat(edge.client().get("localhost", "/").status()).isEqualTo(200);
    }

    private Path relative() {
        // What is parsed as text stands in the working directory.
        return Path.of("")
                .toAbsolutePath()
                .relativize(edge.directory().toAbsolutePath().resolve("app.sock"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"missing", "deserted"})
    void socketWhereNobodyListensIsSaidToBeSo(String kind) throws Exception {
        Path path = edge.directory().resolve("gone.sock");
        if (kind.equals("deserted")) {
            try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                listener.bind(UnixDomainSocketAddress.of(path));
            }
        }
        assertThat(Files.exists(path)).isEqualTo(kind.equals("deserted"));
        try (CapturedLog log = CapturedLog.begin()) {
            edge.startWithBackend("{ servers: [\"unix:" + path + "\"] }", "");

            RawClient.Response response = edge.client().get("localhost", "/");

            assertThat(response.status()).isEqualTo(503);
            assertThat(response.header("Proxy-Status"))
                    .singleElement()
                    .asString()
                    .endsWith(kind.equals("missing") ? "\"connect_failed\"" : "\"connect_refused\"");
            String words = kind.equals("missing") ? "there is no such socket" : "refused";
            assertThat(log.lines("server unix:" + path + ": connect: " + words + "; skipped"))
                    .hasSize(1);
            edge.stop();
            edge.startWithBackend("{ servers: [\"unix:" + path + "\"], health: { interval: 50ms, fall: 1 } }", "");
            await().until(() ->
                    !log.lines("health check: connect: " + words + "; skipped").isEmpty());
        }
    }

    @Test
    void tunnelGoesBothWaysAndEndsInHalves() throws Exception {
        Path path = listens(client -> {
            client.write(US_ASCII.encode("first\n"));
            ByteBuffer read = ByteBuffer.allocate(4096);
            while (client.read(read.clear()) >= 0) {
                client.write(read.flip());
            }
            client.write(US_ASCII.encode("bye"));
        });
        edge.start("""
                tcp:
                  - { name: db, bind: "127.0.0.1:0", backend: db }
                backends:
                  db: { servers: ["unix:%s"] }
                """.formatted(path));

        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), edge.tcpPort("db"))) {
            client.setSoTimeout(20_000);
            client.getOutputStream().write("hello\n".getBytes(US_ASCII));
            client.shutdownOutput();
            assertThat(new String(client.getInputStream().readAllBytes(), US_ASCII))
                    .isEqualTo("first\nhello\nbye");
        }
    }

    @Test
    void clientThatResetsIsNoTrouble() throws Exception {
        List<String> ends = new CopyOnWriteArrayList<>();
        Path path = listens(client -> {
            ByteBuffer read = ByteBuffer.allocate(4096);
            try {
                while (client.read(read.clear()) >= 0) {
                    ends.add("read");
                }
            } finally {
                ends.add("end");
            }
        });
        edge.start("""
                tcp:
                  - { name: db, bind: "127.0.0.1:0", backend: db }
                backends:
                  db: { servers: ["unix:%s"] }
                """.formatted(path));

        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), edge.tcpPort("db"))) {
            client.getOutputStream().write(1);
            await().until(() -> ends.contains("read"));
            client.setSoLinger(true, 0);
        }

        await().until(() -> ends.contains("end"));
    }

    @Test
    void proxyHeaderNamesTheClientOverASocketToo() throws Exception {
        List<Integer> families = new CopyOnWriteArrayList<>();
        Path path = listens(client -> {
            ByteBuffer header = ByteBuffer.allocate(28);
            while (header.hasRemaining() && client.read(header) >= 0) {
                // More of it.
            }
            families.add((int) header.get(13));
            http(client);
        });
        edge.startWithBackend("{ servers: [\"unix:" + path + "\"], proxy-protocol: v2 }", "");

        assertThat(edge.client().get("localhost", "/").body()).isEqualTo("hello");
        assertThat(families).containsExactly(0x11);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nio", "epoll"})
    void bothTransportsKnowWhereTheyAreConnectedTo(String transport) throws Exception {
        boolean nio = transport.equals("nio");
        Assumptions.assumeTrue(nio || Epoll.isAvailable());
        Path path = listens(client -> {
            int unused = client.read(ByteBuffer.allocate(1));
        });
        IoHandlerFactory handlers = nio ? NioIoHandler.newFactory() : EpollIoHandler.newFactory();
        SocketTypes types = nio
                ? new SocketTypes(NioSocketChannel.class, NioDomainSocketChannel.class)
                : new SocketTypes(EpollSocketChannel.class, EpollDomainSocketChannel.class);
        MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, handlers);
        try {
            Channel channel = types.connect(
                            new Bootstrap().group(loops).handler(new ChannelInboundHandlerAdapter()),
                            UnixDomainSocketAddress.of(path))
                    .sync()
                    .channel();

            assertThat(SocketTypes.remote(channel)).isEqualTo(UnixDomainSocketAddress.of(path));
            channel.close().sync();
        } finally {
            var unused = loops.shutdownGracefully();
        }
    }
}
