package dev.postern.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.Http2Server;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.DoublePredicate;
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
        assertThat(metrics.value("postern_certificate_renewal_failures_total{site=\"localhost\"}"))
                .isZero();
        assertThat(metrics.value("jvm_memory_used_bytes{area=\"heap\"}")).isPositive();
    }

    @Test
    void headersThatAreLeftOutForTheirNamesAreCounted() throws Exception {
        start(edge.closes(TestServer.saying("hello")).address());
        RawClient client = edge.client();

        client.request("GET / HTTP/1.1", "Host: localhost", "api_key: 1", "b.c: 2", "X-Original-URL: /", "X-Plain: 3")
                .response();
        client.request("GET / HTTP/1.1", "Host: localhost", "X-Forwarded-For: 192.0.2.1")
                .response();

        awaitMetrics("postern_requests_total{site=\"localhost\",code=\"2xx\"}", 2);
        awaitMetrics("postern_request_headers_left_out_total{site=\"localhost\"}", 3);
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

    /** Neither of clients that leave, nor of what we refuse ourselves. */
    @Test
    void serverIsNotSaidToFailWhereOthersDid() throws Exception {
        TestServer hangs = edge.closes(
                TestServer.start((request, connection) -> connection.in().read()));
        start(hangs.address(), "limits: { server-connections: 1 }");
        RawClient leaves = edge.client();
        leaves.request("GET / HTTP/1.1", "Host: localhost");
        Awaitility.await().until(() -> !hangs.requests().isEmpty());
        assertThat(edge.client().get("localhost", "/").status()).isEqualTo(503);
        leaves.close();

        awaitMetrics("postern_failures_total{site=\"localhost\",reason=\"out_of_resources\"}", 1);
        Exposition metrics = awaitMetrics("postern_failures_total{site=\"localhost\",reason=\"gone\"}", 1);

        String labels = "{backend=\"web\",server=\"" + hangs.address() + "\",";
        assertThat(metrics.value("postern_server_requests_total" + labels + "code=\"5xx\"}"))
                .isEqualTo(1);
        for (String reason : List.of("gone", "out_of_resources")) {
            assertThat(metrics.value("postern_server_failures_total" + labels + "reason=\"" + reason + "\"}"))
                    .as(reason)
                    .isNaN();
        }
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

    // ---- backends

    @Test
    void queueOfABackendIsSeen() throws Exception {
        TestServer server = edge.closes(
                TestServer.startAtHead((request, connection) -> connection.in().read()));
        edge.startWithBackend(queue(server, "1m"), LISTENERS);
        edge.client().request("GET / HTTP/1.1", "Host: localhost");
        Awaitility.await().until(() -> !server.requests().isEmpty());
        RawClient waiting = edge.client().request("GET / HTTP/1.1", "Host: localhost");
        awaitMetrics("postern_backend_queue{backend=\"web\"}", 1);

        assertThat(edge.client().get("localhost", "/").status()).isEqualTo(503);

        awaitMetrics("postern_backend_queue_refusals_total{backend=\"web\"}", 1);
        waiting.close();
        assertThat(awaitMetrics("postern_backend_queue{backend=\"web\"}", 0)
                        .value("postern_backend_queue_timeouts_total{backend=\"web\"}"))
                .isZero();
    }

    @Test
    void waitThatWasTooLongIsSeen() throws Exception {
        TestServer server = edge.closes(
                TestServer.startAtHead((request, connection) -> connection.in().read()));
        edge.startWithBackend(queue(server, "50ms"), LISTENERS);
        edge.client().request("GET / HTTP/1.1", "Host: localhost");
        Awaitility.await().until(() -> !server.requests().isEmpty());

        assertThat(edge.client().get("localhost", "/").status()).isEqualTo(503);

        Exposition metrics = awaitMetrics("postern_backend_queue_timeouts_total{backend=\"web\"}", 1);
        assertThat(metrics.value("postern_backend_queue_refusals_total{backend=\"web\"}"))
                .isZero();
        assertThat(metrics.value("postern_backend_queue{backend=\"web\"}")).isZero();
    }

    private static String queue(TestServer server, String timeout) {
        return "{ servers: [{ address: \"%s\", max-connections: 1 }], queue: { length: 1, timeout: %s } }"
                .formatted(server.address(), timeout);
    }

    @Test
    void retriesBeyondTheBudgetAreSeen() throws Exception {
        TestServer server = edge.closes(TestServer.start((request, connection) ->
                connection.send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")));
        TestServer other = edge.closes(TestServer.start((request, connection) ->
                connection.send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")));
        edge.startWithBackend(
                "{ servers: [\"%s\", \"%s\"], retry: { attempts: 1, on: [503], budget: 1%% } }"
                        .formatted(server.address(), other.address()),
                LISTENERS);
        RawClient client = edge.client();

        // Ten are on credit.
        for (int i = 0; i < 13; i++) {
            assertThat(client.get("localhost", "/").status()).isEqualTo(503);
        }

        Exposition metrics = awaitMetrics("postern_backend_retries_refused_total{backend=\"web\"}", 3);
        assertThat(retries(metrics, server) + retries(metrics, other)).isEqualTo(10);
    }

    private static double retries(Exposition metrics, TestServer server) {
        return metrics.value("postern_server_retries_total{backend=\"web\",server=\"" + server.address() + "\"}");
    }

    @Test
    void serverThatDrainsAndServerThatComesBackAreSeen() throws Exception {
        int port = FreePorts.next();
        TestServer draining = edge.closes(TestServer.saying("hello"));
        edge.startWithBackend(
                "{ servers: [\"127.0.0.1:%d\", { address: \"%s\", drain: true }], slow-start: 10m }"
                        .formatted(port, draining.address()),
                LISTENERS);
        String back = "{backend=\"web\",server=\"127.0.0.1:" + port + "\"}";
        String drained = "{backend=\"web\",server=\"" + draining.address() + "\"}";
        edge.client().get("localhost", "/");
        assertThat(awaitMetrics("postern_server_up" + back, 0).value("postern_server_slow_start" + back))
                .isZero();

        edge.closes(TestServer.start(port, (request, connection) -> connection.send(TestServer.ok("hello"))));
        assertThat(edge.client().get("localhost", "/").status()).isEqualTo(200);

        Exposition metrics = awaitMetrics("postern_server_slow_start" + back, 1);
        assertThat(metrics.value("postern_server_up" + back)).isEqualTo(1);
        assertThat(metrics.value("postern_server_draining" + back)).isZero();
        assertThat(metrics.value("postern_server_draining" + drained)).isEqualTo(1);
        assertThat(metrics.value("postern_server_slow_start" + drained)).isZero();
    }

    @Test
    void streamsToServersOfHttp2AreSeen() throws Exception {
        Http2Server server = edge.closes(Http2Server.start((request, connection) -> {
            if (request.path().equals("/answered")) {
                connection.answer(request.stream(), "hello");
            }
        }));
        edge.startWithBackend("{ servers: [\"" + server.address() + "\"], protocol: h2c }", LISTENERS);
        assertThat(edge.client().get("localhost", "/answered").status()).isEqualTo(200);
        assertThat(awaitMetrics("postern_http2_server_connections", 1).value("postern_http2_server_streams"))
                .isZero();

        edge.client().request("GET /waiting HTTP/1.1", "Host: localhost");
        edge.client().request("GET /waiting HTTP/1.1", "Host: localhost");

        // One for each event loop that has a client.
        assertThat(awaitMetrics("postern_http2_server_streams", 2).value("postern_http2_server_connections"))
                .isBetween(1.0, 3.0);
    }

    // ---- connections of clients

    @Test
    void connectionsBeyondWhatIsAllowedAreSeen() throws Exception {
        edge.startWith(List.of("127.0.0.1:1"), LISTENERS + "limits: { connections: 2, connections-per-client: 1 }\n");

        try (Socket first = new Socket(InetAddress.getLoopbackAddress(), edge.httpPort());
                Socket second = new Socket(InetAddress.getLoopbackAddress(), edge.httpPort())) {
            assertThat(List.of(first, second)).allMatch(Socket::isConnected);
            // The edge's look at its own certificate may be a third one.
            awaitMetrics("postern_connections_refused_per_client_total", count -> count >= 1);
            Exposition metrics = awaitMetrics("postern_connections_limit_reached_total", count -> count >= 1);
            assertThat(metrics.value("postern_accept_failures_total{listener=\"http\"}"))
                    .isZero();
        }
    }

    @Test
    void sessionsThatAreResumedAreSeen() throws Exception {
        RealPrograms.require("openssl", "openssl");
        start(edge.closes(TestServer.saying("hello")).address());
        String ticket = edge.directory().resolve("ticket.pem").toString();

        assertThat(openssl("-sess_out", ticket)).contains("New, ");
        awaitMetrics("postern_tls_tickets_opened_total", 0);
        assertThat(openssl("-sess_in", ticket)).contains("Reused, ");

        awaitMetrics("postern_tls_tickets_opened_total", 1);
    }

    private String openssl(String option, String file) throws Exception {
        Process process = new ProcessBuilder(
                        "openssl",
                        "s_client",
                        "-connect",
                        "127.0.0.1:" + edge.httpsPort(),
                        "-servername",
                        "localhost",
                        "-ign_eof",
                        option,
                        file)
                .redirectErrorStream(true)
                .start();
        try (OutputStream in = process.getOutputStream()) {
            in.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
        }
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
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
    void shutdownDelayServesOnWhileReadySaysNo() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        // Longer than any test waits: what ends it is that the edge is stopped the hard way.
        edge.startWith(List.of(server.address()), LISTENERS + "shutdown-delay: 1h\n");
        Thread stopping = new Thread(edge::stop);
        stopping.start();
        RawClient admin = admin();

        Awaitility.await().until(() -> admin.get("localhost", "/ready").status() == 503);

        // A new connection, and one more exchange on it.
        RawClient client = edge.client();
        assertThat(client.get("localhost", "/").status()).isEqualTo(200);
        assertThat(client.get("localhost", "/").status()).isEqualTo(200);
        stopping.interrupt();
        stopping.join();
        assertThat(admin.isClosedByPeer()).isTrue();
    }

    @Test
    void siteWithNothingToServeIsNotReadyUnlessAnyWillDo() throws Exception {
        String site = """
                sites:
                  - { names: [own.example], certificate: %s, routes: [{ path: /, respond: { status: 200 } }] }
                  - { names: [none.internal], routes: [{ path: /, respond: { status: 200 } }] }
                acme: { email: ops@example.com, agree-to-terms: true, store: "%s", issuers: [{ directory: "https://127.0.0.1:1/" }] }
                """.formatted(
                        edge.site().certificate("own.example"), edge.directory().resolve("certs"));
        edge.start(site + LISTENERS);
        RawClient.Response response = admin().get("localhost", "/ready");
        assertThat(response.status()).isEqualTo(503);
        assertThat(response.body()).isEqualTo("not ready\nno certificate to serve: none.internal\n");
        edge.reload(site + LISTENERS.replace("admin: { ", "admin: { ready: any, "));
        assertThat(admin().get("localhost", "/ready").body())
                .isEqualTo("ready\nno certificate to serve: none.internal\n");
    }

    /** The CA cannot be reached: what an operator brought before is served, and nobody need be sent elsewhere. */
    @Test
    void siteThatAnotherCertificateStandsInForIsReady() throws Exception {
        String site = """
                sites:
                  - { names: [own.example], certificate: %s, routes: [{ path: /, respond: { status: 200 } }] }
                acme: { email: ops@example.com, agree-to-terms: true, store: "%s", issuers: [{ directory: "https://127.0.0.1:1/" }] }
                """;
        Path store = edge.directory().resolve("certs");
        edge.start(site.formatted(edge.site().certificate("own.example"), store) + LISTENERS);
        edge.reload(site.replace("certificate: %s, ", "").formatted(store) + LISTENERS);

        assertThat(admin().get("localhost", "/ready").body()).isEqualTo("ready\n");
        assertThat(admin().get("localhost", "/metrics").body())
                .contains("postern_certificate_names_refused{site=\"own.example\"} 0")
                .doesNotContain("postern_certificate_not_after_timestamp_seconds{site=\"own.example\"} 0")
                .contains("postern_certificate_overdue{site=\"own.example\"} 0");
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
        start(server, "");
    }

    private void start(String server, String more) throws Exception {
        edge.startWith(List.of(server), LISTENERS + more);
    }

    private RawClient admin() {
        return edge.closes(RawClient.plain(edge.adminPort()));
    }

    private Exposition awaitMetrics(String sample, double value) {
        return awaitMetrics(sample, found -> found == value);
    }

    private Exposition awaitMetrics(String sample, DoublePredicate wanted) {
        RawClient client = admin();
        Exposition[] found = new Exposition[1];
        Awaitility.await().until(() -> {
            found[0] = Exposition.parse(client.get("localhost", "/metrics").body());
            return wanted.test(found[0].value(sample));
        });
        return found[0];
    }
}
