package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Wire;
import dev.postern.testing.Http2Wire.Frame;
import dev.postern.testing.TestServer;
import io.netty.handler.codec.http2.Http2Error;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/2 to clients, <a href="https://datatracker.ietf.org/doc/html/rfc9113">RFC 9113</a>. */
@SuppressWarnings("StringConcatToTextBlock") // On the wire lines end in CRLF.
class Http2Test {
    private static final byte[] PIECE = new byte[16 * 1024];

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final CountDownLatch go = new CountDownLatch(1);

    private final TestServer server = TestServer.start((request, connection) -> {
        switch (request.path()) {
            case "/wait" -> {
                await(go);
                connection.send(TestServer.ok("waited"));
            }
            case "/trailers" ->
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "5\r\nhello\r\n0\r\ngrpc-status: 0\r\nX-Sum: 1\r\n\r\n");
            case "/early" ->
                connection.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + TestServer.ok("hinted"));
            case "/broken" -> {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
                connection.reset();
            }
            case "/hop" ->
                connection.send("HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 1\r\nX-Stays: 1\r\n"
                        + "Content-Length: 0\r\n\r\n");
            default -> connection.send(TestServer.ok(request.body()));
        }
    });

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private Http2Client client(int... settings) throws Exception {
        return edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost", settings));
    }

    private void start() throws Exception {
        start("");
    }

    private void start(String more) throws Exception {
        edge.closes(server);
        edge.startWith(List.of(server.address()), more);
    }

    @Test
    void browserGetsHttp2AndServersHearHttp1() throws Exception {
        start();
        HttpClient browser = HttpClient.newBuilder()
                .sslContext(edge.trust())
                .version(HttpClient.Version.HTTP_2)
                .build();
        HttpRequest post = HttpRequest.newBuilder(URI.create("https://localhost:" + edge.httpsPort() + "/a?b=c"))
                .POST(HttpRequest.BodyPublishers.ofString("hello"))
                .build();

        HttpResponse<String> response = browser.send(post, HttpResponse.BodyHandlers.ofString());

        assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(response.body()).isEqualTo("hello");
        TestServer.Request request = server.requests().get(0);
        assertThat(request.line()).isEqualTo("POST /a?b=c HTTP/1.1");
        assertThat(request.header("Host")).containsExactly("localhost:" + edge.httpsPort());
        assertThat(request.header("X-Forwarded-Proto")).containsExactly("https");
        assertThat(request.header("Via")).containsExactly("2.0 postern");
    }

    @Test
    void clientThatBreaksItsConnectionIsNoNews() throws Exception {
        start();
        try (CapturedLog log = CapturedLog.begin()) {
            Http2Client client = client();
            assertThat(client.get(1, "/a").response(1).status()).isEqualTo(200);
            client.abort();
            // By the time another client was heard the loops have seen the end of the first one.
            for (int i = 0; i < 8; i++) {
                assertThat(client().get(1, "/b").response(1).status()).isEqualTo(200);
            }

            assertThat(log.lines("exceptionCaught")).isEmpty();
        }
    }

    @Test
    void hundredStreamsAtOnceAreAnsweredEach() throws Exception {
        start();
        Http2Client client = client();
        IntStream.range(0, 100).forEach(i -> client.get(2 * i + 1, "/wait"));
        go.countDown();

        IntStream.range(0, 100)
                .forEach(i -> assertThat(client.response(2 * i + 1).body()).isEqualTo("waited"));
    }

    @Test
    void streamBeyondTheLimitIsRefusedAndTheOthersGoOn() throws Exception {
        start();
        Http2Client client = client();
        IntStream.range(0, 101).forEach(i -> client.get(2 * i + 1, "/wait"));

        assertThat(client.await(Http2Client.RST_STREAM, 201).error()).isEqualTo((int) Http2Error.REFUSED_STREAM.code());
        go.countDown();
        assertThat(client.response(1).body()).isEqualTo("waited");
    }

    @Test
    void bodyOfUnknownLengthArrivesInChunksWithItsTrailers() throws Exception {
        start();
        Http2Client client = client();
        client.request(1, "POST", "/", false);
        client.data(1, false, "hel".getBytes(StandardCharsets.US_ASCII));
        client.data(1, false, "lo".getBytes(StandardCharsets.US_ASCII));
        client.headers(1, true, "x-sum", "5");

        assertThat(client.response(1).status()).isEqualTo(200);
        assertThat(server.requests().get(0).header("Transfer-Encoding")).containsExactly("chunked");
        assertThat(server.requests().get(0).body())
                .contains("hel")
                .contains("lo")
                .endsWith("0\r\nx-sum: 5\r\n\r\n");
    }

    @Test
    void trailersOfTheServerArrive() throws Exception {
        start();
        Http2Wire.Response response = client().get(1, "/trailers").response(1);

        assertThat(response.body()).isEqualTo("hello");
        assertThat(response.trailers().get("grpc-status")).hasToString("0");
        assertThat(response.trailers().get("x-sum")).hasToString("1");
    }

    /** A frame of DATA without anything in it is what floods are made of. */
    @Test
    void trailersBehindNoBodyComeRightBehindTheHead() throws Exception {
        TestServer server = edge.closes(TestServer.start((request, connection) ->
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\ngrpc-status: 0\r\n\r\n")));
        edge.startWith(server);
        Http2Client client = client().get(1, "/");

        List<Http2Wire.Frame> frames = new ArrayList<>();
        do {
            frames.add(client.await(frame -> frame.stream() == 1));
        } while (!frames.get(frames.size() - 1).isLast());

        assertThat(frames).extracting(Http2Wire.Frame::type).containsExactly(Http2Wire.HEADERS, Http2Wire.HEADERS);
    }

    @Test
    void interimResponsesPass() throws Exception {
        start();
        Http2Client client = client().get(1, "/early");

        assertThat(client.await(Http2Client.HEADERS, 1).headers().status()).hasToString("103");
        assertThat(client.response(1).body()).isEqualTo("hinted");
    }

    @Test
    void fieldsOfTheHopBehindUsStayThere() throws Exception {
        start();
        Http2Wire.Response response = client().get(1, "/hop").response(1);

        assertThat(response.headers().contains("x-stays")).isTrue();
        assertThat(response.headers().contains("x-hop")).isFalse();
        assertThat(response.headers().contains("keep-alive")).isFalse();
        assertThat(response.headers().contains("connection")).isFalse();
    }

    /** RFC 9113 §8.2.3: browsers send a cookie in crumbs, which HTTP/1.1 has no place for. */
    @Test
    void crumbsOfACookieAreOneFieldAgain() throws Exception {
        start();
        client().get(1, "/", "cookie", "a=1", "x", "y", "cookie", "b=2").response(1);

        assertThat(server.requests().get(0).header("Cookie")).containsExactly("a=1; b=2");
    }

    /** A response that breaks off must not look complete. */
    @Test
    void brokenResponseEndsItsStreamOnly() throws Exception {
        start();
        Http2Client client = client().get(1, "/broken").get(3, "/");

        assertThat(client.await(Http2Client.RST_STREAM, 1).error()).isEqualTo((int) Http2Error.INTERNAL_ERROR.code());
        assertThat(client.response(3).status()).isEqualTo(200);
    }

    static Stream<Arguments> smuggling() {
        return Stream.of(
                arguments("transfer-encoding", "chunked"),
                arguments("connection", "close"),
                arguments("upgrade", "websocket"),
                arguments("te", "gzip"),
                arguments("Upper", "case"),
                arguments("host", "other.example"),
                arguments("x", "a\rb"),
                arguments("x", "a\nTransfer-Encoding: chunked"),
                arguments("x", "a\0b"),
                arguments("x", " a"),
                arguments("x", "a "),
                arguments("x y", "a"),
                arguments("x:y", "a"),
                arguments("x\r\ny", "a"),
                arguments("content-length", "5"),
                arguments(":path", "/twice"),
                arguments(":unknown", "1"),
                arguments("", "nameless"));
    }

    @ParameterizedTest(name = "{index}")
    @MethodSource("smuggling")
    void whatWouldSmuggleNeverReachesAServer(String name, String value) throws Exception {
        start();
        Http2Client client = client().get(1, "/", name, value).get(3, "/fine");

        Frame end = client.await(frame -> frame.type() == Http2Client.RST_STREAM || frame.type() == Http2Client.GOAWAY);
        assertThat(end.error()).isEqualTo((int) Http2Error.PROTOCOL_ERROR.code());
        assertThat(server.requests()).noneMatch(request -> request.path().equals("/"));
    }

    @ParameterizedTest(name = "{index}")
    @ValueSource(strings = {"/a b", "/a\r\nX: y", "http://localhost/", "a", "", "/a#b", "/\u00e4", "*"})
    void pathThatIsNoneIsRefused(String path) throws Exception {
        start();
        Http2Client client = client().get(1, path);

        assertThat(client.await(Http2Client.RST_STREAM, 1).error()).isEqualTo((int) Http2Error.PROTOCOL_ERROR.code());
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void limitsAreAnsweredAsOnHttp1() throws Exception {
        start("limits: { request-line: 100B, headers: 5 }");
        Http2Client client = client();

        assertThat(client.get(1, "/" + "a".repeat(200)).response(1).status()).isEqualTo(414);
        assertThat(client.get(3, "/", "a", "1", "b", "2", "c", "3", "d", "4", "e", "5")
                        .response(3)
                        .status())
                .isEqualTo(431);
        assertThat(client.get(5, "/", "x", "a".repeat(17_000)).response(5).status())
                .isEqualTo(431);
        assertThat(client.get(7, "/").response(7).status()).isEqualTo(200);
    }

    /** RFC 9110 §7.4: a browser may reuse the connection for another name that its certificate does not have. */
    @Test
    void otherSiteOnTheSameConnectionIsMisdirected() throws Exception {
        start();
        Http2Client client = client();
        client.headers(1, true, ":method", "GET", ":scheme", "https", ":authority", "other.example", ":path", "/");

        assertThat(client.response(1).status()).isIn(404, 421);
        assertThat(server.requests()).isEmpty();
    }

    /** Whoever does not read its response holds up its own server, and no other stream. */
    @Test
    void streamThatIsNotReadHoldsUpItsServerOnly() throws Exception {
        AtomicLong written = new AtomicLong();
        long whole = 24L << 20;
        TestServer big = edge.closes(TestServer.start((request, connection) -> {
            if (request.path().equals("/big")) {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + whole + "\r\n\r\n");
                while (written.get() < whole) {
                    connection.send(PIECE);
                    written.addAndGet(PIECE.length);
                }
            } else {
                connection.send(TestServer.ok("small"));
            }
        }));
        edge.startWith(big);
        Http2Client client = client();
        client.window(0, 1 << 30).get(1, "/big");
        client.await(Http2Client.DATA, 1);
        AtomicLong before = new AtomicLong(-1);
        Awaitility.await()
                .pollInterval(Duration.ofMillis(200))
                .until(() -> before.getAndSet(written.get()) == written.get());

        assertThat(written.get()).isLessThan(16L << 20);
        assertThat(client.get(3, "/").response(3).body()).isEqualTo("small");
        client.window(1, 1 << 30);
        long read = 65_535;
        while (read < whole) {
            Frame frame = client.await(next -> next.type() == Http2Client.DATA && next.stream() == 1);
            read += frame.payload().length;
        }
        assertThat(written.get()).isEqualTo(whole);
    }

    /** What a server does not take is not read from the client beyond the window of the stream. */
    @Test
    void serverThatDoesNotReadHoldsUpItsStreamOnly() throws Exception {
        TestServer slow = edge.closes(TestServer.startAtHead((request, connection) -> {
            if (request.path().equals("/upload")) {
                await(go);
                connection.in().skipNBytes(32L << 20);
            }
            connection.send(TestServer.ok("done"));
        }));
        edge.startWith(slow);
        Http2Client client = client();
        client.request(1, "POST", "/upload", false, "content-length", Long.toString(32L << 20));
        long allowed = 65_535;
        long sent = 0;
        // As far as the window goes; a server that reads nothing lets it grow by what sockets hold.
        while (allowed - sent >= PIECE.length && sent < 32L << 20) {
            client.data(1, false, PIECE);
            sent += PIECE.length;
            client.get(3 + 2 * (int) (sent / PIECE.length), "/ping").response(3 + 2 * (int) (sent / PIECE.length));
            for (Frame frame = window(client); frame != null; frame = window(client)) {
                allowed += frame.error();
            }
        }

        assertThat(sent).isLessThan(16L << 20);
        go.countDown();
    }

    /** A WINDOW_UPDATE of stream 1 that came already; its increment is where others have their error. */
    private static Frame window(Http2Client client) {
        return client.poll(frame -> frame.type() == Http2Client.WINDOW_UPDATE && frame.stream() == 1);
    }

    @Test
    void streamsUnderWayAreFinishedAtShutdown() throws Exception {
        start("grace: 30s");
        Http2Client client = client().get(1, "/wait");
        Awaitility.await().until(() -> !server.requests().isEmpty());

        CompletableFuture<Void> stopped = CompletableFuture.runAsync(edge::stop);

        Frame goAway = client.await(Http2Client.GOAWAY, 0);
        assertThat(goAway.error()).isZero();
        assertThat(stopped).isNotDone();
        go.countDown();
        assertThat(client.response(1).body()).isEqualTo("waited");
        assertThat(client.await(frame -> false)).isNull();
        assertThat(stopped).succeedsWithin(Duration.ofSeconds(5));
    }

    /** Frames that are on their way when we close make the kernel send a reset, which destroys the GOAWAY. */
    @Test
    void goAwayReachesAClientThatIsStillSending() throws Exception {
        start("");
        Http2Client client = client();
        client.get(1, "/").response(1);
        client.data(0, false, new byte[1]);

        for (int i = 0; i < 9; i++) {
            client.raw(new byte[1_000_000]);
        }

        assertThat(client.await(Http2Client.GOAWAY, 0).error()).isEqualTo(1);
        assertThat(client.await(frame -> false)).isNull();
    }

    @Test
    void silentConnectionIsClosed() throws Exception {
        start("timeouts: { request-head: 1m, keep-alive: 1m }");
        Http2Client silent = client();
        Http2Client idle = client();
        idle.get(1, "/").response(1);
        edge.passes(Duration.ofSeconds(50));
        // Frames that ask for nothing are no reason to stay.
        idle.send(Http2Client.PING, 0, 0, new byte[8]);
        assertThat(idle.await(Http2Client.PING, 0)).isNotNull();

        edge.passes(Duration.ofSeconds(11));

        assertThat(silent.await(Http2Client.GOAWAY, 0)).isNotNull();
        assertThat(silent.await(frame -> false)).isNull();
        assertThat(idle.await(Http2Client.GOAWAY, 0)).isNotNull();
        assertThat(idle.await(frame -> false)).isNull();
    }

    /** RFC 9113 §8.1: the answer first, and only then that the rest is not needed. */
    @Test
    void answerBeforeTheUploadIsCompleteArrivesWhole() throws Exception {
        String large = "x".repeat(200_000);
        TestServer early = edge.closes(TestServer.startAtHead((request, connection) -> {
            connection.send(TestServer.ok(large));
            connection.in().readAllBytes();
        }));
        edge.startWith(List.of(early.address()), "limits: { body: 1KiB }");
        Http2Client client = client();

        client.request(1, "POST", "/", false).data(1, false, new byte[100]);
        assertThat(client.await(Http2Client.HEADERS, 1).headers().status()).hasToString("200");
        client.window(0, 1 << 20).window(1, 1 << 20);
        int read = 0;
        for (Frame frame = null; frame == null || !frame.isLast(); ) {
            frame = client.await(next -> next.type() == Http2Client.DATA && next.stream() == 1);
            read += frame.payload().length;
        }
        assertThat(read).isEqualTo(large.length());
        assertThat(client.await(Http2Client.RST_STREAM, 1).error()).isZero();

        client.request(3, "POST", "/", false, "content-length", "5000").data(3, false, new byte[2000]);
        Http2Wire.Response refused = client.response(3);
        assertThat(refused.status()).isEqualTo(413);
        assertThat(refused.body()).startsWith("413 ");
    }

    /** What was under way when we refused an upload is no reason to end the connection. */
    @Test
    void restOfARefusedUploadIsPassedOver() throws Exception {
        start("limits: { body: 1KiB }");
        Http2Client client = client();
        client.request(1, "POST", "/", false, "content-length", "60000");
        assertThat(client.response(1).status()).isEqualTo(413);
        client.await(Http2Client.RST_STREAM, 1);
        for (int i = 0; i < 300; i++) {
            client.data(1, false, new byte[100]);
        }

        assertThat(client.get(3, "/").response(3).status()).isEqualTo(200);
    }

    @Test
    void stalledUploadsDoNotKeepOthersFromSending() throws Exception {
        TestServer slow = edge.closes(TestServer.startAtHead((request, connection) -> {
            if (request.path().equals("/stall")) {
                await(go);
            }
            connection.in().readNBytes(1000);
            connection.send(TestServer.ok("done"));
        }));
        edge.startWith(slow);
        Http2Client client = client();
        for (int stream = 1; stream < 80; stream += 2) {
            client.request(stream, "POST", "/stall", false, "content-length", "1000000");
            for (int i = 0; i < 3; i++) {
                client.data(stream, false, PIECE);
            }
        }
        client.request(81, "POST", "/", false, "content-length", "1000").data(81, true, new byte[1000]);

        assertThat(client.response(81).body()).isEqualTo("done");
        go.countDown();
    }

    @Test
    void clientThatDoesNotReadIsClosedInTheEnd() throws Exception {
        TestServer big = edge.closes(TestServer.start((request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + (1 << 30) + "\r\n\r\n");
            while (true) {
                connection.send(PIECE);
            }
        }));
        edge.startWith(List.of(big.address()), "timeouts: { response: 1m, keep-alive: 1m }");
        // SETTINGS_INITIAL_WINDOW_SIZE
        Http2Client client = client(4, 1 << 30);
        client.window(0, 1 << 30).get(1, "/");
        Awaitility.await().until(() -> big.connectionsAccepted() == 1);

        // What is under way still moves at first.
        Awaitility.await().until(() -> {
            edge.passes(Duration.ofSeconds(20));
            return big.connectionsOpen() == 0;
        });
        Awaitility.await().until(() -> edge.openConnections() == 0);
    }

    /** CVE-2023-44487. */
    @Test
    void rapidResetEndsTheConnection() throws Exception {
        start();
        Http2Client client = client();
        for (int i = 0; i < 300; i++) {
            try {
                client.get(2 * i + 1, "/wait")
                        .send(Http2Client.RST_STREAM, 0, 2 * i + 1, (byte) 0, (byte) 0, (byte) 0, (byte) 8);
            } catch (java.io.UncheckedIOException closed) {
                break;
            }
        }
        go.countDown();
        Frame end = client.await(Http2Client.GOAWAY, 0);

        assertThat(end.error()).isEqualTo((int) Http2Error.ENHANCE_YOUR_CALM.code());
    }

    /** CVE-2025-8671: the client breaks rules so that we do the resetting. */
    @Test
    void madeYouResetEndsTheConnection() throws Exception {
        start();
        Http2Client client = client();
        for (int i = 0; i < 300; i++) {
            try {
                // An increment of 0 is an error of the stream.
                client.get(2 * i + 1, "/wait").window(2 * i + 1, 0);
            } catch (java.io.UncheckedIOException closed) {
                break;
            }
        }
        go.countDown();

        assertThat(client.await(Http2Client.GOAWAY, 0).error()).isEqualTo((int) Http2Error.ENHANCE_YOUR_CALM.code());
    }

    @Test
    void floodOfContinuationsEndsTheConnection() throws Exception {
        start();
        Http2Client client = client();
        client.send(Http2Client.HEADERS, 0, 1, client.block(1, ":method", "GET"));
        try {
            for (int i = 0; i < 100; i++) {
                client.send(Http2Client.CONTINUATION, 0, 1);
            }
        } catch (java.io.UncheckedIOException closed) {
            // As it should be.
        }

        assertThat(client.await(Http2Client.GOAWAY, 0)).isNotNull();
        assertThat(client.await(frame -> false)).isNull();
    }

    @Test
    void floodOfPingsWithoutReadingEndsTheConnection() throws Exception {
        start();
        Http2Client client = client();
        byte[] pings = new byte[1000 * 17];
        for (int i = 0; i < pings.length; i += 17) {
            pings[i + 2] = 8;
            pings[i + 3] = Http2Client.PING;
        }
        try {
            for (int i = 0; i < 1_000; i++) {
                client.raw(pings);
            }
        } catch (java.io.UncheckedIOException closed) {
            // As it should be.
        }

        Awaitility.await().until(() -> edge.openConnections() == 0);
    }
}
