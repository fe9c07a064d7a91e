package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The cookie that brings a client back to its server. */
class StickinessTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer one = server("1");
    private final TestServer two = server("2");

    private static TestServer server(String name) {
        return TestServer.start((request, connection) -> connection.send(
                switch (request.path()) {
                    case "/logout" ->
                        "HTTP/1.1 200 OK\r\nSet-Cookie: SERVER=; Max-Age=0\r\nContent-Length: 1\r\n\r\n" + name;
                    case "/private" ->
                        "HTTP/1.1 200 OK\r\nCache-Control: max-age=5, PRIVATE\r\nContent-Length: 1\r\n\r\n" + name;
                    default -> TestServer.ok(name);
                }));
    }

    @BeforeEach
    void start() throws Exception {
        edge.closes(one);
        edge.closes(two);
        edge.startWithBackend(
                "{ servers: [\"%s\", \"%s\"], sticky: { cookie: SERVER, max-age: 1h, same-site: strict, path: /app/ } }"
                        .formatted(one.address(), two.address()),
                """
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: off }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                """);
    }

    @Test
    void clientWithoutTheCookieGetsOneAndTheServerNeverSeesIt() throws Exception {
        RawClient client = edge.client();

        RawClient.Response first = client.get("localhost", "/");
        String cookie = cookie(first);
        assertThat(first.header("Set-Cookie").get(0))
                .matches("SERVER=[A-Za-z0-9_-]{22}; Path=/app/; Max-Age=3600; HttpOnly; SameSite=Strict; Secure");
        assertThat(first.header("Cache-Control")).containsExactly("private");

        for (int i = 0; i < 4; i++) {
            RawClient.Response next = get(client, "a=1; SERVER=" + cookie + "; b=2");
            assertThat(next.body()).isEqualTo(first.body());
            // It has it already.
            assertThat(next.header("Set-Cookie")).isEmpty();
            assertThat(next.header("Cache-Control")).isEmpty();
        }
        assertThat(get(client, "SERVER=" + cookie).body()).isEqualTo(first.body());
        TestServer home = first.body().equals("1") ? one : two;
        List<TestServer.Request> seen = home.requests();
        assertThat(seen.get(1).header("Cookie")).containsExactly("a=1; b=2");
        assertThat(seen.get(seen.size() - 1).header("Cookie")).isEmpty();
        assertThat(one.received() + two.received()).doesNotContain(cookie);
    }

    @Test
    void cookieThatIsNobodysIsReplaced() throws Exception {
        RawClient client = edge.client();

        for (String invented : List.of("x", "", one.address(), "AAAAAAAAAAAAAAAAAAAAAA")) {
            RawClient.Response response = get(client, "SERVER=" + invented);
            assertThat(response.header("Set-Cookie")).hasSize(1);
        }
    }

    @Test
    void clientWhoseServerIsGoneGetsAnotherAndItsCookie() throws Exception {
        RawClient client = edge.client();
        RawClient.Response first = client.get("localhost", "/");
        (first.body().equals("1") ? one : two).close();

        RawClient.Response moved = get(client, "SERVER=" + cookie(first));

        assertThat(moved.body()).isNotEqualTo(first.body());
        assertThat(cookie(moved)).isNotEqualTo(cookie(first));
        RawClient.Response stays = get(client, "SERVER=" + cookie(moved));
        assertThat(stays.body()).isEqualTo(moved.body());
        assertThat(stays.header("Set-Cookie")).isEmpty();
    }

    @Test
    void serverThatSetsTheCookieItselfHasTheLastWord() throws Exception {
        RawClient.Response response = edge.client().get("localhost", "/logout");

        assertThat(response.header("Set-Cookie")).containsExactly("SERVER=; Max-Age=0");
    }

    @Test
    void responseThatIsPrivateAlreadyIsNotSaidToBeTwice() throws Exception {
        RawClient.Response response = edge.client().get("localhost", "/private");

        assertThat(response.header("Set-Cookie")).hasSize(1);
        assertThat(response.header("Cache-Control")).containsExactly("max-age=5, PRIVATE");
    }

    @Test
    void cookieOverPlaintextIsNotSecure() throws Exception {
        RawClient.Response response = edge.plainClient().get("localhost", "/");

        assertThat(response.header("Set-Cookie").get(0)).doesNotContain("Secure");
    }

    @Test
    void cookieWorksOverHttp2() throws Exception {
        try (Http2Client client = Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost")) {
            var first = client.get(1, "/").response(1);
            String setCookie = String.valueOf(first.headers().get("set-cookie"));
            assertThat(setCookie).startsWith("SERVER=").endsWith("; Secure");
            assertThat(String.valueOf(first.headers().get("cache-control"))).isEqualTo("private");
            String cookie = setCookie.substring(0, setCookie.indexOf(';'));

            for (int stream = 3; stream < 11; stream += 2) {
                var next = client.get(stream, "/", "cookie", "a=1", "cookie", cookie)
                        .response(stream);
                assertThat(next.body()).isEqualTo(first.body());
                assertThat(next.headers().get("set-cookie")).isNull();
            }
        }
        assertThat(one.received() + two.received()).contains("a=1").doesNotContain("SERVER");
    }

    private static RawClient.Response get(RawClient client, String cookies) {
        return client.request("GET / HTTP/1.1", "Host: localhost", "Cookie: " + cookies)
                .response();
    }

    private static String cookie(RawClient.Response response) {
        String setCookie = response.header("Set-Cookie").get(0);
        return setCookie.substring(setCookie.indexOf('=') + 1, setCookie.indexOf(';'));
    }
}
