package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.TestServer;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whom a server is asked for. */
class SentHostTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer server = edge.closes(TestServer.saying("yes"));

    private int serverPort() {
        return Integer.parseInt(server.address().substring(server.address().lastIndexOf(':') + 1));
    }

    @ParameterizedTest
    @CsvSource({"preserve, localhost", "server, SERVER", "App.Example:8080, app.example:8080", "'[::1]', [::1]"})
    void serverIsAskedForWhomItsBackendSays(String host, String sent) throws Exception {
        edge.startWithBackend("{ servers: [\"" + server.address() + "\"], host: \"" + host + "\" }", "");
        Http2Client http2 = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));

        assertThat(edge.client().get("localhost", "/").status()).isEqualTo(200);
        assertThat(http2.get(1, "/").response(1).status()).isEqualTo(200);

        assertThat(server.requests()).hasSize(2).allSatisfy(request -> {
            assertThat(request.header("Host")).containsExactly(sent.replace("SERVER", server.address()));
            assertThat(request.header("X-Forwarded-Host")).containsExactly("localhost");
        });
    }

    @Test
    void healthIsAskedForWhereTheConfigurationSays() throws Exception {
        TestServer health = edge.closes(TestServer.saying("well"));
        int port = Integer.parseInt(health.address().substring(health.address().lastIndexOf(':') + 1));
        edge.startWithBackend(
                "{ servers: [{ address: \"127.0.0.1:" + serverPort() + "\", name: app-1 }], health: { path: /up, port: "
                        + port + ", interval: 50ms, timeout: 20s, fall: 1 } }",
                "");

        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() -> health.requests().size() > 1);
        assertThat(health.requests().get(0).header("Host")).containsExactly(server.address());
        assertThat(server.requests()).isEmpty();
        assertThat(edge.client().get("localhost", "/").status()).isEqualTo(200);

        health.close();
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() -> edge.client().get("localhost", "/").status() == 503);
    }
}
