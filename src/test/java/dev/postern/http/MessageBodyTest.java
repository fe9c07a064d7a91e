package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies, trailers and interim responses, in both directions and in every framing. */
class MessageBodyTest {
    private static final String CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void fixedBodyIsPassedOn() throws Exception {
        TestServer server = start((request, connection) -> connection.send(TestServer.ok(request.body())));

        RawClient.Response response = edge.client()
                .send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello")
                .response();

        assertThat(response.body()).isEqualTo("hello");
        assertThat(server.requests().get(0).header("Content-Length")).containsExactly("5");
        assertThat(server.requests().get(0).header("Transfer-Encoding")).isEmpty();
    }

    @Test
    void chunkedBodyAndItsTrailersArePassedOn() throws Exception {
        TestServer server = start((request, connection) -> connection.send(TestServer.ok("")));

        RawClient.Response response = edge.client()
                .send("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n")
                .send("5;ext=1\r\nhello\r\n")
                .send("1\r\n!\r\n0\r\nX-Sum: 42\r\nX-Forwarded-For: 1.2.3.4\r\nX_Sum: 1\r\n\r\n")
                .response();

        assertThat(response.status()).isEqualTo(200);
        assertThat(server.requests().get(0).header("Transfer-Encoding")).containsExactly("chunked");
        // Small chunks go on together where they came together.
        assertThat(server.requests()
                        .get(0)
                        .body()
                        .replaceAll("(?m)^[0-9]+\r\n", "")
                        .replace("hello\r\n!", "hello!"))
                .isEqualTo("hello!\r\nX-Sum: 42\r\n\r\n");
    }

    @Test
    void chunkedResponseAndItsTrailersArePassedOn() throws Exception {
        start((request, connection) ->
                connection.send(CHUNKED + "5\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 42\r\nContent-Length: 1\r\n\r\n"));
        RawClient client = edge.client();

        RawClient.Response response = client.get("localhost", "/");

        assertThat(response.body()).isEqualTo("hello!");
        assertThat(response.header("Transfer-Encoding")).containsExactly("chunked");
        assertThat(client.trailers()).containsExactly("X-Sum: 42");
        assertThat(client.get("localhost", "/").body()).isEqualTo("hello!");
    }

    // HTTP/1.0 knows no chunks, https://datatracker.ietf.org/doc/html/rfc9112#section-6.1
    @Test
    void chunkedResponseLastsUntilTheEndForAnOldClient() throws Exception {
        start((request, connection) -> connection.send(CHUNKED + "5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n"));

        RawClient.Response response = edge.client()
                .request("GET / HTTP/1.0", "Host: localhost", "Connection: keep-alive")
                .response();

        assertThat(response.body()).isEqualTo("hello");
        assertThat(response.header("Transfer-Encoding")).isEmpty();
        assertThat(response.header("Connection")).containsExactly("close");
    }

    @Test
    void responseUntilCloseBecomesChunked() throws Exception {
        start((request, connection) -> {
            connection.send("HTTP/1.0 200 OK\r\n\r\nhello");
            connection.close();
        });
        RawClient client = edge.client();

        RawClient.Response response = client.get("localhost", "/");

        assertThat(response.body()).isEqualTo("hello");
        assertThat(response.header("Transfer-Encoding")).containsExactly("chunked");
        assertThat(client.get("localhost", "/").body()).isEqualTo("hello");
    }

    @Test
    void responseUntilCloseStaysSoForAnOldClient() throws Exception {
        start((request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello");
            connection.close();
        });

        RawClient.Response response =
                edge.client().request("GET / HTTP/1.0", "Host: localhost").response();

        assertThat(response.body()).isEqualTo("hello");
        assertThat(response.header("Connection")).containsExactly("close");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 204 No Content\r\n\r\n",
                "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"a\"\r\n\r\n",
                "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
            })
    void emptyBodiesKeepBothConnections(String answer) throws Exception {
        TestServer server = start((request, connection) -> connection.send(answer));
        RawClient client = edge.client();

        String status = client.get("localhost", "/").head().substring(9, 12);
        String again = client.get("localhost", "/").head().substring(9, 12);

        assertThat(answer).contains(" " + status + " ", " " + again + " ");
        assertThat(server.connectionsAccepted()).isEqualTo(1);
    }

    @Test
    void answerToHeadHasNoBodyWhateverItsLength() throws Exception {
        TestServer server = start((request, connection) -> connection.send(
                request.line().startsWith("HEAD")
                        ? "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n"
                        : TestServer.ok("got")));
        RawClient client = edge.client();

        RawClient.Response head =
                client.request("HEAD / HTTP/1.1", "Host: localhost").response(true);
        RawClient.Response get = client.get("localhost", "/");

        assertThat(head.header("Content-Length")).containsExactly("12345");
        assertThat(get.body()).isEqualTo("got");
        assertThat(server.connectionsAccepted()).isEqualTo(1);
    }

    @Test
    void edgesOwnAnswerToHeadHasNoBody() throws Exception {
        start((request, connection) -> connection.send(TestServer.ok("got")));
        RawClient client = edge.client();

        RawClient.Response head =
                client.request("HEAD / HTTP/1.1", "Host: unknown.example").response(true);
        RawClient.Response get = client.get("localhost", "/");

        assertThat(head.status()).isEqualTo(404);
        assertThat(get.body()).isEqualTo("got");
    }

    @Test
    void interimResponsesPass() throws Exception {
        start((request, connection) -> connection.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
                + "HTTP/1.1 103 Early Hints\r\nLink: </b.css>\r\n\r\n" + TestServer.ok("hello")));
        RawClient client = edge.client();

        List<RawClient.Response> responses =
                List.of(client.get("localhost", "/"), client.response(), client.response());

        assertThat(responses).extracting(RawClient.Response::status).containsExactly(103, 103, 200);
        assertThat(responses.get(1).header("Link")).containsExactly("</b.css>");
        assertThat(responses.get(2).body()).isEqualTo("hello");
    }

    @Test
    void interimResponsesAreNotForOldClients() throws Exception {
        start((request, connection) -> connection.send("HTTP/1.1 103 Early Hints\r\n\r\n" + TestServer.ok("hello")));

        RawClient.Response response =
                edge.client().request("GET / HTTP/1.0", "Host: localhost").response();

        assertThat(response.status()).isEqualTo(200);
    }

    @Test
    void clientThatExpectsA100IsToldByTheServer() throws Exception {
        TestServer server = start((request, connection) -> connection.send(TestServer.ok("got " + request.body())));
        RawClient client = edge.client();

        RawClient.Response interim = client.request(
                        "POST / HTTP/1.1", "Host: localhost", "Content-Length: 4", "Expect: 100-continue")
                .response();
        RawClient.Response response = client.send("body").response();

        assertThat(interim.status()).isEqualTo(100);
        assertThat(response.body()).isEqualTo("got body");
        assertThat(server.requests().get(0).header("Expect")).containsExactly("100-continue");
        assertThat(client.get("localhost", "/").status()).isEqualTo(200);
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(ints = {413, 417})
    void serverMayRefuseABodyBeforeItIsSent(int status) throws Exception {
        TestServer server = edge.closes(TestServer.startAtHead(
                (request, connection) -> connection.send("HTTP/1.1 " + status + " No\r\nContent-Length: 2\r\n\r\nno")));
        edge.startWith(server);
        RawClient client = edge.client();

        RawClient.Response response = client.request(
                        "POST / HTTP/1.1", "Host: localhost", "Content-Length: 4", "Expect: 100-continue")
                .response();

        assertThat(response.status()).isEqualTo(status);
        assertThat(response.body()).isEqualTo("no");
        assertThat(response.header("Connection")).containsExactly("close");
        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(server.received()).doesNotContain("body");
    }

    @Test
    void edgeRefusesABodyBeforeItIsSentToo() throws Exception {
        TestServer server = start((request, connection) -> connection.send(TestServer.ok("")));
        RawClient client = edge.client();

        RawClient.Response response = client.request(
                        "POST / HTTP/1.1", "Host: unknown.example", "Content-Length: 4", "Expect: 100-continue")
                .response();

        assertThat(response.status()).isEqualTo(404);
        assertThat(response.header("Connection")).containsExactly("close");
        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(server.connectionsAccepted()).isEqualTo(0);
    }

    @Test
    void earlyAnswerReachesAClientThatIsStillSending() throws Exception {
        TestServer server = edge.closes(TestServer.startAtHead(
                (request, connection) -> connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")));
        edge.startWith(server);
        RawClient client = edge.client()
                .request("POST / HTTP/1.1", "Host: localhost", "Content-Length: 1000000")
                .send("a".repeat(1000));

        RawClient.Response response = client.response();

        assertThat(response.status()).isEqualTo(413);
        assertThat(response.header("Connection")).containsExactly("close");
        Awaitility.await()
                .untilAsserted(() -> assertThat(server.connectionsOpen()).isEqualTo(0));
    }

    // A server that closes with unread bytes of the upload resets the connection; its answer is there nevertheless.
    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {"Content-Length: 2\r\n", "Connection: close\r\n", "Content-Length: 2\r\nConnection: close\r\n"})
    void earlyAnswerIsNotLostToTheResetThatFollowsIt(String fields) throws Exception {
        TestServer server = edge.closes(TestServer.startAtHead((request, connection) -> {
            connection.send("HTTP/1.1 413 Too Large\r\n" + fields + "\r\nno");
            connection.close();
        }));
        edge.startWith(server);

        for (int i = 0; i < 50; i++) {
            RawClient client = edge.client().request("POST / HTTP/1.1", "Host: localhost", "Content-Length: 10000000");
            try {
                client.send("a".repeat(500_000));
            } catch (UncheckedIOException cutOff) {
                // The edge has answered meanwhile.
            }

            assertThat(client.response().status()).isEqualTo(413);
        }
    }

    // What is unread when a connection is closed makes the kernel send a reset, which destroys the answer on its way.
    @ParameterizedTest(name = "TLS: {0}")
    @ValueSource(booleans = {true, false})
    void clientThatSendsEverythingBeforeItReadsGetsTheAnswer(boolean tls) throws Exception {
        edge.startPlaintext(TestServer.saying(""), "limits: { body: 1KiB }");
        RawClient client = tls ? edge.client() : edge.plainClient();
        client.request("POST / HTTP/1.1", "Host: localhost", "Content-Length: 9000000");

        for (int i = 0; i < 9; i++) {
            client.send("a".repeat(1_000_000));
        }

        assertThat(client.response().status()).isEqualTo(413);
        assertThat(client.in().read()).isEqualTo(-1);
    }

    @Test
    void responseMayBeginWhileTheRequestGoesOn() throws Exception {
        TestServer server = edge.closes(TestServer.startAtHead((request, connection) -> {
            connection.send(CHUNKED);
            for (int i = 0; i < 3; i++) {
                String octet = new String(connection.in().readNBytes(1), StandardCharsets.US_ASCII);
                connection.send("1\r\n" + octet + "\r\n");
            }
            connection.send("0\r\n\r\n");
        }));
        edge.startWith(server);
        RawClient client = edge.client().request("POST / HTTP/1.1", "Host: localhost", "Content-Length: 3");

        await(client.send("a"), "\r\n\r\n1\r\na");
        await(client.send("b"), "\r\n1\r\nb");
        await(client.send("c"), "\r\n1\r\nc");

        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void clientThatLeavesInTheMiddleOfADownloadEndsItAtTheServer() throws Exception {
        AtomicReference<IOException> ended = new AtomicReference<>();
        TestServer server = start((request, connection) -> {
            connection.send(CHUNKED);
            try {
                while (true) {
                    connection.send("400\r\n" + "a".repeat(1024) + "\r\n");
                }
            } catch (IOException e) {
                ended.set(e);
                throw e;
            }
        });
        RawClient client = edge.client().request("GET / HTTP/1.1", "Host: localhost");
        client.in().readNBytes(10_000);

        client.close();

        Awaitility.await().untilAsserted(() -> assertThat(ended.get()).isNotNull());
        Awaitility.await()
                .untilAsserted(() -> assertThat(server.connectionsOpen()).isEqualTo(0));
    }

    @Test
    void clientThatLeavesInTheMiddleOfAnUploadEndsItAtTheServer() throws Exception {
        TestServer server = edge.closes(
                TestServer.startAtHead((request, connection) -> connection.in().readAllBytes()));
        edge.startWith(server);
        RawClient client = edge.client()
                .request("POST / HTTP/1.1", "Host: localhost", "Content-Length: 1000")
                .send("abc");
        Awaitility.await()
                .untilAsserted(() -> assertThat(server.connectionsOpen()).isEqualTo(1));

        client.close();

        Awaitility.await()
                .untilAsserted(() -> assertThat(server.connectionsOpen()).isEqualTo(0));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
                CHUNKED + "5\r\nhello\r\n",
                CHUNKED + "6\r\nhello",
                "HTTP/1.1 200 OK\r\n\r\nhello"
            })
    void responseThatTheServerBreaksOffIsNotCompletedByTheEdge(String part) throws Exception {
        startBreakingOff(part);
        RawClient client = edge.client().request("POST / HTTP/1.1", "Host: localhost", "Content-Length: 2");

        await(client.send("x"), "hello");

        assertThatThrownBy(() -> readToEnd(client.send("y"))).isInstanceOf(IOException.class);
    }

    // Its only sign of an incomplete body is a connection that does not end cleanly.
    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {CHUNKED + "5\r\nhello\r\n", "HTTP/1.0 200 OK\r\n\r\nhello"})
    void responseThatTheServerBreaksOffDoesNotEndCleanlyForAnOldClient(String part) throws Exception {
        startBreakingOff(part);
        RawClient client = edge.client().request("POST / HTTP/1.0", "Host: localhost", "Content-Length: 2");

        await(client.send("x"), "hello");

        assertThatThrownBy(() -> readToEnd(client.send("y"))).isInstanceOf(IOException.class);
    }

    /** Sends {@code part} of a response for the first byte of a body, and a reset for the second. */
    private void startBreakingOff(String part) throws Exception {
        TestServer server = edge.closes(TestServer.startAtHead((request, connection) -> {
            connection.in().readNBytes(1);
            connection.send(part);
            connection.in().readNBytes(1);
            connection.reset();
        }));
        edge.startWith(server);
    }

    private static void await(RawClient client, String text) throws IOException {
        StringBuilder read = new StringBuilder();
        while (!read.toString().endsWith(text)) {
            int octet = client.in().read();
            assertThat(octet).as("after \"%s\"", read).isNotNegative();
            read.append((char) octet);
        }
    }

    private static void readToEnd(RawClient client) throws IOException {
        assertThat(client.in().readAllBytes()).as("ended cleanly").isNull();
    }

    private TestServer start(TestServer.Script script) throws Exception {
        TestServer server = edge.closes(TestServer.start(script));
        edge.startWith(server);
        return server;
    }
}
