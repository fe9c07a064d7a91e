package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Server;
import dev.postern.testing.Http2Wire;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import dev.postern.testing.WebSocketEcho;
import io.netty.handler.codec.http2.Http2Error;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** WebSockets where a side speaks HTTP/2, <a href="https://datatracker.ietf.org/doc/html/rfc8441">RFC 8441</a>, and the end of all of them. */
@SuppressWarnings("StringConcatToTextBlock") // On the wire lines end in CRLF.
class WebSocketTest {
    private static final int ENABLE_CONNECT_PROTOCOL = 8;
    private static final int INITIAL_WINDOW_SIZE = 4;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private Http2Client client(int... settings) throws Exception {
        return edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost", settings));
    }

    private static Http2Client connect(Http2Client client, int stream) {
        return client.headers(
                stream,
                false,
                ":method",
                "CONNECT",
                ":protocol",
                "websocket",
                ":scheme",
                "https",
                ":authority",
                "localhost",
                ":path",
                "/chat?room=1",
                "sec-websocket-version",
                "13");
    }

    private TestServer http1(TestServer.Script script) throws Exception {
        return http1("", script);
    }

    private TestServer http1(String more, TestServer.Script script) throws Exception {
        TestServer server = edge.closes(TestServer.start(script));
        edge.startWith(List.of(server.address()), more);
        return server;
    }

    private static void echo(TestServer.Request request, TestServer.Connection connection) throws IOException {
        connection.send(WebSocketEcho.switching(request));
        byte[] buffer = new byte[64 * 1024];
        for (int read = connection.in().read(buffer);
                read >= 0;
                read = connection.in().read(buffer)) {
            connection.socket().getOutputStream().write(buffer, 0, read);
        }
        connection.send("bye");
        connection.close();
    }

    /** Takes WebSockets over HTTP/2, and says back what it is told. */
    private Http2Server http2() {
        return edge.closes(Http2Server.conversing(
                connection -> {
                    for (Http2Wire.Frame frame = connection.read(); frame != null; frame = connection.read()) {
                        switch (frame.type()) {
                            case Http2Wire.HEADERS -> {
                                assertThat(frame.headers().method()).hasToString("CONNECT");
                                assertThat(frame.headers().get(":protocol")).hasToString("websocket");
                                assertThat(frame.headers().path()).hasToString("/chat?room=1");
                                assertThat(frame.headers().get("sec-websocket-version"))
                                        .hasToString("13");
                                assertThat(frame.headers().contains("sec-websocket-key"))
                                        .isFalse();
                                connection.headers(frame.stream(), false, ":status", "200", "x-server", "h2");
                            }
                            case Http2Wire.DATA -> connection.data(frame.stream(), frame.isLast(), frame.payload());
                            default -> {}
                        }
                    }
                },
                ENABLE_CONNECT_PROTOCOL,
                1));
    }

    private void startWith(Http2Server server) throws Exception {
        edge.startWithBackend("{ servers: [\"" + server.address() + "\"], protocol: h2c }", "");
    }

    private static String read(Http2Client client, int stream, int length) {
        StringBuilder text = new StringBuilder();
        while (text.length() < length) {
            Http2Wire.Frame frame = client.await(Http2Client.DATA, stream);
            text.append(new String(frame.payload(), StandardCharsets.US_ASCII));
        }
        return text.toString();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    // ---- HTTP/2 in front, HTTP/1.1 behind

    @Test
    void clientIsToldThatItMay() throws Exception {
        http1(WebSocketTest::echo);
        Http2Wire.Frame settings = client().await(Http2Client.SETTINGS, 0);

        byte[] enabled = {0, ENABLE_CONNECT_PROTOCOL, 0, 0, 0, 1};
        assertThat(settings.payload()).containsSequence(enabled);
    }

    @Test
    void connectOfAnHttp2ClientIsAnUpgradeToAnHttp1Server() throws Exception {
        TestServer server = http1(WebSocketTest::echo);
        Http2Client client = connect(client(), 1);

        Http2Wire.Frame head = client.await(Http2Client.HEADERS, 1);
        assertThat(head.headers().status()).hasToString("200");
        assertThat(head.headers().names()).map(Object::toString).containsExactly(":status");
        client.data(1, false, bytes("one")).data(1, false, bytes("two"));
        assertThat(read(client, 1, 6)).isEqualTo("onetwo");
        TestServer.Request request = server.requests().get(0);
        assertThat(request.line()).isEqualTo("GET /chat?room=1 HTTP/1.1");
        assertThat(request.header("Connection")).containsExactly("Upgrade");
        assertThat(request.header("Upgrade")).containsExactly("websocket");
        assertThat(request.header("X-Real-IP")).containsExactly("127.0.0.1");
        assertThat(request.header("Sec-WebSocket-Version")).containsExactly("13");
        assertThat(request.header("Sec-WebSocket-Key").get(0)).hasSize(24);
        assertThat(request.header("Via")).containsExactly("2.0 postern");
        assertThat(request.header("Transfer-Encoding")).isEmpty();
    }

    /** The end of a stream is that of one direction: the server may go on. */
    @Test
    void clientThatHasSaidAllStillHears() throws Exception {
        http1(WebSocketTest::echo);
        Http2Client client = connect(client(), 1);
        client.await(Http2Client.HEADERS, 1);
        client.data(1, true, bytes("last words"));

        assertThat(read(client, 1, 13)).isEqualTo("last wordsbye");
        assertThat(client.await(Http2Wire.Frame::isLast)).isNotNull();
    }

    @Test
    void serverThatClosesEndsTheStreamOnly() throws Exception {
        http1((request, connection) -> {
            if (request.path().equals("/")) {
                connection.send(TestServer.ok("alive"));
            } else {
                connection.send(WebSocketEcho.switching(request) + "first and last");
                connection.close();
            }
        });
        Http2Client client = connect(client(), 1);

        assertThat(read(client, 1, 14)).isEqualTo("first and last");
        assertThat(client.await(frame -> frame.stream() == 1 && frame.isLast())).isNotNull();
        assertThat(client.get(3, "/").response(3).body()).isEqualTo("alive");
    }

    @Test
    void clientThatResetsEndsItAtTheServer() throws Exception {
        TestServer server = http1(WebSocketTest::echo);
        Http2Client client = connect(client(), 1);
        client.await(Http2Client.HEADERS, 1);

        client.send(Http2Client.RST_STREAM, 0, 1, (byte) 0, (byte) 0, (byte) 0, (byte) 8);

        Awaitility.await().until(() -> server.connectionsOpen() == 0);
    }

    @Test
    void serverThatRefusesIsHeard() throws Exception {
        TestServer server = http1(
                (request, connection) -> connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"));
        Http2Client client = connect(client(), 1);
        // Sent too early: never to be taken for a request by a server that has not agreed.
        client.data(1, false, bytes("GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"));

        Http2Wire.Response response = client.response(1);
        assertThat(response.status()).isEqualTo(403);
        assertThat(response.body()).isEqualTo("no");
        assertThat(client.get(3, "/").response(3).status()).isEqualTo(403);
        assertThat(server.requests()).hasSize(2);
        assertThat(server.requests().get(1).path()).isEqualTo("/");
    }

    /** A 200 would tell the client that it is connected. */
    @Test
    void serverThatIgnoresTheUpgradeIsABadGateway() throws Exception {
        http1((request, connection) -> connection.send(TestServer.ok("a page")));

        assertThat(connect(client(), 1).response(1).status()).isEqualTo(502);
    }

    @Test
    void serverWithTheWrongAnswerToTheKeyIsABadGateway() throws Exception {
        http1((request, connection) -> connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                + "Upgrade: websocket\r\nSec-WebSocket-Accept: " + WebSocketEcho.accept("another") + "\r\n\r\n"));

        assertThat(connect(client(), 1).response(1).status()).isEqualTo(502);
    }

    @Test
    void connectToAnythingElseIsRefused() throws Exception {
        TestServer server = http1(WebSocketTest::echo);
        Http2Client client = client();
        client.headers(1, false, ":method", "CONNECT", ":authority", "localhost:25");
        client.headers(
                3,
                false,
                ":method",
                "CONNECT",
                ":protocol",
                "connect-udp",
                ":scheme",
                "https",
                ":authority",
                "localhost",
                ":path",
                "/");
        client.headers(
                5,
                false,
                ":method",
                "GET",
                ":protocol",
                "websocket",
                ":scheme",
                "https",
                ":authority",
                "localhost",
                ":path",
                "/");

        for (int stream = 1; stream <= 5; stream += 2) {
            assertThat(client.await(Http2Client.RST_STREAM, stream).error())
                    .isEqualTo((int) Http2Error.PROTOCOL_ERROR.code());
        }
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void tunnelInWhichNothingMovesIsClosed() throws Exception {
        TestServer server = http1("timeouts: { tunnel: 1m }", WebSocketTest::echo);
        Http2Client client = connect(client(), 1);
        assertThat(client.await(Http2Client.HEADERS, 1)).isNotNull();

        edge.passes(Duration.ofSeconds(61));

        assertThat(client.await(Http2Wire.Frame::isLast)).isNotNull();
        Awaitility.await().until(() -> server.connectionsOpen() == 0);
        assertThat(client.get(3, "/").send(Http2Client.PING, 0, 0, new byte[8]).await(Http2Client.PING, 0))
                .isNotNull();
    }

    /** Slow for one is not slow for all. */
    @Test
    void clientThatDoesNotReadHoldsUpItsServerOnly() throws Exception {
        AtomicLong written = new AtomicLong();
        http1((request, connection) -> {
            if (request.path().equals("/")) {
                connection.send(TestServer.ok("alive"));
                return;
            }
            connection.send(WebSocketEcho.switching(request));
            byte[] piece = new byte[16 * 1024];
            while (true) {
                connection.send(piece);
                written.addAndGet(piece.length);
            }
        });
        Http2Client client = connect(client(INITIAL_WINDOW_SIZE, 0), 1);
        assertThat(client.await(Http2Client.HEADERS, 1)).isNotNull();
        AtomicLong before = new AtomicLong(-1);
        Awaitility.await()
                .pollInterval(Duration.ofMillis(200))
                .until(() -> before.getAndSet(written.get()) == written.get());

        assertThat(written.get()).isLessThan(16L << 20);
        client.get(3, "/").window(3, 1000);
        assertThat(client.response(3).body()).isEqualTo("alive");
    }

    // ---- HTTP/2 behind

    @Test
    void connectPassesToAnHttp2Server() throws Exception {
        startWith(http2());
        Http2Client client = connect(client(), 1);

        Http2Wire.Frame head = client.await(Http2Client.HEADERS, 1);
        assertThat(head.headers().status()).hasToString("200");
        assertThat(head.headers().get("x-server")).hasToString("h2");
        client.data(1, false, bytes("one"));
        assertThat(read(client, 1, 3)).isEqualTo("one");
        client.data(1, true, bytes("two"));
        assertThat(read(client, 1, 3)).isEqualTo("two");
    }

    @Test
    void upgradeOfAnHttp1ClientIsAConnectToAnHttp2Server() throws Exception {
        startWith(http2());
        RawClient client = edge.client()
                .request(
                        "GET /chat?room=1 HTTP/1.1",
                        "Host: localhost",
                        "Connection: Upgrade",
                        "Upgrade: websocket",
                        "Sec-WebSocket-Version: 13",
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");

        RawClient.Response switched = client.response();
        assertThat(switched.status()).isEqualTo(101);
        assertThat(switched.header("Upgrade")).containsExactly("websocket");
        assertThat(switched.header("Connection")).containsExactly("Upgrade");
        // RFC 6455 §1.3 has these two.
        assertThat(switched.header("Sec-WebSocket-Accept")).containsExactly("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        client.send("hello");
        assertThat(client.in().readNBytes(5)).isEqualTo(bytes("hello"));
    }

    @Test
    void serverThatDoesNotEnableItIsABadGateway() throws Exception {
        startWith(edge.closes(Http2Server.saying("hello")));

        assertThat(connect(client(), 1).response(1).status()).isEqualTo(502);
    }

    // ---- real clients

    @Test
    void browserSpeaksWebSocketOverItsHttp2Connection() throws Exception {
        String chromium = RealPrograms.require("chromium", "chromium").toString();
        BlockingQueue<String> told = new ArrayBlockingQueue<>(10);
        BlockingQueue<String> via = new ArrayBlockingQueue<>(10);
        http1((request, connection) -> {
            if (request.path().equals("/chat")) {
                via.add(request.header("Via").get(0));
                WebSocketEcho.serve(request, connection);
            } else if (request.path().startsWith("/told/")) {
                told.add(request.path().substring(6));
                connection.send(TestServer.ok(""));
            } else {
                String page = "<script>let s = new WebSocket('wss://' + location.host + '/chat');"
                        + "s.onopen = () => s.send('hello'); s.onmessage = e => fetch('/told/' + e.data);"
                        + "s.onerror = () => fetch('/told/error')</script>";
                connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: " + page.length()
                        + "\r\n\r\n" + page);
            }
        });
        File log = edge.directory().resolve("chromium.log").toFile();
        Process browser = new ProcessBuilder(
                        chromium,
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--ignore-certificate-errors",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + edge.directory().resolve("chromium"),
                        "https://localhost:" + edge.httpsPort() + "/")
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start();
        try {
            assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo("hello");
            assertThat(via.poll()).isEqualTo("2.0 postern");
        } finally {
            browser.descendants().forEach(ProcessHandle::destroyForcibly);
            browser.destroyForcibly().waitFor();
        }
    }

    private static final class Silent implements WebSocket.Listener {
        private final CompletableFuture<Void> ended = new CompletableFuture<>();

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
            ended.complete(null);
            return null;
        }

        @Override
        public void onError(WebSocket webSocket, Throwable error) {
            ended.complete(null);
        }
    }

    private List<Silent> open(int count) throws Exception {
        HttpClient browser = HttpClient.newBuilder().sslContext(edge.trust()).build();
        List<Silent> sockets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Silent silent = new Silent();
            var unused = browser.newWebSocketBuilder()
                    .buildAsync(URI.create("wss://localhost:" + edge.httpsPort() + "/chat"), silent)
                    .get(10, TimeUnit.SECONDS);
            sockets.add(silent);
        }
        return sockets;
    }

    // ---- shutdown

    @Test
    void quietWebSocketDoesNotHoldUpAShutdown() throws Exception {
        http1("grace: 10m", WebSocketEcho::serve);
        List<Silent> sockets = open(1);

        CompletableFuture<Void> stopped = CompletableFuture.runAsync(edge::stop);

        assertThat(stopped).succeedsWithin(Duration.ofSeconds(30));
        assertThat(sockets.get(0).ended).succeedsWithin(Duration.ofSeconds(30));
    }

    /** One after the other: OpenTunnelsTest. */
    @Test
    void manyWebSocketsAreClosedAtAShutdown() throws Exception {
        http1("grace: 20s", WebSocketEcho::serve);
        List<Silent> sockets = open(24);

        edge.stop();

        assertThat(sockets).allSatisfy(socket -> assertThat(socket.ended).succeedsWithin(Duration.ofSeconds(30)));
    }

    @Test
    void webSocketOverHttp2IsClosedAtShutdownToo() throws Exception {
        http1("grace: 10m", WebSocketTest::echo);
        Http2Client client = connect(client(), 1);
        client.await(Http2Client.HEADERS, 1);

        CompletableFuture<Void> stopped = CompletableFuture.runAsync(edge::stop);

        assertThat(client.await(frame -> frame.stream() == 1 && frame.isLast())).isNotNull();
        assertThat(stopped).succeedsWithin(Duration.ofSeconds(30));
    }

    // ---- balancing

    @Test
    void serverIsBusyUntilItsTunnelEnds() throws Exception {
        TestServer.Script script = (request, connection) -> {
            if (request.path().equals("/")) {
                connection.send(TestServer.ok("ok"));
            } else {
                echo(request, connection);
            }
        };
        TestServer one = edge.closes(TestServer.start(script));
        TestServer other = edge.closes(TestServer.start(script));
        edge.startWithBackend(
                "{ servers: " + EdgeExtension.addresses(List.of(one.address(), other.address()))
                        + ", balance: least-connections }",
                "");
        Http2Client client = connect(client(), 1);
        client.await(Http2Client.HEADERS, 1);
        TestServer busy = one.requests().isEmpty() ? other : one;
        for (int stream = 3; stream < 23; stream += 2) {
            assertThat(client.get(stream, "/").response(stream).status()).isEqualTo(200);
        }
        assertThat(busy.requests()).hasSize(1);

        client.data(1, true, bytes("x")).await(frame -> frame.stream() == 1 && frame.isLast());
        for (int stream = 23; stream < 43; stream += 2) {
            assertThat(client.get(stream, "/").response(stream).status()).isEqualTo(200);
        }
        assertThat(busy.requests()).hasSizeGreaterThan(1);
    }
}
