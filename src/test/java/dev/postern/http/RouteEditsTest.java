package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Wire;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a route changes on the way, to the server and to the client. */
class RouteEditsTest {
    private static final String HSTS = "max-age=31536000; includeSubDomains";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer server = TestServer.start((request, connection) -> {
        if (request.path().equals("/broken")) {
            connection.reset();
        }
        connection.send("HTTP/1.1 200 OK\r\nServer: secret/1.0\r\nX-Two: a\r\nx-two: b\r\n"
                + "Strict-Transport-Security: max-age=1\r\nX-Stays: 1\r\nContent-Length: 2\r\n\r\nok");
    });

    @Test
    void requestFieldsAreSetAddedAndRemoved() throws Exception {
        start("""
                request-headers: { set: { X-Site: "1", X-Both: site }, remove: [X-Gone] }
                routes:
                  - path: /
                    backend: web
                    request-headers: { set: { x-BOTH: route }, add: { X-List: c, X-Forwarded-Prefix: /app } }
                """);

        edge.client()
                .request(
                        "GET / HTTP/1.1",
                        "Host: localhost",
                        "x-site: forged",
                        "X-SITE: twice",
                        "X-Both: forged",
                        "X-Gone: 1",
                        "X-List: a",
                        "X-Forwarded-Prefix: /forged",
                        "X-Gone-Too: no",
                        "Connection: X-Site")
                .response();

        TestServer.Request seen = server.requests().get(0);
        assertThat(seen.header("X-Site")).containsExactly("1");
        assertThat(seen.header("X-Both")).containsExactly("route");
        assertThat(seen.header("X-Gone")).isEmpty();
        assertThat(seen.header("X-Gone-Too")).containsExactly("no");
        assertThat(seen.header("X-List")).containsExactly("a", "c");
        assertThat(seen.header("X-Forwarded-Prefix")).containsExactly("/app");
        assertThat(seen.header("Host")).containsExactly("localhost");
        assertThat(seen.header("X-Forwarded-For")).containsExactly("127.0.0.1");
    }

    @Test
    void valuesMayHaveVariables() throws Exception {
        startPlaintext("""
                request-headers:
                  set:
                    X-All: "{client} {host} {method} {path} {query} {uri} {scheme} {site} {request-id}"
                    X-TLS: "{tls-version} {tls-cipher}"
                    X-Json: '{"group":"default","host":"{host}"}'
                response-headers: { set: { X-Request-Id: "{request-id}", X-Seen: "<{tls-version}>" } }
                backend: web
                """);
        RawClient.Response secure = edge.client()
                .request("GET /a/../b%41?c=d HTTP/1.1", "Host: LocalHost:1", "X-All: forged")
                .response();
        RawClient.Response plain = edge.plainClient().get("localhost", "/");
        Http2Wire.Response over2 = http2().get(1, "/2").response(1);

        TestServer.Request seen = server.requests().get(0);
        assertThat(seen.header("X-All").get(0))
                .isEqualTo("127.0.0.1 localhost GET /bA c=d /bA?c=d https localhost "
                        + secure.header("X-Request-Id").get(0));
        assertThat(seen.header("X-TLS").get(0)).matches("TLSv1\\.3 TLS_[A-Z0-9_]+");
        assertThat(seen.header("X-Json")).containsExactly("{\"group\":\"default\",\"host\":\"localhost\"}");
        assertThat(secure.header("X-Seen")).containsExactly("<TLSv1.3>");
        assertThat(plain.header("X-Seen")).containsExactly("<>");
        assertThat(server.requests().get(1).header("X-TLS")).containsExactly("");
        assertThat(over2.headers().get("x-request-id").toString()).matches("[0-9a-f]{16,20}");
        assertThat(over2.headers().get("x-seen")).hasToString("<TLSv1.3>");
    }

    @Test
    void errorsOfOurOwnAreHtmlForBrowsersAndTextForPrograms() throws Exception {
        start("routes: [{ path: /a, backend: web }]");

        for (String accept : List.of("*/*", "application/json", "text/html;q=0", "text/htmlx", "")) {
            RawClient.Response text = edge.client()
                    .request("GET / HTTP/1.1", "Host: localhost", "Accept: " + accept)
                    .response();
            assertThat(text.header("Content-Type")).as(accept).containsExactly("text/plain; charset=utf-8");
            assertThat(text.body()).startsWith("404 Not Found\n");
        }
        RawClient.Response html = edge.client()
                .request("GET / HTTP/1.1", "Host: localhost", "Accept: application/xml;q=0.9,Text/HTML;q=0.8,*/*")
                .response();
        assertThat(html.status()).isEqualTo(404);
        assertThat(html.header("Content-Type")).containsExactly("text/html; charset=utf-8");
        assertThat(html.body())
                .startsWith("<!DOCTYPE html>")
                .contains("<title>404 Not Found</title>", "request ")
                .hasSizeLessThan(700);
        assertThat(http2().get(1, "/", "accept", "text/html").response(1).body())
                .startsWith("<!DOCTYPE html>");
    }

    /** A server may put trailers and header fields together. */
    @Test
    void whatIsRemovedDoesNotComeAsATrailer() throws Exception {
        start("""
                request-headers: { set: { X-Site: "1" }, remove: [X-Gone] }
                backend: web
                """);

        edge.client()
                .request("POST / HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked")
                .send("2\r\nhi\r\n0\r\nx-site: forged\r\nX-Stays: 1\r\nX-GONE: 1\r\n\r\n")
                .response();

        assertThat(server.received()).contains("X-Site: 1", "X-Stays: 1").doesNotContain("forged", "X-GONE");
    }

    @Test
    void responseFieldsAreSetAddedAndRemovedInEveryAnswer() throws Exception {
        startPlaintext("""
                response-headers: { set: { X-Frame-Options: DENY }, add: { X-Two: c }, remove: [SERVER] }
                backend: web
                routes:
                  - { path: /respond, respond: { body: hello } }
                  - { path: /redirect, redirect: /x, response-headers: { set: { X-Frame-Options: SAMEORIGIN } } }
                  - { path: /typed, respond: { body: hello }, response-headers: { set: { Content-Type: text/x }, remove: [X-Two] } }
                """);
        RawClient client = edge.plainClient();

        RawClient.Response served = client.get("localhost", "/");
        assertThat(served.header("Server")).isEmpty();
        assertThat(served.header("X-Two")).containsExactly("a", "b", "c");
        assertThat(served.header("X-Frame-Options")).containsExactly("DENY");
        assertThat(served.header("X-Stays")).containsExactly("1");
        assertThat(served.body()).isEqualTo("ok");
        assertThat(client.get("localhost", "/respond").header("X-Two")).containsExactly("c");
        assertThat(client.get("localhost", "/redirect").header("X-Frame-Options"))
                .containsExactly("SAMEORIGIN");
        RawClient.Response typed = client.get("localhost", "/typed");
        assertThat(typed.header("Content-Type")).containsExactly("text/x");
        assertThat(typed.header("X-Two")).isEmpty();
        // Errors, too: of a route, and where there is none for the request.
        assertThat(client.get("localhost", "/a%2fb").header("X-Frame-Options")).containsExactly("DENY");
        assertThat(client.get("localhost", "/../").header("X-Frame-Options")).containsExactly("DENY");
        RawClient.Response failed = client.request("POST /broken HTTP/1.1", "Host: localhost", "Content-Length: 0")
                .response();
        assertThat(failed.status()).isEqualTo(502);
        assertThat(failed.header("X-Frame-Options")).containsExactly("DENY");
    }

    @Test
    void hstsIsOursOverTlsAndOverTlsOnly() throws Exception {
        startPlaintext("""
                hsts: { include-subdomains: true }
                backend: web
                routes:
                  - { path: /redirect, redirect: /x }
                """);

        RawClient client = edge.client();
        Http2Client http2 = http2();
        int stream = 1;
        for (String path : List.of("/", "/redirect", "/a%2fb", "/../")) {
            assertThat(client.get("localhost", path).header("Strict-Transport-Security"))
                    .as(path)
                    .containsExactly(HSTS);
            assertThat(http2.get(stream, path).response(stream).headers().getAll("strict-transport-security"))
                    .as("over HTTP/2: " + path)
                    .extracting(CharSequence::toString)
                    .containsExactly(HSTS);
            stream += 2;
        }
        assertThat(edge.plainClient().get("localhost", "/redirect").header("Strict-Transport-Security"))
                .isEmpty();
    }

    @Test
    void http2GetsTheSameFields() throws Exception {
        start("""
                response-headers: { set: { X-Frame-Options: DENY }, add: { X-Two: c }, remove: [Server] }
                backend: web
                routes:
                  - { path: /respond, respond: { body: hello } }
                """);
        Http2Client client = http2();

        Http2Wire.Response served = client.get(1, "/").response(1);
        assertThat(served.headers().contains("server")).isFalse();
        assertThat(served.headers().getAll("x-two"))
                .extracting(CharSequence::toString)
                .containsExactly("a", "b", "c");
        assertThat(served.headers().get("x-frame-options").toString()).isEqualTo("DENY");
        assertThat(served.body()).isEqualTo("ok");
        Http2Wire.Response own = client.get(3, "/respond").response(3);
        assertThat(own.headers().get("x-frame-options").toString()).isEqualTo("DENY");
        assertThat(own.body()).isEqualTo("hello");
    }

    @Test
    void serverIsAskedForTheRewrittenPath() throws Exception {
        startPlaintext("""
                routes:
                  - { path: /api/, backend: web, rewrite: /v2 }
                  - { path: /app, backend: web, rewrite: / }
                  - { path: /, backend: web, rewrite: /base/ }
                """);
        RawClient client = edge.plainClient();
        Map<String, String> asked = new LinkedHashMap<>();
        asked.put("/api/x/y?q=1", "/v2/x/y?q=1");
        asked.put("/api/", "/v2/");
        asked.put("/api//x", "/v2/x");
        asked.put("/app", "/");
        asked.put("/app?q", "/?q");
        asked.put("/app/x", "/x");
        asked.put("/app/", "/");
        asked.put("/other", "/base/other");
        asked.put("/", "/base/");
        asked.put("http://localhost", "/base/");
        asked.put("http://localhost?q", "/base/?q");

        for (String target : asked.keySet()) {
            assertThat(client.get("localhost", target).status()).as(target).isEqualTo(200);
        }

        assertThat(server.requests()).extracting(TestServer.Request::path).containsExactlyElementsOf(asked.values());
    }

    @Test
    void redirectTakesPartsOfTheRequestAlong() throws Exception {
        startPlaintext("""
                routes:
                  - { path: /old, redirect: "https://new.example/app{rest}?{query}" }
                  - { path: /all, redirect: "https://www.example{uri}", status: 301 }
                  - { path: /host, redirect: "https://{host}:8443{path}" }
                  - { path: /login, redirect: "/signin?from={path}&{query}" }
                """);
        RawClient client = edge.plainClient();

        assertThat(location(client, "/old")).isEqualTo("https://new.example/app");
        assertThat(location(client, "/old/a//b?c=d&e")).isEqualTo("https://new.example/app/a/b?c=d&e");
        assertThat(location(client, "/all/x?{host}")).isEqualTo("https://www.example/all/x?{host}");
        assertThat(location(client, "/host/%7ex")).isEqualTo("https://localhost:8443/host/~x");
        assertThat(location(client, "/login/x")).isEqualTo("/signin?from=/login/x&");
    }

    private static String location(RawClient client, String target) {
        return client.get("localhost", target).header("Location").get(0);
    }

    @Test
    void errorsHaveThePagesOfTheSite() throws Exception {
        Path sorry = Files.writeString(edge.directory().resolve("sorry.html"), "<h1>sorry</h1>" + " ".repeat(10_000));
        Path missing = Files.writeString(edge.directory().resolve("missing.txt"), "missing");
        startPlaintext("""
                error-pages: { 404: %s, 5xx: %s }
                routes:
                  - { path: /broken, backend: web }
                  - { path: /gone, respond: { status: 404 } }
                  - { path: /own, respond: { status: 404, body: mine } }
                  - { path: /file, respond: { body-file: %s } }
                """.formatted(missing, sorry, sorry));
        RawClient client = edge.plainClient();

        RawClient.Response broken = client.request("POST /broken HTTP/1.1", "Host: localhost", "Content-Length: 0")
                .response();
        assertThat(broken.status()).isEqualTo(502);
        assertThat(broken.body()).hasSize(10_014).startsWith("<h1>sorry</h1>");
        assertThat(broken.header("Content-Type")).containsExactly("text/html; charset=utf-8");
        assertThat(broken.header("Cache-Control")).containsExactly("no-store");
        assertThat(client.get("localhost", "/none").body()).isEqualTo("missing");
        assertThat(client.get("localhost", "/gone").body()).isEqualTo("missing");
        assertThat(client.get("localhost", "/own").body()).isEqualTo("mine");
        assertThat(client.get("localhost", "/file").body()).hasSize(10_014);
        assertThat(client.get("localhost", "/a%").body()).startsWith("400 ");
        RawClient.Response head =
                client.request("HEAD /none HTTP/1.1", "Host: localhost").response(true);
        assertThat(head.header("Content-Length")).containsExactly("7");
        Http2Wire.Response over2 = http2().get(1, "/none").response(1);
        assertThat(over2.status()).isEqualTo(404);
        assertThat(over2.body()).isEqualTo("missing");
    }

    @Test
    void onlyRequestsThatAreMeantForTheServiceGetThrough() throws Exception {
        startPlaintext("""
                deny: [127.0.0.2]
                allow-methods: [GET, POST]
                backend: web
                routes:
                  - { path: /office, backend: web, allow: [192.0.2.0/24] }
                  - { path: /here, backend: web, allow: [127.0.0.0/8, "::1"] }
                  - { path: /not-here, backend: web, allow: [127.0.0.0/8], deny: [127.0.0.1/32] }
                  - { path: /any-method, backend: web, allow-methods: [DELETE] }
                """);
        RawClient client = edge.plainClient();

        assertThat(client.get("localhost", "/office").status()).isEqualTo(403);
        assertThat(client.get("localhost", "/here").status()).isEqualTo(200);
        assertThat(client.get("localhost", "/not-here").status()).isEqualTo(403);
        RawClient.Response refused =
                client.request("DELETE / HTTP/1.1", "Host: localhost").response();
        assertThat(refused.status()).isEqualTo(405);
        assertThat(refused.header("Allow").get(0).split(", ")).containsExactlyInAnyOrder("GET", "HEAD", "POST");
        assertThat(client.request("HEAD / HTTP/1.1", "Host: localhost")
                        .response(true)
                        .status())
                .isEqualTo(200);
        assertThat(client.request("DELETE /any-method HTTP/1.1", "Host: localhost")
                        .response()
                        .status())
                .isEqualTo(200);
        assertThat(client.get("localhost", "/any-method").status()).isEqualTo(405);
        assertThat(server.requests()).hasSize(3);
    }

    /** A proxy that is trusted, and may come in itself, does not say whom it speaks for. */
    @Test
    void clientThatNobodyKnowsIsLetInByNoRule() throws Exception {
        edge.closes(server);
        edge.start("""
                trusted-proxies: [127.0.0.0/8, 10.0.0.0/8]
                sites:
                  - names: [localhost]
                    certificate: %s
                    routes:
                      - { path: /, backend: web }
                      - { path: /here, backend: web, allow: ["0.0.0.0/0"] }
                      - { path: /there, backend: web, deny: [192.0.2.0/24] }
                backends: { web: { servers: ["%s"] } }
                """.formatted(edge.site().certificate("localhost"), server.address()));
        RawClient client = edge.client();
        String nobody = "X-Forwarded-For: 192.0.2.7, unknown, 10.0.0.1";

        for (String path : List.of("/here", "/there")) {
            assertThat(client.get("localhost", path).status()).isEqualTo(200);
            assertThat(client.request("GET " + path + " HTTP/1.1", "Host: localhost", nobody)
                            .response()
                            .status())
                    .isEqualTo(403);
        }
        server.requests().clear();
        assertThat(client.request("GET / HTTP/1.1", "Host: localhost", nobody)
                        .response()
                        .status())
                .isEqualTo(200);
        // Nor by a server that lets its neighbours in.
        assertThat(server.requests().get(0).header("X-Real-IP")).containsExactly("0.0.0.0");
        assertThat(server.requests().get(0).header("X-Forwarded-For"))
                .containsExactly("192.0.2.7, unknown, 10.0.0.1, 127.0.0.1");
    }

    private Http2Client http2() throws Exception {
        return edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
    }

    private void start(String site) throws Exception {
        start(site, "308");
    }

    private void startPlaintext(String site) throws Exception {
        start(site, "off");
    }

    private void start(String site, String redirect) throws Exception {
        edge.closes(server);
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: %s }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites:
                  - names: [localhost]
                    certificate: %s
                %s
                backends: { web: { servers: ["%s"] } }
                """.formatted(
                        redirect,
                        edge.site().certificate("localhost"),
                        site.strip().indent(4).stripTrailing(),
                        server.address()));
    }
}
