package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BodyLimitTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer server = edge.closes(TestServer.saying("taken"));

    @Test
    void bodyOfExactlyTheLimitPasses() throws Exception {
        edge.startWith(List.of(server.address()), "limits: { body: 10B }");

        RawClient.Response response = edge.client()
                .send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n0123456789")
                .response();

        assertThat(response.status()).isEqualTo(200);
    }

    @Test
    void declaredLengthOverTheLimitIsRefusedBeforeAnyServerSeesIt() throws Exception {
        edge.startWith(List.of(server.address()), "limits: { body: 10B }");

        RawClient client = edge.client().send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\n");

        assertThat(client.response().status()).isEqualTo(413);
        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(server.connectionsAccepted()).isZero();
    }

    @Test
    void chunksThatAddUpToMoreThanTheLimitNeverBecomeACompleteRequest() throws Exception {
        edge.startWith(List.of(server.address()), "limits: { body: 10B }");

        RawClient client = edge.client()
                .send("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n")
                .send("8\r\n01234567\r\n0\r\n\r\n");

        assertThat(client.response().status()).isEqualTo(413);
        assertThat(server.requests()).isEmpty();
    }
}
