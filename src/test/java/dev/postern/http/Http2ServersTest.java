package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Server;
import dev.postern.testing.Http2Wire;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import io.netty.handler.codec.http2.Http2Error;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/2 to servers, by prior knowledge. */
class Http2ServersTest {
    private static final int MAX_CONCURRENT_STREAMS = 3;
    private static final int INITIAL_WINDOW_SIZE = 4;
    private static final byte[] PIECE = new byte[16 * 1024];

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final CountDownLatch go = new CountDownLatch(1);

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private Http2Server start(Http2Server.Script script, int... settings) throws Exception {
        return start("", script, settings);
    }

    private Http2Server start(String more, Http2Server.Script script, int... settings) throws Exception {
        Http2Server server = edge.closes(Http2Server.start(script, settings));
        edge.startWithBackend("{ servers: [\"" + server.address() + "\"], protocol: h2c }", more);
        return server;
    }

    private void start(Http2Server server, String more) throws Exception {
        edge.startWithBackend("{ servers: [\"" + server.address() + "\"], protocol: h2c }", more);
    }

    private Http2Client client(int... settings) throws Exception {
        return edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost", settings));
    }

    @Test
    void requestOfAnHttp1ClientArrivesInHttp2() throws Exception {
        Http2Server server = start((request, connection) -> connection.answer(request.stream(), request.body()));

        RawClient.Response response = edge.client()
                .send("POST /a?b=c HTTP/1.1\r\nHost: localhost\r\nX-Case: Kept\r\nConnection: X-Hop\r\nX-Hop: 1\r\n"
                        + "X-Real-IP: 1.2.3.4\r\nContent-Length: 5\r\n\r\nhello")
                .response();

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("hello");
        Http2Server.Request request = server.requests().get(0);
        assertThat(request.headers().method()).hasToString("POST");
        assertThat(request.headers().scheme()).hasToString("http");
        assertThat(request.headers().authority()).hasToString("localhost");
        assertThat(request.path()).isEqualTo("/a?b=c");
        assertThat(request.header("x-case")).containsExactly("Kept");
        assertThat(request.header("content-length")).containsExactly("5");
        assertThat(request.header("x-forwarded-for")).containsExactly("127.0.0.1");
        assertThat(request.header("x-forwarded-proto")).containsExactly("https");
        assertThat(request.header("x-real-ip")).containsExactly("127.0.0.1");
        assertThat(request.header("via")).containsExactly("1.1 postern");
        for (String gone : List.of("host", "connection", "x-hop", "transfer-encoding")) {
            assertThat(request.header(gone)).as(gone).isEmpty();
        }
    }

    @Test
    void responseOfUnknownLengthArrivesInChunksWithItsTrailers() throws Exception {
        start((request, connection) -> connection
                .headers(request.stream(), false, ":status", "200")
                .data(request.stream(), false, "hello".getBytes(StandardCharsets.US_ASCII))
                .headers(request.stream(), true, "grpc-status", "0", "a_b", "c"));

        assertThat(client().get(1, "/").response(1).trailers().get("grpc-status"))
                .hasToString("0");
        RawClient client = edge.client().request("GET / HTTP/1.1", "Host: localhost");
        assertThat(client.response().header("Transfer-Encoding")).containsExactly("chunked");
    }

    /** gRPC servers end messages meant for people with a space; RFC 9113 §8.2.1 forbids it, their users' peers pass it. */
    @ParameterizedTest
    @ValueSource(strings = {"text ", "text\t", " text", "\ttext", " \ttext\t "})
    void whiteSpaceAroundAValueOfAServerIsTakenOff(String value) throws Exception {
        start((request, connection) -> connection
                .headers(request.stream(), false, ":status", "103", "x-early", value)
                .headers(request.stream(), false, ":status", "200", "x-head", value)
                .headers(request.stream(), true, "grpc-status", "0", "grpc-message", value, "x-blank", " "));

        Http2Client client = client().get(1, "/");
        assertThat(client.await(Http2Client.HEADERS, 1).headers().get("x-early"))
                .hasToString("text");
        Http2Wire.Response response = client.response(1);
        assertThat(response.headers().get("x-head")).hasToString("text");
        assertThat(response.trailers().get("grpc-message")).hasToString("text");
        assertThat(response.trailers().get("x-blank")).hasToString("");
    }

    /** As from servers that speak HTTP/1.1 (BesideThePeersTest). */
    @Test
    void oddAnswersThatPassPassFromHere() throws Exception {
        start((request, connection) -> connection
                .headers(
                        request.stream(),
                        false,
                        ":status",
                        request.path().substring(1),
                        "content-length",
                        "5, 5",
                        "content_length",
                        "3",
                        "transfer_encoding",
                        "chunked",
                        "a_b",
                        "c")
                .data(request.stream(), true, "hello".getBytes(StandardCharsets.US_ASCII)));
        RawClient client = edge.client();

        for (int status : new int[] {299, 600, 999}) {
            RawClient.Response response = client.get("localhost", "/" + status);

            assertThat(response.status()).isEqualTo(status);
            assertThat(response.body()).isEqualTo("hello");
            assertThat(response.header("Content-Length")).containsExactly("5");
            assertThat(response.header("a_b")).containsExactly("c");
            assertThat(response.header("content_length")).isEmpty();
            assertThat(response.header("transfer_encoding")).isEmpty();
        }
    }

    @Test
    void serverThatSendsEverybodyAwayIsALineAndACount() throws Exception {
        // ENHANCE_YOUR_CALM.
        Http2Server server = start(
                (request, connection) -> connection.goAway(request.stream(), 11).answer(request.stream(), "last"));
        try (CapturedLog log = CapturedLog.begin()) {
            RawClient client = edge.client();
            for (int i = 0; i < 4; i++) {
                assertThat(client.get("localhost", "/").body()).isEqualTo("last");
            }

            assertThat(server.connectionsAccepted()).isEqualTo(4);
            assertThat(log.lines("GOAWAY")).singleElement().asString().contains(" WARN ", "error 11");
        }
    }

    /** As one does that has too much to do: what is made to ask it is not kept, or there would be more with each request. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void connectionThatAllowsNoStreamsIsNotKept(boolean afterAWhile) throws Exception {
        int[] none = {MAX_CONCURRENT_STREAMS, 0};
        Http2Server server = afterAWhile
                ? start((request, connection) -> connection
                        .send(Http2Wire.SETTINGS, 0, 0, new byte[] {0, MAX_CONCURRENT_STREAMS, 0, 0, 0, 0})
                        .answer(request.stream(), "last"))
                : start((request, connection) -> {}, none);
        RawClient client = edge.client();

        for (int i = 0; i < 12; i++) {
            assertThat(client.get("localhost", "/").status()).isEqualTo(afterAWhile ? 200 : 503);
        }

        assertThat(server.connectionsAccepted()).isGreaterThan(4);
        Awaitility.await().until(() -> server.connectionsOpen() <= 1);
    }

    /** Its stream would be there for as long as the connection, and what it was not sent as well. */
    @Test
    void serverThatAnswersWithoutTakingTheRequestHasNoStreamLeft() throws Exception {
        List<Http2Wire.Frame> resets = new CopyOnWriteArrayList<>();
        Http2Server server = edge.closes(Http2Server.conversing(
                connection -> {
                    for (Http2Wire.Frame frame = connection.read(); frame != null; frame = connection.read()) {
                        if (frame.type() == Http2Wire.HEADERS) {
                            connection.answer(frame.stream(), "no");
                        } else if (frame.type() == Http2Wire.RST_STREAM) {
                            resets.add(frame);
                        }
                    }
                },
                MAX_CONCURRENT_STREAMS,
                1,
                INITIAL_WINDOW_SIZE,
                0));
        start(server, "");
        RawClient client = edge.client();

        for (int i = 1; i <= 3; i++) {
            int asked = i;
            assertThat(client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody")
                            .response()
                            .body())
                    .isEqualTo("no");
            Awaitility.await().until(() -> resets.size() == asked);
        }

        assertThat(resets).extracting(Http2Wire.Frame::error).containsOnly((int) Http2Error.NO_ERROR.code());
        assertThat(server.connectionsAccepted()).isEqualTo(1);
    }

    /** Each of them closes a connection: a line each would be as many as there are requests. */
    @Test
    void serverThatBreaksTheRulesOfHttp2IsALineAndACount() throws Exception {
        Http2Server server = start(
                (request, connection) -> connection.data(0, false, "of no stream".getBytes(StandardCharsets.US_ASCII)));
        try (CapturedLog log = CapturedLog.begin()) {
            RawClient client = edge.client();
            for (int i = 0; i < 4; i++) {
                assertThat(client.get("localhost", "/").status()).isEqualTo(502);
            }

            assertThat(server.connections().size()).isGreaterThanOrEqualTo(4);
            assertThat(log.lines("; connection closed"))
                    .singleElement()
                    .asString()
                    .contains(" WARN ");
        }
    }

    @Test
    void serverThatBreaksItsConnectionIsNoStackTrace() throws Exception {
        start((request, connection) -> {
            try {
                connection.abort();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        try (CapturedLog log = CapturedLog.begin()) {
            assertThat(edge.client().get("localhost", "/").status()).isEqualTo(502);

            assertThat(log.lines("exceptionCaught")).isEmpty();
        }
    }

    @Test
    void responseWithoutABodyNeedsNoClosing() throws Exception {
        start((request, connection) -> connection.headers(request.stream(), true, ":status", "200"));
        RawClient client = edge.client();

        RawClient.Response response = client.get("localhost", "/");
        assertThat(response.head()).startsWith("HTTP/1.1 200 OK\r\n");
        assertThat(response.header("Content-Length")).containsExactly("0");
        assertThat(client.get("localhost", "/").status()).isEqualTo(200);
    }

    @Test
    void trailersOfARequestArrive() throws Exception {
        Http2Server server = start((request, connection) -> connection.answer(request.stream(), "ok"));
        Http2Client client = client();
        client.request(1, "POST", "/", false, "te", "trailers").data(1, false, PIECE);
        client.headers(1, true, "x-sum", "5");

        assertThat(client.response(1).body()).isEqualTo("ok");
        Http2Server.Request request = server.requests().get(0);
        assertThat(request.bytes()).hasSize(PIECE.length);
        assertThat(request.header("te")).containsExactly("trailers");
        assertThat(request.trailers().get("x-sum")).hasToString("5");
    }

    @Test
    void interimResponsesPass() throws Exception {
        start((request, connection) -> connection
                .headers(request.stream(), false, ":status", "103", "link", "</a.css>")
                .answer(request.stream(), "hinted"));
        Http2Client client = client().get(1, "/");

        assertThat(client.await(Http2Client.HEADERS, 1).headers().status()).hasToString("103");
        assertThat(client.response(1).body()).isEqualTo("hinted");
    }

    @Test
    void exchangesOfManyClientsShareOneConnectionPerLoop() throws Exception {
        Http2Server server = start((request, connection) -> {
            await(go);
            connection.answer(request.stream(), request.path());
        });
        List<Http2Client> clients = List.of(client(), client(), client(), client());
        for (Http2Client client : clients) {
            IntStream.range(0, 20).forEach(i -> client.get(2 * i + 1, "/" + i));
        }
        Awaitility.await().until(() -> server.requests().size() == 80);
        go.countDown();

        for (Http2Client client : clients) {
            IntStream.range(0, 20)
                    .forEach(i -> assertThat(client.response(2 * i + 1).body()).isEqualTo("/" + i));
        }
        assertThat(server.connectionsAccepted())
                .isLessThanOrEqualTo(Runtime.getRuntime().availableProcessors());
    }

    @Test
    void connectionTakesNoMoreStreamsThanItsServerAllows() throws Exception {
        Http2Server server = start(
                (request, connection) -> {
                    await(go);
                    connection.answer(request.stream(), "ok");
                },
                MAX_CONCURRENT_STREAMS,
                4);
        Http2Client client = client();
        IntStream.range(0, 20).forEach(i -> client.get(2 * i + 1, "/"));

        Awaitility.await().until(() -> server.requests().size() == 20);
        go.countDown();

        IntStream.range(0, 20)
                .forEach(i -> assertThat(client.response(2 * i + 1).status()).isEqualTo(200));
        assertThat(server.connectionsAccepted()).isEqualTo(5);
    }

    @Test
    void serverThatAllowsNoStreamsIsNotUsed() throws Exception {
        start((request, connection) -> connection.answer(request.stream(), "ok"), MAX_CONCURRENT_STREAMS, 0);

        assertThat(edge.client().get("localhost", "/").status()).isEqualTo(503);
    }

    /** It may be a server of HTTP/1, which would take what we say for garbage, or for something else. */
    @Test
    void serverThatDoesNotSpeakHttp2GetsNoRequest() throws Exception {
        TestServer http1 = edge.closes(TestServer.conversing(connection -> {
            connection.in().readNBytes(24);
            connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }));
        Http2Server well = edge.closes(Http2Server.saying("well"));
        edge.startWithBackend(
                "{ servers: [\"" + http1.address() + "\", \"" + well.address() + "\"], protocol: h2c }", "");

        for (int i = 0; i < 4; i++) {
            assertThat(edge.client().get("localhost", "/").body()).isEqualTo("well");
        }
    }

    @Test
    void serverThatSaysNothingIsGivenUpAfterTheConnectTimeout() throws Exception {
        TestServer silent =
                edge.closes(TestServer.conversing(connection -> connection.in().readAllBytes()));
        edge.startWithBackend(
                "{ servers: [\"" + silent.address() + "\"], protocol: h2c }", "timeouts: { connect: 200ms }");

        assertThat(edge.client().get("localhost", "/").status()).isEqualTo(503);
        Awaitility.await().until(() -> silent.connectionsOpen() == 0);
    }

    // ---- flow control

    @Test
    void clientThatDoesNotReadHoldsUpItsOwnStreamOnly() throws Exception {
        Http2Server server = start((request, connection) -> {
            if (request.path().equals("/big")) {
                connection.headers(request.stream(), false, ":status", "200");
                // All that its window allows; a window that is never opened again lets no more.
                IntStream.range(0, 4).forEach(i -> connection.data(request.stream(), false, new byte[16_000]));
            } else {
                connection.answer(request.stream(), "small");
            }
        });
        // SETTINGS_INITIAL_WINDOW_SIZE: nothing may be sent to this client.
        Http2Client client = client(4, 0);
        for (int stream = 1; stream <= 41; stream += 2) {
            client.get(stream, "/big");
            assertThat(client.await(Http2Client.HEADERS, stream)).isNotNull();
        }
        assertThat(client().get(1, "/").response(1).body()).isEqualTo("small");

        client.window(1, 1 << 20);
        int read = 0;
        while (read < 64_000) {
            read += client.await(Http2Client.DATA, 1).payload().length;
        }
        assertThat(server.connectionsOpen()).isPositive();
    }

    @Test
    void serverThatDoesNotReadHoldsUpItsClient() throws Exception {
        Http2Server deaf = edge.closes(Http2Server.conversing(connection -> {
            for (Http2Wire.Frame frame = connection.read(); frame != null; frame = connection.read()) {
                if (frame.type() == Http2Wire.HEADERS) {
                    go.countDown();
                }
            }
        }));
        start(deaf, "");
        Http2Client client = client();
        client.request(1, "POST", "/", false);
        long sent = 0;
        long allowed = 65_535;
        await(go);
        while (allowed - sent >= PIECE.length && sent < 8L << 20) {
            client.data(1, false, PIECE);
            sent += PIECE.length;
            client.send(Http2Client.PING, 0, 0, new byte[8]).await(Http2Client.PING, 0);
            for (Http2Wire.Frame frame = client.poll(f -> f.type() == Http2Client.WINDOW_UPDATE && f.stream() == 1);
                    frame != null;
                    frame = client.poll(f -> f.type() == Http2Client.WINDOW_UPDATE && f.stream() == 1)) {
                allowed += frame.error();
            }
        }

        assertThat(sent).isLessThan(1L << 20);
    }

    @Test
    void uploadAndDownloadOfMegabytesArriveWhole() throws Exception {
        Http2Server server = start((request, connection) -> connection
                .headers(request.stream(), false, ":status", "200", "x-got", "" + request.bytes().length)
                .data(request.stream(), true, new byte[10]));
        Http2Client client = client();
        client.request(1, "POST", "/", false);
        int window = 65_535;
        for (int i = 0; i < 256; i++) {
            while (window < PIECE.length) {
                window += client.await(Http2Client.WINDOW_UPDATE, 1).error();
            }
            client.data(1, i == 255, PIECE);
            window -= PIECE.length;
        }

        assertThat(client.response(1).headers().get("x-got")).hasToString("" + (256 * PIECE.length));
        assertThat(server.connectionsAccepted()).isEqualTo(1);
    }

    // ---- cancellation

    @Test
    void clientThatCancelsResetsTheStreamOfItsServer() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        Http2Server server = start((request, connection) -> asked.countDown());
        Http2Client client = client().get(1, "/");
        await(asked);

        client.send(Http2Client.RST_STREAM, 0, 1, (byte) 0, (byte) 0, (byte) 0, (byte) 8);

        Awaitility.await().until(() -> server.resets().size() == 1);
        assertThat(server.resets().get(0).error()).isEqualTo((int) Http2Error.CANCEL.code());
        assertThat(server.connectionsOpen()).isEqualTo(1);
    }

    @Test
    void serverThatResetsInTheMiddleResetsTheStreamOfItsClient() throws Exception {
        start((request, connection) -> {
            connection.headers(request.stream(), false, ":status", "200");
            connection.data(request.stream(), false, new byte[10]);
            connection.reset(request.stream(), (int) Http2Error.INTERNAL_ERROR.code());
        });
        Http2Client client = client().get(1, "/");

        assertThat(client.await(Http2Client.RST_STREAM, 1).error()).isEqualTo((int) Http2Error.INTERNAL_ERROR.code());
    }

    @Test
    void serverThatResetsBeforeItAnswersIsABadGateway() throws Exception {
        start((request, connection) -> connection.reset(request.stream(), (int) Http2Error.INTERNAL_ERROR.code()));

        assertThat(client().request(1, "POST", "/", true).response(1).status()).isEqualTo(502);
    }

    // ---- retries

    @Test
    void refusedStreamIsTriedAgainWhateverItsMethod() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        Http2Server server = start((request, connection) -> {
            if (asked.incrementAndGet() <= 2) {
                connection.reset(request.stream(), (int) Http2Error.REFUSED_STREAM.code());
            } else {
                connection.answer(request.stream(), request.body());
            }
        });
        Http2Client client = client();
        client.request(1, "POST", "/", false).data(1, true, "once".getBytes(StandardCharsets.US_ASCII));

        assertThat(client.response(1).body()).isEqualTo("once");
        assertThat(server.requests()).hasSize(3);
    }

    @Test
    void serverThatRefusesOnAndOnIsUnavailable() throws Exception {
        Http2Server server = start(
                (request, connection) -> connection.reset(request.stream(), (int) Http2Error.REFUSED_STREAM.code()));

        Http2Client client = client();
        assertThat(client.get(1, "/").response(1).status()).isEqualTo(503);
        assertThat(server.requests()).hasSize(4);
        for (int stream = 3; stream < 20; stream += 2) {
            assertThat(client.get(stream, "/").response(stream).status()).isEqualTo(503);
        }
        // Whoever has too much to do is not helped by more connections.
        assertThat(server.connectionsAccepted()).isEqualTo(1);
    }

    @Test
    void streamsAboveTheGoAwayGoElsewhereAndThoseBelowFinish() throws Exception {
        AtomicInteger connections = new AtomicInteger();
        Http2Server server = edge.closes(Http2Server.conversing(connection -> {
            boolean first = connections.incrementAndGet() == 1;
            int streams = 0;
            for (Http2Wire.Frame frame = connection.read(); frame != null; frame = connection.read()) {
                if (frame.type() == Http2Wire.HEADERS && !first) {
                    connection.answer(frame.stream(), "second");
                } else if (frame.type() == Http2Wire.HEADERS && ++streams == 3) {
                    // The client's first stream is 3: so are 5 and 7.
                    connection.goAway(3, 0);
                    connection.answer(3, "first");
                }
            }
        }));
        start(server, "");
        Http2Client client = client();
        client.request(1, "POST", "/", true).request(3, "POST", "/", true).request(5, "POST", "/", true);

        assertThat(List.of(
                        client.response(1).body(),
                        client.response(3).body(),
                        client.response(5).body()))
                .containsExactly("first", "second", "second");
        assertThat(client.get(7, "/").response(7).body()).isEqualTo("second");
        Awaitility.await().until(() -> server.connectionsOpen() == 1);
    }

    /** Nothing of it is sent any more: it is not an upload that broke off. */
    @Test
    void requestWhoseBodyWaitsForTheServerGoesElsewhereAfterTheGoAway() throws Exception {
        AtomicInteger connections = new AtomicInteger();
        Http2Server server = edge.closes(Http2Server.conversing(
                connection -> {
                    boolean first = connections.incrementAndGet() == 1;
                    for (Http2Wire.Frame frame = connection.read(); frame != null; frame = connection.read()) {
                        if (frame.type() == Http2Wire.HEADERS && first) {
                            connection.goAway(0, 0);
                        } else if (frame.type() == Http2Wire.HEADERS) {
                            connection.answer(frame.stream(), "second");
                        }
                    }
                },
                INITIAL_WINDOW_SIZE,
                0));
        start(server, "");

        assertThat(edge.client()
                        .send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody")
                        .response()
                        .body())
                .isEqualTo("second");
    }

    @Test
    void idempotentRequestSurvivesAConnectionThatDies() throws Exception {
        AtomicInteger connections = new AtomicInteger();
        Http2Server server = edge.closes(Http2Server.conversing(connection -> {
            boolean first = connections.incrementAndGet() == 1;
            int streams = 0;
            for (Http2Wire.Frame frame = connection.read(); frame != null; frame = connection.read()) {
                if (frame.type() == Http2Wire.HEADERS) {
                    if (first && ++streams == 2) {
                        return;
                    }
                    connection.answer(frame.stream(), "ok");
                }
            }
        }));
        start(server, "");
        Http2Client client = client();

        assertThat(client.get(1, "/").response(1).status()).isEqualTo(200);
        assertThat(client.get(3, "/").response(3).status()).isEqualTo(200);
        assertThat(server.connectionsAccepted()).isEqualTo(2);
    }

    @Test
    void requestThatMustNotBeRepeatedIsNot() throws Exception {
        AtomicInteger streams = new AtomicInteger();
        Http2Server server = edge.closes(Http2Server.conversing(connection -> {
            for (Http2Wire.Frame frame = connection.read(); frame != null; frame = connection.read()) {
                if (frame.type() == Http2Wire.HEADERS) {
                    if (streams.incrementAndGet() == 2) {
                        return;
                    }
                    connection.answer(frame.stream(), "ok");
                }
            }
        }));
        start(server, "");
        Http2Client client = client();

        assertThat(client.get(1, "/").response(1).status()).isEqualTo(200);
        assertThat(client.request(3, "POST", "/", true).response(3).status()).isEqualTo(502);
        assertThat(streams.get()).isEqualTo(2);
    }

    // ---- health

    /** What was refused is over for its first server alone: the end of its answer is not that of the next one's. */
    @Test
    void answerThatIsNotWantedDoesNotEndTheOneOfTheNextServer() throws Exception {
        Http2Server bad = edge.closes(Http2Server.start(
                (request, connection) -> connection.headers(request.stream(), true, ":status", "503")));
        Http2Server good = edge.closes(Http2Server.saying("good"));
        edge.startWithBackend(
                "{ servers: [\"%s\", \"%s\"], protocol: h2c, retry: { attempts: 1, on: [503] } }"
                        .formatted(bad.address(), good.address()),
                "");
        RawClient http1 = edge.client();
        Http2Client http2 = client();

        for (int i = 0; i < 4; i++) {
            assertThat(http1.get("localhost", "/").body()).isEqualTo("good");
            int stream = 2 * i + 1;
            assertThat(http2.get(stream, "/").response(stream).body()).isEqualTo("good");
        }
        assertThat(bad.requests()).isNotEmpty();
        assertThat(good.connections().size()).isLessThanOrEqualTo(2);
    }

    @Test
    void healthIsAskedInHttp2() throws Exception {
        AtomicInteger status = new AtomicInteger(500);
        Http2Server server = edge.closes(Http2Server.start((request, connection) -> {
            if (request.path().equals("/up")) {
                connection.headers(request.stream(), true, ":status", Integer.toString(status.get()));
            } else {
                connection.answer(request.stream(), "served");
            }
        }));
        edge.startWithBackend(
                "{ servers: [\"" + server.address() + "\"], protocol: h2c, "
                        + "health: { path: /up, host: a.example, interval: 50ms, rise: 1, fall: 1 } }",
                "");
        Http2Client client = client();
        AtomicInteger stream = new AtomicInteger(-1);
        java.util.function.IntSupplier asked = () ->
                client.get(stream.addAndGet(2), "/").response(stream.get()).status();

        Awaitility.await().until(() -> asked.getAsInt() == 503);
        status.set(204);
        Awaitility.await().until(() -> asked.getAsInt() == 200);

        Http2Server.Request check = server.requests().stream()
                .filter(request -> request.path().equals("/up"))
                .findFirst()
                .orElseThrow();
        assertThat(check.headers().authority()).hasToString("a.example");
        assertThat(check.header("user-agent")).containsExactly("postern-health");
    }

    // ---- time

    @Test
    void serverThatStallsTimesOut() throws Exception {
        Http2Server server = start("timeouts: { response: 200ms, connect: 1m }", (request, connection) -> {
            if (request.path().equals("/well")) {
                connection.answer(request.stream(), "ok");
            }
        });
        Http2Client client = client();

        // On a busy machine the time may be over before the server has heard of it; then it is not told either.
        AtomicInteger stream = new AtomicInteger(-1);
        Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> {
            int next = stream.addAndGet(2);
            assertThat(client.get(next, "/").response(next).status()).isEqualTo(504);
            return !server.resets().isEmpty();
        });
        int connections = server.connectionsAccepted();
        // That may take longer than the timeout as well; the connection is what it is about.
        Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> {
            int next = stream.addAndGet(2);
            return client.get(next, "/well").response(next).status() == 200;
        });
        assertThat(server.connectionsAccepted()).isEqualTo(connections);
    }

    @Test
    void connectionsAreClosedAtShutdown() throws Exception {
        Http2Server server = start((request, connection) -> connection.answer(request.stream(), "ok"));
        assertThat(client().get(1, "/").response(1).status()).isEqualTo(200);

        edge.stop();

        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> server.connectionsOpen() == 0);
    }
}
