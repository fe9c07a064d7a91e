package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import dev.postern.testing.WebSocketEcho;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A request that asks to switch protocols, and the bytes that go back and forth where the server agrees. */
class UpgradeTest {
    private static final String SWITCHING =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void bytesThatComeEarlyOnEitherSideAreNotLost() throws Exception {
        start("", (request, connection) -> {
            connection.send(SWITCHING + "early from the server;");
            echo(connection);
        });
        RawClient client = edge.client()
                .send("GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
                        + "early from the client;");

        RawClient.Response switched = client.response();
        client.send("later;");

        assertThat(switched.status()).isEqualTo(101);
        assertThat(switched.header("Upgrade")).containsExactly("echo");
        assertThat(switched.header("Connection")).containsExactly("Upgrade");
        String expected = "early from the server;early from the client;later;";
        assertThat(read(client.in(), expected.length())).isEqualTo(expected);
    }

    @Test
    void muchGoesBothWays() throws Exception {
        start("", (request, connection) -> {
            connection.send(SWITCHING);
            echo(connection);
        });
        RawClient client = upgraded();
        byte[] piece = "0123456789abcdef".repeat(4096).getBytes(StandardCharsets.US_ASCII);

        Thread writer = new Thread(() -> {
            for (int i = 0; i < 256; i++) {
                client.send(piece);
            }
        });
        writer.start();

        for (int i = 0; i < 256; i++) {
            assertThat(client.in().readNBytes(piece.length)).isEqualTo(piece);
        }
        writer.join();
    }

    @Test
    void whatTheServerSentBeforeItClosedStillArrives() throws Exception {
        start("", (request, connection) -> {
            connection.send(SWITCHING);
            connection.in().read();
            connection.send("a".repeat(1_000_000));
            connection.close();
        });
        RawClient client = upgraded().send("!");

        assertThat(client.in().readAllBytes()).hasSize(1_000_000);
    }

    @Test
    void clientThatClosesEndsItAtTheServer() throws Exception {
        TestServer server = start("", (request, connection) -> {
            connection.send(SWITCHING);
            echo(connection);
        });
        RawClient client = upgraded();

        client.close();

        Awaitility.await()
                .untilAsserted(() -> assertThat(server.connectionsOpen()).isEqualTo(0));
    }

    @Test
    void tunnelInWhichNothingMovesIsClosed() throws Exception {
        TestServer server = start("tunnel: 1m", (request, connection) -> {
            connection.send(SWITCHING);
            echo(connection);
        });
        RawClient client = upgraded();

        edge.passes(Duration.ofSeconds(61));

        assertThat(client.isClosedByPeer()).isTrue();
        Awaitility.await()
                .untilAsserted(() -> assertThat(server.connectionsOpen()).isEqualTo(0));
    }

    // What is left to write will never be written: closing must not wait for it.
    @Test
    void tunnelWhoseReaderHasStalledIsClosedToo() throws Exception {
        TestServer server = edge.closes(TestServer.start((request, connection) -> {
            connection.send(SWITCHING);
            while (true) {
                connection.send("a".repeat(64 * 1024));
            }
        }));
        edge.startWith(List.of(server.address()), "timeouts: { tunnel: 1m }");
        RawClient stalled = upgraded();

        // What is under way still moves at first.
        Awaitility.await().until(() -> {
            edge.passes(Duration.ofSeconds(61));
            return server.connectionsOpen() == 0;
        });

        assertThat(stalled.isClosedByPeer()).isTrue();
    }

    // It says a word now and then, but there is nobody left to hear it.
    @Test
    void serverThatTakesNothingIsClosedAfterTheClientHasGone() throws Exception {
        AtomicBoolean closed = new AtomicBoolean();
        CountDownLatch gone = new CountDownLatch(1);
        TestServer server = edge.closes(TestServer.startAtHead((request, connection) -> {
            connection.send(SWITCHING);
            try {
                gone.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            Awaitility.await().until(() -> isClosed(connection));
            closed.set(true);
        }));
        edge.startWith(List.of(server.address()), "timeouts: { tunnel: 1m }");
        RawClient client = upgraded();
        fillTheWay(client);
        // At once: TLS would wait for the writer, which waits for the tunnel to end.
        client.socket().setSoLinger(true, 0);
        client.close();

        gone.countDown();

        Awaitility.await().until(() -> {
            edge.passes(Duration.ofSeconds(61));
            return closed.get();
        });
    }

    private static boolean isClosed(TestServer.Connection connection) {
        try {
            connection.send("!");
            return false;
        } catch (IOException reset) {
            return true;
        }
    }

    /** Sends until nothing goes any further. */
    private static void fillTheWay(RawClient client) {
        AtomicLong sent = new AtomicLong();
        Thread writer = new Thread(() -> {
            try {
                while (true) {
                    client.send(new byte[64 * 1024]);
                    sent.incrementAndGet();
                }
            } catch (UncheckedIOException closed) {
                // As it should be.
            }
        });
        writer.start();
        AtomicLong before = new AtomicLong();
        // Tens of megabytes, which take their time on a busy machine.
        Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> {
            long now = sent.get();
            return before.getAndSet(now) == now && now > 0;
        });
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(ints = {200, 400, 426})
    void serverMayAnswerInHttpInstead(int status) throws Exception {
        TestServer server = start(
                "",
                (request, connection) ->
                        connection.send("HTTP/1.1 " + status + " No\r\nUpgrade: echo\r\nContent-Length: 2\r\n\r\nno"));
        RawClient client = edge.client();

        RawClient.Response response = client.request(
                        "GET / HTTP/1.1", "Host: localhost", "Connection: keep-alive, Upgrade", "Upgrade: echo")
                .response();

        assertThat(response.status()).isEqualTo(status);
        assertThat(response.body()).isEqualTo("no");
        assertThat(client.get("localhost", "/").status()).isEqualTo(status);
        assertThat(server.connectionsAccepted()).isEqualTo(1);
        assertThat(server.requests().get(0).header("Upgrade")).containsExactly("echo");
        assertThat(server.requests().get(0).header("Connection")).containsExactly("Upgrade");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
                "Connection: Upgrade\r\nUpgrade: H2C\r\n",
                "Connection: Upgrade\r\nUpgrade: echo, h2c\r\n",
                "Upgrade: echo\r\n",
                "Connection: Upgrade\r\n",
                "Connection: Upgrade\r\nUpgrade: echo\r\nContent-Length: 4\r\n"
            })
    void whatIsNoProperUpgradeIsNotAsked(String fields) throws Exception {
        TestServer server = start("", (request, connection) -> connection.send(TestServer.ok("hello")));
        RawClient client = edge.client();

        RawClient.Response response = client.send("GET / HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n"
                        + (fields.contains("Length") ? "body" : ""))
                .response();

        assertThat(response.body()).isEqualTo("hello");
        assertThat(server.requests().get(0).header("Upgrade")).isEmpty();
        assertThat(server.requests().get(0).header("Connection")).isEmpty();
        assertThat(server.requests().get(0).header("HTTP2-Settings")).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n"
            })
    void serverMayNotSwitchUnasked(String request) throws Exception {
        start("", (received, connection) -> connection.send(SWITCHING + "evil"));

        assertThat(edge.client().send(request).response().status()).isEqualTo(502);
    }

    @Test
    void webSocketOfTheJdkWorks() throws Exception {
        start("", WebSocketEcho::serve);
        BlockingQueue<String> received = new ArrayBlockingQueue<>(10);
        WebSocket.Listener listener = new WebSocket.Listener() {
            @Override
            public @Nullable CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
                received.add(data.toString());
                webSocket.request(1);
                return null;
            }
        };

        WebSocket socket = HttpClient.newBuilder()
                .sslContext(edge.trust())
                .build()
                .newWebSocketBuilder()
                .buildAsync(URI.create("wss://localhost:" + edge.httpsPort() + "/chat"), listener)
                .get(10, TimeUnit.SECONDS);
        for (String text : List.of("one", "two", "three")) {
            socket.sendText(text, true).get(10, TimeUnit.SECONDS);
        }

        assertThat(List.of(
                        received.poll(10, TimeUnit.SECONDS),
                        received.poll(10, TimeUnit.SECONDS),
                        received.poll(10, TimeUnit.SECONDS)))
                .containsExactly("one", "two", "three");
        socket.abort();
    }

    private static void echo(TestServer.Connection connection) throws IOException {
        byte[] buffer = new byte[64 * 1024];
        for (int read = connection.in().read(buffer);
                read >= 0;
                read = connection.in().read(buffer)) {
            connection.socket().getOutputStream().write(buffer, 0, read);
        }
        connection.close();
    }

    private static String read(InputStream in, int length) throws IOException {
        return new String(in.readNBytes(length), StandardCharsets.US_ASCII);
    }

    private RawClient upgraded() throws IOException {
        RawClient client =
                edge.client().request("GET /chat HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: echo");
        assertThat(client.response().status()).isEqualTo(101);
        return client;
    }

    private TestServer start(String timeout, TestServer.Script script) throws Exception {
        TestServer server = edge.closes(TestServer.start(script));
        edge.startWith(List.of(server.address()), "timeouts: { " + timeout + " }");
        return server;
    }
}
