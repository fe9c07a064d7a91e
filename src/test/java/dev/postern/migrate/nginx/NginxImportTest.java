package dev.postern.migrate.nginx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.config.Configuration;
import dev.postern.config.Site;
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
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The cases of {@code src/test/resources/migrate/nginx}: beside each file stands what becomes of it, to the letter. */
class NginxImportTest {
    private static final Path CASES = Path.of("src/test/resources/migrate/nginx");
    private static final Instant NOW = Instant.parse("2027-01-01T00:00:00Z");
    private static final InstantSource CLOCK = InstantSource.fixed(NOW);

    @TempDir
    private Path directory;

    private Imported imported(String text) throws IOException {
        Path file = directory.resolve("n.conf");
        Files.writeString(file, text);
        return NginxImport.read(file, CLOCK);
    }

    /** A server at port 80 with this inside. */
    private Imported server(String inside) throws IOException {
        return imported("server {\n  listen 80;\n  server_name a.example.com;\n" + inside.indent(2) + "}\n");
    }

    static Stream<String> cases() {
        return ImportCases.in(CASES, ".conf");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void fileBecomesWhatStandsBesideItAndPasses(String name) throws Exception {
        Path file = CASES.resolve(name);
        Imported imported = NginxImport.read(file, CLOCK);

        ImportCases.isAsItStands(CASES.resolve(name.replace(".conf", ".yaml")), imported);
        ImportCases.everyLineIsToldOf(Files.readString(file), name, imported);
    }

    @Test
    void linesOfFilesThatAreIncludedAreToldWithTheirFile() throws Exception {
        Imported imported = NginxImport.read(CASES.resolve("directives.conf"), CLOCK);

        ImportCases.everyLineIsToldOf(Files.readString(CASES.resolve("parts/old.conf")), "parts/old.conf", imported);
    }

    /** Whatever lines come together: none is dropped, and what comes out is a configuration. */
    @Test
    void anyLinesTogetherMakeAConfigurationAndNoneIsDropped() throws Exception {
        List<String> pool = new ArrayList<>();
        for (String name : cases().toList()) {
            Files.readString(CASES.resolve(name)).lines().map(String::strip).forEach(line -> {
                long opened = line.chars().filter(c -> c == '{').count();
                long closed = line.chars().filter(c -> c == '}').count();
                if (opened == closed && (line.endsWith(";") || line.endsWith("}"))) {
                    pool.add(line);
                }
            });
        }
        Random random = new Random(7);
        for (int round = 0; round < Integer.getInteger("migrate.rounds", 100); round++) {
            StringBuilder text = new StringBuilder();
            int depth = 0;
            for (int i = random.nextInt(60); i >= 0; i--) {
                int choice = random.nextInt(12);
                if (choice == 0 && depth == 0) {
                    text.append("server {\n");
                    depth++;
                } else if (choice < 3 && depth > 0 && depth < 4) {
                    text.append(random.nextBoolean() ? "location /" : "location = /")
                            .append((char) ('a' + random.nextInt(3)))
                            .append(random.nextBoolean() ? "/" : "")
                            .append(" {\n");
                    depth++;
                } else if (choice == 3 && depth > 0) {
                    text.append("}\n");
                    depth--;
                } else {
                    text.append(pool.get(random.nextInt(pool.size()))).append('\n');
                }
            }
            text.append("}\n".repeat(depth)).append("server { listen 80; }\n");
            Imported imported = imported(text.toString());

            ImportCases.everyLineIsToldOf(text.toString(), "n.conf", imported);
            ImportCases.passes(imported, text.toString());
        }
    }

    @Test
    void certificateThatIsHereIsTaken() throws Exception {
        TestCa.Issued issued = TestCa.create().issue(List.of("www.example.com"), NOW, Duration.ofDays(30));
        Files.writeString(directory.resolve("chain.pem"), Pem.of(issued.chain()));
        Files.writeString(directory.resolve("key.pem"), Pem.of(issued.key()));

        Configuration config = ImportCases.passes(imported("""
                server {
                  listen 443 ssl;
                  ssl_certificate chain.pem;
                  ssl_certificate_key key.pem;
                  location / { proxy_pass http://10.0.0.1; }
                }
                """), "");

        Site site = config.sites().get(0);
        assertThat(site.names()).containsExactly("www.example.com");
        assertThat(site.files()).isNotNull();
    }

    @Test
    void namesOfACertificateAreTakenFromNobody() throws Exception {
        TestCa.Issued issued =
                TestCa.create().issue(List.of("a.example.com", "www.example.com"), NOW, Duration.ofDays(30));
        Files.writeString(directory.resolve("chain.pem"), Pem.of(issued.chain()));
        Files.writeString(directory.resolve("key.pem"), Pem.of(issued.key()));
        String server = "server { listen 443 ssl; %s ssl_certificate chain.pem; ssl_certificate_key key.pem;"
                + " location / { proxy_pass http://10.0.0.1; } }\n";
        String named = server.formatted("server_name a.example.com; deny all;");

        String pattern = imported(server.formatted("server_name b.example.com;")
                        + server.formatted("server_name ~^(.+)\\.dyn\\.example\\.com$;")
                        + named)
                .text();
        assertThat(pattern)
                .contains("names: [a.example.com]", "no such patterns", "no name leads to it")
                .doesNotContain("www.example.com]");
        assertThat(imported(server.formatted("server_name _;") + named).text())
                .contains("names: [www.example.com]", "names: [a.example.com]");
    }

    @Test
    void hostThatServersAreAskedForIsThatOfProxyPassUnlessAHeaderSaysIt() throws Exception {
        assertThat(server("location / { proxy_pass http://10.0.0.1:81; }").text())
                .contains("host: 10.0.0.1:81");
        assertThat(server("proxy_set_header Host $host;\nlocation / { proxy_pass http://10.0.0.1; }")
                        .text())
                .doesNotContain("host:");
        // A level that sets one header has none of those around it.
        assertThat(server(
                                "proxy_set_header Host $host;\nlocation / { proxy_set_header X-A b; proxy_pass http://10.0.0.1; }")
                        .text())
                .contains("host: 10.0.0.1");
    }

    @Test
    void pathIsReplacedWhereProxyPassHasOne() throws Exception {
        assertThat(server("location /a/ { proxy_pass http://10.0.0.1/b/; }").text())
                .contains("path: /a/\n        backend: \"10_0_0_1_80\"".replace("\"", ""), "rewrite: /b/");
        assertThat(server("location /a/ { proxy_pass http://10.0.0.1; }").text())
                .doesNotContain("rewrite:");
    }

    @Test
    void whoMayComeIsAskedByNobodyForWhatRewritesAnswer() throws Exception {
        // In nginx as well: return is before access.
        assertThat(server("deny all;\nreturn 302 /elsewhere;").text()).doesNotContain("\n    deny:");
    }

    @Test
    void passwordFileThatIsGoodIsNamedAndAnyOtherLetsNobodyIn() throws Exception {
        Path users = directory.resolve("users");
        String location = "auth_basic staff;\nauth_basic_user_file users;\nlocation / { proxy_pass http://10.0.0.1; }";
        Files.writeString(users, "ops:$2y$12$eImiTXuWVxfM37uY4JANjQeKxQyHJ1pF7v8Qk8l6B1n8cJ2mHn0Ve\n");
        assertThat(server(location).text()).contains("auth: { realm: staff, users-file: ");

        Files.writeString(users, "ops:$apr1$x$y\n");
        Imported closed = server(location);
        assertThat(closed.text()).contains("NOBODY GETS IN HERE", "deny: [0.0.0.0/0, \"::/0\"]");
        assertThat(closed.guards()).isEqualTo(1);
    }

    @Test
    void whoWasKeptOutAndIsLetInNowIsToldLoudly() throws Exception {
        Imported imported = server("location / { proxy_pass http://10.0.0.1; }\nlocation ~ \\.php$ { deny all; }");

        assertThat(imported.guards()).isEqualTo(1);
        assertThat(imported.text()).contains("n.conf:5: location ~ \\.php$", "NOT KEPT OUT HERE");
    }

    @Test
    void addressesThatNginxAsksAHeaderForArePosternsOnlyWhereItReadsThatHeader() throws Exception {
        String guarded = "location / { allow 10.0.0.0/8; deny all; proxy_pass http://10.0.0.1; }";

        Imported other = server("set_real_ip_from 10.0.0.2;\nreal_ip_header CF-Connecting-IP;\n" + guarded);
        assertThat(other.guards()).isEqualTo(2);
        assertThat(other.text()).contains("NOT KEPT OUT HERE: the client is whom cf-connecting-ip names");
        // X-Real-IP, where nothing is said.
        assertThat(server("set_real_ip_from 10.0.0.2;\n" + guarded).guards()).isEqualTo(2);
        assertThat(imported("limit_req_zone $binary_remote_addr zone=z:1m rate=1r/s;\nserver { listen 80;"
                                + " server_name a.example.com; set_real_ip_from 10.0.0.2; location / { limit_req zone=z;"
                                + " proxy_pass http://10.0.0.1; } }")
                        .guards())
                .isEqualTo(1);

        Imported same = server("set_real_ip_from 10.0.0.2;\nreal_ip_header X-Forwarded-For;\n" + guarded);
        assertThat(same.guards()).isZero();
        assertThat(same.text()).contains("trusted-proxies: [10.0.0.2]");
    }

    @Test
    void balancersAloneAreBelievedOfTheProxyProtocol() throws Exception {
        String server = "server { listen 80 proxy_protocol; server_name a.example.com; %s allow 10.0.0.0/8; deny all;"
                + " location / { proxy_pass http://10.0.0.1; } }";

        Imported told = imported(server.formatted("set_real_ip_from 192.0.2.3; real_ip_header proxy_protocol;"));
        assertThat(told.text()).contains("proxy-protocol: [192.0.2.3]").doesNotContain("Everybody");
        assertThat(told.notes()).isZero();

        // Of whom nginx asks the address itself.
        Imported peer = imported(server.formatted(""));
        assertThat(peer.text()).contains("NOT KEPT OUT HERE: nginx asks for the address of the balancer");
        assertThat(peer.guards()).isEqualTo(2);
    }

    @Test
    void siteOfAnAddressOfItsOwnDoesNotAppearElsewhere() throws Exception {
        String text = imported("""
                server { listen 80; server_name a.example.com; location / { proxy_pass http://10.0.0.1; } }
                server { listen 127.0.0.1:80; server_name b.internal; location / { proxy_pass http://10.0.0.2; } }
                """).text();

        assertThat(text).doesNotContain("[b.internal]").contains("n.conf:2: listen 127.0.0.1:80;");
    }

    @Test
    void serverAtAnotherPortIsThereAndNowhereElse() throws Exception {
        String text = imported("""
                server { listen 80; server_name a.example.com; location / { proxy_pass http://10.0.0.1; } }
                server { listen 80; listen 8080; server_name b.example.com; location / { proxy_pass http://10.0.0.2; } }
                server { listen 127.0.0.1:9000; location / { proxy_pass http://10.0.0.3; } }
                """).text();

        assertThat(text).contains("""
                  http:
                    bind: [":80"]
                    sites: [others, b.example.com]
                  http-8080:
                    kind: http
                    bind: [":8080"]
                    redirect: off
                    sites: [b.example.com]
                  http-9000:
                    kind: http
                    bind: [127.0.0.1:9000]
                    redirect: off
                    sites: [port-9000.internal]
                """).contains("""
                  - names: [port-9000.internal]
                    default: true
                    plain: true
                """);
    }

    @Test
    void connectionsArePassedOnByNameAtAListenerOfTheirOwn() throws Exception {
        String text = imported("""
                http {
                  server { listen 127.0.0.1:8443 ssl; server_name a.example.com; location / { proxy_pass http://10.0.0.1; } }
                }
                stream {
                  map $ssl_preread_server_name $to { db.example.com 10.0.0.2:443; default 127.0.0.1:8443; }
                  server { listen 443; ssl_preread on; proxy_pass $to; }
                }
                """).text();

        assertThat(text).contains("""
                  https:
                    bind: [127.0.0.1:8443]
                  https-443:
                    kind: https
                    bind: [":443"]
                    sites: [db.example.com, "*"]
                """);
    }

    @Test
    void clientsAreAskedForCertificatesWhereTheFileOfTheirAuthoritiesIsHere() throws Exception {
        String server = """
                server {
                  listen 443 ssl;
                  server_name a.example.com;
                  ssl_client_certificate ca.pem;
                  ssl_verify_client on;
                  location / { deny 10.0.0.1; proxy_pass http://10.0.0.1; }
                }
                """;
        // What a route says of addresses stands for what its site says.
        assertThat(imported(server).text()).contains("NOBODY GETS IN HERE", "deny: [10.0.0.1, 0.0.0.0/0, \"::/0\"]");

        Files.writeString(
                directory.resolve("ca.pem"), Pem.of(List.of(TestCa.create().root())));
        Imported imported = imported(server);
        assertThat(imported.text()).contains("mode: require, depth: 1 }").doesNotContain("::/0");
        assertThat(ImportCases.passes(imported, "").sites().get(0).settings().clientCertificates())
                .isNotNull();
    }

    @Test
    void fileThatIsMissingIsToldAndOneThatIncludesItselfEnds() throws Exception {
        assertThat(imported("include missing.conf;\nserver { listen 80; return 404; }")
                        .text())
                .contains("n.conf:1: include missing.conf;", "it is not there");
        assertThat(imported("include n.conf;\nserver { listen 80; return 404; }")
                        .text())
                .contains("files include one another without end");
    }

    @Test
    void nobodyGetsInWhereAFileIsMissingThatMayKeepSomebodyOut() throws Exception {
        Imported all = server("include guards.conf;\nlocation / { proxy_pass http://10.0.0.1; }");
        assertThat(all.text()).contains("n.conf:4: include guards.conf;", "NOBODY GETS IN HERE", "\n    deny: [");
        assertThat(all.guards()).isEqualTo(1);
        assertThat(server("location /a/ { include guards.conf; proxy_pass http://10.0.0.1; }\n"
                                + "location / { proxy_pass http://10.0.0.1; }")
                        .text())
                .contains("NOBODY GETS IN HERE", "\n        deny: [")
                .doesNotContain("\n    deny: [");

        Files.createDirectories(directory.resolve("sites-enabled"));
        Files.writeString(directory.resolve("guards.conf"), "deny 192.0.2.1;\n");
        Path part = Files.writeString(
                directory.resolve("sites-enabled/app"),
                "server { listen 80; server_name a.example.com; include guards.conf; location / { proxy_pass"
                        + " http://10.0.0.1; } }");
        assertThat(NginxImport.read(part, CLOCK).text()).contains("deny: [192.0.2.1]");
    }

    @Test
    void rewriteThatLeadsToALocationWithGuardsIsToldLoudly() throws Exception {
        String admin = "location /admin/ { deny all; proxy_pass http://10.0.0.2; }\n";
        String old = "location /old/ { rewrite ^/old/(.*)$ /%s/$1 %s; proxy_pass http://10.0.0.1; }";

        Imported last = server(admin + old.formatted("admin", "last"));
        assertThat(last.guards()).isEqualTo(1);
        assertThat(last.text()).contains("NOT KEPT OUT HERE: it leads to a location that keeps somebody out");
        assertThat(server(admin + old.formatted("admin", "break")).guards()).isZero();
        assertThat(server(admin + old.formatted("new", "last")).guards()).isZero();
    }

    @Test
    void oddTextsAreReadOrRefused() throws Exception {
        ImportCases.oddTextsAreReadOrRefused(CASES, ".conf", this::imported);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "server {|n.conf:1: ends with a block that is open",
                "listen 80|n.conf:1: ends with no ;",
                "server { }\\n}|n.conf:2: has a } too many",
                "server { listen 80 }|n.conf:1: has a } behind a word",
                "return 200 'x|n.conf:1: has a quote that is not closed",
                "return 'a'b;|n.conf:1: has something right behind a quote",
                "\\n;|n.conf:2: has a ; without a directive",
                "\\0|n.conf:1: has a NUL character",
                "# nothing|n.conf: has no directive"
            })
    void whatIsNoConfigurationOfNginxIsRefusedWithItsPlace(String text, String message) {
        assertThatThrownBy(() -> imported(text.replace("\\n", "\n").replace("\\0", "\0")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message);
    }
}
