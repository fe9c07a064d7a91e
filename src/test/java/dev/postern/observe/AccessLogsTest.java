package dev.postern.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Which lines are written where, and what is in them. */
class AccessLogsTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer server = TestServer.start((request, connection) -> connection.send(
            request.path().startsWith("/bad")
                    ? "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"
                    : TestServer.ok("hello")));

    private String configuration(String main, String ofB) {
        return """
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: off }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites:
                  - { names: [a.test], plain: true, backend: web }
                  - { names: [b.test], plain: true, backend: web%s }
                backends: { web: { servers: ["%s"] } }
                %s
                """.formatted(ofB.isEmpty() ? "" : ", access-log: " + ofB, server.address(), main);
    }

    private void start(String main, String ofB) throws Exception {
        edge.closes(server);
        edge.start(configuration(main, ofB));
    }

    private Path file(String name) {
        return edge.directory().resolve(name);
    }

    private List<String> lines(String name, int count) throws IOException {
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
            // A sweep hands over what there is.
            edge.passes(Duration.ofSeconds(1));
            return Files.exists(file(name)) && Files.readAllLines(file(name)).size() >= count;
        });
        return Files.readAllLines(file(name));
    }

    @Test
    void siteHasALogOfItsOwn() throws Exception {
        start(
                "access-log: { to: %s }".formatted(file("main.log")),
                "{ to: %s, format: \"{host} {path}\" }".formatted(file("b.log")));
        RawClient client = edge.plainClient();
        client.get("a.test", "/1");
        client.get("b.test", "/2?q=r");
        client.get("c.test", "/3");

        assertThat(lines("b.log", 1)).containsExactly("b.test /2");
        assertThat(lines("main.log", 2)).hasSize(2).noneMatch(line -> line.contains("b.test"));
    }

    @Test
    void siteMayHaveNone() throws Exception {
        start("access-log: { to: %s }".formatted(file("main.log")), "off");
        RawClient client = edge.plainClient();
        client.get("b.test", "/");
        client.get("a.test", "/");

        assertThat(lines("main.log", 1)).singleElement().asString().contains("a.test");
    }

    @Test
    void reloadGivesAndTakesLogs() throws Exception {
        start("", "");
        RawClient client = edge.plainClient();
        client.get("b.test", "/0");
        edge.reload(configuration("", "{ to: %s, format: \"{path}\" }".formatted(file("b.log"))));
        client.get("b.test", "/1");
        assertThat(lines("b.log", 1)).containsExactly("/1");

        edge.reload(configuration("access-log: { to: %s, format: \"main {path}\" }".formatted(file("main.log")), ""));
        client.get("b.test", "/2");

        assertThat(lines("main.log", 1)).containsExactly("main /2");
        assertThat(lines("b.log", 1)).containsExactly("/1");
    }

    @Test
    void ofThoseThatWentWellOneInSoManyIsWrittenAndAllOthers() throws Exception {
        start("access-log: { to: %s, format: \"{status} {path}\", sample: 5 }".formatted(file("main.log")), "");
        RawClient client = edge.plainClient();
        for (int i = 0; i < 20; i++) {
            client.get("a.test", "/" + i);
        }
        for (int i = 0; i < 3; i++) {
            client.get("a.test", "/bad" + i);
            client.get("nobody.test", "/" + i);
        }

        List<String> lines = lines("main.log", 10);
        assertThat(lines.stream().filter(line -> line.startsWith("200"))).hasSize(4);
        assertThat(lines.stream().filter(line -> line.startsWith("500"))).hasSize(3);
        assertThat(lines.stream().filter(line -> line.startsWith("404"))).hasSize(3);
    }

    @Test
    void headersAreWrittenAndSecretsAreNot() throws Exception {
        start(
                "access-log: { to: %s, headers: [X-Tenant, Cookie, Authorization, X-Not-There] }"
                        .formatted(file("main.log")),
                "");
        // One connection, so that the lines are of one event loop, and in order.
        RawClient client = edge.plainClient();
        client.request(
                        "GET / HTTP/1.1",
                        "Host: a.test",
                        "X-Tenant: t \"1\"",
                        "Cookie: session=s3cret",
                        "Authorization: Bearer s3cret")
                .response();
        client.get("a.test", "/");

        List<String> lines = lines("main.log", 2);
        JsonObject headers =
                JsonParser.parseString(lines.get(0)).getAsJsonObject().getAsJsonObject("request_headers");
        assertThat(headers.toString())
                .isEqualTo("{\"x-tenant\":\"t \\\"1\\\"\",\"cookie\":\"redacted\",\"authorization\":\"redacted\"}");
        assertThat(JsonParser.parseString(lines.get(1)).getAsJsonObject().has("request_headers"))
                .isFalse();
        assertThat(lines.toString()).doesNotContain("s3cret");
    }

    @Test
    void ecsIsWhatElasticReads() throws Exception {
        start("access-log: { to: %s, format: ecs, headers: [X-Tenant] }".formatted(file("main.log")), "");
        edge.plainClient()
                .request("GET /a?b=c HTTP/1.1", "Host: a.test", "User-Agent: me", "X-Tenant: t")
                .response();

        JsonObject line = JsonParser.parseString(lines("main.log", 1).get(0)).getAsJsonObject();
        assertThat(line.get("@timestamp").getAsString()).matches("20\\d\\d-.*\\.\\d{3}Z");
        assertThat(line.get("ecs.version").getAsString()).isEqualTo("8.11.0");
        assertThat(line.get("client.ip").getAsString()).isEqualTo("127.0.0.1");
        assertThat(line.get("http.request.method").getAsString()).isEqualTo("GET");
        assertThat(line.get("url.original").getAsString()).isEqualTo("/a?b=c");
        assertThat(line.get("url.path").getAsString()).isEqualTo("/a");
        assertThat(line.get("http.version").getAsString()).isEqualTo("1.1");
        assertThat(line.get("http.response.status_code").getAsInt()).isEqualTo(200);
        assertThat(line.get("http.response.body.bytes").getAsInt()).isEqualTo(5);
        assertThat(line.get("event.outcome").getAsString()).isEqualTo("success");
        assertThat(line.get("user_agent.original").getAsString()).isEqualTo("me");
        assertThat(line.get("http.request.headers.x-tenant")
                        .getAsJsonArray()
                        .get(0)
                        .getAsString())
                .isEqualTo("t");
        assertThat(line.get("postern.backend").getAsString()).isEqualTo("web");
    }

    @Test
    void noValueForgesAnotherLineOfAFormatOfOnesOwn() throws Exception {
        start(
                "access-log: { to: %s, format: '[{time}] \"{method} {target} {protocol}\" {status} {bytes_out} {header:user-agent} {header:cookie} {reason} {total_ms}' }"
                        .formatted(file("main.log")),
                "");
        edge.plainClient()
                .request("GET /%22 HTTP/1.1", "Host: a.test", "User-Agent: a \"b\" \u00e4", "Cookie: c=d")
                .response();

        assertThat(lines("main.log", 1))
                .singleElement()
                .asString()
                .matches(
                        "\\[20[^ ]+Z\\] \"GET /%22 HTTP/1\\.1\" 200 5 a \\\\x22b\\\\x22 (\\\\xC3\\\\xA4|\\\\xE4) redacted - [0-9.]+");
    }

    @Test
    void aFormatOfOnesOwnSaysOfAnExchangeWhatJsonDoes() throws Exception {
        String pattern = "{path} {state} {ended_by} {phase} {reused} {auth_ms} {client_verification} {client_subject} "
                + "{client_fingerprint} {service} {port} {sni}";
        start("access-log: { to: %s, format: \"%s\" }".formatted(file("main.log"), pattern), "");
        RawClient client = edge.plainClient();
        client.get("a.test", "/new");
        client.get("a.test", "/again");
        client.get("nobody.test", "/refused");

        assertThat(lines("main.log", 3))
                .containsExactly(
                        "/new --N- - - false - - - - - - -",
                        "/again --R- - - true - - - - - - -",
                        "/refused PR-- edge request head - - - - - - - -");
    }

    @Test
    void aFormatOfOnesOwnSaysOfAConnectionWhatJsonDoes() throws Exception {
        edge.closes(server);
        edge.start("""
                access-log: { to: %s, format: "{service} {port} {sni} {state} {phase} {reused} {client_subject}" }
                tcp: [ { name: db, bind: "127.0.0.1:0", backend: web } ]
                backends: { web: { servers: ["%s"] } }
                """.formatted(file("main.log"), server.address()));
        int port = edge.tcpPort("db");
        try (RawClient client = RawClient.plain(port)) {
            client.get("a.test", "/");
        }

        assertThat(lines("main.log", 1)).singleElement().asString().matches("db " + port + " - [CS]TN- tunnel - -");
    }
}
