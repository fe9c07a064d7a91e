package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Whatever a broken or hostile server answers, its client is told so or is given nothing that looks complete, and
 * nobody else's answer changes. Each table shares one edge.
 */
class ResponseFramingTest {
    private static final String CONFIG = "timeouts: { response: 3s }";
    private static final String OK = "HTTP/1.1 200 OK\r\n";

    /** A complete response that nobody asked for. */
    private static final String POISON = OK + "Content-Length: 6\r\n\r\npoison";

    /** How the server's side of the connection goes on behind what it sent. */
    enum Then {
        STAYS,
        CLOSES,
        RESETS
    }

    record Answer(String name, String bytes, Then then) {}

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    // ---- 502

    static List<Answer> malformedHeads() {
        List<Answer> cases = new ArrayList<>();
        for (String fields : List.of(
                "Content-Length: 5\r\nTransfer-Encoding: chunked",
                "Transfer-Encoding: chunked\r\nContent-Length: 5",
                "Content-Length: 5\r\nContent-Length: 0",
                "Content-Length: 5, 6",
                "Content-Length: 5,",
                "Content-Length: ,5",
                "Content-Length: 5 5",
                "Content-Length: +5",
                "Content-Length: -5",
                "Content-Length: 0x5",
                "Content-Length:",
                "Content-Length: 99999999999999999999",
                "Transfer-Encoding: chunked, chunked",
                "Transfer-Encoding: gzip, chunked",
                "Transfer-Encoding: identity",
                "Transfer-Encoding: xchunked",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                "X: y\nZ: z",
                "X: y\rZ: z",
                "X: y\r\n folded",
                " X: y",
                "X",
                ": y",
                "X: \0",
                "X\0: y")) {
            cases.add(new Answer(printable(fields), OK + fields + "\r\n\r\n5\r\nhello\r\n0\r\n\r\n", Then.STAYS));
        }
        for (String line : List.of(
                "garbage",
                "ICY 200 OK",
                "HTTP/2.0 200 OK",
                "HTTP/1.10 200 OK",
                "HTTP/0.9 200 OK",
                "http/1.1 200 OK",
                "HTTP/1.1  200 OK",
                "HTTP/1.1 20 OK",
                "HTTP/1.1 2000 OK",
                "HTTP/1.1 099 OK",
                "HTTP/1.1 1000 OK",
                "HTTP/1.1 099 OK",
                "HTTP/1.1 2xx OK",
                "HTTP/1.1 -20 OK",
                "HTTP/1.1 200 O\0K",
                "HTTP/1.1 200 OK\n",
                " HTTP/1.1 200 OK",
                "\r\nHTTP/1.1 200 OK")) {
            cases.add(new Answer(printable(line), line + "\r\nContent-Length: 0\r\n\r\n", Then.STAYS));
        }
        cases.add(new Answer("a few bytes of another protocol", "220 hi\r\n", Then.STAYS));
        cases.add(new Answer(
                "TE in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Then.STAYS));
        cases.add(new Answer(
                "101 that nobody asked for",
                "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n" + POISON,
                Then.STAYS));
        cases.add(
                new Answer("interim responses without end", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(50), Then.STAYS));
        cases.add(new Answer("head too long", OK + "X: " + "y".repeat(40_000) + "\r\n\r\n", Then.STAYS));
        cases.add(new Answer("header fields too many", OK + "X: y\r\n".repeat(201) + "\r\n", Then.STAYS));
        cases.add(new Answer("nothing", "", Then.CLOSES));
        cases.add(new Answer("nothing but a reset", "", Then.RESETS));
        cases.add(new Answer("half a head", OK + "Content-Le", Then.CLOSES));
        cases.add(new Answer("half a head and a reset", OK + "Content-Le", Then.RESETS));
        cases.add(new Answer("an interim response and no more", "HTTP/1.1 103 Early Hints\r\n\r\n", Then.CLOSES));
        return cases;
    }

    @TestFactory
    Stream<DynamicTest> responseThatCannotBeTrustedBecomes502() throws Exception {
        edge.startPlaintext(server(malformedHeads()), CONFIG);

        return cases(malformedHeads(), "GET", client -> {
            RawClient.Response response = client.response();
            while (response.status() < 200) {
                response = client.response();
            }

            assertThat(response.status()).isEqualTo(502);
            assertThat(response.head() + response.body()).doesNotContain("hello", "poison", "127.0.0.1");
            assertThat(client.get("localhost", "/fine").body()).isEqualTo("GET /fine");
        });
    }

    // ---- broken off

    static List<Answer> brokenBodies() {
        String fixed = OK + "Content-Length: 10\r\n\r\n";
        String chunked = OK + "Transfer-Encoding: chunked\r\n\r\n";
        return List.of(
                new Answer("fixed body, early close", fixed + "hello", Then.CLOSES),
                new Answer("fixed body, reset", fixed + "hello", Then.RESETS),
                new Answer("fixed body, close before its first byte", fixed, Then.CLOSES),
                new Answer("chunked body, early close", chunked + "5\r\nhello\r\n", Then.CLOSES),
                new Answer("chunked body, close inside a chunk", chunked + "5\r\nhel", Then.CLOSES),
                new Answer(
                        "chunked body, close before the last empty line", chunked + "5\r\nhello\r\n0\r\n", Then.CLOSES),
                new Answer("chunked body, reset", chunked + "5\r\nhello\r\n", Then.RESETS),
                new Answer("chunk size after a space", chunked + " 5\r\nhello\r\n0\r\n\r\n", Then.STAYS),
                new Answer("chunk size not hexadecimal", chunked + "5\r\nhello\r\nx\r\n", Then.STAYS),
                new Answer("chunk size with hex prefix", chunked + "0x5\r\nhello\r\n", Then.STAYS),
                new Answer("chunk size overflows", chunked + "10000000000000005\r\nhello\r\n", Then.STAYS),
                new Answer("chunk size before a bare LF", chunked + "5\nhello\r\n0\r\n\r\n", Then.STAYS),
                new Answer("chunk data not followed by CRLF", chunked + "5\r\nhello0\r\n\r\n", Then.STAYS),
                new Answer("trailers without a colon", chunked + "0\r\nHTTP/1.1 200 OK\r\n\r\n", Then.STAYS),
                new Answer("body until close, reset", OK + "\r\nhello", Then.RESETS));
    }

    @TestFactory
    Stream<DynamicTest> responseThatBreaksNeverLooksComplete() throws Exception {
        edge.startPlaintext(server(brokenBodies()), CONFIG);

        return cases(brokenBodies(), "GET", client -> {
            try {
                RawClient.Response response = client.response();

                // What broke before anything was passed on may still become an error.
                assertThat(response.status()).isEqualTo(502);
            } catch (UncheckedIOException brokenOff) {
                assertThat(brokenOff.getCause()).isNotInstanceOf(java.net.SocketTimeoutException.class);
            }
        });
    }

    // ---- more than was declared

    static List<Answer> overlongBodies() {
        List<Answer> cases = new ArrayList<>();
        for (String extra : List.of("x", "\r\n", POISON, "HTTP/1.1 100 Continue\r\n\r\n")) {
            cases.add(new Answer(
                    "fixed body, then " + printable(extra), OK + "Content-Length: 5\r\n\r\nhello" + extra, Then.STAYS));
            cases.add(new Answer(
                    "chunked body, then " + printable(extra),
                    OK + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + extra,
                    Then.STAYS));
        }
        return cases;
    }

    @TestFactory
    Stream<DynamicTest> bytesBehindAResponseReachNobody() throws Exception {
        edge.startPlaintext(server(overlongBodies()), CONFIG);

        return cases(overlongBodies(), "GET", client -> {
            assertThat(client.response().body()).isEqualTo("hello");
            assertThat(client.get("localhost", "/fine").body()).isEqualTo("GET /fine");
        });
    }

    static List<Answer> bodiesWhereNoneMayBe() {
        return Stream.of("204 No Content", "304 Not Modified")
                .flatMap(status -> Stream.of(
                        new Answer(status, "HTTP/1.1 " + status + "\r\n\r\nhello", Then.STAYS),
                        new Answer(
                                status + " with length",
                                "HTTP/1.1 " + status + "\r\nContent-Length: 5\r\n\r\nhello",
                                Then.STAYS),
                        new Answer(
                                status + " chunked",
                                "HTTP/1.1 " + status + "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                                Then.STAYS)))
                .toList();
    }

    @TestFactory
    Stream<DynamicTest> responseThatHasNoBodyIsPassedOnWithoutTheOneThatCame() throws Exception {
        edge.startPlaintext(server(bodiesWhereNoneMayBe()), CONFIG);

        return cases(bodiesWhereNoneMayBe(), "GET", client -> {
            assertThat(client.response().status()).isIn(204, 304);
            assertThat(client.get("localhost", "/fine").body()).isEqualTo("GET /fine");
        });
    }

    @TestFactory
    Stream<DynamicTest> responseToHeadIsPassedOnWithoutTheBodyThatCame() throws Exception {
        edge.startPlaintext(server(overlongBodies()), CONFIG);

        return cases(overlongBodies(), "HEAD", client -> {
            assertThat(client.response(true).status()).isEqualTo(200);
            assertThat(client.get("localhost", "/fine").body()).isEqualTo("GET /fine");
        });
    }

    @Test
    void responseThatCameBeforeItsRequestOnAPooledConnectionIsNobodysAnswer() throws Exception {
        CountDownLatch pooled = new CountDownLatch(1);
        TestServer server = edge.closes(TestServer.conversing(connection -> {
            for (TestServer.Request next = connection.read(); next != null; next = connection.read()) {
                connection.send(TestServer.ok(next.path()));
                if (next.line().contains("/first")) {
                    awaitQuietly(pooled);
                    connection.send(POISON);
                }
            }
        }));
        edge.startPlaintext(server, CONFIG);
        RawClient client = edge.plainClient();
        assertThat(client.get("localhost", "/first").body()).isEqualTo("/first");

        pooled.countDown();
        eventually(() -> server.connectionsOpen() == 0);

        for (int i = 0; i < 8; i++) {
            assertThat(client.get("localhost", "/" + i).body()).isEqualTo("/" + i);
            assertThat(edge.plainClient().get("localhost", "/other" + i).body()).isEqualTo("/other" + i);
        }
    }

    @Test
    void serverThatAnswersBeforeItHasTheWholeRequestIsNotUsedAgainOnThatConnection() throws Exception {
        TestServer server = edge.closes(TestServer.conversing(connection -> {
            connection.readHead();
            connection.send(TestServer.ok("early"));
            connection.readHead();
        }));
        edge.startPlaintext(server, CONFIG);
        RawClient client =
                edge.plainClient().send("POST /early HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");

        RawClient.Response response = client.response();

        assertThat(response.body()).isEqualTo("early");
        assertThat(response.header("Connection")).containsExactly("close");
        eventually(() -> server.connectionsOpen() == 0);
    }

    @Test
    void bodyThatLastsUntilTheServerClosesIsCompleteOnlyThen() throws Exception {
        TestServer server = edge.closes(TestServer.start((request, connection) -> {
            connection.send(OK + "\r\nhello, ");
            connection.send("world");
            connection.close();
        }));
        edge.startPlaintext(server, CONFIG);

        RawClient.Response response = edge.plainClient().get("localhost", "/");

        assertThat(response.body()).isEqualTo("hello, world");
        assertThat(response.header("Transfer-Encoding")).containsExactly("chunked");
    }

    // ---- vocabulary

    @FunctionalInterface
    private interface Check {
        void that(RawClient client) throws Exception;
    }

    /** Answers {@code /n} with the n-th of these, and everything else with what was asked. */
    private TestServer server(List<Answer> answers) {
        return edge.closes(TestServer.start(script(answers)));
    }

    static TestServer.Script script(List<Answer> answers) {
        return (request, connection) -> {
            String path = request.path();
            if (!path.matches("/\\d+")) {
                connection.send(TestServer.ok("GET " + path));
                return;
            }
            Answer answer = answers.get(Integer.parseInt(path.substring(1)));
            connection.send(answer.bytes());
            if (answer.then() == Then.CLOSES) {
                connection.close();
            } else if (answer.then() == Then.RESETS) {
                connection.reset();
            }
        };
    }

    /** Asks for each answer in turn, and then, as others would, for something else. */
    private Stream<DynamicTest> cases(List<Answer> answers, String method, Check check) {
        return java.util.stream.IntStream.range(0, answers.size())
                .mapToObj(i -> dynamicTest(answers.get(i).name(), () -> {
                    // Until each event loop has most likely had its turn.
                    for (int turn = 0; turn < 3; turn++) {
                        try (RawClient client = RawClient.plain(edge.httpPort())) {
                            check.that(client.send(method + " /" + i + " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
                        }
                        String path = "/other/" + i + "/" + turn;
                        try (RawClient other = RawClient.plain(edge.httpPort())) {
                            assertThat(other.get("localhost", path).body()).isEqualTo("GET " + path);
                        }
                    }
                }));
    }

    private static void awaitQuietly(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static void eventually(java.util.concurrent.Callable<Boolean> condition) {
        await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2)).until(condition);
    }

    private static String printable(String text) {
        return text.replace("\r", "\\r").replace("\n", "\\n").replace("\0", "\\0");
    }

    /** What a 204 announces may still come, and would be taken for the head of the next client's answer. */
    @Test
    void connectionOfA204ThatAnnouncesABodyIsNotUsedAgain() throws Exception {
        TestServer server = edge.closes(TestServer.start(
                (request, connection) -> connection.send("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n")));
        edge.startWith(server);
        RawClient client = edge.client();

        assertThat(client.get("localhost", "/1").status()).isEqualTo(204);
        assertThat(client.get("localhost", "/2").status()).isEqualTo(204);

        assertThat(server.connectionsAccepted()).isEqualTo(2);
    }

    /** A server that gives up waiting for a request says 408 at the moment it comes: no answer to that request. */
    @Test
    void answer408ToARequestOnAnIdleConnectionIsNoAnswer() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        TestServer server = edge.closes(TestServer.start((request, connection) -> {
            if (asked.incrementAndGet() == 2) {
                connection.send("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
                connection.close();
            } else {
                connection.send(TestServer.ok("answer"));
            }
        }));
        edge.startWith(server);
        RawClient client = edge.client();

        assertThat(client.get("localhost", "/1").status()).isEqualTo(200);
        assertThat(client.get("localhost", "/2").status()).isEqualTo(200);

        assertThat(asked).hasValue(3);
    }
}
