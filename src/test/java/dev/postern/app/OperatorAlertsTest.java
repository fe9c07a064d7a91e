package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.TestServer;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A whole edge whose servers go away and come back, and whoever is told of it. It takes as long as operators wait. */
@Tag("long")
class OperatorAlertsTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void backendThatIsDownIsToldAndThatItIsBack() throws Exception {
        TestServer server = TestServer.saying("hello");
        TestServer receiver = edge.closes(TestServer.saying("ok"));
        edge.startWithBackend(
                "{ servers: [\"" + server.address() + "\"], health: { type: tcp, interval: 1s, fall: 1, rise: 1 } }",
                "alerts: { webhooks: [{ url: \"http://" + receiver.address() + "/\" }] }");
        int port = server.port();

        server.close();

        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(bodies(receiver))
                        .singleElement()
                        .asString()
                        .contains("\"event\":\"backend_down\",\"state\":\"begun\",\"subject\":\"web\"")
                        .contains("127.0.0.1:" + port + ": health check"));

        edge.closes(TestServer.start(port, (request, connection) -> connection.send(TestServer.ok("again"))));

        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(bodies(receiver))
                        .hasSize(2)
                        .last()
                        .asString()
                        .contains("\"event\":\"backend_down\",\"state\":\"over\""));
    }

    private static List<String> bodies(TestServer receiver) {
        return receiver.requests().stream().map(TestServer.Request::body).toList();
    }
}
