package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Timeouts and limits of a route go before those of its backend, these before those of its site, these before all others. */
class RouteLimitsTest {
    private final CountDownLatch goOn = new CountDownLatch(1);

    private final TestServer server = TestServer.start((request, connection) -> {
        if (request.path().contains("silent")) {
            try {
                goOn.await();
            } catch (InterruptedException e) {
                return;
            }
        }
        connection.send(TestServer.ok("yes"));
    });

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @BeforeEach
    void closeServer() {
        edge.closes(server);
    }

    /** @param site {@code timeouts.response} of the site, {@code route} of a route of it */
    private void start(String site, String route) throws Exception {
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: off }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                timeouts: { response: 10m }
                limits: { body: 10B }
                sites:
                  - names: [localhost]
                    certificate: %1$s
                    timeouts: { response: %4$s }
                    limits: { body: 20B }
                    backend: quick
                    routes:
                      - { path: /slow, backend: slow }
                      - { path: /short, backend: slow, timeouts: { response: %5$s }, limits: { body: 5B } }
                      - { path: /none, backend: quick, limits: { body: unlimited } }
                      - { path: /page, respond: { body: page }, limits: { body: 5B } }
                  - { names: [other.example], certificate: %2$s, backend: quick }
                backends:
                  quick: { servers: ["%3$s"] }
                  slow: { servers: ["%3$s"], timeouts: { response: unlimited }, limits: { body: 30B } }
                """.formatted(
                        edge.site().certificate("localhost"),
                        edge.site().certificate("other.example"),
                        server.address(),
                        site,
                        route));
    }

    private int post(String host, String path, int length) {
        return edge.plainClient()
                .send("POST " + path + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: " + length + "\r\n\r\n"
                        + "x".repeat(length))
                .response()
                .status();
    }

    private int chunked(String path, int length) {
        return edge.plainClient()
                .send("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + Integer.toHexString(length) + "\r\n" + "x".repeat(length) + "\r\n0\r\n\r\n")
                .response()
                .status();
    }

    @Test
    void mostSpecificTimeoutHolds() throws Exception {
        start("300ms", "200ms");
        RawClient slow = edge.plainClient().request("GET /slow/silent HTTP/1.1", "Host: localhost");

        assertThat(edge.plainClient().get("localhost", "/silent").status()).isEqualTo(504);
        assertThat(edge.plainClient().get("localhost", "/short/silent").status())
                .isEqualTo(504);
        goOn.countDown();
        assertThat(slow.response().status()).isEqualTo(200);
    }

    @Test
    void mostSpecificBodyLimitHolds() throws Exception {
        start("10m", "10m");
        assertThat(post("other.example", "/", 10)).isEqualTo(200);
        assertThat(post("other.example", "/", 11)).isEqualTo(413);
        assertThat(post("localhost", "/", 20)).isEqualTo(200);
        assertThat(post("localhost", "/", 21)).isEqualTo(413);
        assertThat(post("localhost", "/slow", 30)).isEqualTo(200);
        assertThat(post("localhost", "/slow", 31)).isEqualTo(413);
        assertThat(post("localhost", "/short", 5)).isEqualTo(200);
        assertThat(post("localhost", "/short", 6)).isEqualTo(413);
        assertThat(post("localhost", "/page", 5)).isEqualTo(200);
        assertThat(post("localhost", "/page", 6)).isEqualTo(413);
        assertThat(post("localhost", "/none", 200_000)).isEqualTo(200);
        // What comes before its route is known is held against that.
        assertThat(chunked("/", 20)).isEqualTo(200);
        assertThat(chunked("/", 21)).isEqualTo(413);
        assertThat(chunked("/none", 10_000)).isEqualTo(200);
        assertThat(chunked("/.well-known/acme-challenge/abc", 11)).isEqualTo(413);

        Http2Client http2 = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
        http2.request(1, "POST", "/slow", false).data(1, true, new byte[30]);
        assertThat(http2.response(1).status()).isEqualTo(200);
        http2.request(3, "POST", "/short", false).data(3, true, new byte[30]);
        assertThat(http2.response(3).status()).isEqualTo(413);
    }
}
