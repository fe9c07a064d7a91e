package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Server;
import dev.postern.testing.TestServer;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A request without a body says so where its method means something by one
 * (<a href="https://datatracker.ietf.org/doc/html/rfc9110#section-8.6">RFC 9110 §8.6</a>): many a server answers 411
 * otherwise, and HTTP/2 has other ways to say it.
 */
class BodilessRequestTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @ParameterizedTest
    @CsvSource({"POST, 0", "PUT, 0", "PATCH, 0", "GET,", "OPTIONS,", "DELETE,", "REPORT,"})
    void saysThatItHasNoneWhereItsMethodMeansSomethingByOne(String method, String length) throws Exception {
        TestServer http1 = edge.closes(TestServer.saying("well"));
        Http2Server http2 = edge.closes(Http2Server.saying("well"));
        edge.start("""
                sites:
                  - names: [localhost]
                    certificate: %s
                    routes:
                      - { path: /1, backend: one }
                      - { path: /2, backend: two }
                backends:
                  one: { servers: ["%s"] }
                  two: { servers: ["%s"], protocol: h2c }
                """.formatted(edge.site().certificate("localhost"), http1.address(), http2.address()));
        Http2Client client = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));

        int stream = 1;
        for (String path : List.of("/1", "/2")) {
            client.request(stream, method, path, true);
            assertThat(client.response(stream).status()).isEqualTo(200);
            // What a client says itself is said once.
            client.request(stream + 2, method, path, true, "content-length", "0");
            assertThat(client.response(stream + 2).status()).isEqualTo(200);
            stream += 4;
            assertThat(edge.client()
                            .request(method + " " + path + " HTTP/1.1", "Host: localhost")
                            .response()
                            .status())
                    .isEqualTo(200);
        }

        List<String> expected = length == null ? List.of() : List.of(length);
        assertThat(http1.requests().stream().map(request -> request.header("content-length")))
                .containsExactly(expected, List.of("0"), expected);
        assertThat(http2.requests().stream().map(request -> request.header("content-length")))
                .containsExactly(expected, List.of("0"), expected);
    }
}
