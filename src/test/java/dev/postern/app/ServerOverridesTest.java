package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an operator says of servers at run time, and what becomes of requests then. */
class ServerOverridesTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private TestServer blue;
    private TestServer green;
    private @Nullable Edge running;

    @BeforeEach
    void servers() {
        blue = edge.closes(TestServer.saying("blue"));
        green = edge.closes(TestServer.saying("green"));
    }

    @Test
    void maintainedServerGetsNothingUntilItIsReady() throws Exception {
        start("");
        say("maintain", "web/blue", "");
        assertThat(asked(4)).isEqualTo(Map.of("green", 4));
        assertThat(server("blue").get("state").getAsString()).isEqualTo("maintenance");

        say("ready", "web/" + blue.address(), "");

        assertThat(asked(4)).isEqualTo(Map.of("blue", 2, "green", 2));
        assertThat(server("blue").has("override")).isFalse();
    }

    @Test
    void drainedServerKeepsItsSessionsAndMaintainedOneDoesNot() throws Exception {
        start(", sticky: { cookie: home }");
        RawClient client = edge.client();
        RawClient.Response first = client.get("localhost", "/");
        String cookie = first.header("Set-Cookie").get(0).split(";", 2)[0];
        String home = first.body();

        say("drain", "web/" + home, "");
        assertThat(asked(4)).doesNotContainKey(home);
        assertThat(client.request("GET / HTTP/1.1", "Host: localhost", "Cookie: " + cookie)
                        .response()
                        .body())
                .isEqualTo(home);

        say("maintain", "web/" + home, "");
        assertThat(client.request("GET / HTTP/1.1", "Host: localhost", "Cookie: " + cookie)
                        .response()
                        .body())
                .isNotEqualTo(home);
    }

    @Test
    void whatWasSaidHoldsOverAReload() throws Exception {
        start("");
        say("drain", "web/blue", "");
        say("weight", "web/green", "7");

        edge.reload(configuration("") + "grace: 7s\n");
        assertThat(asked(4)).isEqualTo(Map.of("green", 4));
        assertThat(server("blue")
                        .getAsJsonObject("override")
                        .getAsJsonObject("mode")
                        .get("is")
                        .getAsString())
                .isEqualTo("drain");
        assertThat(server("green").get("weight").getAsInt()).isEqualTo(7);
        String metrics = admin("/metrics");
        assertThat(metrics)
                .contains("postern_server_override{backend=\"web\",server=\"blue\"} 1.0")
                .contains("postern_server_weight{backend=\"web\",server=\"green\"} 7.0")
                .contains("postern_server_draining{backend=\"web\",server=\"blue\"} 1.0");
        assertThat(admin("/")).contains("operator: drain, since", "operator: weight 7, since");
        assertThat(admin("/status/servers.csv")).contains(",drain\r\n").contains(",weight 7\r\n");

        say("weight", "web/green", "default");
        assertThat(server("green").get("weight").getAsInt()).isEqualTo(1);
    }

    @Test
    void weightDecidesHowManyRequestsAServerGets() throws Exception {
        start("");
        say("weight", "web/green", "3");

        assertThat(asked(8)).isEqualTo(Map.of("blue", 2, "green", 6));
    }

    @Test
    void serverThatTheConfigurationDrainsMayBeReady() throws Exception {
        running = edge.start(configuration("").replace("name: blue", "name: blue, drain: true"));
        assertThat(asked(4)).isEqualTo(Map.of("green", 4));

        say("ready", "web/blue", "");

        assertThat(asked(4)).isEqualTo(Map.of("blue", 2, "green", 2));
    }

    @Test
    void whatIsSaidUntilThenEndsThen() throws Exception {
        start("");
        Instant until = Instant.now().plusMillis(1500);
        JsonObject said = run(ControlRequest.of("server")
                .with("action", "maintain")
                .with("server", "web/blue")
                .with("until", until.toString()));
        assertThat(said.toString()).contains("\"until\":");
        assertThat(asked(2)).isEqualTo(Map.of("green", 2));

        Awaitility.await().until(() -> !server("blue").has("override"));

        assertThat(Instant.now()).isAfter(until);
        assertThat(asked(4)).isEqualTo(Map.of("blue", 2, "green", 2));
    }

    @Test
    void backendWithoutAServerAnswers503AndSoIsSaid() throws Exception {
        start("");
        say("maintain", "web/blue", "");
        JsonObject said = say("maintain", "web/green", "");

        assertThat(said.get("warning").getAsString())
                .isEqualTo("no server of web gets new requests now: they are answered 503");
        RawClient.Response answer = edge.client().get("localhost", "/");
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.header("Proxy-Status").get(0)).contains("none_available");
    }

    @ParameterizedTest
    @CsvSource({
        "drain,blue,'',is no server (expected: BACKEND/SERVER)",
        "drain,nope/blue,'',is no backend (known: web)",
        "drain,web/red,'','is no server of web (known: blue, green)'",
        "burn,web/blue,'','expected: drain, ready, maintain or weight'",
        "weight,web/blue,'','expected: a whole number from 1 to 256, or default'",
        "weight,web/blue,0,'expected: a whole number from 1 to 256, or default'",
        "weight,web/blue,257,'expected: a whole number from 1 to 256, or default'",
    })
    void whatCannotBeMeantIsRefused(String action, String server, String weight, String why) throws Exception {
        start("");
        assertThatThrownBy(() -> say(action, server, weight))
                .isInstanceOf(ControlFailure.class)
                .hasMessageContaining(why);
        assertThat(server("blue").has("override")).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"2020-01-01T00:00:00Z,is over", "tomorrow,is no instant"})
    void instantThatIsNoneOrOverIsRefused(String until, String why) throws Exception {
        start("");
        assertThatThrownBy(() -> run(ControlRequest.of("server")
                        .with("action", "drain")
                        .with("server", "web/blue")
                        .with("until", until)))
                .hasMessageContaining(why);
    }

    // ----

    private void start(String more) throws Exception {
        running = edge.start(configuration(more));
    }

    private String configuration(String more) {
        return """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                  admin: { bind: "127.0.0.1:0" }
                sites:
                  - { names: [localhost], backend: web, certificate: %s }
                backends:
                  web: { servers: [{ address: "%s", name: blue }, { address: "%s", name: green }]%s }
                """.formatted(edge.site().certificate("localhost"), blue.address(), green.address(), more);
    }

    private JsonObject say(String action, String server, String weight) throws Exception {
        return run(ControlRequest.of("server")
                .with("action", action)
                .with("server", server)
                .with("weight", weight));
    }

    private JsonObject run(ControlRequest request) throws Exception {
        return Objects.requireNonNull(running).commands().run(request.json(), line -> {});
    }

    /** Who answers so many requests, and how many each. */
    private Map<String, Integer> asked(int requests) throws Exception {
        Map<String, Integer> answers = new TreeMap<>();
        RawClient client = edge.client();
        for (int i = 0; i < requests; i++) {
            answers.merge(client.get("localhost", "/").body(), 1, Integer::sum);
        }
        return answers;
    }

    private JsonObject server(String name) {
        for (var backend :
                JsonParser.parseString(admin("/status.json")).getAsJsonObject().getAsJsonArray("backends")) {
            for (var server : backend.getAsJsonObject().getAsJsonArray("servers")) {
                if (server.getAsJsonObject().get("name").getAsString().equals(name)) {
                    return server.getAsJsonObject();
                }
            }
        }
        throw new AssertionError(name);
    }

    private String admin(String path) {
        try (RawClient client = RawClient.plain(edge.adminPort())) {
            return client.get("localhost", path).body();
        }
    }
}
