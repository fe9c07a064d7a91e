package dev.postern.migrate.caddy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.config.Configuration;
import dev.postern.migrate.ImportCases;
import dev.postern.migrate.Imported;
import dev.postern.pki.Pem;
import dev.postern.testing.TestCa;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The cases of {@code src/test/resources/migrate/caddy}: beside each file stands what becomes of it, to the letter. */
class CaddyImportTest {
    private static final Path CASES = Path.of("src/test/resources/migrate/caddy");
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2027-01-01T00:00:00Z"));
    private static final Map<String, String> ENVIRONMENT = Map.of("DOMAIN", "example.net", "CF_TOKEN", "tiger");

    @TempDir
    private Path directory;

    private Imported imported(String text) throws IOException {
        Path file = directory.resolve("Caddyfile");
        Files.writeString(file, text);
        return CaddyImport.read(file, ENVIRONMENT, CLOCK);
    }

    /** A plain site with this inside. */
    private Imported site(String inside) throws IOException {
        return imported("http://a.example.net {\n" + inside.indent(4) + "}\n");
    }

    static Stream<String> cases() {
        return ImportCases.in(CASES, ".Caddyfile");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void fileBecomesWhatStandsBesideItAndPasses(String name) throws Exception {
        Path file = CASES.resolve(name);
        Imported imported = CaddyImport.read(file, ENVIRONMENT, CLOCK);

        ImportCases.isAsItStands(CASES.resolve(name.replace(".Caddyfile", ".yaml")), imported);
        ImportCases.everyLineIsToldOf(said(Files.readString(file)), name, imported);
        assertThat(imported.text()).doesNotContain("tiger");
    }

    /** Without the lines of a text that goes on. */
    private static String said(String text) {
        return text.replaceAll("(?m)^\\s*(User-agent: \\*|Disallow: /|TEXT.*)$", "")
                .replaceAll("(?m)^www\\.two\\.example\\.net \\{$", "");
    }

    @Test
    void portsOfTheOptionsAreThoseOfTheListeners() throws Exception {
        assertThat(imported("{\n  http_port 8080\n  https_port 8443\n}\na.example.net {\n  respond hi\n}\n")
                        .text())
                .contains("""
                        listeners:
                          http:
                            bind: [":8080"]
                          https:
                            bind: [":8443"]
                        """);
    }

    @Test
    void portAloneIsOneOfHttpsWhereItsSiteHasTls() throws Exception {
        assertThat(imported("a.example.net {\n  respond hi\n}\n:33444 {\n  tls internal\n  respond hello\n}\n")
                        .text())
                .contains("https-33444:\n    kind: https", "names: [port-33444.internal]");
        assertThat(imported(":33444 {\n  respond hello\n}\n").text()).contains("plain: true");
    }

    @Test
    void namesOfACertificateAreTakenFromNobody() throws Exception {
        Instant now = CLOCK.instant();
        TestCa.Issued issued =
                TestCa.create().issue(List.of("a.example.net", "www.example.net"), now, Duration.ofDays(30));
        Files.writeString(directory.resolve("chain.pem"), Pem.of(issued.chain()));
        Files.writeString(directory.resolve("key.pem"), Pem.of(issued.key()));

        assertThat(imported(":443 {\n  tls chain.pem key.pem\n  respond any\n}\na.example.net {\n  respond 403\n}\n")
                        .text())
                .contains("names: [www.example.net]", "names: [a.example.net]");
    }

    @Test
    void whoConnectsIsTheClientOnlyWhereNoProxyIsTrusted() throws Exception {
        String options = "{\n  servers {\n    trusted_proxies %s\n  }\n}\nhttp://a.example.net {\n  @out not %s"
                + " 10.0.0.0/8\n  respond @out 403\n  reverse_proxy 10.0.0.1\n}\n";

        Imported connected = imported(options.formatted("static 192.0.2.1", "remote_ip"));
        assertThat(connected.text()).contains("NOT KEPT OUT HERE").doesNotContain(" allow: ");
        assertThat(connected.guards()).isEqualTo(1);
        Imported client = imported(options.formatted("static 192.0.2.1", "client_ip"));
        assertThat(client.text()).contains("allow: [10.0.0.0/8]");
        assertThat(client.guards()).isZero();
        // Of a module, that knows others than the result.
        assertThat(imported(options.formatted("cloudflare", "client_ip")).text())
                .contains("NOT KEPT OUT HERE")
                .doesNotContain("allow: [");
    }

    @Test
    void linesOfFilesThatAreImportedAreToldWithTheirFile() throws Exception {
        Imported imported = CaddyImport.read(CASES.resolve("directives.Caddyfile"), ENVIRONMENT, CLOCK);

        ImportCases.everyLineIsToldOf(Files.readString(CASES.resolve("more/blog.caddy")), "more/blog.caddy", imported);
    }

    /** Whatever lines come together: none is dropped, and what comes out is a configuration. */
    @Test
    void anyLinesTogetherMakeAConfigurationAndNoneIsDropped() throws Exception {
        List<String> pool = new ArrayList<>();
        for (String name : cases().toList()) {
            said(Files.readString(CASES.resolve(name)))
                    .lines()
                    .map(String::strip)
                    .filter(line ->
                            !line.isEmpty() && !line.endsWith("{") && !line.equals("}") && !line.contains("import"))
                    .filter(line -> !line.endsWith(",") && !line.contains("<<"))
                    .forEach(pool::add);
        }
        List<String> blocks = List.of(
                "handle {",
                "handle /a/* {",
                "handle_path /a/* {",
                "route {",
                "reverse_proxy 10.0.0.1 {",
                "tls {",
                "@m {",
                "transport http {",
                "header {",
                "basic_auth {");
        Random random = new Random(7);
        for (int round = 0; round < Integer.getInteger("migrate.rounds", 100); round++) {
            StringBuilder text = new StringBuilder();
            int depth = 0;
            for (int i = 5 + random.nextInt(60); i >= 0; i--) {
                int choice = random.nextInt(12);
                if (depth == 0) {
                    text.append(random.nextBoolean() ? "" : "http://")
                            .append((char) ('a' + random.nextInt(4)))
                            .append(".example.net {\n");
                    depth++;
                } else if (choice < 3 && depth < 5) {
                    text.append(blocks.get(random.nextInt(blocks.size()))).append('\n');
                    depth++;
                } else if (choice == 3) {
                    text.append("}\n");
                    depth--;
                } else {
                    text.append(pool.get(random.nextInt(pool.size()))).append('\n');
                }
            }
            text.append("}\n".repeat(depth));
            Imported imported = imported(text.toString());

            ImportCases.everyLineIsToldOf(text.toString(), "Caddyfile", imported);
            ImportCases.passes(imported, text.toString());
        }
    }

    @Test
    void directivesAreAskedInCaddysOrderAndNotInThatOfTheFile() throws Exception {
        String text = site("reverse_proxy 10.0.0.1\nrespond /a/* 403\nredir /a/b /c\n")
                .text();

        assertThat(text).contains("""
                    routes:
                      - exact: /a/b
                        redirect: /c
                        status: 302
                      - path: /a/
                        respond: { status: 403 }
                """).contains("backend: 10_0_0_1_80");
    }

    @Test
    void whatIsNeverReachedIsTold() throws Exception {
        assertThat(site("respond \"all\"\nreverse_proxy 10.0.0.1").text())
                .contains("Caddyfile:3: reverse_proxy 10.0.0.1", "in Caddy's order it is never reached");
        // Not so where the order is that of the file.
        assertThat(site("route {\nreverse_proxy 10.0.0.1\nrespond \"all\"\n}").text())
                .contains("backend: 10_0_0_1_80");
    }

    @Test
    void redirectIsAskedBeforeThePasswordAndAnswersAreAfterIt() throws Exception {
        String hash = "$2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG";
        Configuration config =
                ImportCases.passes(site("basic_auth {\nops " + hash + "\n}\nredir /a /b\nrespond \"hi\""), "");

        assertThat(config.sites().get(0).routes())
                .satisfiesExactly(
                        redirect -> assertThat(redirect.settings().auth()).isNull(),
                        all -> assertThat(all.settings().auth()).isNotNull());
    }

    @Test
    void onlyOneHandleAnswersAndWhatNoneAnswersGoesOn() throws Exception {
        String text = site("handle /a/* {\nheader X-A b\n}\nhandle {\nreverse_proxy 10.0.0.1\n}")
                .text();

        // What Caddy answers with nothing goes to no server.
        assertThat(text).contains("""
                      - path: /a/
                        respond: { status: 200 }
                        response-headers:
                          set: { X-A: b }
                """);
    }

    @Test
    void pathsInsideOfHandlePathAreThoseThatAreLeft() throws Exception {
        assertThat(site("handle_path /a/* {\nreverse_proxy /b/* 10.0.0.1\n}").text())
                .contains("""
                      - path: /a/b/
                        backend: 10_0_0_1_80
                        rewrite: /b/
                """);
    }

    @Test
    void whoIsKeptOutByAddressIsKeptOutHere() throws Exception {
        assertThat(site("@out not remote_ip 10.0.0.0/8\nrespond @out 403\nreverse_proxy 10.0.0.1")
                        .text())
                .contains("allow: [10.0.0.0/8]");
        assertThat(site("@in remote_ip 10.0.0.0/8\nhandle @in {\nreverse_proxy 10.0.0.1\n}\nrespond 403")
                        .text())
                .contains("allow: [10.0.0.0/8]");
        assertThat(site("@bad remote_ip 10.0.0.1\nabort @bad\nreverse_proxy 10.0.0.1")
                        .text())
                .contains("deny: [10.0.0.1]");
        // Somebody else answers the others: that is no question for a route.
        Imported two = site("@in remote_ip 10.0.0.0/8\nreverse_proxy @in 10.0.0.1\nreverse_proxy 10.0.0.2");
        assertThat(two.text()).doesNotContain("allow:").contains("routes do not ask for the address of the client");
    }

    @Test
    void whoWasKeptOutAndIsLetInNowIsToldLoudly() throws Exception {
        Imported imported = site("@bad path_regexp \\.git\nrespond @bad 403\nreverse_proxy 10.0.0.1");

        assertThat(imported.guards()).isEqualTo(1);
        assertThat(imported.text()).contains("Caddyfile:3: respond @bad 403", "NOT KEPT OUT HERE");
    }

    @Test
    void passwordThatCannotBeAskedLetsNobodyInAndIsNotRepeated() throws Exception {
        Imported imported = site("basic_auth {\nops tiger\n}\nreverse_proxy 10.0.0.1");

        assertThat(imported.text())
                .contains("NOBODY GETS IN HERE", "deny: [0.0.0.0/0, \"::/0\"]")
                .doesNotContain("tiger");
    }

    @Test
    void snippetsGetTheirArgumentsAndDefaultsStandForVariables() throws Exception {
        String text = imported("""
                (s) {
                	respond "{args.0} and {args[1]}"
                }
                http://{$NOBODY:a.example.net} {
                	import s one "two three"
                }
                """).text();

        assertThat(text)
                .contains(
                        "names: [a.example.net]",
                        "body: one and two three".replace("one and two three", "\"one and two three\""));
    }

    @Test
    void sitesAtOtherPortsHaveListenersOfTheirOwn() throws Exception {
        String text = imported("a.example.net {\nrespond a\n}\n:8081 {\nrespond b\n}\n:8082 {\nrespond c\n}\n")
                .text();

        assertThat(text).contains("""
                  http-8081:
                    kind: http
                    bind: [":8081"]
                    redirect: off
                    sites: [port-8081.internal]
                """, "body: b", "body: c", "sites: [port-8082.internal]");
    }

    @Test
    void fileWithoutBracesIsOneSite() throws Exception {
        assertThat(imported("http://a.example.net\nrespond \"hi\"\n").text())
                .contains("names: [a.example.net]", "body: hi");
    }

    @Test
    void oddTextsAreReadOrRefused() throws Exception {
        ImportCases.oddTextsAreReadOrRefused(CASES, ".Caddyfile", this::imported);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "a {|Caddyfile:1: begins a block that is not closed",
                "a {\\n}\\n}|Caddyfile:3: has a } too many",
                "a {\\n respond \"x\\n}|Caddyfile:2: has a quote that is not closed",
                "a {\\n respond <<X\\n y\\n}|Caddyfile:2: has <<X without an end",
                "(s) {\\nimport s\\n}\\na {\\nimport s\\n}|imports without end",
                "\\0|Caddyfile:1: has a NUL character",
                "# nothing|Caddyfile: has no word"
            })
    void whatIsNoCaddyfileIsRefusedWithItsPlace(String text, String message) {
        assertThatThrownBy(() -> imported(text.replace("\\n", "\n").replace("\\0", "\0")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message);
    }
}
