package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a client may send, and for how long, until the edge has heard enough. */
class LimitsTest {
    private static final String HOST = "Host: localhost\r\n";

    /** A minute, and what it may take until that is seen. */
    private static final Duration A_MINUTE = Duration.ofSeconds(61);

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer server = edge.closes(TestServer.saying("taken"));

    @Test
    void requestLineOfTheLimitPassesAndOneByteMoreIs414() throws Exception {
        edge.startPlaintext(server, "limits: { request-line: 100B }");
        String line = "GET /" + "a".repeat(100 - "GET / HTTP/1.1".length()) + " HTTP/1.1";

        assertThat(answerTo(line + "\r\n" + HOST + "\r\n")).isEqualTo(200);
        assertRefused(line.replace("/a", "/aa") + "\r\n" + HOST + "\r\n", 414);
    }

    @Test
    void requestLineWithoutEndIs414BeforeItsEndComes() throws Exception {
        edge.startPlaintext(server, "limits: { request-line: 100B }");

        assertRefused("GET /" + "a".repeat(200), 414);
        assertRefused("A".repeat(200), 414);
        assertRefused("GET /a HTTP/1.1" + "1".repeat(200), 400);
    }

    @Test
    void headOfTheLimitPassesAndOneByteMoreIs431() throws Exception {
        edge.startPlaintext(server, "limits: { request-line: 128B, head: 500B }");
        String start = "GET / HTTP/1.1\r\n" + HOST + "X: ";
        String head = start + "a".repeat(500 - start.length() - 4) + "\r\n\r\n";

        assertThat(answerTo(head)).isEqualTo(200);
        assertRefused(head.replace("X: a", "X: aa"), 431);
    }

    @Test
    void headWithoutEndIs431() throws Exception {
        edge.startPlaintext(server, "limits: { request-line: 128B, head: 500B }");

        assertRefused("GET / HTTP/1.1\r\n" + HOST + "X: " + "a".repeat(1000), 431);
        assertRefused("GET / HTTP/1.1\r\n" + HOST + "X".repeat(1000), 431);
    }

    @Test
    void bodyDoesNotCountAsHead() throws Exception {
        edge.startPlaintext(server, "limits: { request-line: 128B, head: 500B }");

        assertThat(answerTo("POST / HTTP/1.1\r\n" + HOST + "Content-Length: 2000\r\n\r\n" + "a".repeat(2000)))
                .isEqualTo(200);
    }

    @Test
    void asManyHeadersAsTheLimitPassAndOneMoreIs431() throws Exception {
        edge.startPlaintext(server, "limits: { headers: 5 }");
        String head = "GET / HTTP/1.1\r\n" + HOST + "X: y\r\n".repeat(4);

        assertThat(answerTo(head + "\r\n")).isEqualTo(200);
        assertRefused(head + "X: y\r\n\r\n", 431);
    }

    @Test
    void headThatIsNotCompleteInTimeIs408HoweverManyBytesOfItCome() throws Exception {
        edge.startPlaintext(server, "timeouts: { request-head: 1m }");
        RawClient client = edge.plainClient().send("GET / HTTP/1.1\r\n" + HOST);

        for (int seconds = 0; seconds < 60; seconds += 10) {
            edge.passes(Duration.ofSeconds(10));
            client.send("X: y\r\n");
        }
        edge.passes(Duration.ofSeconds(1));

        assertThat(client.response().status()).isEqualTo(408);
    }

    @Test
    void connectionWithoutARequestIsClosedWithoutAWord() throws Exception {
        edge.startPlaintext(server, "timeouts: { request-head: 1m }");
        RawClient client = edge.plainClient();

        edge.passes(A_MINUTE);

        assertThat(client.untilClosed()).isEmpty();
    }

    @Test
    void idleConnectionIsClosedWithoutAWord() throws Exception {
        edge.startPlaintext(server, "timeouts: { keep-alive: 1m }");
        RawClient client = edge.plainClient();
        assertThat(client.get("localhost", "/").status()).isEqualTo(200);

        edge.passes(A_MINUTE);

        assertThat(client.untilClosed()).isEmpty();
    }

    @Test
    void headThatComesByteByByteIsARequestLikeAnyOther() throws Exception {
        edge.startPlaintext(server, "");
        String head = "GET / HTTP/1.1\r\n" + HOST + "X: " + "y".repeat(8000) + "\r\n\r\n";
        RawClient client = edge.plainClient();

        for (int i = 0; i < head.length(); i++) {
            client.send(head.substring(i, i + 1));
        }

        assertThat(client.response().status()).isEqualTo(200);
    }

    private int answerTo(String request) {
        return edge.plainClient().send(request).response().status();
    }

    private void assertRefused(String request, int status) {
        int before = server.connectionsAccepted();

        RawClient client = edge.plainClient().send(request);

        assertThat(client.response().status()).isEqualTo(status);
        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(server.connectionsAccepted()).isEqualTo(before);
    }
}
