package dev.postern.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Backends whose name is made of the host that a client asks for. */
class BackendsByHostTest {
    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    private void start(String sites, TestServer a, TestServer b) throws Exception {
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: off }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites:
                %s
                backends:
                  a.example.com_web: { servers: ["%s"] }
                  b.example.com_web: { servers: ["%s"] }
                """.formatted(sites, a.address(), b.address()));
    }

    @Test
    void requestsGoToTheBackendThatIsCalledAfterTheirHost() throws Exception {
        start(
                "  - { names: [\"*.example.com\"], backend: \"{host}_web\", plain: true }",
                edge.closes(TestServer.saying("a")),
                edge.closes(TestServer.saying("b")));

        assertThat(edge.plainClient().get("a.example.com", "/").body()).isEqualTo("a");
        assertThat(edge.plainClient().get("B.Example.COM:80", "/").body()).isEqualTo("b");
        assertThat(edge.plainClient().get("c.example.com", "/").status()).isEqualTo(404);
    }

    @Test
    void soDoConnectionsThatAreNotOpened() throws Exception {
        List<String> heard = new CopyOnWriteArrayList<>();
        TestServer a = edge.closes(TestServer.conversing(connection -> {
            connection.in().read();
            heard.add("a");
        }));
        start("  - { names: [\"*\"], passthrough: \"{host}_web\" }", a, edge.closes(TestServer.saying("b")));

        assertThatThrownBy(() -> edge.closes(RawClient.tls(edge.httpsPort(), edge.trust(), "a.example.com")))
                .isInstanceOf(Exception.class);
        await().untilAsserted(() -> assertThat(heard).contains("a"));
        assertThatThrownBy(() -> edge.closes(RawClient.tls(edge.httpsPort(), edge.trust(), "c.example.com")))
                .isInstanceOf(SSLException.class)
                .hasMessageContaining("unrecognized_name");
    }
}
