package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Objects;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What each timeout ends, what the client is told, and whether its connection stays. */
class TimeoutsTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void silentServerIs504AndTheConnectionStays() throws Exception {
        TestServer server = start("response: 400ms", (request, connection) -> {
            if (request.line().contains("/slow")) {
                connection.in().read();
            }
            connection.send(TestServer.ok("hello"));
        });
        RawClient client = edge.client();

        RawClient.Response slow = client.get("localhost", "/slow");
        RawClient.Response quick = client.get("localhost", "/quick");
        int connections = 2;
        while (quick.status() == 504) {
            // On a busy machine the quick answer may be late as well: then its connection is not used again either.
            quick = client.get("localhost", "/quick");
            connections++;
        }

        assertThat(slow.status()).isEqualTo(504);
        assertThat(slow.header("Connection")).isEmpty();
        assertThat(slow.body()).startsWith("504 Gateway Timeout\nrequest ").hasSizeLessThan(100);
        assertThat(quick.body()).isEqualTo("hello");
        assertThat(server.connectionsAccepted()).isEqualTo(connections);
    }

    @Test
    void serverThatStallsInTheMiddleBreaksTheResponseOff() throws Exception {
        start("response: 400ms", (request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
            connection.in().read();
        });
        RawClient client = edge.client().request("GET / HTTP/1.1", "Host: localhost");

        assertThat(client.isClosedByPeer()).isTrue();
    }

    @Test
    void silentClientInTheMiddleOfABodyIs408AndClosed() throws Exception {
        TestServer server =
                start("request-body: 100ms", (request, connection) -> connection.send(TestServer.ok("hello")));
        RawClient client = edge.client()
                .request("POST / HTTP/1.1", "Host: localhost", "Content-Length: 10")
                .send("hello");

        RawClient.Response response = client.response();

        assertThat(response.status()).isEqualTo(408);
        assertThat(response.header("Connection")).containsExactly("close");
        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(server.requests()).isEmpty();
        Awaitility.await()
                .untilAsserted(() -> assertThat(server.connectionsOpen()).isEqualTo(0));
    }

    // The client waits for the server's 100, not the server for the client.
    @Test
    void clientThatWaitsForA100IsNotSlow() throws Exception {
        TestServer server = edge.closes(
                TestServer.startAtHead((request, connection) -> connection.in().read()));
        edge.startWith(List.of(server.address()), "timeouts: { request-body: 50ms, response: 300ms }");
        RawClient client = edge.client()
                .request("POST / HTTP/1.1", "Host: localhost", "Content-Length: 10", "Expect: 100-continue");

        assertThat(client.response().status()).isEqualTo(504);
    }

    @Test
    void unfinishedHeadIs408() throws Exception {
        start("request-head: 100ms", (request, connection) -> connection.send(TestServer.ok("hello")));
        RawClient silent = edge.client();
        // Its beginning has to come in time: after that there would be no head to answer.
        RawClient client = Awaitility.await().ignoreExceptions().until(this::refusedHead, Objects::nonNull);

        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(silent.in().read()).isEqualTo(-1);
    }

    private RawClient refusedHead() throws Exception {
        RawClient client = edge.client().send("GET / HTTP/1.1\r\nHost: loc");
        assertThat(client.response().status()).isEqualTo(408);
        return client;
    }

    @Test
    void idleClientIsClosedWithoutAWord() throws Exception {
        start("keep-alive: 100ms", (request, connection) -> connection.send(TestServer.ok("hello")));
        RawClient client = edge.client();

        assertThat(client.get("localhost", "/").body()).isEqualTo("hello");

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
