package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.served.ReachabilityProbe;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A CA is answered wherever it asks: whoever stands in front of us may have sent it anywhere (certbot#7275, caddy#2898).
 * Asks for tokens that are always open, those of {@link ReachabilityProbe}.
 */
class AcmeChallengesTest {
    private static final String PREFIX = "/.well-known/acme-challenge/";
    private static final String HOST = "localhost";

    private final TestServer server = TestServer.saying("the server's");

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @BeforeEach
    void register() {
        edge.closes(server);
    }

    private static String token() {
        return ReachabilityProbe.token(new SecureRandom());
    }

    /** Nobody gets past these rules, nor past any of them twice. */
    private void start(String listeners, String site) throws Exception {
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0" %1$s }
                  https: { bind: "127.0.0.1:0" %1$s }
                  challenge: { bind: "127.0.0.1:0" }
                acme: { issuers: [internal], store: "%2$s" }
                sites:
                  - names: [localhost]
                    certificate: %3$s
                    deny: ["0.0.0.0/0", "::/0"]
                    rate-limit: { requests: 1, per: 1h }
                    auth: { users: { al: "$2y$12$%4$s" } }
                    allow-methods: [PUT]
                    routes:
                      - { path: /, backend: web }
                      - { path: /.well-known/, backend: web }
                    %5$s
                  - names: [other.example]
                    certificate: %6$s
                    backend: web
                backends: { web: { servers: ["%7$s"] } }
                """.formatted(
                        listeners,
                        edge.directory().resolve("certs"),
                        edge.site().certificate(HOST),
                        "a".repeat(53),
                        site,
                        edge.site().certificate("other.example"),
                        server.address()));
    }

    private static void ours(RawClient client, String host) {
        RawClient.Response answer = client.get(host, PREFIX + token());

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).containsExactly("application/octet-stream");
        assertThat(answer.body()).matches("[A-Za-z0-9_-]{43}");
    }

    @Test
    void tokenOfOursIsAnsweredOnEveryListenerBeforeAnyRule() throws Exception {
        start("", "");

        for (String host : List.of(HOST, "other.example", "nobody.example", "192.0.2.1")) {
            ours(edge.plainClient(), host);
            ours(edge.client(), host);
            // Somebody maps ports as they should not be.
            ours(edge.closes(RawClient.plain(edge.httpsPort())), host);
            Http2Client http2 = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), HOST));
            http2.headers(1, true, ":method", "GET", ":scheme", "https", ":authority", host, ":path", PREFIX + token());
            assertThat(http2.response(1).body()).matches("[A-Za-z0-9_-]{43}");
        }
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void tokenThatIsNotOursIsAnswered404OnEveryListener() throws Exception {
        start("", "");

        for (RawClient client : List.of(edge.plainClient(), edge.client())) {
            assertThat(client.get(HOST, PREFIX + "abc").status()).isEqualTo(404);
            assertThat(client.get("other.example", PREFIX + "abc").status()).isEqualTo(404);
        }
        assertThat(edge.client().get(HOST, "/").status()).isEqualTo(403);
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void tokenIsAnsweredBehindAProxyHeader() throws Exception {
        start(", proxy-protocol: [127.0.0.1]", "");
        String header = "PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\n";

        ours(edge.plainClient().send(header), HOST);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), edge.httpsPort())) {
            socket.getOutputStream().write(header.getBytes(StandardCharsets.US_ASCII));
            SSLSocket tls =
                    (SSLSocket) edge.trust().getSocketFactory().createSocket(socket, HOST, edge.httpsPort(), true);
            SSLParameters named = tls.getSSLParameters();
            named.setServerNames(List.of(new SNIHostName(HOST)));
            tls.setSSLParameters(named);
            ours(RawClient.over(tls), HOST);
        }
    }

    /** What servers may have is used up, and all of theirs hang: the side port has its own share. */
    @Test
    void tokenIsAnsweredWhileThereIsNoRoomForAnythingElse() throws Exception {
        TestServer hangs = edge.closes(TestServer.start((request, connection) -> {}));
        edge.start("""
                acme: { issuers: [internal], store: "%s" }
                sites: [{ names: [localhost], certificate: %s, backend: web }]
                backends: { web: { servers: [{ address: "%s", max-connections: 1 }], queue: { length: 0 } } }
                limits: { server-connections: 1 }
                """.formatted(edge.directory().resolve("certs"), edge.site().certificate(HOST), hangs.address()));
        edge.client().send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Awaitility.await().until(() -> hangs.requests().size() == 1);
        assertThat(edge.client().get(HOST, "/").status()).isEqualTo(503);

        ours(edge.plainClient(), HOST);
        ours(edge.client(), HOST);
    }

    @Test
    void siteMayHaveItsServersAskedForTokensThatAreNotOurs() throws Exception {
        start("", "acme-challenges: pass");

        ours(edge.plainClient(), HOST);
        ours(edge.client(), HOST);
        for (RawClient client : List.of(edge.plainClient(), edge.client())) {
            assertThat(client.get(HOST, PREFIX + "ab-C_1").body()).isEqualTo("the server's");
        }
        Http2Client http2 = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), HOST));
        assertThat(http2.get(1, PREFIX + "abc").response(1).body()).isEqualTo("the server's");
        assertThat(edge.plainClient().get("other.example", PREFIX + "abc").status())
                .isEqualTo(404);
        assertThat(server.requests())
                .extracting(TestServer.Request::path)
                .containsExactly(PREFIX + "ab-C_1", PREFIX + "ab-C_1", PREFIX + "abc");
    }

    /** The way for tokens is none around the rules. */
    @Test
    void whatIsMoreThanAQuestionForATokenIsARequestLikeAnyOther() throws Exception {
        start("", "acme-challenges: pass");

        for (String path : List.of("a/b", "a.txt", "", "a;b", "a%2fb", "..%2f..%2fa", "../../a", "%61%2e")) {
            assertThat(edge.client().get(HOST, PREFIX + path).status()).as(path).isIn(400, 403, 429);
            assertThat(edge.plainClient().get(HOST, PREFIX + path).status())
                    .as(path)
                    .isIn(400, 308);
        }
        assertThat(edge.client()
                        .send("POST " + PREFIX + "abc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
                        .response()
                        .status())
                .isIn(403, 429);
        // Applications with one entrance for all paths go by the query: /any/path?rest_route=/users.
        assertThat(edge.client().get(HOST, PREFIX + "abc?a=b").status()).isIn(403, 429);
        assertThat(edge.plainClient().get(HOST, PREFIX + "abc?a=b").status()).isEqualTo(308);
        // Behind a tunnel nothing is under any rule.
        assertThat(edge.client()
                        .send("GET " + PREFIX + "abc HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                                + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                        .response()
                        .status())
                .isIn(403, 429);
        // The connection is another site's.
        RawClient other = edge.closes(RawClient.tls(edge.httpsPort(), edge.trust(), "other.example"));
        assertThat(other.get(HOST, PREFIX + "abc").status()).isEqualTo(421);
        assertThat(server.requests()).isEmpty();
    }
}
