package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Wire;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a client hears that makes too many requests, or opens too many connections; and who is counted as whom. */
class RateLimitTest {
    private static final String FOUR_A_DAY = "rate-limit: { requests: 4, per: 1d }";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer server = TestServer.saying("hello");

    @Test
    void oneRequestTooManyIs429AndSaysWhenToComeBack() throws Exception {
        start(FOUR_A_DAY, "");
        RawClient client = plain("127.0.0.1");
        for (int i = 0; i < 4; i++) {
            assertThat(client.get("localhost", "/").status()).isEqualTo(200);
        }

        RawClient.Response refused = client.get("localhost", "/");

        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.header("Retry-After")).hasSize(1);
        assertThat(Integer.parseInt(refused.header("Retry-After").get(0))).isBetween(21_000, 21_600);
        assertThat(refused.header("Cache-Control")).containsExactly("no-store");
        assertThat(refused.header("Connection")).isEmpty();
        assertThat(server.requests()).hasSize(4);
        assertThat(plain("127.0.0.2").get("localhost", "/").status()).isEqualTo(200);
    }

    @Test
    void everyConnectionAndProtocolOfAClientCounts() throws Exception {
        start(FOUR_A_DAY, "");
        assertThat(plain("127.0.0.1").get("localhost", "/").status()).isEqualTo(200);
        assertThat(edge.client().get("localhost", "/").status()).isEqualTo(200);
        Http2Client http2 = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
        assertThat(http2.get(1, "/").response(1).status()).isEqualTo(200);
        assertThat(http2.get(3, "/nothing/here").response(3).status()).isEqualTo(200);

        Http2Wire.Response refused = http2.get(5, "/").response(5);

        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.headers().get("retry-after")).isNotNull();
    }

    @Test
    void routeWithALimitOfItsOwnIsCountedApart() throws Exception {
        start(FOUR_A_DAY + """

                    routes:
                      - { path: /login, backend: web, rate-limit: { requests: 1, per: 1h } }
                      - { path: /static, backend: web, rate-limit: off }
                """, "");
        RawClient client = plain("127.0.0.1");

        assertThat(client.get("localhost", "/login").status()).isEqualTo(200);
        assertThat(client.get("localhost", "/login").status()).isEqualTo(429);
        for (int i = 0; i < 4; i++) {
            assertThat(client.get("localhost", "/").status()).isEqualTo(200);
        }
        assertThat(client.get("localhost", "/").status()).isEqualTo(429);
        for (int i = 0; i < 10; i++) {
            assertThat(client.get("localhost", "/static").status()).isEqualTo(200);
        }
    }

    @Test
    void clientsBehindATrustedProxyAreCountedApart() throws Exception {
        start("rate-limit: { requests: 1, per: 1d }", "trusted-proxies: [127.0.0.1]");
        RawClient client = plain("127.0.0.1");

        for (int i = 1; i <= 3; i++) {
            String forwarded = "X-Forwarded-For: 192.0.2." + i;
            assertThat(client.request("GET / HTTP/1.1", "Host: localhost", forwarded)
                            .response()
                            .status())
                    .isEqualTo(200);
            assertThat(client.request("GET / HTTP/1.1", "Host: localhost", forwarded)
                            .response()
                            .status())
                    .isEqualTo(429);
        }
    }

    // From an address of its own: the edge, too, looks at itself from 127.0.0.1.
    @Test
    void connectionBeyondAClientsShareIsClosedAtOnce() throws Exception {
        start("", "limits: { connections-per-client: 2 }");
        RawClient first = plain("127.0.0.3");
        RawClient second = plain("127.0.0.3");
        assertThat(first.get("localhost", "/").status()).isEqualTo(200);
        assertThat(second.get("localhost", "/").status()).isEqualTo(200);

        assertThat(plain("127.0.0.3").untilClosed()).isEmpty();
        assertThat(plain("127.0.0.2").get("localhost", "/").status()).isEqualTo(200);
        first.close();
        Awaitility.await()
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(
                                plain("127.0.0.3").get("localhost", "/").status())
                        .isEqualTo(200));
        assertThat(second.get("localhost", "/").status()).isEqualTo(200);
    }

    @Test
    void trustedProxyHasNoShare() throws Exception {
        start("", "trusted-proxies: [127.0.0.1]\nlimits: { connections-per-client: 1 }");

        for (int i = 0; i < 5; i++) {
            assertThat(plain("127.0.0.1").get("localhost", "/").status()).isEqualTo(200);
        }
    }

    @Test
    void clientsThatAProxyHeaderNamesHaveAShareEach() throws Exception {
        edge.closes(server);
        edge.startWith(List.of(server.address()), """
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: off, proxy-protocol: [127.0.0.1] }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                limits: { connections-per-client: 1 }
                """);

        for (int i = 1; i <= 3; i++) {
            String header = "PROXY TCP4 192.0.2." + i + " 203.0.113.1 33224 80\r\n";
            RawClient client = plain("127.0.0.1").send(header);
            assertThat(client.get("localhost", "/").status()).isEqualTo(200);
            assertThat(plain("127.0.0.1")
                            .send(header + "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                            .untilClosed())
                    .isEmpty();
        }
    }

    private void start(String ofSite, String more) throws Exception {
        edge.closes(server);
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: off }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites:
                  - names: [localhost]
                    backend: web
                    certificate: %s
                    %s
                backends:
                  web: { servers: ["%s"] }
                %s
                """.formatted(edge.site().certificate("localhost"), ofSite.strip(), server.address(), more));
    }

    private RawClient plain(String from) throws IOException {
        return edge.closes(RawClient.over(
                new Socket(InetAddress.getLoopbackAddress(), edge.httpPort(), InetAddress.getByName(from), 0)));
    }
}
