package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Server;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Headers of clients that reach no server for their names alone, and those that the configuration lets through. */
class KeptHeadersTest {
    /** What programs behind us route by, judge by, or take the client from, when somebody has told them. */
    private static final List<String> CLAIMS = List.of(
            "X-Original-URL",
            "X-Original-URI",
            "X-Original-Host",
            "X-Original-Method",
            "X-Original-For",
            "x-oRiGiNaL-anything",
            "X-Rewrite-URL",
            "True-Client-IP",
            "Client-IP",
            "X-Client-IP",
            "X-Cluster-Client-IP");

    private static final List<String> AMBIGUOUS =
            List.of("api_key", "x.trace", "_a", "b_", "X_Original_URL", "x.client.ip");

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer server = TestServer.saying("hello");

    private void start(String site, String more) throws Exception {
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
                %s
                backends: { web: { servers: ["%s"] } }
                %s
                """.formatted(edge.site().certificate("localhost"), site.indent(4), server.address(), more));
    }

    private TestServer.Request forwarded(String path, String name) {
        RawClient.Response response = edge.plainClient()
                .request("GET " + path + " HTTP/1.1", "Host: localhost", name + ": said", "X-Plain: too")
                .response();

        assertThat(response.status()).as(name).isEqualTo(200);
        TestServer.Request seen = server.requests().get(server.requests().size() - 1);
        assertThat(seen.header("X-Plain")).containsExactly("too");
        return seen;
    }

    @Test
    void noneOfThemReachesAServerByDefault() throws Exception {
        start("", "");

        for (String name : CLAIMS) {
            assertThat(forwarded("/", name).head()).as(name).doesNotContain("said");
        }
        for (String name : AMBIGUOUS) {
            assertThat(forwarded("/", name).head()).as(name).doesNotContain("said");
        }
    }

    @Test
    void whatAProxySaysComesFromTrustedProxies() throws Exception {
        start("", "trusted-proxies: [127.0.0.1]");

        for (String name : CLAIMS) {
            assertThat(forwarded("/", name).header(name)).as(name).containsExactly("said");
        }
        for (String name : AMBIGUOUS) {
            assertThat(forwarded("/", name).head()).as(name).doesNotContain("said");
        }
    }

    @Test
    void namedOnesAreKeptInAnyCaseAndNoOthers() throws Exception {
        start("""
                keep-header-names: [API_Key, x-original-url, x.trace]
                routes:
                  - { path: /own, backend: web, keep-header-names: b_ }
                """, "");

        for (String name : List.of("api_key", "Api_Key", "API_KEY", "X-Original-URL", "X.Trace")) {
            assertThat(forwarded("/", name).header(name)).as(name).containsExactly("said");
            assertThat(forwarded("/own", name).head()).as(name).doesNotContain("said");
        }
        assertThat(forwarded("/own", "B_").header("B_")).containsExactly("said");
        for (String name : List.of("api.key", "api_keys", "pi_key", "X_Original_URL", "X-Original-URI", "x_trace")) {
            assertThat(forwarded("/", name).head()).as(name).doesNotContain("said");
        }
        assertThat(edge.plainClient()
                        .request("GET / HTTP/1.1", "Host: localhost", "Connection: api_key", "api_key: hop")
                        .response()
                        .status())
                .isEqualTo(200);
        assertThat(server.requests().get(server.requests().size() - 1).head()).doesNotContain("hop");
    }

    @Test
    void theyAreKeptOverHttp2OnBothSides() throws Exception {
        Http2Server http2 = edge.closes(Http2Server.saying("hello"));
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites:
                  - { names: [localhost], certificate: %s, backend: web, keep-header-names: [x_id, x-rewrite-url] }
                backends: { web: { servers: ["%s"], protocol: h2c } }
                """.formatted(edge.site().certificate("localhost"), http2.address()));
        Http2Client client = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));

        client.get(1, "/", "x_id", "1", "x_other", "2", "x-rewrite-url", "/3", "x-original-url", "/4");

        assertThat(client.response(1).status()).isEqualTo(200);
        Http2Server.Request seen = http2.requests().get(0);
        assertThat(seen.header("x_id")).containsExactly("1");
        assertThat(seen.header("x-rewrite-url")).containsExactly("/3");
        assertThat(seen.header("x_other")).isEmpty();
        assertThat(seen.header("x-original-url")).isEmpty();
    }

    /** Trailers are no way around it. */
    @Test
    void keptNamesAreThoseOfHeads() throws Exception {
        start("keep-header-names: [api_key, X-Original-URL]", "");

        RawClient.Response response = edge.plainClient()
                .send("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
                .send("0\r\napi_key: said\r\nX-Original-URL: said\r\nX-Sum: 1\r\n\r\n")
                .response();

        assertThat(response.status()).isEqualTo(200);
        assertThat(server.requests().get(0).body()).isEqualTo("0\r\nX-Sum: 1\r\n\r\n");
    }
}
