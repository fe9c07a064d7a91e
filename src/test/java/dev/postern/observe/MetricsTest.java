package dev.postern.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the admin listener shows, to whom, and that it is true. */
class MetricsTest {
    private static final String LISTENERS = """
            listeners:
              http: { bind: "127.0.0.1:0" }
              https: { bind: "127.0.0.1:0" }
              challenge: { bind: "127.0.0.1:0" }
              admin: { bind: "127.0.0.1:0", hosts: [metrics.internal] }
            """;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void requestsAreCountedBySiteAndServer() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        start(server.address());
        RawClient client = edge.client();
        for (int i = 0; i < 3; i++) {
            client.get("localhost", "/");
        }
        client.get("elsewhere.example", "/");

        Exposition metrics = awaitMetrics("postern_requests_total{site=\"-\",code=\"4xx\"}", 1);

        String labels = "backend=\"web\",server=\"" + server.address() + '"';
        assertThat(metrics.value("postern_requests_total{site=\"localhost\",code=\"2xx\"}"))
                .isEqualTo(3);
        assertThat(metrics.value("postern_response_body_bytes_total{site=\"localhost\"}"))
                .isEqualTo(15);
        assertThat(metrics.value("postern_request_duration_seconds_count{site=\"localhost\"}"))
                .isEqualTo(3);
        assertThat(metrics.value("postern_failures_total{site=\"-\",reason=\"no_such_site\"}"))
                .isEqualTo(1);
        assertThat(metrics.value("postern_server_requests_total{" + labels + ",code=\"2xx\"}"))
                .isEqualTo(3);
        assertThat(metrics.value("postern_server_response_seconds_count{" + labels + "}"))
                .isEqualTo(3);
        assertThat(metrics.value("postern_server_reused_connections_total{" + labels + "}"))
                .isEqualTo(2);
        assertThat(metrics.value("postern_server_up{" + labels + "}")).isEqualTo(1);
        assertThat(metrics.value("postern_requests_by_protocol_total{protocol=\"HTTP/1.1\"}"))
                .isEqualTo(4);
        assertThat(metrics.value("postern_connections{listener=\"https\"}")).isPositive();
        assertThat(metrics.value("postern_connections_accepted_total{listener=\"https\"}"))
                .isPositive();
        assertThat(metrics.value("postern_idle_server_connections")).isEqualTo(1);
        assertThat(metrics.value("postern_tls_handshakes_total{version=\"TLSv1.3\"}"))
                .isPositive();
        assertThat(metrics.value("postern_certificate_not_after_timestamp_seconds{site=\"localhost\"}"))
                .isGreaterThan(1_700_000_000);
        assertThat(metrics.value("postern_certificate_renewal_failing{site=\"localhost\"}"))
                .isZero();
        assertThat(metrics.value("jvm_memory_used_bytes{area=\"heap\"}")).isPositive();
    }

    @Test
    void clientsCannotMakeTheNamesGrow() throws Exception {
        start(edge.closes(TestServer.saying("hello")).address());
        RawClient client = edge.client();
        client.get("localhost", "/");
        awaitMetrics("postern_requests_total{site=\"localhost\",code=\"2xx\"}", 1);
        client.get("a.example", "/");
        int before = awaitMetrics("postern_requests_total{site=\"-\",code=\"4xx\"}", 1)
                .size();

        for (int i = 0; i < 20; i++) {
            client.request("M" + i + " /" + i + " HTTP/1.1", "Host: h" + i + ".example", "User-Agent: u" + i);
            client.response();
        }

        assertThat(awaitMetrics("postern_requests_total{site=\"-\",code=\"4xx\"}", 21)
                        .size())
                .isEqualTo(before);
    }

    @Test
    void serverThatRefusesIsSeen() throws Exception {
        String nobody = "127.0.0.1:" + FreePorts.next();
        start(nobody);

        edge.client().get("localhost", "/");

        String labels = "backend=\"web\",server=\"" + nobody + '"';
        Exposition metrics =
                awaitMetrics("postern_server_failures_total{" + labels + ",reason=\"connect_refused\"}", 1);
        assertThat(metrics.value("postern_server_up{" + labels + "}")).isZero();
        assertThat(metrics.value("postern_server_state{" + labels + ",state=\"refusing\"}"))
                .isEqualTo(1);
    }

    @Test
    void handshakesThatFailHaveAReason() throws Exception {
        start("127.0.0.1:1");
        try (Socket stranger = new Socket(InetAddress.getLoopbackAddress(), edge.httpsPort())) {
            stranger.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

            awaitMetrics("postern_tls_handshake_failures_total{reason=\"malformed\"}", 1);
        }
        new Socket(InetAddress.getLoopbackAddress(), edge.httpsPort()).close();

        awaitMetrics("postern_tls_handshake_failures_total{reason=\"gone\"}", 1);
    }

    // ---- who may ask what

    // A page of evil.example, whose name has just begun to resolve to 127.0.0.1, says so in its Host.
    @Test
    void onlyHostsThatAreOursAreAnswered() throws Exception {
        start("127.0.0.1:1");
        RawClient client = admin();

        assertThat(List.of("localhost", "127.0.0.1:9877", "[::1]:9877", "metrics.internal", "METRICS.INTERNAL:80"))
                .allSatisfy(host ->
                        assertThat(client.get(host, "/live").status()).as(host).isEqualTo(200));
        assertThat(List.of("evil.example", "localhost.evil.example", "127.0.0.1.evil.example"))
                .allSatisfy(host -> {
                    RawClient.Response response = client.get(host, "/metrics");
                    assertThat(response.status()).as(host).isEqualTo(404);
                    assertThat(response.body()).doesNotContain("postern_");
                });
    }

    @Test
    void onlyPagesThatAreThereAreRead() throws Exception {
        start("127.0.0.1:1");
        RawClient client = admin();
        Map<String, Integer> answers = Map.of(
                "GET /", 200,
                "GET /live", 200,
                "GET /healthz", 200,
                "GET /ready", 200,
                "GET /metrics?x=y", 200,
                "GET /nothing", 404,
                "GET /metrics/", 404,
                "POST /metrics", 405,
                "DELETE /live", 405);

        answers.forEach((request, status) -> {
            RawClient.Response response =
                    client.request(request + " HTTP/1.1", "Host: localhost").response();
            assertThat(response.status()).as(request).isEqualTo(status);
            assertThat(response.header("X-Content-Type-Options")).as(request).containsExactly("nosniff");
            assertThat(response.header("Cache-Control")).as(request).hasSizeLessThanOrEqualTo(1);
        });
    }

    @Test
    void headHasTheLengthAndNoBody() throws Exception {
        start("127.0.0.1:1");
        RawClient client = admin();

        RawClient.Response response =
                client.request("HEAD /live HTTP/1.1", "Host: localhost").response(true);

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.header("Content-Length")).containsExactly("6");
        assertThat(client.get("localhost", "/live").body()).isEqualTo("alive\n");
    }

    @Test
    void drainingEdgeIsAliveAndNotReady() throws Exception {
        TestServer server = edge.closes(
                TestServer.startAtHead((request, connection) -> connection.in().read()));
        edge.startWith(List.of(server.address()), LISTENERS + "grace: 60s\n");
        RawClient client = edge.client().request("GET / HTTP/1.1", "Host: localhost");
        Awaitility.await().until(() -> !server.requests().isEmpty());
        RawClient admin = admin();
        assertThat(admin.get("localhost", "/ready").body()).isEqualTo("ready\n");

        Thread stopping = new Thread(edge::stop);
        stopping.start();

        Awaitility.await().until(() -> admin.get("localhost", "/ready").status() == 503);
        assertThat(admin.get("localhost", "/ready").body()).isEqualTo("draining\n");
        assertThat(admin.get("localhost", "/live").status()).isEqualTo(200);
        client.close();
        stopping.join();
        assertThat(admin.isClosedByPeer()).isTrue();
    }

    @Test
    void withoutItNobodyListens() throws Exception {
        edge.startWith(List.of("127.0.0.1:1"), "");

        assertThat(edge.hasAdmin()).isFalse();
    }

    @Test
    void curlReadsThem() throws Exception {
        String curl = RealPrograms.require("curl", "curl").toString();
        start("127.0.0.1:1");

        Process process = new ProcessBuilder(
                        curl, "-sS", "-D", "-", "--compressed", "http://localhost:" + edge.adminPort() + "/metrics")
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said)
                .contains("HTTP/1.1 200 OK", "Content-Type: text/plain; version=0.0.4; charset=utf-8")
                .contains("\npostern_connections_limit ");
        Exposition.parse(said.substring(said.indexOf("\r\n\r\n") + 4));
    }

    // ----

    private void start(String server) throws Exception {
        edge.startWith(List.of(server), LISTENERS);
    }

    private RawClient admin() {
        return edge.closes(RawClient.plain(edge.adminPort()));
    }

    private Exposition awaitMetrics(String sample, double value) {
        RawClient client = admin();
        Exposition[] found = new Exposition[1];
        Awaitility.await().until(() -> {
            found[0] = Exposition.parse(client.get("localhost", "/metrics").body());
            return found[0].value(sample) == value;
        });
        return found[0];
    }
}
