package dev.postern.status;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What {@code /status.json} and {@code /status/servers.csv} say of an edge that serves. */
class StatusTest {
    private static final String LISTENERS = """
            listeners:
              http: { bind: "127.0.0.1:0" }
              https: { bind: "127.0.0.1:0" }
              challenge: { bind: "127.0.0.1:0" }
              admin: { bind: "127.0.0.1:0" }
            """;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void everythingThatIsAskedAboutIsThere() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        start(server.address());
        RawClient client = edge.client();
        for (int i = 0; i < 3; i++) {
            client.get("localhost", "/");
        }

        JsonObject status = await(json ->
                !servers(json).isEmpty() && servers(json).get(0).get("requests").getAsInt() == 3);

        assertThat(status.get("version").getAsInt()).isEqualTo(StatusJson.VERSION);
        JsonObject process = status.getAsJsonObject("edge");
        assertThat(process.get("version").getAsString()).matches("[0-9].*");
        assertThat(process.getAsJsonObject("heap").get("used").getAsLong()).isPositive();
        assertThat(process.getAsJsonObject("descriptors").get("used").getAsLong())
                .isPositive();
        JsonObject traffic = status.getAsJsonObject("traffic");
        assertThat(traffic.get("counted").getAsBoolean()).isTrue();
        assertThat(traffic.getAsJsonObject("handshakes")
                        .getAsJsonObject("completed")
                        .get("TLSv1.3")
                        .getAsLong())
                .isPositive();
        JsonObject site = objects(traffic, "sites").get(0);
        assertThat(site.get("name").getAsString()).isEqualTo("localhost");
        assertThat(site.getAsJsonObject("answers").get("2xx").getAsLong()).isEqualTo(3);
        JsonObject one = servers(status).get(0);
        assertThat(one.get("name").getAsString()).isEqualTo(server.address());
        assertThat(one.get("state").getAsString()).isEqualTo("up");
        assertThat(one.get("p99").getAsDouble()).isPositive();
        JsonObject certificate = objects(status, "certificates").get(0);
        assertThat(certificate.get("site").getAsString()).isEqualTo("localhost");
        assertThat(certificate.get("life-gone").getAsDouble()).isBetween(0.0, 1.0);
    }

    @Test
    void failuresHaveTheirReasonAndTheIdOfTheRequest() throws Exception {
        String nobody = "127.0.0.1:" + FreePorts.next();
        start(nobody);
        RawClient.Response answer = edge.client().get("localhost", "/a?b=c");
        edge.client().get("elsewhere.example", "/");

        JsonObject status = await(json -> !objects(json, "failures").isEmpty());

        // Whom we do not serve is at fault himself.
        assertThat(objects(status, "failures")).hasSize(1);
        JsonObject failure = objects(status, "failures").get(0);
        assertThat(failure.get("reason").getAsString()).isEqualTo("connect_refused");
        assertThat(failure.get("status").getAsInt()).isEqualTo(answer.status());
        assertThat(failure.get("target").getAsString()).isEqualTo("/a?b=c");
        assertThat(answer.body()).contains(failure.get("request-id").getAsString());
        JsonObject server = servers(status).get(0);
        assertThat(server.get("state").getAsString()).isEqualTo("refusing");
        assertThat(server.get("why").getAsString()).isNotEmpty();
    }

    @Test
    void lastReloadIsToldOf() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        start(server.address());
        assertThat(get("/status.json")).doesNotContain("last-reload");

        edge.reload(configuration(server.address()) + "grace: 7s\n");

        JsonObject reload = JsonParser.parseString(get("/status.json"))
                .getAsJsonObject()
                .getAsJsonObject("edge")
                .getAsJsonObject("last-reload");
        assertThat(reload.get("done").getAsBoolean()).isTrue();
        assertThat(reload.getAsJsonArray("changes").toString()).contains("grace 30s", "7s");
    }

    @Test
    void serversComeAsLinesOfCsv() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        start(server.address());
        edge.client().get("localhost", "/");

        List<String> lines = get("/status/servers.csv").lines().toList();

        assertThat(lines.get(0)).startsWith("backend,server,state,why,");
        assertThat(lines.get(1)).startsWith("web," + server.address() + ",up,");
        assertThat(lines.get(1).split(",", -1)).hasSameSizeAs(lines.get(0).split(",", -1));
    }

    private void start(String server) throws Exception {
        edge.start(configuration(server));
    }

    private String configuration(String server) {
        return """
                sites:
                  - names: [localhost]
                    backend: web
                    certificate: %s
                backends: { web: { servers: ["%s"] } }
                """.formatted(edge.site().certificate("localhost"), server) + LISTENERS;
    }

    private String get(String path) {
        return edge.closes(RawClient.plain(edge.adminPort()))
                .get("localhost", path)
                .body();
    }

    private JsonObject await(Predicate<JsonObject> wanted) {
        JsonObject[] found = new JsonObject[1];
        Awaitility.await().until(() -> {
            found[0] = JsonParser.parseString(get("/status.json")).getAsJsonObject();
            return wanted.test(found[0]);
        });
        return found[0];
    }

    private static List<JsonObject> servers(JsonObject status) {
        return objects(objects(status, "backends").get(0), "servers");
    }

    private static List<JsonObject> objects(JsonObject json, String key) {
        return StreamSupport.stream(json.getAsJsonArray(key).spliterator(), false)
                .map(JsonElement::getAsJsonObject)
                .toList();
    }
}
