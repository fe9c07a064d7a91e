package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Which connections are kept, on both sides, and what happens when a server has closed one that is about to be used. */
class ConnectionReuseTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws Exception {
        start((request, connection) -> connection.send(TestServer.ok(request.line() + request.body())));
        RawClient client = edge.client();
        StringBuilder requests = new StringBuilder();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            requests.append("POST /" + i + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab");
            expected.add("POST /" + i + " HTTP/1.1ab");
            requests.append("GET /" + i + " HTTP/1.1\r\nHost: unknown.example\r\n\r\n");
            expected.add("404");
        }

        client.send(requests.toString());

        List<String> answers = new ArrayList<>();
        for (int i = 0; i < expected.size(); i++) {
            RawClient.Response response = client.response();
            answers.add(response.status() == 200 ? response.body() : String.valueOf(response.status()));
        }
        assertThat(answers).isEqualTo(expected);
    }

    /** It keeps its name, its weight and what is known of it; whoever is at its old address is somebody else. */
    @Test
    void serverThatAReloadHasMovedGetsNoMoreRequestsAtItsOldAddress() throws Exception {
        TestServer before = TestServer.saying("before");
        TestServer after = TestServer.saying("after");
        edge.closes(before);
        edge.closes(after);
        String configuration = """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites: [{ names: [localhost], certificate: %s, backend: app }]
                backends: { app: { servers: [{ name: one, address: "%s" }] } }
                """;
        String certificate = edge.site().certificate("localhost");
        edge.start(configuration.formatted(certificate, before.address()));
        RawClient client = edge.client();
        assertThat(client.get("localhost", "/").body()).isEqualTo("before");

        edge.reload(configuration.formatted(certificate, after.address()));

        assertThat(client.get("localhost", "/").body()).isEqualTo("after");
    }

    @Test
    void clientThatAsksForItIsClosed() throws Exception {
        TestServer server = start((request, connection) -> connection.send(TestServer.ok("hello")));
        RawClient client = edge.client().request("GET / HTTP/1.1", "Host: localhost", "Connection: Close");

        RawClient.Response response = client.response();

        assertThat(response.header("Connection")).containsExactly("close");
        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(edge.client().get("localhost", "/").status()).isEqualTo(200);
        assertThat(server.requests().get(0).header("Connection")).isEmpty();
    }

    @Test
    void oldClientIsClosedUnlessItAsksToBeKept() throws Exception {
        start((request, connection) -> connection.send(TestServer.ok("hello")));
        RawClient kept = edge.client();
        RawClient closed = edge.client();

        RawClient.Response first = kept.request("GET / HTTP/1.0", "Host: localhost", "Connection: keep-alive")
                .response();
        RawClient.Response second =
                kept.request("GET / HTTP/1.0", "Host: localhost").response();
        closed.request("GET / HTTP/1.0", "Host: localhost").response();

        assertThat(first.header("Connection")).containsExactly("keep-alive");
        assertThat(second.body()).isEqualTo("hello");
        assertThat(kept.isClosedByPeer()).isTrue();
        assertThat(closed.isClosedByPeer()).isTrue();
    }

    @Test
    void serverThatAsksForItIsNotAskedAgainOnThatConnection() throws Exception {
        TestServer server = start((request, connection) -> connection.send(
                "HTTP/1.1 200 OK\r\nConnection: X-Hop, close\r\nX-Hop: 1\r\nContent-Length: 0\r\n\r\n"));
        RawClient client = edge.client();

        for (int i = 0; i < 5; i++) {
            RawClient.Response response = client.get("localhost", "/");
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.header("Connection")).isEmpty();
            assertThat(response.header("X-Hop")).isEmpty();
        }

        assertThat(server.connectionsAccepted()).isEqualTo(5);
        Awaitility.await()
                .untilAsserted(() -> assertThat(server.connectionsOpen()).isEqualTo(0));
    }

    // Bytes beyond the end of a response would be taken for the answer to the next request.
    @Test
    void serverThatSaysMoreThanItsAnswerIsNotAskedAgainOnThatConnection() throws Exception {
        TestServer server = start((request, connection) ->
                connection.send(TestServer.ok("hello") + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"));
        RawClient client = edge.client();

        for (int i = 0; i < 5; i++) {
            assertThat(client.get("localhost", "/").body()).isEqualTo("hello");
        }

        assertThat(server.connectionsAccepted()).isEqualTo(5);
    }

    @Test
    void connectionThatTheServerClosesWithoutSayingSoCostsNoGet() throws Exception {
        TestServer server = start((request, connection) -> {
            connection.send(TestServer.ok("hello"));
            connection.close();
        });
        RawClient client = edge.client();

        for (int i = 0; i < 500; i++) {
            assertThat(client.get("localhost", "/" + i).body()).isEqualTo("hello");
        }

        assertThat(server.requests()).hasSize(500);
    }

    @Test
    void idempotentRequestWithABodyIsSentOnceMore() throws Exception {
        AtomicInteger answered = new AtomicInteger();
        TestServer server = start((request, connection) -> {
            if (answered.getAndIncrement() % 2 == 1) {
                connection.reset();
                return;
            }
            connection.send(TestServer.ok(request.body()));
        });
        RawClient client = edge.client();

        for (int i = 0; i < 20; i++) {
            RawClient.Response response = client.request(
                            "PUT / HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked")
                    .request("5", "hello", "0", "X-Sum: 1")
                    .response();
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).contains("hello").endsWith("0\r\nX-Sum: 1\r\n\r\n");
        }

        assertThat(server.requests()).hasSize(39);
    }

    @Test
    void postIsNeverSentTwice() throws Exception {
        AtomicInteger answered = new AtomicInteger();
        TestServer server = start((request, connection) -> {
            if (answered.getAndIncrement() % 2 == 1) {
                connection.reset();
                return;
            }
            connection.send(TestServer.ok("hello"));
        });
        RawClient client = edge.client();

        List<Integer> statuses = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            statuses.add(client.send("POST /" + i + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\na")
                    .response()
                    .status());
        }

        assertThat(statuses).containsOnly(200, 502).startsWith(200, 502, 200, 502);
        assertThat(server.requests()).extracting(TestServer.Request::line).doesNotHaveDuplicates();
    }

    @Test
    void requestOnANewConnectionThatIsResetIs502AndSentOnce() throws Exception {
        TestServer server = start((request, connection) -> connection.reset());
        RawClient client = edge.client();

        RawClient.Response post = client.request("POST / HTTP/1.1", "Host: localhost", "Content-Length: 0")
                .response();
        RawClient.Response get = client.get("localhost", "/");

        assertThat(post.status()).isEqualTo(502);
        assertThat(get.status()).isEqualTo(502);
        assertThat(server.requests()).hasSize(2);
    }

    @Test
    void serverThatClosesAnIdleConnectionIsForgotten() throws Exception {
        TestServer server = start((request, connection) -> connection.send(TestServer.ok("hello")));
        RawClient client = edge.client();
        client.get("localhost", "/");

        server.closeConnections();
        Awaitility.await()
                .untilAsserted(() -> assertThat(server.connectionsOpen()).isEqualTo(0));

        assertThat(client.get("localhost", "/").body()).isEqualTo("hello");
        assertThat(server.connectionsAccepted()).isEqualTo(2);
    }

    private TestServer start(TestServer.Script script) throws Exception {
        TestServer server = edge.closes(TestServer.start(script));
        edge.startWith(server);
        return server;
    }
}
