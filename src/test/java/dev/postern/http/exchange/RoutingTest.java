package dev.postern.http.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** From Host and path to an action, over HTTPS and over plain HTTP. */
class RoutingTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer server = TestServer.saying("from the server");

    @Test
    void routeForwardsOrRedirectsOrResponds() throws Exception {
        start("308");
        RawClient client = edge.client();

        assertThat(client.get("localhost", "/x").body()).isEqualTo("from the server");
        RawClient.Response redirect = client.get("localhost", "/old/page?q=1");
        assertThat(redirect.status()).isEqualTo(302);
        assertThat(redirect.header("Location")).containsExactly("https://example.com/new/");
        RawClient.Response respond = client.get("localhost", "/robots.txt");
        assertThat(respond.status()).isEqualTo(200);
        assertThat(respond.body()).isEqualTo("User-agent: *\n");
        assertThat(client.get("localhost", "/gone").status()).isEqualTo(410);
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void routeTakesWhatMeetsItsConditions() throws Exception {
        edge.closes(server);
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: off }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites:
                  - names: [localhost]
                    certificate: %s
                    backend: web
                    routes:
                      - { path: /, when: { headers: { X-Beta: { present: true } } }, respond: { body: beta } }
                      - { path: /api/, when: { methods: [GET] }, respond: { body: read } }
                      - { path: /api/, when: { methods: [GET], headers: { Accept: { prefix: application/grpc } } }, respond: { body: grpc } }
                      - { exact: /api/health, respond: { body: health } }
                backends: { web: { servers: ["%s"] } }
                """.formatted(edge.site().certificate("localhost"), server.address()));
        RawClient client = edge.plainClient();

        assertThat(client.get("localhost", "/api/x").body()).isEqualTo("read");
        assertThat(client.get("localhost", "/api/health").body()).isEqualTo("health");
        assertThat(client.get("localhost", "/api/health/x").body()).isEqualTo("read");
        assertThat(client.request("DELETE /api/x HTTP/1.1", "Host: localhost")
                        .response()
                        .body())
                .isEqualTo("from the server");
        assertThat(client.request("HEAD /api/x HTTP/1.1", "Host: localhost")
                        .response(true)
                        .header("Content-Length"))
                .containsExactly("4");
        assertThat(client.request("GET /api/x HTTP/1.1", "Host: localhost", "ACCEPT: application/grpc+proto")
                        .response()
                        .body())
                .isEqualTo("grpc");
        assertThat(client.request("POST /x HTTP/1.1", "Host: localhost", "x-bETA:", "Content-Length: 0")
                        .response()
                        .body())
                .isEqualTo("beta");
        // A field that the server would not see decides nothing.
        assertThat(client.request("GET /x HTTP/1.1", "Host: localhost", "X-Beta: 1", "Connection: x-beta")
                        .response()
                        .body())
                .isEqualTo("from the server");
        assertThat(server.requests()).hasSize(2);
    }

    @ParameterizedTest(name = "Host: {0}")
    @ValueSource(strings = {"localhost", "LOCALhost", "localhost.", "localhost:1", "Localhost.:65535"})
    void hostIsComparedAsTheNameItIs(String host) throws Exception {
        start("308");

        assertThat(edge.client().get(host, "/").status()).isEqualTo(200);
        assertThat(server.requests().get(0).header("Host")).containsExactly(host);
    }

    @Test
    void hostAndRouteThatNobodyKnowsAre404() throws Exception {
        start("308");
        RawClient client = edge.client();

        assertThat(client.get("unknown.example", "/").status()).isEqualTo(404);
        assertThat(client.get("localhost", "/x").status()).isEqualTo(200);
        assertThat(edge.closes(RawClient.plain(edge.httpPort()))
                        .get("unknown.example", "/")
                        .status())
                .isEqualTo(404);
    }

    @ParameterizedTest(name = "{0}, {1} → {2}")
    @CsvSource({
        "308, LocalHost., https://localhost/a/b?c=d",
        // Who came to port 80 came through somebody who maps ports: 80 is not ours, and he has no use for our other
        // one.
        "308, localhost:80, https://localhost/a/b?c=d",
        "308, localhost:080, https://localhost/a/b?c=d",
        "308, LOCALHOST.:80, https://localhost/a/b?c=d",
        "308, localhost:443, https://localhost:PORT/a/b?c=d",
        "301, localhost:18080, https://localhost:PORT/a/b?c=d",
    })
    void plainHttpIsSentToHttps(String status, String host, String location) throws Exception {
        start(status);
        RawClient client = edge.closes(RawClient.plain(edge.httpPort()));

        RawClient.Response response = client.get(host, "/a/b?c=d");
        RawClient.Response again = client.get(host, "/a/b?c=d");

        assertThat(response.status()).isEqualTo(Integer.parseInt(status));
        assertThat(response.header("Location"))
                .containsExactly(location.replace("PORT", String.valueOf(edge.httpsPort())));
        assertThat(again.header("Location")).isEqualTo(response.header("Location"));
        assertThat(server.requests()).isEmpty();
    }

    // The destination of a PROXY header is what the client came to, not where we listen.
    @Test
    void plainHttpThroughALoadBalancerAtPort80IsSentToItsPort443() throws Exception {
        edge.closes(server);
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0", proxy-protocol: [127.0.0.1] }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites: [{ names: [localhost], certificate: %s, backend: web }]
                backends: { web: { servers: ["%s"] } }
                """.formatted(edge.site().certificate("localhost"), server.address()));

        for (String host : new String[] {"localhost", "localhost:80"}) {
            RawClient client = edge.plainClient().send("PROXY TCP4 192.0.2.1 192.0.2.2 4711 80\r\n");
            assertThat(client.get(host, "/a").header("Location")).as(host).containsExactly("https://localhost/a");
        }
    }

    @Test
    void redirectOffServesSitesInPlaintext() throws Exception {
        start("off");

        RawClient.Response response =
                edge.closes(RawClient.plain(edge.httpPort())).get("localhost", "/x");

        assertThat(response.body()).isEqualTo("from the server");
        assertThat(server.requests().get(0).header("X-Forwarded-Proto")).containsExactly("http");
        assertThat(server.requests().get(0).header("X-Forwarded-Port"))
                .containsExactly(String.valueOf(edge.httpPort()));
    }

    @ParameterizedTest(name = "redirect: {0}")
    @ValueSource(strings = {"308", "off"})
    void challengesGoToTheSidePortWhateverTheirHost(String redirect) throws Exception {
        start(redirect);
        RawClient client = edge.closes(RawClient.plain(edge.httpPort()));

        for (String host : new String[] {"localhost", "unknown.example", "127.0.0.1"}) {
            RawClient.Response response = client.get(host, "/.well-known/acme-challenge/no-such-token");
            assertThat(response.status()).isEqualTo(404);
            assertThat(response.header("Location")).isEmpty();
        }
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void sidePortAnswersNothingElse() throws Exception {
        start("off");
        RawClient client = edge.closes(RawClient.plain(edge.challengePort()));

        assertThat(client.get("localhost", "/x").status()).isEqualTo(404);
        assertThat(client.get("localhost", "/.well-known/acme-challenge/x").status())
                .isEqualTo(404);
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void everyAddressOfAListenerIsServed() throws Exception {
        edge.closes(server);
        var running = edge.start("""
                listeners:
                  http: { bind: ["127.0.0.1:0", "[::1]:0", ":0"] }
                  https: { bind: ["[::1]:0", "127.0.0.1:0"] }
                  challenge: { bind: "[::1]:0" }
                sites: [{ names: [localhost], backend: web, certificate: %s }]
                backends: { web: { servers: ["%s"] } }
                """.formatted(edge.site().certificate("localhost"), server.address()));

        assertThat(running.httpAddresses()).hasSize(3);
        assertThat(running.httpsAddresses()).hasSize(2);
        for (InetSocketAddress address : running.httpAddresses()) {
            InetAddress to =
                    address.getAddress().isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : address.getAddress();
            RawClient client = edge.closes(RawClient.over(new Socket(to, address.getPort())));
            assertThat(client.get("localhost", "/").status()).isEqualTo(308);
            assertThat(client.get("localhost", "/.well-known/acme-challenge/x").status())
                    .isEqualTo(404);
        }
        for (InetSocketAddress address : running.httpsAddresses()) {
            RawClient client = edge.closes(RawClient.tls(address, edge.trust(), "localhost"));
            assertThat(client.get("localhost", "/").status()).isEqualTo(200);
        }
        assertThat(server.requests().get(0).header("X-Forwarded-For")).containsExactly("::1");
        assertThat(server.requests().get(1).header("X-Forwarded-For")).containsExactly("127.0.0.1");
    }

    @Test
    void barePortIsEveryAddressOfBothFamilies() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        edge.start("""
                listeners:
                  http: { bind: ":0" }
                  https: { bind: ":0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites: [{ names: [localhost], backend: web, certificate: %s }]
                backends: { web: { servers: ["%s"] } }
                """.formatted(edge.site().certificate("localhost"), server.address()));

        for (String address : List.of("127.0.0.1", "::1")) {
            RawClient client = edge.closes(RawClient.tls(
                    new InetSocketAddress(InetAddress.getByName(address), edge.httpsPort()),
                    edge.trust(),
                    "localhost"));
            assertThat(client.get("localhost", "/").status()).isEqualTo(200);
            assertThat(server.requests().get(server.requests().size() - 1).header("X-Forwarded-For"))
                    .containsExactly(address);
        }
    }

    private void start(String redirect) throws Exception {
        edge.closes(server);
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: %s }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites:
                  - names: [localhost]
                    certificate: %s
                    routes:
                      - { path: /, backend: web }
                      - { path: /old/, redirect: "https://example.com/new/", status: 302 }
                      - { path: /robots.txt, respond: { body: "User-agent: *\\n" } }
                      - { path: /gone, respond: { status: 410 } }
                backends: { web: { servers: ["%s"] } }
                """.formatted(redirect, edge.site().certificate("localhost"), server.address()));
    }
}
