package dev.postern.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.Http2Client;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jose4j.json.JsonUtil;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every exchange is a line, however it ends, and no line can be forged. */
class AccessLogTest {
    /** A minute, and what it may take until that is seen. */
    private static final Duration A_MINUTE = Duration.ofSeconds(61);

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void completeExchangeIsALineWithAllThereIsToKnow() throws Exception {
        start("json", "", (request, connection) -> connection.send(TestServer.ok("hello")));
        RawClient client = edge.client();
        client.request(
                "POST /a?b=c HTTP/1.1",
                "Host: LocalHost",
                "Content-Length: 4",
                "Referer: https://example.com/",
                "User-Agent: test \"agent\"",
                "Authorization: Bearer secret",
                "Cookie: session=secret");
        client.send("body");
        assertThat(client.response().status()).isEqualTo(200);
        client.get("localhost", "/again");

        Map<String, Object> first = line(0);
        Map<String, Object> second = line(1);

        assertThat(first)
                .containsEntry("client", "127.0.0.1")
                .containsEntry("method", "POST")
                .containsEntry("host", "localhost")
                .containsEntry("target", "/a?b=c")
                .containsEntry("protocol", "HTTP/1.1")
                .containsEntry("tls", "TLSv1.3")
                .containsEntry("cipher", "TLS_CHACHA20_POLY1305_SHA256")
                .containsEntry("status", 200L)
                .containsEntry("bytes_in", 4L)
                .containsEntry("bytes_out", 5L)
                .containsEntry("site", "localhost")
                .containsEntry("route", "/")
                .containsEntry("backend", "web")
                .containsEntry("retries", 0L)
                .containsEntry("reused", false)
                .containsEntry("state", "--N-")
                .containsEntry("referer", "https://example.com/")
                .containsEntry("user_agent", "test \"agent\"")
                .containsKeys("id", "server", "head_ms", "queue_ms", "connect_ms", "response_ms", "total_ms")
                .doesNotContainKeys("reason", "ended_by", "phase");
        assertThat(first.get("time")).asString().matches("20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
        assertThat(second).containsEntry("reused", true).containsEntry("state", "--R-");
        assertThat(second.get("id")).isNotEqualTo(first.get("id"));
        assertThat(Files.readString(file())).doesNotContain("secret");
    }

    @Test
    void timersAddUpToNoMoreThanTheTotal() throws Exception {
        start("json", "", (request, connection) -> connection.send(TestServer.ok("hello")));

        edge.client().get("localhost", "/");

        Map<String, Object> line = line(0);
        double sum = List.of("head_ms", "queue_ms", "connect_ms", "response_ms").stream()
                .mapToDouble(timer -> number(line, timer))
                .sum();
        assertThat(sum).isPositive().isLessThanOrEqualTo(number(line, "total_ms") + 0.01);
    }

    private static double number(Map<String, Object> line, String field) {
        return ((Number) Objects.requireNonNull(line.get(field), field)).doubleValue();
    }

    @Test
    void commonAndCombinedAreWhatAnalysersRead() throws Exception {
        start("combined", "", (request, connection) -> connection.send(TestServer.ok("hello")));
        RawClient client = edge.client();

        client.request("GET /a?b=c HTTP/1.1", "Host: localhost", "User-Agent: curl/8.5.0");
        assertThat(client.response().status()).isEqualTo(200);

        assertThat(text(0))
                .matches("127\\.0\\.0\\.1 - - \\[\\d\\d/[A-Z][a-z]{2}/20\\d\\d:\\d\\d:\\d\\d:\\d\\d \\+0000] "
                        + "\"GET /a\\?b=c HTTP/1\\.1\" 200 5 \"-\" \"curl/8\\.5\\.0\"");
        edge.stop();
        Files.delete(file());
        start("common, query: false", "", (request, connection) -> connection.send(TestServer.ok("hello")));

        edge.client().get("localhost", "/a?b=c");

        assertThat(text(0)).endsWith("+0000] \"GET /a HTTP/1.1\" 200 5");
    }

    @Test
    void noClientCanForgeALineOrATerminal() throws Exception {
        start("json", "", (request, connection) -> connection.send(TestServer.ok("hello")));
        RawClient client = edge.client();

        client.send("GET /\"\\ HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
        int status = client.response().status();
        RawClient other = edge.client();
        // é in UTF-8, then octets that are none, a C1 control, an override of direction, quote and backslash.
        other.send(
                "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: \u00c3\u00a9\u00ff\u00c2\u009b\u00e2\u0080\u00ae\"\\\t.\r\n\r\n");
        assertThat(other.response().status()).isEqualTo(200);

        Map<String, Object> line = lineThat(entry -> entry.get("user_agent") != null);
        assertThat(line).containsEntry("user_agent", "é\ufffd\u009b\u202e\"\\\t.");
        assertThat(Files.readString(file())).contains("é\ufffd\\u009b\\u202e\\\"\\\\\\u0009.");
        assertThat(status).isIn(200, 400);
    }

    @Test
    void combinedEscapesLikeNginx() throws Exception {
        start("combined", "", (request, connection) -> connection.send(TestServer.ok("hello")));
        RawClient client = edge.client();

        client.send("GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: \u00c3\u00a9\"\\\t.\r\n\r\n");
        assertThat(client.response().status()).isEqualTo(200);

        assertThat(text(0)).endsWith("\"\\xC3\\xA9\\x22\\x5C\\x09.\"");
    }

    // ---- the ends

    @Test
    void clientGoneInsideTheHead() throws Exception {
        start("json", "", (request, connection) -> connection.send(TestServer.ok("hello")));

        edge.client().send("GET / HTTP/1.1\r\nHo").close();

        assertEnd(line(0), 0, "CR--", "gone");
        assertThat(line(0)).containsEntry("method", "GET").doesNotContainKeys("host", "site");
    }

    @Test
    void headThatDoesNotComeToAnEnd() throws Exception {
        start("json", "timeouts: { request-head: 1m }", (request, connection) -> {});
        RawClient client = edge.client().send("GET / HTTP/1.1\r\nHo");

        edge.passes(A_MINUTE);

        assertThat(client.response().status()).isEqualTo(408);
        assertEnd(line(0), 408, "cR--", "head_timeout");
        assertThat(line(0)).containsEntry("ended_by", "client timeout").containsEntry("phase", "request head");
    }

    @Test
    void headThatIsRefused() throws Exception {
        start("json", "", (request, connection) -> {});

        assertThat(edge.client().request("GET / HTTP/1.1").response().status()).isEqualTo(400);

        assertEnd(line(0), 400, "PR--", "malformed");
    }

    /** Whoever looks for it has no other way to find it. */
    @Test
    void headThatIsRefusedIsToldAsFarAsItCouldBeRead() throws Exception {
        start("json", "timeouts: { request-head: 1m }", (request, connection) -> {});
        Map<String, Integer> heads = new LinkedHashMap<>();
        heads.put("GET /a?b HTTP/1.1\r\nX: y\r\nHOST: \tLocalhost:80 \r\nX : y\r\n\r\n", 400);
        heads.put("GET /a?b HTTP/1.1\r\nHost: localhost\r\nExpect: x\r\n\r\n", 417);
        heads.put("GET /a?b HTTP/1.1\r\nHost: localhost\r\n" + "X: y\r\n".repeat(101) + "\r\n", 431);
        heads.put("GET /a?b HTTP/1.1\r\nHost: localhost\r\nX: " + "y".repeat(40_000) + "\r\n\r\n", 431);
        heads.put("GET /a?b HTTP/1.1\r\nHost: localhost\r\nX: y", 408);
        heads.put("GET /a?b HTTP/2.0\r\nHost: localhost\r\n\r\n", 505);
        int at = 0;
        for (Map.Entry<String, Integer> head : heads.entrySet()) {
            RawClient client = edge.client().send(head.getKey());
            if (head.getValue() == 408) {
                edge.passes(A_MINUTE);
            }
            RawClient.Response answer = client.response();

            assertThat(answer.status()).isEqualTo(head.getValue());
            assertThat(line(at++))
                    .as(head.getKey())
                    .containsEntry("method", "GET")
                    .containsEntry("target", "/a?b")
                    .containsEntry("host", "localhost")
                    .containsEntry("bytes_out", (long) answer.body().length());
        }
        edge.client()
                .send("GET /" + "a".repeat(9000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .response();
        assertEnd(line(at), 414, "PR--", "request_line_too_long");
        assertThat((String) line(at++).get("target")).startsWith("/aaaa").hasSizeLessThan(4200);

        edge.client().send("GET /a\u001b[2J HTTP/1.1\r\nHost: a b\r\n\r\n").response();
        assertThat(line(at)).containsEntry("target", "/a").doesNotContainKey("host");
    }

    @Test
    void hostWithoutASite() throws Exception {
        start("json", "", (request, connection) -> {});

        assertThat(edge.client().get("elsewhere.example", "/").status()).isEqualTo(404);

        assertEnd(line(0), 404, "PR--", "no_such_site");
        assertThat(line(0)).containsEntry("host", "elsewhere.example").doesNotContainKeys("site", "backend", "server");
    }

    @Test
    void clientGoneInsideTheBody() throws Exception {
        TestServer server = start("json", "", (request, connection) -> {});
        RawClient client = edge.client();

        client.request("POST / HTTP/1.1", "Host: localhost", "Content-Length: 10")
                .send("12345");
        Awaitility.await().until(() -> !server.requests().isEmpty());
        client.close();

        assertEnd(line(0), 0, "CBN-", "gone");
        assertThat(line(0)).containsEntry("bytes_in", 5L);
    }

    @Test
    void bodyThatStops() throws Exception {
        TestServer server = start("json", "timeouts: { request-body: 1m }", (request, connection) -> {});
        RawClient client = edge.client();

        client.request("POST / HTTP/1.1", "Host: localhost", "Content-Length: 10")
                .send("12345");
        Awaitility.await().until(() -> !server.requests().isEmpty());
        edge.passes(A_MINUTE);

        assertThat(client.response().status()).isEqualTo(408);
        assertEnd(line(0), 408, "cBN-", "body_timeout");
    }

    @Test
    void bodyThatIsTooLarge() throws Exception {
        start("json", "limits: { body: 10B }", (request, connection) -> {});

        assertThat(edge.client()
                        .request("POST / HTTP/1.1", "Host: localhost", "Content-Length: 11")
                        .response()
                        .status())
                .isEqualTo(413);

        assertEnd(line(0), 413, "PB--", "body_too_large");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{ servers: [\"127.0.0.1:%1$d\"] }",
                "{ servers: [\"127.0.0.1:%1$d\"], protocol: h2c }",
                "{ servers: [\"localhost:%1$d\"] }",
                "{ servers: [\"localhost:%1$d\"], protocol: h2c }",
                "{ servers: [\"127.0.0.1:%1$d\", \"127.0.0.2:%1$d\"] }"
            })
    void serverThatRefusesIsNamedInBothLogs(String backend) throws Exception {
        edge.startWithBackend(backend.formatted(FreePorts.next()), log("json"));

        try (CapturedLog log = CapturedLog.begin()) {
            assertThat(edge.client().get("localhost", "/").status()).isEqualTo(503);

            Map<String, Object> line = line(0);
            assertThat(line).containsEntry("status", 503L).containsEntry("reason", "connect_refused");
            assertThat(log.lines("backend web: server " + line.get("server") + ": connect_refused: connect: "))
                    .hasSize(1);
        }
    }

    // A server whose queue of connections is full: the kernel answers no SYN.
    @Test
    void serverThatDoesNotTakeTheConnection() throws Exception {
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket first = new Socket(full.getInetAddress(), full.getLocalPort());
                Socket second = new Socket(full.getInetAddress(), full.getLocalPort())) {
            edge.startWith(List.of("127.0.0.1:" + full.getLocalPort()), "timeouts: { connect: 100ms }\n" + log("json"));

            assertThat(edge.client().get("localhost", "/").status()).isEqualTo(503);

            assertThat(List.of(first, second)).allMatch(Socket::isConnected);
            assertEnd(line(0), 503, "sCN-", "connect_timeout");
        }
    }

    @Test
    void clientGoneBeforeTheResponse() throws Exception {
        TestServer server =
                start("json", "", (request, connection) -> connection.in().read());
        RawClient client = edge.client();

        client.request("GET / HTTP/1.1", "Host: localhost");
        Awaitility.await().until(() -> !server.requests().isEmpty());
        client.close();

        assertEnd(line(0), 0, "CHN-", "gone");
    }

    @Test
    void serverGoneBeforeTheResponse() throws Exception {
        start("json", "", (request, connection) -> connection.reset());

        assertThat(edge.client().get("localhost", "/").status()).isEqualTo(502);

        assertEnd(line(0), 502, "SHN-", "closed_before_response");
    }

    @Test
    void serverThatIsSilent() throws Exception {
        TestServer server = start(
                "json",
                "timeouts: { response: 1m }",
                (request, connection) -> connection.in().read());
        RawClient client = edge.client().request("GET / HTTP/1.1", "Host: localhost");
        Awaitility.await().until(() -> !server.requests().isEmpty());

        edge.passes(A_MINUTE);

        assertThat(client.response().status()).isEqualTo(504);

        assertEnd(line(0), 504, "sHN-", "response_timeout");
    }

    @Test
    void serverGoneInsideTheResponse() throws Exception {
        start("json", "", (request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
            connection.close();
        });
        RawClient client = edge.client();

        client.request("GET / HTTP/1.1", "Host: localhost");

        assertThat(client.isClosedByPeer()).isTrue();
        assertEnd(line(0), 200, "SDN-", "closed_during_response");
        assertThat(line(0)).containsEntry("bytes_out", 5L);
    }

    @Test
    void serverThatStopsInsideTheResponse() throws Exception {
        start("json", "timeouts: { response: 1m }", (request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
            connection.in().read();
        });
        RawClient client = edge.client();

        client.request("GET / HTTP/1.1", "Host: localhost");
        assertThat(client.in().read()).isPositive();
        edge.passes(A_MINUTE);

        assertThat(client.isClosedByPeer()).isTrue();
        assertEnd(line(0), 200, "sDN-", "response_timeout");
    }

    @Test
    void clientGoneInsideTheResponse() throws Exception {
        start("json", "", (request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
            connection.in().read();
        });
        RawClient client = edge.client();

        client.request("GET / HTTP/1.1", "Host: localhost");
        assertThat(client.in().read()).isPositive();
        client.close();

        assertEnd(line(0), 200, "CDN-", "gone");
    }

    @Test
    void clientThatTakesNothingOfTheResponse() throws Exception {
        start("json", "timeouts: { response: 1m }", (request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
            connection.send(new byte[1_000_000]);
        });

        // Its window is 64 KiB, and it gives nothing back.
        Http2Client client = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"))
                .get(1, "/");
        // Until it is full the minute has not begun.
        for (int taken = 0; taken < 65_535; ) {
            taken += client.await(Http2Client.DATA, 1).payload().length;
        }
        // What the server still sends until everything between is full begins it anew.
        Awaitility.await().until(() -> {
            edge.passes(A_MINUTE);
            return Files.size(file()) > 0;
        });

        assertEnd(line(0), 200, "cDN-", "response_not_taken");
    }

    @Test
    void retriedExchangeSaysSo() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        edge.startWith(List.of("127.0.0.1:" + FreePorts.next(), server.address()), log("json"));

        assertThat(edge.client().get("localhost", "/").status()).isEqualTo(200);

        assertThat(line(0))
                .containsEntry("retries", 1L)
                .containsEntry("state", "--Nr")
                .containsEntry("server", server.address());
    }

    @Test
    void streamThatTheClientResets() throws Exception {
        TestServer server =
                start("json", "", (request, connection) -> connection.in().read());
        Http2Client client = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));

        client.get(1, "/a");
        Awaitility.await().until(() -> !server.requests().isEmpty());
        client.send(Http2Client.RST_STREAM, 0, 1, (byte) 0, (byte) 0, (byte) 0, (byte) 8);

        assertEnd(line(0), 0, "CHN-", "gone");
        assertThat(line(0)).containsEntry("protocol", "HTTP/2.0").containsEntry("target", "/a");
    }

    @Test
    void streamThatIsRefused() throws Exception {
        start("json", "", (request, connection) -> {});
        Http2Client client = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));

        client.headers(1, true, ":method", "GET", ":scheme", "https", ":path", "/a", "host", "a b");

        assertEnd(line(0), 0, "PR--", "malformed");
        assertThat(line(0))
                .containsEntry("method", "GET")
                .containsEntry("target", "/a")
                .doesNotContainKey("host");

        client.headers(
                3, true, ":method", "GET", ":scheme", "https", ":path", "/b", ":authority", "localhost", "expect", "x");

        long length = client.response(3).body().length();
        assertEnd(line(1), 417, "PR--", "unknown_expectation");
        assertThat(line(1))
                .containsEntry("target", "/b")
                .containsEntry("host", "localhost")
                .containsEntry("bytes_out", length);
    }

    // ---- the queue

    @Test
    void waitInTheQueueIsNotPartOfTheConnect() throws Exception {
        TestServer server = startQueue("1m", (request, connection) -> {
            if (request.path().equals("/first")) {
                // The second one is in the queue for most of this time.
                waitUntil(() -> edge.openConnections() == 2);
                takeTime(300);
            }
            connection.send(TestServer.ok("hello"));
        });
        RawClient first = edge.client().request("GET /first HTTP/1.1", "Host: localhost");
        Awaitility.await().until(() -> !server.requests().isEmpty());

        assertThat(edge.client().get("localhost", "/second").status()).isEqualTo(200);
        assertThat(first.response().status()).isEqualTo(200);

        Map<String, Object> line = lineThat(entry -> "/second".equals(entry.get("target")));
        assertThat(number(line, "queue_ms")).isGreaterThan(1);
        assertThat(number(line, "queue_ms") + number(line, "connect_ms") + number(line, "response_ms"))
                .isLessThanOrEqualTo(number(line, "total_ms") + 0.01);
        Map<String, Object> unhindered = lineThat(entry -> "/first".equals(entry.get("target")));
        assertThat(number(unhindered, "queue_ms")).isLessThan(number(unhindered, "response_ms"));
    }

    @Test
    void waitInTheQueueThatIsTooLong() throws Exception {
        TestServer server =
                startQueue("100ms", (request, connection) -> connection.in().read());
        edge.client().request("GET / HTTP/1.1", "Host: localhost");
        Awaitility.await().until(() -> !server.requests().isEmpty());

        assertThat(edge.client().get("localhost", "/").status()).isEqualTo(503);

        assertEnd(line(0), 503, "sQ--", "queue_timeout");
        assertThat(line(0))
                .containsEntry("ended_by", "server timeout")
                .containsEntry("phase", "queue")
                .containsEntry("backend", "web")
                .doesNotContainKeys("server", "connect_ms", "response_ms");
        assertThat(number(line(0), "queue_ms")).isGreaterThanOrEqualTo(99);
    }

    @Test
    void clientGoneFromTheQueue() throws Exception {
        TestServer server =
                startQueue("1m", (request, connection) -> connection.in().read());
        edge.client().request("GET / HTTP/1.1", "Host: localhost");
        Awaitility.await().until(() -> !server.requests().isEmpty());

        RawClient leaving = edge.client().request("GET / HTTP/1.1", "Host: localhost");
        // Whoever comes now finds the queue full: then the one before is in it.
        Awaitility.await().until(() -> edge.client().get("localhost", "/full").status() == 503);
        leaving.close();

        Map<String, Object> full = lineThat(entry -> "/full".equals(entry.get("target")));
        assertEnd(full, 503, "SQ--", "queue_full");
        Map<String, Object> gone = lineThat(entry -> "gone".equals(entry.get("reason")));
        assertEnd(gone, 0, "CQ--", "gone");
        assertThat(gone).containsKey("queue_ms").doesNotContainKeys("server", "connect_ms");
    }

    /** One server that takes one exchange at a time, and one place to wait. */
    private TestServer startQueue(String timeout, TestServer.Script script) throws Exception {
        TestServer server = edge.closes(TestServer.startAtHead(script));
        edge.startWithBackend(
                "{ servers: [{ address: \"%s\", max-connections: 1 }], queue: { length: 1, timeout: %s } }"
                        .formatted(server.address(), timeout),
                "timeouts: { keep-alive: 1s }\n" + log("json"));
        return server;
    }

    private static void waitUntil(java.util.function.BooleanSupplier condition) {
        Awaitility.await().until(condition::getAsBoolean);
    }

    private static void takeTime(long millis) {
        try {
            boolean unused = new Semaphore(0).tryAcquire(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- tunnels

    @Test
    void tunnelIsOneExchangeThatEndsWithIt() throws Exception {
        RawClient client = tunnel("", connection -> connection.send(reversed(connection)));
        assertThat(Files.readString(file())).isEmpty();

        client.send("abc");
        assertThat(client.isClosedByPeer()).isTrue();

        assertTunnel("server", "STN-", null);
        assertThat(line(0)).containsEntry("bytes_in", 3L).containsEntry("bytes_out", 3L);
    }

    @Test
    void tunnelThatTheClientCloses() throws Exception {
        RawClient client = tunnel("", connection -> {
            connection.send(reversed(connection));
            // Until the client has closed.
            assertThat(connection.in().read()).isNegative();
            connection.send("bye");
        });

        client.send("abc");
        assertThat(client.in().readNBytes(3))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("cba");
        client.close();

        assertTunnel("client", "CTN-", null);
        assertThat(line(0)).containsEntry("bytes_in", 3L);
        assertThat(number(line(0), "bytes_out")).isGreaterThanOrEqualTo(3);
    }

    @Test
    void tunnelInWhichNothingMoves() throws Exception {
        RawClient client = tunnel(
                "timeouts: { tunnel: 1m }",
                connection -> assertThat(connection.in().read()).isNegative());

        edge.passes(A_MINUTE);
        assertThat(client.isClosedByPeer()).isTrue();

        assertTunnel("edge", "PTN-", "tunnel_idle");
        assertThat(line(0)).containsEntry("bytes_in", 0L).containsEntry("bytes_out", 0L);
        assertThat(number(line(0), "total_ms")).isGreaterThan(59_999);
    }

    @Test
    void tunnelThatBreaks() throws Exception {
        RawClient client = tunnel("", connection -> {
            connection.send(reversed(connection));
            connection.reset();
        });

        client.send("abc");
        assertThat(client.isClosedByPeer()).isTrue();

        assertTunnel("server", "STN-", "closed_during_response");
        assertThat(line(0)).containsEntry("bytes_in", 3L);
    }

    @Test
    void tunnelThatTheEndOfTheEdgeCloses() throws Exception {
        RawClient client = tunnel("grace: 5s", connection -> {
            connection.send(reversed(connection));
            assertThat(connection.in().read()).isNegative();
        });
        client.send("abc");
        assertThat(client.in().readNBytes(3))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("cba");

        Thread stopping = new Thread(edge::stop);
        stopping.start();
        assertThat(client.isClosedByPeer()).isTrue();
        client.close();
        stopping.join();

        assertTunnel("edge", "PTN-", "shutting_down");
        assertThat(line(0)).containsEntry("bytes_in", 3L).containsEntry("bytes_out", 3L);
    }

    /** A client whose tunnel is open, to a server that goes on like this and then closes. */
    private RawClient tunnel(String more, TestServer.Conversation server) throws Exception {
        start("json", more, (request, connection) -> {
            connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
            server.with(connection);
            connection.close();
        });
        RawClient client = edge.client();
        client.request("GET / HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: echo");
        assertThat(client.response().status()).isEqualTo(101);
        return client;
    }

    private static String reversed(TestServer.Connection connection) throws IOException {
        String text = new String(connection.in().readNBytes(3), StandardCharsets.US_ASCII);
        return new StringBuilder(text).reverse().toString();
    }

    private void assertTunnel(String endedBy, String state, @Nullable String reason) throws Exception {
        Map<String, Object> line = line(0);
        assertThat(line)
                .containsEntry("status", 101L)
                .containsEntry("backend", "web")
                .containsEntry("ended_by", endedBy)
                .containsEntry("phase", "tunnel")
                .containsEntry("state", state)
                .containsKeys("total_ms", "server");
        assertThat(line.get("reason")).isEqualTo(reason);
    }

    @Test
    void whatIsUnderWayAtTheEndIsWrittenAsWell() throws Exception {
        TestServer server = start(
                "json", "grace: 0", (request, connection) -> connection.in().read());
        edge.client().request("GET / HTTP/1.1", "Host: localhost");
        Awaitility.await().until(() -> !server.requests().isEmpty());

        edge.stop();

        assertEnd(line(0), 0, "PHN-", "shutting_down");
    }

    // ----

    private TestServer start(String format, String more, TestServer.Script script) throws Exception {
        TestServer server = edge.closes(TestServer.startAtHead((request, connection) -> {
            for (String length : request.header("Content-Length")) {
                if (connection.in().readNBytes(Integer.parseInt(length)).length < Integer.parseInt(length)) {
                    throw new IOException("ended");
                }
            }
            script.answer(request, connection);
        }));
        // Lines are written when the loop looks after its timeouts, and that is when the shortest says.
        String timeouts = more.contains("timeouts:") ? "" : "timeouts: { keep-alive: 1s }\n";
        edge.startWith(List.of(server.address()), timeouts + more + "\n" + log(format));
        return server;
    }

    private Path file() {
        return edge.directory().resolve("access.log");
    }

    private String log(String format) {
        return "access-log: { to: " + file() + ", format: " + format + " }";
    }

    private static void assertEnd(Map<String, Object> line, long status, String state, String reason) {
        assertThat(line)
                .containsEntry("status", status)
                .containsEntry("state", state)
                .containsEntry("reason", reason);
    }

    private String text(int index) {
        Awaitility.await().until(() -> Files.readAllLines(file()).size() > index);
        try {
            return Files.readAllLines(file()).get(index);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private Map<String, Object> line(int index) throws Exception {
        return JsonUtil.parseJson(text(index));
    }

    private Map<String, Object> lineThat(java.util.function.Predicate<Map<String, Object>> wanted) throws Exception {
        for (int i = 0; ; i++) {
            Map<String, Object> line = line(i);
            if (wanted.test(line)) {
                return line;
            }
        }
    }
}
