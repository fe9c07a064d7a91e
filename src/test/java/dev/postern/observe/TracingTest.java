package dev.postern.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Server;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which trace a request is part of, and what a collector is told of it: read by OpenTelemetry's own definition of OTLP. */
class TracingTest {
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final Duration A_WHILE = Duration.ofSeconds(60);
    private static final String PARENT = "b7ad6b7169203331";

    /** Of OTLP, hexadecimal; of the JSON of Protocol Buffers, Base64. */
    private static final Pattern ID = Pattern.compile("(\"(?:traceId|spanId|parentSpanId)\":\")([0-9a-f]+)\"");

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private TestServer collector;
    private TestServer server;
    private volatile int answer = 200;

    @BeforeEach
    void begin() {
        collector = edge.closes(TestServer.start(
                (request, connection) -> connection.send("HTTP/1.1 " + answer + " X\r\nContent-Length: 2\r\n\r\n{}")));
        server = edge.closes(TestServer.start((request, connection) -> connection.send(
                request.path().startsWith("/bad")
                        ? "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"
                        : TestServer.ok("hello"))));
    }

    private void start(String sample, String backend, String more) throws Exception {
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: off }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                  admin: { bind: "127.0.0.1:0" }
                sites:
                  - names: [localhost]
                    certificate: %s
                    routes: [{ path: /, backend: web }, { path: /api/, backend: web }]
                backends: { web: { %s } }
                tracing: { to: "http://%s/v1/traces", sample: %s, service: edge }
                access-log: { to: %s }
                %s
                """.formatted(
                        edge.site().certificate("localhost"),
                        backend,
                        collector.address(),
                        sample,
                        edge.directory().resolve("access.log"),
                        more));
    }

    private String toServer() {
        return "servers: [\"" + server.address() + "\"]";
    }

    /** So many of them, in the order in which they came. */
    private List<Span> spans(int count) throws Exception {
        List<Span> spans = new ArrayList<>();
        Awaitility.await().atMost(A_WHILE).until(() -> {
            // A sweep hands over what there is.
            edge.passes(Duration.ofSeconds(1));
            spans.clear();
            for (TestServer.Request request : collector.requests()) {
                assertThat(request.path()).isEqualTo("/v1/traces");
                assertThat(request.header("Content-Type")).containsExactly("application/json");
                ResourceSpans all = read(request.body()).getResourceSpans(0);
                assertThat(attributes(all.getResource().getAttributesList())).containsEntry("service.name", "edge");
                spans.addAll(all.getScopeSpans(0).getSpansList());
            }
            return spans.size() >= count;
        });
        assertThat(spans).hasSize(count);
        return spans;
    }

    /** Strictly: a field that OTLP does not have is an error. */
    private static ExportTraceServiceRequest read(String json) throws Exception {
        Matcher ids = ID.matcher(json);
        String base64 = ids.replaceAll(id ->
                id.group(1) + Base64.getEncoder().encodeToString(HexFormat.of().parseHex(id.group(2))) + "\"");
        ExportTraceServiceRequest.Builder request = ExportTraceServiceRequest.newBuilder();
        JsonFormat.parser().merge(base64, request);
        return request.build();
    }

    private static Map<String, String> attributes(List<KeyValue> all) {
        return all.stream()
                .collect(Collectors.toMap(
                        KeyValue::getKey,
                        each -> each.getValue().hasIntValue()
                                ? Long.toString(each.getValue().getIntValue())
                                : each.getValue().getStringValue()));
    }

    private static String hex(com.google.protobuf.ByteString id) {
        return HexFormat.of().formatHex(id.toByteArray());
    }

    @Test
    void requestIsASpanAndSoIsWhatAServerIsAsked() throws Exception {
        start("100%", toServer(), "");
        edge.client()
                .request(
                        "GET /api/x?y=z HTTP/1.1",
                        "Host: localhost",
                        "User-Agent: me",
                        "traceparent: 00-" + TRACE + "-" + PARENT + "-01",
                        "tracestate: a=b")
                .response();

        List<Span> spans = spans(2);
        Span own = spans.get(0);
        Span tried = spans.get(1);
        assertThat(own.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_SERVER);
        assertThat(own.getName()).isEqualTo("GET /api/");
        assertThat(own.getParentSpanId().isEmpty()).isTrue();
        assertThat(hex(own.getTraceId())).hasSize(32).isNotEqualTo(TRACE);
        assertThat(attributes(own.getAttributesList()))
                .containsEntry("http.request.method", "GET")
                .containsEntry("url.scheme", "https")
                .containsEntry("url.path", "/api/x")
                .containsEntry("url.query", "y=z")
                .containsEntry("server.address", "localhost")
                .containsEntry("http.route", "/api/")
                .containsEntry("client.address", "127.0.0.1")
                .containsEntry("network.protocol.version", "1.1")
                .containsEntry("user_agent.original", "me")
                .containsEntry("http.response.status_code", "200")
                .doesNotContainKey("error.type");
        assertThat(tried.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_CLIENT);
        assertThat(tried.getParentSpanId()).isEqualTo(own.getSpanId());
        assertThat(tried.getTraceId()).isEqualTo(own.getTraceId());
        assertThat(attributes(tried.getAttributesList()))
                .containsEntry("server.address", "127.0.0.1")
                .containsEntry("server.port", Integer.toString(server.port()))
                .containsEntry("http.response.status_code", "200")
                .doesNotContainKey("http.request.resend_count");
        long now = System.currentTimeMillis() * 1_000_000;
        assertThat(own.getStartTimeUnixNano()).isBetween(now - 600_000_000_000L, now + 600_000_000_000L);
        assertThat(tried.getStartTimeUnixNano()).isBetween(own.getStartTimeUnixNano(), own.getEndTimeUnixNano());
        assertThat(tried.getEndTimeUnixNano()).isBetween(tried.getStartTimeUnixNano(), own.getEndTimeUnixNano());
        // One, with the span that asks it; what a stranger says goes no further.
        TestServer.Request seen = server.requests().get(0);
        assertThat(seen.header("traceparent"))
                .containsExactly("00-" + hex(own.getTraceId()) + "-" + hex(tried.getSpanId()) + "-01");
        assertThat(seen.header("tracestate")).isEmpty();
        assertThat(Files.readString(edge.directory().resolve("access.log")))
                .contains("\"trace_id\":\"" + hex(own.getTraceId()) + "\"");
    }

    @Test
    void traceOfATrustedProxyGoesOn() throws Exception {
        start("0%", toServer(), "trusted-proxies: [127.0.0.0/8]");
        edge.plainClient()
                .request(
                        "GET / HTTP/1.1",
                        "Host: localhost",
                        "traceparent: 00-" + TRACE + "-" + PARENT + "-01",
                        "tracestate: a=b",
                        "tracestate: c=d")
                .response();

        List<Span> spans = spans(2);
        assertThat(hex(spans.get(0).getTraceId())).isEqualTo(TRACE);
        assertThat(hex(spans.get(0).getParentSpanId())).isEqualTo(PARENT);
        assertThat(spans.get(0).getTraceState()).isEqualTo("a=b,c=d");
        assertThat(server.requests().get(0).header("tracestate")).containsExactly("a=b,c=d");
        assertThat(server.requests().get(0).header("traceparent"))
                .containsExactly("00-" + TRACE + "-" + hex(spans.get(1).getSpanId()) + "-01");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
                "0af7651916cd43dd8448eb211c80319c",
                ""
            })
    void whatIsMalformedIsAsIfThereWereNone(String traceparent) throws Exception {
        start("0%", toServer(), "trusted-proxies: [127.0.0.0/8]");
        edge.plainClient()
                .request("GET / HTTP/1.1", "Host: localhost", "traceparent: " + traceparent, "tracestate: a=b")
                .response();

        TestServer.Request seen = server.requests().get(0);
        assertThat(seen.header("traceparent"))
                .singleElement()
                .asString()
                .endsWith("-00")
                .doesNotContain(TRACE);
        assertThat(seen.header("tracestate")).isEmpty();
    }

    @Test
    void laterVersionIsReadAsFarAsItIsKnown() throws Exception {
        start("0%", toServer(), "trusted-proxies: [127.0.0.0/8]");
        edge.plainClient()
                .request("GET / HTTP/1.1", "Host: localhost", "traceparent: 01-" + TRACE + "-" + PARENT + "-00-more")
                .response();

        assertThat(server.requests().get(0).header("traceparent"))
                .singleElement()
                .asString()
                .matches("00-" + TRACE + "-[0-9a-f]{16}-00");
    }

    @Test
    void whatIsNotSampledIsToldNobodyButTheServer() throws Exception {
        start("0%", toServer(), "");
        RawClient client = edge.plainClient();
        for (int i = 0; i < 20; i++) {
            client.get("localhost", "/");
        }
        edge.passes(Duration.ofSeconds(2));

        assertThat(collector.requests()).isEmpty();
        assertThat(server.requests().get(0).header("traceparent"))
                .singleElement()
                .asString()
                .endsWith("-00");
    }

    @Test
    void everyTryIsASpanThatSaysWhichOneItIs() throws Exception {
        TestServer bad = edge.closes(TestServer.start(
                (request, connection) -> connection.send("HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n")));
        start(
                "100%",
                "balance: first, servers: [\"" + bad.address() + "\", \"" + server.address()
                        + "\"], retry: { on: [503], attempts: 1 }",
                "");
        assertThat(edge.plainClient().get("localhost", "/").status()).isEqualTo(200);

        List<Span> spans = spans(3);
        Map<String, String> first = attributes(spans.get(1).getAttributesList());
        Map<String, String> second = attributes(spans.get(2).getAttributesList());
        assertThat(first)
                .containsEntry("http.response.status_code", "503")
                .doesNotContainKey("http.request.resend_count");
        assertThat(spans.get(1).getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
        assertThat(second)
                .containsEntry("http.response.status_code", "200")
                .containsEntry("http.request.resend_count", "1");
        assertThat(bad.requests().get(0).header("traceparent").get(0))
                .contains(hex(spans.get(1).getSpanId()));
        assertThat(server.requests().get(0).header("traceparent").get(0))
                .contains(hex(spans.get(2).getSpanId()));
    }

    @Test
    void failureIsAnErrorAndAClientsFaultIsNot() throws Exception {
        start("100%", toServer(), "");
        RawClient client = edge.plainClient();
        client.get("localhost", "/bad");
        client.request("INVENTED / HTTP/1.1", "Host: nobody").response();

        List<Span> spans = spans(3);
        assertThat(spans.get(0).getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
        assertThat(attributes(spans.get(0).getAttributesList())).containsEntry("error.type", "500");
        assertThat(spans.get(2).getName()).isEqualTo("HTTP");
        assertThat(spans.get(2).getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_UNSET);
        assertThat(attributes(spans.get(2).getAttributesList()))
                .containsEntry("http.request.method", "_OTHER")
                .containsEntry("http.request.method_original", "INVENTED")
                .containsEntry("error.type", "no_such_site")
                .containsEntry("http.response.status_code", "404");
    }

    @Test
    void itIsTheSameOverHttp2() throws Exception {
        Http2Server other =
                edge.closes(Http2Server.start((request, connection) -> connection.answer(request.stream(), "yes")));
        start("100%", "servers: [\"" + other.address() + "\"], protocol: h2c", "");
        Http2Client client = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
        client.get(1, "/", "traceparent", "00-" + TRACE + "-" + PARENT + "-01").response(1);

        List<Span> spans = spans(2);
        assertThat(attributes(spans.get(0).getAttributesList())).containsEntry("network.protocol.version", "2");
        assertThat(other.requests().get(0).header("traceparent"))
                .containsExactly("00-" + hex(spans.get(0).getTraceId()) + "-"
                        + hex(spans.get(1).getSpanId()) + "-01");
    }

    @Test
    void collectorThatTakesNothingHoldsNobodyUpAndIsCounted() throws Exception {
        answer = 503;
        start("100%", toServer(), "");
        assertThat(edge.plainClient().get("localhost", "/").status()).isEqualTo(200);

        Awaitility.await().atMost(A_WHILE).untilAsserted(() -> {
            edge.passes(Duration.ofSeconds(1));
            try (RawClient admin = RawClient.plain(edge.adminPort())) {
                assertThat(admin.get("localhost", "/metrics").body())
                        .contains("postern_traces_dropped_total 1.0")
                        .contains("postern_traces_total 0.0");
            }
        });
    }

    /** What a dashboard leads from a slow request to its trace by. */
    @Test
    void metricsHaveExemplarsForWhoeverReadsOpenMetrics() throws Exception {
        start("100%", toServer(), "");
        assertThat(edge.plainClient().get("localhost", "/").status()).isEqualTo(200);
        Span own = spans(2).get(0);

        try (RawClient admin = RawClient.plain(edge.adminPort())) {
            RawClient.Response open = admin.request(
                            "GET /metrics HTTP/1.1",
                            "Host: localhost",
                            "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.2")
                    .response();
            assertThat(open.header("Content-Type"))
                    .singleElement()
                    .asString()
                    .startsWith("application/openmetrics-text");
            assertThat(open.body())
                    .containsPattern(
                            "postern_request_duration_seconds_bucket\\{site=\"localhost\",le=\"[^\"]+\"\\} [0-9]+ # \\{span_id=\""
                                    + hex(own.getSpanId()) + "\",trace_id=\"" + hex(own.getTraceId()) + "\"\\}")
                    .endsWith("# EOF\n");
            assertThat(admin.get("localhost", "/metrics").body()).doesNotContain(hex(own.getTraceId()));
        }
    }

    @Test
    void whereNobodyTracesWhatClientsSayPasses() throws Exception {
        edge.startPlaintext(server, "");
        String traceparent = "00-" + TRACE + "-" + PARENT + "-01";
        edge.plainClient()
                .request("GET / HTTP/1.1", "Host: localhost", "traceparent: " + traceparent, "tracestate: a=b")
                .response();

        assertThat(server.requests().get(0).header("traceparent")).containsExactly(traceparent);
        assertThat(server.requests().get(0).header("tracestate")).containsExactly("a=b");
    }
}
