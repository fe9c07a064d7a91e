package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.util.List;
import java.util.Objects;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code postern explain}: what is said is what a real request meets, in the same words as in the log. */
class ExplainTest {
    private static final String LISTENERS = """
            listeners:
              http: { bind: "127.0.0.1:0" }
              https: { bind: "127.0.0.1:0" }
              internal: { kind: https, bind: "127.0.0.1:0", sites: [admin.example.com] }
            """;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private @Nullable Edge running;

    private void start(String sites, String backends) throws Exception {
        String admin = site("admin.example.com", "routes: [{ path: /, respond: { body: admin } }]");
        running = edge.start(LISTENERS + "sites:\n" + sites + admin + "backends:\n" + backends);
    }

    private String site(String name, String more) {
        return "  - { names: [" + name + "], certificate: " + edge.site().certificate(name) + ", " + more + " }\n";
    }

    private List<String> explained(String url, String... more) throws Exception {
        ControlRequest request = ControlRequest.of("explain-request").with("url", url);
        for (int i = 0; i < more.length; i += 2) {
            if (more[i].equals("header")) {
                request.with("headers", List.of(more[i + 1]));
            } else {
                request.with(more[i], more[i + 1]);
            }
        }
        return run(request);
    }

    private List<String> run(ControlRequest request) throws Exception {
        JsonObject result = Objects.requireNonNull(running).commands().run(request.json(), line -> {});
        return StreamSupport.stream(result.getAsJsonArray("lines").spliterator(), false)
                .map(JsonElement::getAsString)
                .map(line -> line.replaceAll(" +", " ").strip())
                .toList();
    }

    @Test
    void aRequestThatIsForwardedIsExplainedToTheServersAndWhatTheyAreSent() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        start(
                site(
                        "app.example.com",
                        "backend: web, routes: [{ path: /api/, backend: web, rewrite: /,"
                                + " request-headers: { set: { X-Site: \"{site}\" }, remove: [X-Secret] } },"
                                + " { path: /api/v2/, when: { methods: POST }, backend: web }]"),
                "  web: { servers: [\"" + server.address() + "\", { address: \"127.0.0.1:1\", backup: true }] }\n");

        assertThat(explained("https://app.example.com/x/../api/v2/y?z", "from", "192.0.2.9", "header", "X-Secret: 1"))
                .contains(
                        "request GET https://app.example.com/x/../api/v2/y?z from 192.0.2.9",
                        "site app.example.com",
                        "path /x/../api/v2/y?z is /api/v2/y?z",
                        "route not /api/v2/: when.methods: POST",
                        "/api/ takes it",
                        "not /: the one before is more specific",
                        "backend web, round-robin",
                        server.address() + ": may take it; up, 0 under way",
                        "127.0.0.1:1: is a backup; up, 0 under way",
                        "GET /v2/y?z HTTP/1.1",
                        "Host: app.example.com",
                        "X-Site: app.example.com",
                        "X-Forwarded-For: 192.0.2.9")
                .noneMatch(line -> line.contains("X-Secret:"))
                .anyMatch(line -> line.startsWith("certificate of app.example.com, from "));
        assertThat(server.requests()).isEmpty();

        // And that is what it is sent.
        tls("https", "app.example.com").get("app.example.com", "/x/../api/v2/y?z");
        assertThat(server.requests().get(0).head()).contains("GET /v2/y?z HTTP/1.1", "X-Site: app.example.com");
    }

    private RawClient tls(String listener, String name) throws Exception {
        return edge.closes(RawClient.tls(edge.webAddresses(listener).get(0).getPort(), edge.trust(), name));
    }

    @Test
    void whoIsNotLetInIsToldByWhichRule() throws Exception {
        String page = "respond: { status: 204 }";
        start(
                site(
                        "app.example.com",
                        "routes: [{ path: /, allow: [10.0.0.0/8], deny: [10.1.0.0/16],"
                                + " allow-methods: [GET], rate-limit: { requests: 5, per: 1s }, " + page + " }]"),
                "  web: { servers: [\"127.0.0.1:1\"] }\n");

        assertThat(explained("https://app.example.com/", "from", "10.1.2.3"))
                .contains(
                        "rule rate-limit: 5 per 1s, at most 5 at once, requests of each client; what is left is not"
                                + " looked at",
                        "allow: 10.0.0.0/8; deny: 10.1.0.0/16; 10.1.2.3 is not",
                        "answer 403 address_denied");
        assertThat(explained("https://app.example.com/", "from", "10.0.0.1", "method", "PUT"))
                .contains("answer 405 method_not_allowed");
        assertThat(explained("https://app.example.com/", "from", "10.0.0.1")).contains("answer 204 of the route");
        assertThat(explained("https://app.example.com/%2e%2e%2f", "from", "10.0.0.1"))
                .contains("answer 400 path_refused");
    }

    @Test
    void listenersAndHandshakesAreExplained() throws Exception {
        start(
                site(
                                "app.example.com",
                                "routes: [{ path: /, redirect: \"https://www.example.com{uri}\", status: 302 }]")
                        + site("other.example.com", "routes: [{ path: /, respond: { body: other } }]"),
                "  web: { servers: [\"127.0.0.1:1\"] }\n");

        assertThat(explained("https://app.example.com/a?b")).contains("answer 302 to https://www.example.com/a?b");
        assertThat(explained("http://app.example.com/a"))
                .contains("answer 308 to https://app.example.com/a (redirect of the listener)");
        assertThat(explained("https://admin.example.com/", "listener", "internal"))
                .contains("listener internal (127.0.0.1:0): as asked", "answer 200 of the route");
        assertThat(explained("https://admin.example.com/", "listener", "https"))
                .contains("certificate none for admin.example.com: the handshake is refused (unrecognized_name)");
        assertThat(explained("https://app.example.com:4711/"))
                .contains("listener no listener for TLS on port 4711 (there are: https (127.0.0.1:0), internal"
                        + " (127.0.0.1:0)): cannot connect");
        assertThat(explained("https://app.example.com/", "header", "Host: other.example.com"))
                .contains("answer 421 wrong_site: the client comes again on a connection of its own");
        assertThat(explained("https://äpp.example.com/"))
                .contains("request GET https://xn--pp-uia.example.com/ from 127.0.0.1");
        assertThat(explained("https://my_app.example.com./"))
                .contains("request GET https://my_app.example.com./ from 127.0.0.1");
        assertThat(explained("http://app.example.com/..")).contains("answer 400 path_refused");
        assertThatThrownBy(() -> explained("https://app.example.com:70000/")).hasMessageContaining("has no port");
        assertThatThrownBy(() -> explained("ftp://app.example.com/")).isInstanceOf(ControlFailure.class);
        assertThatThrownBy(() -> explained("https://app.example.com/", "from", "nobody"))
                .hasMessageContaining("\"nobody\" is no address");
        assertThat(explained("https://app.example.com/", "header", "Broken\n: x"))
                .anyMatch(line -> line.startsWith("answer 400 malformed"));
    }

    @Test
    void serverThatIsSkippedAndTheOneOfAKeyAreNamed() throws Exception {
        TestServer one = edge.closes(TestServer.saying("one"));
        start(
                site("app.example.com", "backend: web"),
                "  web: { servers: [\"" + one.address()
                        + "\", { address: \"127.0.0.1:1\", drain: true }], balance: source }\n");

        assertThat(explained("https://app.example.com/"))
                .contains(
                        "backend web, by the hash of a key",
                        one.address() + ": takes it: its key leads there; up, 0 under way",
                        "127.0.0.1:1: gets no new sessions; up, 0 under way");
    }

    @Test
    void whereNoServerTakesItTheAnswerIsSaid() throws Exception {
        TestServer one = edge.closes(TestServer.saying("one"));
        start(
                site("app.example.com", "backend: web"),
                "  web: { servers: [{ address: \"" + one.address() + "\", drain: true }] }\n");

        assertThat(explained("https://app.example.com/"))
                .contains(one.address() + ": gets no new sessions; up, 0 under way", "answer 503 none_available")
                .noneMatch(line -> line.startsWith("sent") || line.startsWith("GET / "));
        assertThat(tls("https", "app.example.com").get("app.example.com", "/").status())
                .isEqualTo(503);
    }

    @Test
    void whyARequestEndedAsItDidIsSaidById() throws Exception {
        TestServer gone = TestServer.saying("");
        gone.close();
        start(
                site("app.example.com", "backend: web, routes: [{ path: /page, respond: { status: 200 } }]"),
                "  web: { servers: [\"" + gone.address() + "\"] }\n");
        RawClient client = tls("https", "app.example.com");
        assertThat(client.get("app.example.com", "/page").status()).isEqualTo(200);
        RawClient.Response failed = client.get("app.example.com", "/x");
        assertThat(failed.status()).isEqualTo(503);

        List<String> last = run(ControlRequest.of("explain-ended").with("last", "2"));
        assertThat(last)
                .contains(
                        "GET app.example.com /page, HTTP/1.1 over TLSv1.3",
                        "answer 200",
                        "GET app.example.com /x, HTTP/1.1 over TLSv1.3",
                        "answer 503",
                        "backend web, server " + gone.address())
                .anyMatch(line -> line.startsWith("why connect_refused: "));
        String id = last.get(last.indexOf("GET app.example.com /x, HTTP/1.1 over TLSv1.3") - 1)
                .split(" ", -1)[1];
        assertThat(run(ControlRequest.of("explain-ended").with("id", id)))
                .contains("answer 503")
                .doesNotContain("answer 200");
        assertThatThrownBy(() -> run(ControlRequest.of("explain-ended").with("id", "none")))
                .hasMessageContaining("no request of the last 2 has the id none");
    }

    /** There is a code for all of it; which rule was broken is in the words behind it. */
    @Test
    void whichRuleARequestBreaksIsSaid() throws Exception {
        start(site("app.example.com", "routes: [{ path: /, respond: { status: 200 } }]"), "  {}\n");
        RawClient client = tls("https", "app.example.com");
        client.send("GET / HTTP/1.1\r\nHost: app.example.com\r\nHost: app.example.com\r\n\r\n");
        assertThat(client.response().status()).isEqualTo(400);

        assertThat(run(ControlRequest.of("explain-ended").with("last", "1")))
                .contains("answer 400")
                .anyMatch(line -> line.startsWith("why malformed: ") && line.contains("Host"));
    }
}
