package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class Http1ProxyTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void requestReachesTheServerAndItsAnswerTheClient() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        edge.startWith(server);
        RawClient client = edge.client();

        RawClient.Response response = client.get("localhost", "/a/b?c=d");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("hello");
        assertThat(server.requests().get(0).line()).isEqualTo("GET /a/b?c=d HTTP/1.1");
    }

    @Test
    void connectionsAreKeptOnBothSides() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        edge.startWith(server);
        RawClient client = edge.client();

        for (int i = 0; i < 10; i++) {
            assertThat(client.get("localhost", "/" + i).status()).isEqualTo(200);
        }

        assertThat(server.connectionsAccepted()).isEqualTo(1);
    }
}
