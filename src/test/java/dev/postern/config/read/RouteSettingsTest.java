package dev.postern.config.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.postern.config.Action;
import dev.postern.config.AddressRange;
import dev.postern.config.BasicAuth;
import dev.postern.config.ClientCertificates;
import dev.postern.config.Compression;
import dev.postern.config.Compression.Encoding;
import dev.postern.config.Configuration.Route;
import dev.postern.config.Durations;
import dev.postern.config.ForwardAuth;
import dev.postern.config.HeaderEdits;
import dev.postern.config.HeaderEdits.Field;
import dev.postern.config.Hsts;
import dev.postern.config.KeptFile;
import dev.postern.config.LogFormat;
import dev.postern.config.LogSettings;
import dev.postern.config.Page;
import dev.postern.config.RateLimit;
import dev.postern.config.RouteConditions;
import dev.postern.config.RouteConditions.Check;
import dev.postern.config.RouteConditions.HeaderCondition;
import dev.postern.config.RouteLimits;
import dev.postern.config.RouteSettings;
import dev.postern.config.RouteSettings.DuplicateSlashes;
import dev.postern.config.RouteSettings.EncodedSlashes;
import dev.postern.config.RouteTimeouts;
import dev.postern.config.Secret;
import dev.postern.config.Site;
import dev.postern.config.SiteLog;
import dev.postern.config.Syslog;
import dev.postern.pki.Pem;
import dev.postern.testing.TestPki;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a site says for its routes, and a route for itself. */
class RouteSettingsTest {
    /** Of no password that anybody knows. */
    private static final String HASH = "$2y$12$" + "a".repeat(53);

    @Test
    void siteThatSaysNothingHasTheDefaults() throws Exception {
        Site site = site("backend: web");

        assertThat(site.settings()).isEqualTo(RouteSettings.DEFAULT);
        assertThat(site.settings())
                .isEqualTo(new RouteSettings(
                        EncodedSlashes.REFUSE,
                        DuplicateSlashes.MERGE,
                        List.of(),
                        HeaderEdits.NONE,
                        HeaderEdits.NONE,
                        List.of(),
                        List.of(),
                        Set.of(),
                        null,
                        null,
                        null,
                        Map.of(),
                        null,
                        null,
                        null,
                        null,
                        false,
                        false,
                        RouteTimeouts.NONE,
                        RouteLimits.NONE));
        assertThat(site.routes()).containsExactly(new Route("/", new Action.ToBackend("web", null)));
    }

    @Test
    void everyKeyArrivesAndARouteHasTheLastWord(@TempDir Path directory) throws Exception {
        Path page = Files.writeString(directory.resolve("Sorry.HTML"), "<h1>sorry</h1>");
        Path users = Files.writeString(directory.resolve("users"), "# staff\n\nbob:" + HASH + "\n");
        TestPki.Ca of = TestPki.root("CA");
        Path ca = Files.writeString(directory.resolve("ca.pem"), Pem.of(List.of(of.certificate())));
        Path crl = TestPki.replace(directory.resolve("crl.pem"), of.revoking());
        Site site = site("""
                backend: web
                encoded-slashes: keep
                duplicate-slashes: keep
                keep-header-names: [Api_Key, x.trace, X-Original-URL]
                request-headers: { set: { X-A: "1", X-B: b c }, add: { X-C: "3" }, remove: [X-D, x-E] }
                response-headers: { set: { X-A: "1" }, remove: Server }
                allow: [10.0.0.0/8, "2001:db8::/32"]
                deny: 10.0.0.1
                allow-methods: [GET, POST]
                auth: { realm: Staff, users: { al: "%s" }, users-file: %s, keep-authorization: false }
                forward-auth: { to: web, path: "/verify?a=b", copy-headers: [Remote-User, remote-groups], timeout: 2s, cache: 3s }
                hsts: { max-age: 730d, include-subdomains: true, preload: true }
                error-pages: { 502: %s, 4xx: %s }
                rate-limit: { requests: 100, per: 10s, burst: 200 }
                compression: { encodings: [gzip, zstd], types: [Text/HTML, "application/*"], min-size: 2KiB }
                acme-challenges: pass
                access-log: { to: "syslog+udp://192.0.2.1:514", format: "{client} {header:X-A}", sample: 10, headers: X-B }
                client-certificates: { ca: %s, crl: %s, mode: request, depth: 1, headers: { Client-Cert: certificate, X-Verify: verification } }
                timeouts: { request-body: 1s, connect: 2s, response: unlimited }
                limits: { body: 1KiB }
                routes:
                  - path: /a
                    backend: web
                    rewrite: /b
                    encoded-slashes: refuse
                    duplicate-slashes: merge
                    keep-header-names: other_key
                    request-headers: { set: { x-c: "4" }, remove: X-A }
                    response-headers: { add: { X-B: "2" } }
                    allow: [192.0.2.0/24]
                    deny: [192.0.2.1/32]
                    allow-methods: PUT
                    auth: off
                    forward-auth: off
                    rate-limit: { requests: 5 }
                    timeouts: { request-body: unlimited, tunnel: 3h }
                    limits: { body: unlimited }
                    compression: off
                    client-certificates: require
                """.formatted(HASH, users, page, page, ca, crl));

        Page sorry = Page.text("<h1>sorry</h1>").as("text/html; charset=utf-8");
        RouteSettings ofSite = new RouteSettings(
                EncodedSlashes.KEEP,
                DuplicateSlashes.KEEP,
                List.of("api_key", "x.trace", "x-original-url"),
                new HeaderEdits(
                        List.of(new Field("X-A", "1"), new Field("X-B", "b c")),
                        List.of(new Field("X-C", "3")),
                        List.of("x-d", "x-e")),
                new HeaderEdits(List.of(new Field("X-A", "1")), List.of(), List.of("server")),
                List.of(range("10.0.0.0", 8), range("2001:db8::", 32)),
                List.of(range("10.0.0.1", 32)),
                Set.of("GET", "HEAD", "POST"),
                new BasicAuth("Staff", Map.of("al", new Secret(HASH), "bob", new Secret(HASH)), false),
                new ForwardAuth(
                        "web",
                        "/verify?a=b",
                        List.of("remote-user", "remote-groups"),
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(3)),
                new Hsts(Duration.ofDays(730), true, true),
                Map.of("502", sorry, "4xx", sorry),
                new RateLimit("sites[0].rate-limit", 100, Duration.ofSeconds(10), 200),
                new Compression(List.of(Encoding.GZIP, Encoding.ZSTD), List.of("text/html", "application/*"), 2048),
                new SiteLog(new LogSettings(
                        null,
                        new Syslog(Syslog.Transport.UDP, "192.0.2.1", 514),
                        LogFormat.CUSTOM,
                        "{client} {header:X-A}",
                        true,
                        null,
                        10,
                        List.of("x-b"))),
                new ClientCertificates(
                        new KeptFile(ca, new Secret(Files.readString(ca))),
                        new KeptFile(crl, new Secret(Files.readString(crl))),
                        ClientCertificates.Mode.REQUEST,
                        1,
                        List.of(
                                new ClientCertificates.Header("Client-Cert", ClientCertificates.Fact.CERTIFICATE),
                                new ClientCertificates.Header("X-Verify", ClientCertificates.Fact.VERIFICATION))),
                false,
                true,
                new RouteTimeouts(Duration.ofSeconds(1), Duration.ofSeconds(2), Durations.UNLIMITED, null),
                new RouteLimits(OptionalLong.of(1024)));
        RouteSettings ofRoute = new RouteSettings(
                EncodedSlashes.REFUSE,
                DuplicateSlashes.MERGE,
                List.of("other_key"),
                new HeaderEdits(
                        List.of(new Field("X-B", "b c"), new Field("x-c", "4")),
                        List.of(),
                        List.of("x-d", "x-e", "x-a")),
                new HeaderEdits(List.of(new Field("X-A", "1")), List.of(new Field("X-B", "2")), List.of("server")),
                List.of(range("192.0.2.0", 24)),
                List.of(range("192.0.2.1", 32)),
                Set.of("PUT"),
                null,
                null,
                ofSite.hsts(),
                ofSite.errorPages(),
                new RateLimit("sites[0].routes[0].rate-limit", 5, Duration.ofSeconds(1), 5),
                null,
                ofSite.accessLog(),
                ofSite.clientCertificates(),
                true,
                true,
                // The first is the route's, the others the site's.
                new RouteTimeouts(Durations.UNLIMITED, Duration.ofSeconds(2), Durations.UNLIMITED, Duration.ofHours(3)),
                new RouteLimits(OptionalLong.empty()));
        assertThat(site.settings()).isEqualTo(ofSite);
        assertThat(site.routes())
                .containsExactly(
                        new Route("/", RouteConditions.NONE, new Action.ToBackend("web", null), ofSite),
                        new Route("/a", RouteConditions.NONE, new Action.ToBackend("web", "/b"), ofRoute));
        assertThat(site.settings().toString()).doesNotContain(HASH);
    }

    @Test
    void answersArrive(@TempDir Path directory) throws Exception {
        Path file = Files.write(directory.resolve("data.json"), new byte[] {'{', '}'});
        Site site = site("""
                routes:
                  - { path: /a, respond: { body: "{}", content-type: application/json } }
                  - { path: /b, respond: { status: 404, body-file: %s } }
                  - { path: /c, redirect: "https://{host}/new{rest}?{query}" }
                """.formatted(file));

        Page json = Page.text("{}").as("application/json");
        assertThat(site.routes())
                .extracting(Route::action)
                .containsExactly(
                        new Action.Respond(200, json),
                        new Action.Respond(404, json),
                        new Action.Redirect("https://{host}/new{rest}?{query}", 308));
    }

    @Test
    void compressionAndLimitsHaveDefaults() throws Exception {
        Site site = site("""
                backend: web
                compression: {}
                rate-limit: { requests: 7 }
                routes: [{ path: /a, backend: web, rate-limit: off }]
                """);

        assertThat(site.settings().compression())
                .isEqualTo(new Compression(
                        List.of(Encoding.ZSTD, Encoding.BR, Encoding.GZIP), Compression.DEFAULT_TYPES, 1024));
        assertThat(site.settings().rateLimit())
                .isEqualTo(new RateLimit("sites[0].rate-limit", 7, Duration.ofSeconds(1), 7));
        assertThat(site.routes().get(1).settings().rateLimit()).isNull();
    }

    private static AddressRange range(String network, int prefix) throws Exception {
        return new AddressRange(InetAddress.getByName(network), prefix);
    }

    @Test
    void everyConditionArrives() throws Exception {
        Site site = site("""
                routes:
                  - { exact: "/%7eme/%c3%a4%41", backend: web }
                  - path: /
                    backend: web
                    when:
                      host: APP.internal
                      methods: [GET, PURGE]
                      headers: { X-Two: { present: false }, X-One: a b, Accept: { prefix: x }, B: { equals: y }, C: { present: true } }
                """);

        assertThat(site.routes())
                .extracting(Route::path, Route::conditions)
                .containsExactly(
                        tuple("/~me/%C3%A4A", new RouteConditions(true, Set.of(), List.of())),
                        tuple(
                                "/",
                                new RouteConditions(
                                        false,
                                        Set.of("GET", "HEAD", "PURGE"),
                                        List.of(
                                                new HeaderCondition("accept", Check.PREFIX, "x"),
                                                new HeaderCondition("b", Check.EQUALS, "y"),
                                                new HeaderCondition("c", Check.PRESENT, ""),
                                                new HeaderCondition("x-one", Check.EQUALS, "a b"),
                                                new HeaderCondition("x-two", Check.ABSENT, "")),
                                        Set.of("app.internal"),
                                        Set.of())));
    }

    private static Site site(String keys) throws ConfigurationProblems {
        return ConfigurationFile.parse("routes.yaml", """
                        acme: { issuers: [internal] }
                        sites:
                          - names: [app.internal]
                        %s
                        backends: { web: { servers: [127.0.0.1:8080] } }
                        """.formatted(keys.strip().indent(4)))
                .sites()
                .get(0);
    }
}
