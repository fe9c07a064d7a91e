package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What each timeout ends, what the client is told, and whether its connection stays. */
class TimeoutsTest {
    /** A minute, and what it may take until that is seen. */
    private static final Duration A_MINUTE = Duration.ofSeconds(61);

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void silentServerIs504AndTheConnectionStays() throws Exception {
        TestServer server = start("response: 1m", (request, connection) -> {
            if (request.line().contains("/slow")) {
                connection.in().read();
            }
            connection.send(TestServer.ok("hello"));
        });
        RawClient client = edge.client().request("GET /slow HTTP/1.1", "Host: localhost");
        await().until(() -> server.requests().size() == 1);

        edge.passes(A_MINUTE);
        RawClient.Response slow = client.response();
        RawClient.Response quick = client.get("localhost", "/quick");

        assertThat(slow.status()).isEqualTo(504);
        assertThat(slow.header("Connection")).isEmpty();
        assertThat(slow.body()).startsWith("504 Gateway Timeout\nrequest ").hasSizeLessThan(100);
        assertThat(quick.body()).isEqualTo("hello");
        assertThat(server.connectionsAccepted()).isEqualTo(2);
    }

    @Test
    void serverThatStallsInTheMiddleBreaksTheResponseOff() throws Exception {
        start("response: 1m", (request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
            connection.in().read();
        });
        RawClient client = edge.client().request("GET / HTTP/1.1", "Host: localhost");
        assertThat(client.in().read()).isPositive();

        edge.passes(A_MINUTE);

        assertThat(client.isClosedByPeer()).isTrue();
    }

    @Test
    void silentClientInTheMiddleOfABodyIs408AndClosed() throws Exception {
        TestServer server = start("request-body: 1m", (request, connection) -> connection.send(TestServer.ok("hello")));
        RawClient client = edge.client()
                .request("POST / HTTP/1.1", "Host: localhost", "Content-Length: 10")
                .send("hello");

        edge.passes(A_MINUTE);
        RawClient.Response response = client.response();

        assertThat(response.status()).isEqualTo(408);
        assertThat(response.header("Connection")).containsExactly("close");
        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(server.requests()).isEmpty();
        await().untilAsserted(() -> assertThat(server.connectionsOpen()).isEqualTo(0));
    }

    // The client waits for the server's 100, not the server for the client.
    @Test
    void clientThatWaitsForA100IsNotSlow() throws Exception {
        TestServer server = edge.closes(
                TestServer.startAtHead((request, connection) -> connection.in().read()));
        edge.startWith(List.of(server.address()), "timeouts: { request-body: 10s, response: 1m }");
        RawClient client = edge.client()
                .request("POST / HTTP/1.1", "Host: localhost", "Content-Length: 10", "Expect: 100-continue");
        await().until(() -> server.requests().size() == 1);
        edge.passes(Duration.ofSeconds(50));
        assertThat(client.in().available()).isZero();

        edge.passes(A_MINUTE);

        assertThat(client.response().status()).isEqualTo(504);
    }

    @Test
    void unfinishedHeadIs408() throws Exception {
        start("request-head: 1m", (request, connection) -> connection.send(TestServer.ok("hello")));
        RawClient silent = edge.client();
        RawClient client = edge.client().send("GET / HTTP/1.1\r\nHost: loc");

        edge.passes(A_MINUTE);

        assertThat(client.response().status()).isEqualTo(408);
        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(silent.in().read()).isEqualTo(-1);
    }

    @Test
    void idleClientIsClosedWithoutAWord() throws Exception {
        start("keep-alive: 1m", (request, connection) -> connection.send(TestServer.ok("hello")));
        RawClient client = edge.client();

        assertThat(client.get("localhost", "/").body()).isEqualTo("hello");
        edge.passes(A_MINUTE);

        assertThat(client.in().read()).isEqualTo(-1);
    }

    // A server whose queue of connections is full: the kernel answers no SYN.
    @Test
    void serverThatDoesNotTakeTheConnectionIs503() throws Exception {
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket first = new Socket(full.getInetAddress(), full.getLocalPort());
                Socket second = new Socket(full.getInetAddress(), full.getLocalPort())) {
            edge.startWith(List.of("127.0.0.1:" + full.getLocalPort()), "timeouts: { connect: 100ms }");
            RawClient client = edge.client();

            RawClient.Response response = client.get("localhost", "/");

            assertThat(List.of(first, second)).allMatch(Socket::isConnected);
            assertThat(response.status()).isEqualTo(503);
            assertThat(response.header("Connection")).isEmpty();
            assertThat(client.get("localhost", "/").status()).isEqualTo(503);
        }
    }

    private TestServer start(String timeout, TestServer.Script script) throws Exception {
        TestServer server = edge.closes(TestServer.start(script));
        edge.startWith(List.of(server.address()), "timeouts: { " + timeout + " }");
        return server;
    }
}
