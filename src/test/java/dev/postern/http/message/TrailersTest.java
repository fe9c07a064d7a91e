package dev.postern.http.message;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Server;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What may come behind a body: what decides about the message may not, RFC 9110 §6.5.1. In both directions and protocols. */
class TrailersTest {
    private static final List<String> PASS = List.of(
            "X-Sum", "ETag", "Server-Timing", "Content-Digest", "Repr-Digest", "Digest", "grpc-status", "Status-Text");

    private static final List<String> STAY = List.of(
            "Set-Cookie",
            "sEt-cOOkie",
            "Set-Cookie2",
            "Location",
            "Refresh",
            "Content-Type",
            "Content-Encoding",
            "Content-Range",
            "Content-Location",
            "Content-Disposition",
            "Content-Security-Policy",
            "Content-Anything",
            "Cache-Control",
            "Expires",
            "Age",
            "Vary",
            "Date",
            "Via",
            "Retry-After",
            "WWW-Authenticate",
            "Authorization",
            "Proxy-Authenticate",
            "Cookie",
            "Range",
            "If-Match",
            "If-None-Match",
            "Max-Forwards",
            "Trailer",
            "Accept-Encoding",
            "Sec-Fetch-Site",
            "Access-Control-Allow-Origin",
            "Strict-Transport-Security",
            "X-Original-URL",
            "X-Forwarded-For");

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    /** In HTTP/2 as well, where names are in small letters. */
    private static String[] http2Trailers() {
        return Stream.concat(PASS.stream(), STAY.stream())
                .flatMap(name -> Stream.of(name.toLowerCase(Locale.ROOT), "said"))
                .toArray(String[]::new);
    }

    private static String http1Trailers() {
        StringBuilder lines = new StringBuilder();
        for (List<String> names : List.of(PASS, STAY)) {
            names.forEach(name -> lines.append(name).append(": said\r\n"));
        }
        return lines.toString();
    }

    private static List<String> lower() {
        return PASS.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
    }

    private static List<String> names(Http2Headers trailers) {
        return trailers.names().stream().map(CharSequence::toString).toList();
    }

    private Http2Client http2() throws Exception {
        return edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
    }

    private void assertOnlyThoseArriveAtClients() throws Exception {
        RawClient client = edge.client();
        assertThat(client.get("localhost", "/").status()).isEqualTo(200);
        assertThat(client.trailers())
                .map(line -> line.substring(0, line.indexOf(':')).toLowerCase(Locale.ROOT))
                .containsExactlyElementsOf(lower());
        assertThat(names(http2().get(1, "/").response(1).trailers())).containsExactlyInAnyOrderElementsOf(lower());
    }

    @Test
    void ofAnHttp1Server() throws Exception {
        edge.startWith(edge.closes(TestServer.start((request, connection) -> connection.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n" + http1Trailers() + "\r\n"))));

        assertOnlyThoseArriveAtClients();
    }

    @Test
    void ofAnHttp2Server() throws Exception {
        Http2Server server = edge.closes(Http2Server.start((request, connection) -> connection
                .headers(request.stream(), false, ":status", "200")
                .data(request.stream(), false, "hi".getBytes(StandardCharsets.US_ASCII))
                .headers(request.stream(), true, http2Trailers())));
        edge.startWithBackend("{ servers: [\"" + server.address() + "\"], protocol: h2c }", "");

        assertOnlyThoseArriveAtClients();
    }

    @Test
    void ofClientsToAnHttp1Server() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        edge.startWith(server);

        send();

        for (TestServer.Request request : server.requests()) {
            List<String> arrived = new ArrayList<>();
            for (String line : request.body()
                    .substring(request.body().indexOf("0\r\n") + 3)
                    .strip()
                    .lines()
                    .toList()) {
                arrived.add(line.substring(0, line.indexOf(':')).toLowerCase(Locale.ROOT));
            }
            assertThat(arrived).containsExactlyInAnyOrderElementsOf(lower());
        }
        assertThat(server.requests()).hasSize(2);
    }

    @Test
    void ofClientsToAnHttp2Server() throws Exception {
        Http2Server server = edge.closes(Http2Server.saying("hello"));
        edge.startWithBackend("{ servers: [\"" + server.address() + "\"], protocol: h2c }", "");

        send();

        assertThat(server.requests())
                .hasSize(2)
                .allSatisfy(
                        request -> assertThat(names(request.trailers())).containsExactlyInAnyOrderElementsOf(lower()));
    }

    private void send() throws Exception {
        assertThat(edge.client()
                        .send("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n"
                                + http1Trailers() + "\r\n")
                        .response()
                        .status())
                .isEqualTo(200);
        Http2Client client = http2().request(1, "POST", "/", false)
                .data(1, false, "hi".getBytes(StandardCharsets.US_ASCII))
                .headers(1, true, http2Trailers());
        assertThat(client.response(1).status()).isEqualTo(200);
    }

    @Test
    void whatARouteTakesOutOfResponsesDoesNotComeInBehindThem() throws Exception {
        TestServer server = edge.closes(
                TestServer.start(
                        (request, connection) -> connection.send(
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Inside: 1\r\nX-Set: 2\r\nX-Sum: 3\r\n\r\n")));
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites:
                  - names: [localhost]
                    certificate: %s
                    backend: web
                    response-headers: { remove: [x-inside], set: { X-Set: ours } }
                backends: { web: { servers: ["%s"] } }
                """.formatted(edge.site().certificate("localhost"), server.address()));
        RawClient client = edge.client();

        assertThat(client.get("localhost", "/").header("X-Set")).containsExactly("ours");
        assertThat(client.trailers()).containsExactly("X-Sum: 3");
        assertThat(names(http2().get(1, "/").response(1).trailers())).containsExactly("x-sum");
    }
}
