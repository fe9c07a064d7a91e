package dev.postern.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The status page, as browsers get it, and as people do who cannot see it. */
@Tag("long")
class StatusPageTest {
    private static final String LISTENERS = """
            listeners:
              http: { bind: "127.0.0.1:0" }
              https: { bind: "127.0.0.1:0" }
              challenge: { bind: "127.0.0.1:0" }
              admin: { bind: "127.0.0.1:0", hosts: [postern.internal] }
            """;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void everySectionIsThereWithoutAScript() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        edge.start(configuration(server.address(), 1));

        RawClient.Response page = admin("localhost", "/");

        assertThat(page.status()).isEqualTo(200);
        assertThat(page.body())
                .contains("id=\"backends\"", "id=\"certificates\"", "id=\"traffic\"", "id=\"failures\"", "id=\"edge\"")
                .contains(server.address(), "site0.example", "All is well");
        assertThat(page.header("Content-Security-Policy"))
                .containsExactly("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src"
                        + " 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
        assertThat(page.header("X-Frame-Options")).containsExactly("DENY");
        assertThat(page.header("Cache-Control")).containsExactly("no-store");
        // The policy would stop them.
        assertThat(page.body()).doesNotContain("style=", "onclick", "<style");
        for (String path : List.of("/status.css", "/status.js", "/status.svg")) {
            assertThat(admin("localhost", path).status()).as(path).isEqualTo(200);
        }
    }

    @Test
    void whatClientsSayIsTextWhateverItIs() throws Exception {
        edge.start(configuration("127.0.0.1:" + FreePorts.next(), 1));
        RawClient client = edge.closes(RawClient.tls(edge.httpsPort(), edge.trust(), "site0.example"));
        client.get("site0.example", "/<script>alert('a')</script>?\"&amp;x");

        Awaitility.await().until(() -> admin("localhost", "/").body().contains("connect refused"));

        assertThat(admin("localhost", "/").body()).doesNotContain("<script>alert");
        assertThat(admin("localhost", "/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
                        .body())
                .doesNotContain("<script>alert")
                .contains("&quot;&gt;&lt;script&gt;alert(1)");
        assertThat(admin("localhost", "/?q=%zz&page=-1&page=x").status()).isEqualTo(200);
    }

    @Test
    void thousandsOfSitesAreSearchedAndHavePages() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        edge.start(configuration(server.address(), 120));

        assertThat(rows("/")).isEqualTo(50);
        assertThat(rows("/?page=3")).isEqualTo(20);
        // The last one there is.
        assertThat(rows("/?page=99")).isEqualTo(20);
        assertThat(admin("localhost", "/?page=2").body()).contains("page 2 of 3", "/?page=3#certificates");
        assertThat(rows("/?q=site11")).isEqualTo(11);
        assertThat(rows("/?q=SITE119")).isEqualTo(1);
        assertThat(admin("localhost", "/?q=nothing").body()).contains("Nothing is called so.");
        assertThat(admin("localhost", "/site?name=site7.example").body())
                .contains("its operator brings the certificate");
        assertThat(admin("localhost", "/site?name=none.example").status()).isEqualTo(404);
    }

    /** A browser that was led here by a name which suddenly resolves to us says which. */
    @Test
    void nobodyIsLedHereByAnotherName() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        edge.start(configuration(server.address(), 1));

        for (String path : List.of("/", "/status.json", "/status/servers.csv", "/site?name=site0.example")) {
            assertThat(admin("evil.example", path).status()).as(path).isEqualTo(404);
            assertThat(admin("postern.internal", path).status()).as(path).isEqualTo(200);
            assertThat(admin("127.0.0.1", path).status()).as(path).isEqualTo(200);
        }
    }

    @Test
    void axeFindsNothingWrong() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        edge.start(configuration(server.address(), 60));
        RawClient client = edge.closes(RawClient.tls(edge.httpsPort(), edge.trust(), "site0.example"));
        client.get("site0.example", "/dead");
        Awaitility.await().until(() -> admin("localhost", "/").body().contains("connect refused"));

        assertThat(axe("/", List.of(), "<img src=x>"))
                .as("what is wrong is found")
                .contains("image-alt");
        for (String path : List.of("/", "/site?name=site0.example")) {
            for (List<String> how : List.of(
                    List.of("--window-size=1280,900"),
                    List.of("--window-size=390,844"),
                    List.of("--window-size=1280,900", "--blink-settings=preferredColorScheme=0"))) {
                assertThat(axe(path, how, "")).as(path + " " + how).isEqualTo("0 violations; ");
            }
        }
    }

    /**
     * What axe-core says of a page: how many rules are broken, and where.
     *
     * @param more what is added to it
     */
    private String axe(String path, List<String> how, String more) throws Exception {
        String chromium = RealPrograms.require("chromium", "chromium").toString();
        String css = admin("localhost", "/status.css").body();
        String html = admin("localhost", path)
                .body()
                .replace("<link rel=\"stylesheet\" href=\"/status.css\">", "<style>" + css + "</style>")
                .replaceAll("<script src=\"/status.js\" defer></script>", "");
        String run =
                "axe.run({ runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice'] }).then(r =>"
                        + " document.body.innerHTML = '<pre id=found>' + r.violations.length + ' violations; ' + r.violations.map(v =>"
                        + " v.id + ' ' + v.nodes.map(n => n.target).join(' ')).join('; ') + '</pre>')";
        Path file = edge.directory().resolve("page.html");
        Files.writeString(file, html + more + "<script>" + axeCore() + "</script><script>" + run + "</script>");
        List<String> command = new ArrayList<>(List.of(
                chromium,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--virtual-time-budget=60000",
                "--user-data-dir=" + edge.directory().resolve("chromium"),
                "--dump-dom"));
        command.addAll(how);
        command.add(file.toUri().toString());
        Path dom = edge.directory().resolve("dom.html");
        Process browser = new ProcessBuilder(command)
                .redirectOutput(dom.toFile())
                .redirectError(edge.directory().resolve("chromium.log").toFile())
                .start();
        try {
            assertThat(browser.waitFor(120, TimeUnit.SECONDS)).as("chromium").isTrue();
        } finally {
            browser.descendants().forEach(ProcessHandle::destroyForcibly);
            browser.destroyForcibly().waitFor();
        }
        String found = Files.readString(dom);
        int begin = found.indexOf("<pre id=\"found\">");
        assertThat(begin).as("axe-core has run").isPositive();
        return found.substring(begin + 16, found.indexOf("</pre>", begin));
    }

    private static String axeCore() throws Exception {
        try (InputStream in = StatusPageTest.class.getResourceAsStream("/axe.min.js")) {
            return new String(Objects.requireNonNull(in, "axe-core").readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private int rows(String path) {
        return admin("localhost", path).body().split("data-label=\"Seen by clients\"", -1).length - 1;
    }

    private RawClient.Response admin(String host, String path) {
        try (RawClient client = RawClient.plain(edge.adminPort())) {
            return client.get(host, path);
        }
    }

    /** Nobody listens where {@code /dead} of the first site leads. */
    private String configuration(String server, int sites) {
        StringBuilder text = new StringBuilder(LISTENERS).append("sites:\n");
        String certificate = edge.site()
                .certificate(IntStream.range(0, sites)
                        .mapToObj(i -> "site" + i + ".example")
                        .toArray(String[]::new));
        for (int i = 0; i < sites; i++) {
            text.append("  - { names: [site")
                    .append(i)
                    .append(".example], certificate: ")
                    .append(certificate);
            text.append(i == 0 ? ", backend: web, routes: [{ path: /dead, backend: dead }] }\n" : ", backend: web }\n");
        }
        return text + "backends:\n  web: { servers: [\"" + server + "\"] }\n  dead: { servers: [\"127.0.0.1:"
                + FreePorts.next() + "\"] }\n";
    }
}
