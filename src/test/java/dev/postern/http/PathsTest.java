package dev.postern.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.route.PathRule;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Wire;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a route was chosen by is what the server reads, or the request goes nowhere. */
class PathsTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer open = TestServer.start((request, connection) ->
            connection.send(TestServer.ok("open " + request.line().split(" ", -1)[1])));
    private final TestServer kept = TestServer.start((request, connection) ->
            connection.send(TestServer.ok("kept " + request.line().split(" ", -1)[1])));

    private static final Map<String, String> SEEN = Map.ofEntries(
            Map.entry("/a/./b/../c", "open /a/c"),
            Map.entry("/%61dmin", "403"),
            Map.entry("//admin", "403"),
            Map.entry("/x/..//admin/", "403"),
            Map.entry("/x/%2e%2E/admin?q=%2e%2e", "403"),
            Map.entry("/adminx//y?a//b", "open /adminx/y?a//b"),
            Map.entry("/kept//a/%2f/%5c/b//", "kept /kept//a/%2F/%5C/b//"),
            Map.entry("//kept/https://x/../y?%2F", "kept //kept/https://y?%2F"),
            Map.entry("/kept/../a//b", "open /a/b"),
            Map.entry("/admin;x=1", "403"),
            Map.entry("/;/admin;/users", "403"),
            Map.entry("/x;y/../admin", "403"),
            Map.entry("/a;b/c;d?e;f", "open /a;b/c;d?e;f"),
            Map.entry("/?%2e/../%zz", "open /?%2e/../%zz"));

    private static final List<String> REFUSED = List.of(
            "/../admin",
            "/kept/../../admin",
            "/%2e%2e/admin",
            "/a%2fadmin",
            "/a%5Cadmin",
            "/kept/..%2f..%2fadmin",
            "/kept/%2e%2e%5cadmin",
            "/kept/..;/admin",
            "/a%00",
            "/a%0D%0Ab",
            "/a%",
            "/a%zz",
            "/\\admin",
            "/%c0%ae%c0%ae/admin");

    @Test
    void serverReadsWhatTheRouteWasChosenBy() throws Exception {
        start();
        RawClient client = edge.plainClient();
        Http2Client http2 = http2();
        int stream = 1;

        for (Map.Entry<String, String> each : SEEN.entrySet()) {
            String target = each.getKey();
            RawClient.Response response = client.get("localhost", target);
            Http2Wire.Response over2 = http2.get(stream, target).response(stream);
            stream += 2;
            assertThat(response.status() == 200 ? response.body() : "" + response.status())
                    .as(target)
                    .isEqualTo(each.getValue());
            assertThat(over2.status() == 200 ? over2.body() : "" + over2.status())
                    .as("over HTTP/2: " + target)
                    .isEqualTo(each.getValue());
        }
    }

    @Test
    void pathThatCouldBeReadInTwoWaysGoesNowhere() throws Exception {
        start();
        RawClient client = edge.plainClient();
        Http2Client http2 = http2();
        int stream = 1;

        for (String target : REFUSED) {
            assertThat(client.get("localhost", target).status()).as(target).isEqualTo(400);
            assertThat(http2.get(stream, target).response(stream).status())
                    .as("over HTTP/2: " + target)
                    .isEqualTo(400);
            stream += 2;
        }

        // The connection is none the worse for it.
        assertThat(client.get("localhost", "/").status()).isEqualTo(200);
        assertThat(open.requests()).hasSize(1);
        assertThat(kept.requests()).isEmpty();
    }

    /** Any spelling of what is denied is denied, whatever a server behind us would make of it. */
    @Test
    void noSpellingGetsPastARoute() throws Exception {
        start();
        RawClient client = edge.plainClient();
        List<String> parts =
                List.of("/", "//", "/./", "/x/../", "/kept/../", "/%2e/", "/%6bept/%2E./", "/;/", "/;a=b/", "/x;y/../");
        List<String> names = List.of("admin", "%61dmin", "adm%69n", "%61%64%6d%69%6e", "x/../admin", "./admin");
        Random random = new Random(1);

        for (int i = 0; i < 200; i++) {
            StringBuilder target = new StringBuilder();
            for (int part = random.nextInt(1, 4); part > 0; part--) {
                target.append(parts.get(random.nextInt(parts.size())));
            }
            target.append(names.get(random.nextInt(names.size())));
            target.append(List.of("", "/", "//", "/x", "?", "/.", ";", ";x/y").get(random.nextInt(8)));
            assertThat(client.get("localhost", target.toString()).status())
                    .as(target.toString())
                    .isEqualTo(403);
        }
        assertThat(open.requests()).isEmpty();
        assertThat(kept.requests()).isEmpty();
    }

    /** The seed is fixed: what fails once fails again. */
    @Test
    void whateverIsSentTheServerReadsTheFormThatTheRouteWasChosenBy() throws Exception {
        start();
        RawClient client = edge.plainClient();
        List<String> parts = List.of(
                "/", "/", "/", "admin", "kept", "x", ".", "..", "%2e", "%2E.", "%2f", "%5c", ";", "%61dmin", "%20",
                "%C3%A4", "?", "%");
        Random random = new Random(7);
        int forwarded = 0;

        for (int i = 0; i < 400; i++) {
            StringBuilder target = new StringBuilder("/");
            for (int part = random.nextInt(7); part > 0; part--) {
                target.append(parts.get(random.nextInt(parts.size())));
            }
            RawClient.Response response = client.get("localhost", target.toString());
            if (response.status() != 200) {
                assertThat(response.status()).as(target.toString()).isIn(400, 403);
                continue;
            }
            forwarded++;
            String read = response.body().substring(5).split("\\?", -1)[0];
            byte[] form = PathRule.apply(read.getBytes(US_ASCII), 0, read.length(), PathRule.Slashes.MERGE);
            String routed = new String(PathRule.withoutParameters(form), US_ASCII);
            boolean isKept = routed.equals("/kept") || routed.startsWith("/kept/");
            assertThat(response.body()).as(target.toString()).startsWith(isKept ? "kept " : "open ");
            assertThat(routed.equals("/admin") || routed.startsWith("/admin/"))
                    .as(target.toString())
                    .isFalse();
            if (!isKept) {
                assertThat(new String(form, US_ASCII)).as(target.toString()).isEqualTo(read);
            }
        }
        assertThat(forwarded).isGreaterThan(50);
    }

    @Test
    void challengesAreNotShadowedByOtherSpellings() throws Exception {
        start();
        RawClient client = edge.plainClient();
        String prefix = "/.well-known/acme-challenge/";

        for (String target : List.of(
                prefix + "x",
                "/%2ewell-known/acme-challenge/x",
                "/a/.." + prefix + "x",
                "//.well-known//acme-challenge//x")) {
            // The side port knows no such token; the server would have answered 200.
            assertThat(client.get("localhost", target).status()).as(target).isEqualTo(404);
        }
        assertThat(client.get("localhost", prefix + "../../a").body()).isEqualTo("open /a");
        assertThat(client.get("localhost", prefix + "..%2f..%2fa").status()).isEqualTo(400);
        assertThat(open.requests()).hasSize(1);
    }

    @Test
    void redirectToHttpsIsNotForWhatIsRefusedThere() throws Exception {
        start("308");

        RawClient client = edge.plainClient();

        assertThat(client.get("localhost", "/../x").status()).isEqualTo(400);
        assertThat(client.get("localhost", "/a/../b?c").header("Location"))
                .containsExactly("https://localhost/a/../b?c");
    }

    private Http2Client http2() throws Exception {
        return edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
    }

    private void start() throws Exception {
        start("off");
    }

    private void start(String redirect) throws Exception {
        edge.closes(open);
        edge.closes(kept);
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: %s }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites:
                  - names: [localhost]
                    certificate: %s
                    backend: open
                    routes:
                      - { path: /admin, respond: { status: 403 } }
                      - { path: /kept, backend: kept, encoded-slashes: keep, duplicate-slashes: keep }
                backends:
                  open: { servers: ["%s"] }
                  kept: { servers: ["%s"] }
                """.formatted(redirect, edge.site().certificate("localhost"), open.address(), kept.address()));
    }
}
