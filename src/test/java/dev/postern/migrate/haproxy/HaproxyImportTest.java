package dev.postern.migrate.haproxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.postern.config.Configuration;
import dev.postern.config.Site;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.config.read.ConfigurationProblems;
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
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The cases of {@code src/test/resources/migrate/haproxy}: beside each file stands what becomes of it, to the letter. {@code
 * -Dmigrate.write=true} writes that anew, for whoever looks at the difference then.
 */
class HaproxyImportTest {
    private static final Path CASES = Path.of("src/test/resources/migrate/haproxy");
    private static final Instant NOW = Instant.parse("2027-01-01T00:00:00Z");
    private static final InstantSource CLOCK = InstantSource.fixed(NOW);

    @TempDir
    private Path directory;

    private Imported imported(String text) throws IOException {
        Path file = directory.resolve("h.cfg");
        Files.writeString(file, text);
        return HaproxyImport.read(file, Map.of(), CLOCK);
    }

    private Configuration read(String text) throws Exception {
        return ConfigurationFile.parse("result.yaml", imported(text).text());
    }

    /** HAProxy asks these before it reads the PROXY header: they are about the balancers, not about clients. */
    @ParameterizedTest
    @CsvSource({
        "http, tcp-request connection reject unless { src 10.0.0.3 }",
        "tcp, tcp-request connection reject if !{ src 10.0.0.3 }",
        "tcp, tcp-request connection accept if { src 10.0.0.3 }|  tcp-request connection reject"
    })
    void connectionsBehindBalancersAreTakenByTheirHeaders(String mode, String rules) throws Exception {
        Imported imported = imported("listen l\n  mode " + mode + "\n  bind :8080 accept-proxy\n  "
                + rules.replace('|', '\n') + "\n  server s 10.0.0.1:80\n");

        ConfigurationFile.parse("result.yaml", imported.text());
        assertThat(imported.text())
                .contains("proxy-protocol: [10.0.0.3]\n")
                .doesNotContain("allow:", "deny:")
                .contains("NOT KEPT OUT HERE: others come in as well");
        assertThat(imported.guards()).isEqualTo(1);
    }

    /** These are asked after the header was read. */
    @ParameterizedTest
    @ValueSource(strings = {"session", "content"})
    void laterRulesAreAboutTheClientsThatBalancersName(String when) throws Exception {
        assertThat(imported("listen l\n  mode tcp\n  bind :8080 accept-proxy\n  tcp-request " + when
                                + " reject unless { src 10.0.0.3 }\n  server s 10.0.0.1:80\n")
                        .text())
                .contains("allow: [10.0.0.3]\n", "proxy-protocol: [0.0.0.0/0, \"::/0\"]\n");
    }

    /** Nobody reaches at one address what HAProxy has at another. */
    @Test
    void namesPassedOnAtOtherAddressesHaveListenersOfTheirOwn() throws Exception {
        String text = """
                defaults
                  mode tcp
                frontend www
                  mode http
                  bind 10.0.0.1:443 ssl crt /nowhere/www.example.com.pem
                  default_backend web
                frontend inside
                  bind 10.0.0.2:443
                  use_backend erp if { req_ssl_sni -i erp.example.com }
                frontend more
                  bind 10.0.0.3:443
                  use_backend erp if { req_ssl_sni -i erp.example.com }
                  default_backend rest
                backend web
                  mode http
                  server s 10.1.0.1:80
                backend erp
                  server s 10.1.0.2:443
                backend rest
                  server s 10.1.0.3:443
                """;

        read(text);
        assertThat(imported(text).text())
                .contains("  https:\n    bind: [10.0.0.1:443]\n")
                .contains("  inside:\n    kind: https\n    bind: [10.0.0.2:443]\n    sites: [erp.example.com]\n")
                .contains(
                        "  more:\n    kind: https\n    bind: [10.0.0.3:443]\n    sites: [erp.example.com, more.invalid]\n")
                .contains("- names: [more.invalid]\n    default: true\n    passthrough: rest\n");
    }

    /** Here everybody would be judged by the address of who stands in front. */
    @ParameterizedTest
    @CsvSource({
        "http-request set-src hdr(X-Real-IP) if { src 10.0.0.0/8 }|http-request deny unless { src 10.9.0.0/16 }, ''",
        "http-request set-src hdr(X-Real-IP), http-request deny if { src 192.0.2.1 }"
    })
    void addressesThatHaproxyHasOfHeadersKeepNobodyOutHere(String front, String back) throws Exception {
        Imported imported = imported("frontend f\n  mode http\n  bind :80\n  " + front.replace('|', '\n')
                + "\n  default_backend b\nbackend b\n  mode http\n  " + back + "\n  server s 10.0.0.1:80\n");

        ConfigurationFile.parse("result.yaml", imported.text());
        assertThat(imported.text())
                .contains("NOT KEPT OUT HERE: set-src has another address asked for")
                .doesNotContain("allow:", "deny:");
        assertThat(imported.guards()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "tcp-request content reject unless { ssl_fc_sni -i db.example.com }, NOBODY GETS IN HERE",
        "tcp-request content accept if { ssl_fc_sni -i db.example.com }|tcp-request content reject, NOBODY GETS IN HERE",
        "tcp-request content reject if { ssl_fc_sni -i db.example.com }, NOT KEPT OUT HERE"
    })
    void whoAServiceTakesByNameIsTold(String rules, String told) throws Exception {
        Imported imported = imported("listen db\n  mode tcp\n  bind :5433 ssl crt /nowhere/db.example.com.pem\n  "
                + rules.replace("|", "\n  ") + "\n  server s 10.0.0.1:5432\n");

        ConfigurationFile.parse("result.yaml", imported.text());
        assertThat(imported.text()).contains(told + ": no service asks for the name in a handshake");
        assertThat(imported.text().contains("deny:")).isEqualTo(told.startsWith("NOBODY"));
        assertThat(imported.guards()).isEqualTo(1);
    }

    /** Passwords are not carried over: whoever needed one stays outside. */
    @ParameterizedTest
    @CsvSource({
        "http-request auth realm X if { path_beg /priv/ } !{ http_auth(u) }, ''",
        "http-request deny if { path_beg /priv/ } !{ http_auth(u) }, ''",
        "http-request allow if { http_auth(u) }|http-request deny, ''",
        "'', acl ok http_auth(u)|http-request auth unless ok"
    })
    void whoNeedsAPasswordOfHaproxyGetsInNowhere(String front, String back) throws Exception {
        Imported imported =
                imported("userlist u\n  user bob insecure-password x\nfrontend f\n  mode http\n  bind :80\n  "
                        + front.replace("|", "\n  ") + "\n  default_backend b\nbackend b\n  mode http\n  "
                        + back.replace("|", "\n  ") + "\n  server s 10.0.0.1:80\n");

        ConfigurationFile.parse("result.yaml", imported.text());
        assertThat(imported.text())
                .contains("NOBODY GETS IN HERE: passwords are bcrypt hashes here")
                .contains("respond: { status: 403 }");
        assertThat(imported.guards()).isEqualTo(1);
    }

    static Stream<String> cases() throws IOException {
        try (Stream<Path> files = Files.list(CASES)) {
            return files
                    .map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".cfg"))
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void fileBecomesWhatStandsBesideItAndPasses(String name) throws Exception {
        Path file = CASES.resolve(name);
        Imported imported = HaproxyImport.read(file, Map.of(), CLOCK);

        Path result = CASES.resolve(name.replace(".cfg", ".yaml"));
        if (Boolean.getBoolean("migrate.write")) {
            Files.writeString(result, imported.text());
        }
        assertThat(imported.text()).isEqualTo(Files.readString(result));
        ConfigurationFile.parse(result.toString(), imported.text());
        everyLineIsToldOf(Files.readString(file), name, imported);
    }

    /** Nothing vanishes: without a line something else comes out, or it was named. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void everyLineLeavesATrace(String name) throws Exception {
        List<String> lines = Files.readString(CASES.resolve(name)).lines().toList();
        String whole = imported(String.join("\n", lines)).text();
        List<String> silent = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            boolean isSection = !lines.get(i).startsWith(" ");
            // Which holds by default.
            boolean isNothing = line.isEmpty() || line.equals("mode tcp");
            if (isNothing || isSection || whole.contains("# h.cfg:" + (i + 1) + ": ")) {
                continue;
            }
            List<String> without = new ArrayList<>(lines);
            without.set(i, "");
            if (imported(String.join("\n", without)).text().equals(whole)) {
                silent.add((i + 1) + ": " + line);
            }
        }
        assertThat(silent).isEmpty();
    }

    private static void everyLineIsToldOf(String text, String name, Imported imported) {
        List<String> silent = new ArrayList<>();
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            boolean isSaid = !line.isEmpty() && !line.startsWith("#");
            if (isSaid
                    && !imported.carried().contains(name + ":" + (i + 1))
                    && !imported.text().contains("# " + name + ":" + (i + 1) + ": ")) {
                silent.add((i + 1) + ": " + line);
            }
        }
        assertThat(silent)
                .as("lines that nothing came of, and nobody is told of")
                .isEmpty();
    }

    /** Whatever lines come together: none is dropped, and what comes out is a configuration. */
    @Test
    void anyLinesTogetherMakeAConfigurationAndNoneIsDropped() throws Exception {
        List<String> pool = new ArrayList<>();
        try (Stream<Path> files = Files.list(CASES)) {
            for (Path file : files.filter(file -> file.toString().endsWith(".cfg"))
                    .sorted()
                    .toList()) {
                Files.readString(file).lines().filter(line -> !line.isBlank()).forEach(pool::add);
            }
        }
        Random random = new Random(7);
        for (int round = 0; round < Integer.getInteger("migrate.rounds", 100); round++) {
            StringBuilder text =
                    new StringBuilder("defaults\n  mode " + (random.nextBoolean() ? "http" : "tcp") + "\n");
            int count = 1 + random.nextInt(40);
            for (int i = 0; i < count; i++) {
                text.append(pool.get(random.nextInt(pool.size()))).append('\n');
            }
            Imported imported = imported(text.toString());

            everyLineIsToldOf(text.toString(), "h.cfg", imported);
            assertThat(imported.text()).satisfies(it -> {
                try {
                    ConfigurationFile.parse("h", it);
                } catch (ConfigurationProblems e) {
                    throw new AssertionError(e.lines() + "\n" + text + "\n" + it, e);
                }
            });
        }
    }

    @Test
    void certificateThatIsHereIsTakenWithItsNames() throws Exception {
        TestCa.Issued issued = TestCa.create().issue(List.of("www.example.com"), NOW, Duration.ofDays(30));
        Path pem = directory.resolve("site.pem");
        Files.writeString(pem, Pem.of(issued.chain()) + Pem.of(issued.key()));

        Configuration config = read("""
                frontend f
                  mode http
                  bind :443 ssl crt %s
                  use_backend b if { hdr(host) -i www.example.com }
                backend b
                  mode http
                  server s 10.0.0.1:80
                """.formatted(pem));

        Site site = config.sites().get(0);
        assertThat(site.names()).containsExactly("www.example.com");
        assertThat(site.files()).isNotNull();
    }

    // First match in HAProxy, the most specific in Postern: without a route for both, POST /a would go to the second.
    @Test
    void earlierRuleGoesBeforeALaterOneThatIsMoreSpecific() throws Exception {
        String text = imported("""
                listen l
                  mode http
                  bind :80
                  use_backend first if METH_POST
                  use_backend second if { path_beg /a }
                  server s 10.0.0.3:80
                backend first
                  mode http
                  server s 10.0.0.1:80
                backend second
                  mode http
                  server s 10.0.0.2:80
                """).text();

        assertThat(text).contains("""
                      - path: /a
                        when:
                          methods: [POST]
                        backend: first
                      - path: /a
                        backend: second
                """);
    }

    @Test
    void whoWasKeptOutAndIsLetInNowIsToldLoudly() throws Exception {
        Imported imported = imported("""
                listen l
                  mode http
                  bind :80
                  http-request deny if { hdr(User-Agent) -m sub bad }
                  server s 10.0.0.3:80
                """);

        assertThat(imported.guards()).isEqualTo(1);
        assertThat(imported.text()).contains("h.cfg:4: http-request deny", "NOT KEPT OUT HERE");
    }

    // A route's allow or deny stands for that of its site: whoever the site keeps out would come in there.
    @Test
    void whoIsKeptOutOfASiteIsKeptOutOfItsRoutesToo() throws Exception {
        Configuration config = read("""
                listen l
                  mode http
                  bind :80
                  http-request deny if { src 192.0.2.1 }
                  http-request deny if { path_beg /a/ } { src 192.0.2.2 }
                  http-request deny if !{ src 192.0.2.0/24 10.0.0.0/8 }
                  http-request deny if { path_beg /b/ } !{ src 10.0.0.0/8 }
                  server s 10.0.0.3:80
                """);

        Site site = config.sites().get(0);
        assertThat(site.routes().stream().filter(route -> !route.path().equals("/")))
                .extracting(
                        route -> route.path(),
                        route -> route.settings().allow().toString(),
                        route -> route.settings().deny().toString())
                .containsExactlyInAnyOrder(
                        tuple("/a/", "[192.0.2.0/24, 10.0.0.0/8]", "[192.0.2.1/32, 192.0.2.2/32]"),
                        tuple("/b/", "[10.0.0.0/8]", "[192.0.2.1/32]"));
    }

    @Test
    void certificateOfAServiceBindsNoPortOfTheWeb() throws Exception {
        String text = imported("""
                listen redis
                  bind :6380 ssl crt /nowhere/redis.example.com.pem
                  server s 10.0.0.3:6379
                """).text();

        Configuration config = ConfigurationFile.parse("h", text);
        assertThat(config.listeners().http().bind()).hasToString("[127.0.0.1:0]");
        assertThat(config.listeners().https().bind()).hasToString("[127.0.0.1:0]");
        assertThat(text).contains("Here for the certificate of redis (h.cfg:1)");
    }

    @Test
    void nameOfTheCertificateOfAServiceIsOnNoListenerOfTheWeb() throws Exception {
        Configuration config = read("""
                defaults
                  mode http
                listen web
                  bind :80
                  server s 10.0.0.3:80
                listen redis
                  mode tcp
                  bind :6380 ssl crt /nowhere/redis.example.com.pem
                  server s 10.0.0.3:6379
                """);

        assertThat(config.sites()).extracting(Site::names).containsExactly(List.of("*"), List.of("redis.example.com"));
        assertThat(config.listeners().allHttps())
                .anySatisfy(listener -> assertThat(listener.sites().named()).containsExactly("redis.example.com"))
                .allSatisfy(listener -> assertThat(listener.bind()).hasToString("[127.0.0.1:0]"));
    }

    @Test
    void tokensThatThePlainSectionPassesOnArePassedOnByTheSitesWithTls() throws Exception {
        String text = imported("""
                frontend plain
                  mode http
                  bind :80
                  use_backend certbot if { path_beg /.well-known/acme-challenge/ }
                  http-request redirect scheme https unless { path_beg /.well-known/acme-challenge/ }
                frontend secure
                  mode http
                  bind :443 ssl crt /nowhere/www.example.com.pem
                  default_backend app
                backend app
                  mode http
                  server s 10.0.0.3:80
                backend certbot
                  mode http
                  server s 10.0.0.4:80
                """).text();

        assertThat(text).contains("""
                    acme-challenges: pass
                    backend: app
                    routes:
                      - path: /.well-known/acme-challenge/
                        backend: certbot
                """, "h.cfg:5: tokens under /.well-known/acme-challenge/");
    }

    @Test
    void clientsAreAskedForCertificatesAsTheyWere() throws Exception {
        Path ca = Files.writeString(
                directory.resolve("ca.pem"), Pem.of(List.of(TestCa.create().root())));

        Configuration config = read("""
                frontend f
                  mode http
                  bind :443 ssl crt /nowhere/www.example.com.pem ca-file %s verify required
                  default_backend b
                backend b
                  mode http
                  server s 10.0.0.1:80
                """.formatted(ca));

        assertThat(config.sites().get(0).settings().clientCertificates()).isNotNull();
    }

    @Test
    void valuesInAFileArePutIn() throws Exception {
        Path office = Files.writeString(directory.resolve("office.lst"), "# ours\n10.0.0.0/8\n\n192.0.2.7\n");

        Configuration config = read("""
                listen l
                  mode http
                  bind :80
                  http-request deny if !{ src -f %s }
                  server s 10.0.0.1:80
                """.formatted(office));

        assertThat(config.sites().get(0).settings().allow()).hasToString("[10.0.0.0/8, 192.0.2.7/32]");
    }

    @Test
    void addressThatIsAmongAllAddressesIsBoundOnce() throws Exception {
        assertThat(read("listen l\n  mode http\n  bind 127.0.0.1:80\n  bind *:80\n  server s 10.0.0.1:80\n")
                        .listeners()
                        .http()
                        .bind())
                .hasToString("[:80]");
    }

    @Test
    void addressThatAnotherSectionHasIsTold() throws Exception {
        String text = imported("""
                listen a
                  bind 0.0.0.0:5000
                  server s 10.0.0.1:80
                listen b
                  bind 127.0.0.1:5000
                  bind 127.0.0.1:5001
                  server s 10.0.0.1:80
                """).text();

        ConfigurationFile.parse("h", text);
        assertThat(text).contains("bind: [127.0.0.1:5001]", "not bound: 127.0.0.1:5000");
    }

    // They would be found down.
    @Test
    void serversThatAreCheckedOverTlsAreNotAskedWithoutIt() throws Exception {
        String text = imported("""
                listen l
                  mode tcp
                  bind :443
                  option httpchk GET /healthz
                  server s 10.0.0.1:443 check check-ssl verify none
                """).text();

        assertThat(text).contains("type: tcp", "h.cfg:4: option httpchk", "h.cfg:5: server s");
    }

    @Test
    void whatIsSwitchedOffIsNotServed() throws Exception {
        assertThat(imported("listen l\n  bind :80\n  mode http\n  disabled\n  server s 10.0.0.3:80\n")
                        .text())
                .doesNotContain(":80\"]")
                .contains("h.cfg:4: disabled");
    }

    @Test
    void passwordsAreNotRepeated() throws Exception {
        assertThat(imported(
                                "userlist u\n  user ops insecure-password tiger\nlisten l\n  bind :80\n  stats auth a:tiger\n")
                        .text())
                .doesNotContain("tiger");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "nonsense here|h.cfg:1: \"nonsense\" stands in no section",
                "global\\n  log 'x|h.cfg:2: has a quote that is not closed",
                "\\0|h.cfg:1: has a NUL character",
                "# nothing|h.cfg: has no section"
            })
    void whatIsNoConfigurationOfHaproxyIsRefusedWithItsPlace(String text, String message) {
        assertThatThrownBy(() -> imported(text.replace("\\n", "\n").replace("\\0", "\0")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message);
    }

    @Test
    void lineWithoutAnEndIsToldInPart() throws Exception {
        Imported imported = imported("global\n  description " + "x".repeat(1_000_000) + "\nlisten l\n");

        assertThat(imported.text()).hasSizeLessThan(5_000).contains("h.cfg:2: description xxx", "…");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {"bind :80 interface eth0", "bind :80 accept-proxy", "bind :80,:80", "bind [::]:80,0.0.0.0:80"})
    void listenersPass(String bind) throws Exception {
        assertThat(read("listen l\n  mode http\n  " + bind + "\n  server s 10.0.0.1:80\n")
                        .listeners()
                        .http()
                        .bind())
                .isNotEmpty();
    }
}
