package dev.postern.config.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.postern.config.Acme;
import dev.postern.config.Action;
import dev.postern.config.AddressRange;
import dev.postern.config.Addresses;
import dev.postern.config.Alerts;
import dev.postern.config.Balance;
import dev.postern.config.BasicAuth;
import dev.postern.config.BindAddress;
import dev.postern.config.CertificateSource;
import dev.postern.config.ChallengeType;
import dev.postern.config.Configuration;
import dev.postern.config.Configuration.Backend;
import dev.postern.config.Configuration.CertificateFiles;
import dev.postern.config.Configuration.Route;
import dev.postern.config.Configuration.Server;
import dev.postern.config.Dialogue;
import dev.postern.config.Dns01;
import dev.postern.config.Durations;
import dev.postern.config.Ejection;
import dev.postern.config.ExternalAccount;
import dev.postern.config.Health;
import dev.postern.config.Hsts;
import dev.postern.config.Issuer;
import dev.postern.config.KeptFile;
import dev.postern.config.KeyType;
import dev.postern.config.Limits;
import dev.postern.config.Listeners;
import dev.postern.config.Listeners.Challenge;
import dev.postern.config.Listeners.Http;
import dev.postern.config.Listeners.Https;
import dev.postern.config.LogFormat;
import dev.postern.config.LogRotation;
import dev.postern.config.LogSettings;
import dev.postern.config.RateLimit;
import dev.postern.config.RateLimits;
import dev.postern.config.Resolve;
import dev.postern.config.Retries;
import dev.postern.config.RouteConditions;
import dev.postern.config.RouteLimits;
import dev.postern.config.RouteSettings;
import dev.postern.config.RouteTimeouts;
import dev.postern.config.Secret;
import dev.postern.config.SentHost;
import dev.postern.config.ServerFaults;
import dev.postern.config.ServerProtocol;
import dev.postern.config.ServerQueue;
import dev.postern.config.ServerTls;
import dev.postern.config.Site;
import dev.postern.config.Stickiness;
import dev.postern.config.TcpService;
import dev.postern.config.Timeouts;
import dev.postern.config.Tls;
import dev.postern.config.TlsCipher;
import dev.postern.config.TlsGroup;
import dev.postern.config.TlsProfile;
import dev.postern.config.TlsVersion;
import dev.postern.config.Tolerance;
import dev.postern.config.Tracing;
import dev.postern.config.Tsig;
import dev.postern.config.describe.Editor;
import dev.postern.config.describe.Shown;
import dev.postern.testing.TestPki;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ConfigurationFileTest {
    private static final Path REPOSITORY_FILE = Path.of("config/postern.yaml");

    private static final URI STAGING = URI.create("https://acme-staging-v02.api.letsencrypt.org/directory");
    private static final Issuer LETSENCRYPT = new Issuer.AcmeDirectory(
            "letsencrypt",
            URI.create("https://acme-v02.api.letsencrypt.org/directory"),
            null,
            null,
            null,
            null,
            STAGING,
            RateLimits.LETSENCRYPT);
    private static final Issuer LETSENCRYPT_STAGING = new Issuer.AcmeDirectory(
            "letsencrypt-staging", STAGING, null, null, null, null, null, RateLimits.LETSENCRYPT_STAGING);

    private static final Listeners DEFAULT_LISTENERS = new Listeners(
            new Http(List.of(new BindAddress(null, 80)), OptionalInt.of(308), List.of()),
            new Https(List.of(new BindAddress(null, 443)), Https.DEFAULT_PROTOCOLS, List.of()),
            new Challenge(List.of(new BindAddress(address("127.0.0.1"), 9876))),
            null);
    private static final Timeouts DEFAULT_TIMEOUTS = new Timeouts(
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofSeconds(75),
            Duration.ofSeconds(3),
            Duration.ofSeconds(60),
            Duration.ofHours(1));
    private static final Limits DEFAULT_LIMITS = new Limits(
            8192,
            16384,
            100,
            OptionalLong.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalInt.empty());

    /** All of them in one place: a changed default is a visible diff. */
    @Test
    void defaults() throws ConfigurationProblems {
        Configuration configuration = ConfigurationFile.parse("postern.yaml", """
            acme:
              email: ops@example.com
              agree-to-terms: true
            sites:
              - names: [example.com, www.example.com]
                backend: web
            backends:
              web:
                servers: [10.0.0.11:8080, 10.0.0.12:8080]
                health: {}
            """);

        assertThat(configuration)
                .isEqualTo(new Configuration(
                        DEFAULT_LISTENERS,
                        new Tls(TlsVersion.TLS_1_2, TlsProfile.INTERMEDIATE),
                        new Acme(
                                "ops@example.com",
                                true,
                                List.of(LETSENCRYPT),
                                KeyType.EC_P256,
                                Path.of("certs"),
                                Path.of("certs/control.sock")),
                        List.of(new Site(
                                List.of("example.com", "www.example.com"),
                                List.of(new Route("/", new Action.ToBackend("web", null))),
                                null)),
                        Map.of(
                                "web",
                                new Backend(
                                        "web",
                                        Balance.ROUND_ROBIN,
                                        List.of(new Server("10.0.0.11", 8080, 1), new Server("10.0.0.12", 8080, 1)),
                                        new Health(
                                                "GET",
                                                "/health",
                                                null,
                                                200,
                                                399,
                                                Duration.ofSeconds(5),
                                                Duration.ofSeconds(2),
                                                2,
                                                3))),
                        List.of(),
                        List.of(),
                        List.of(),
                        DEFAULT_TIMEOUTS,
                        DEFAULT_LIMITS,
                        Duration.ofSeconds(30),
                        Duration.ZERO,
                        Configuration.Hooks.NONE,
                        null,
                        null,
                        null));
    }

    private static final RouteTimeouts TIMEOUTS_OF_API =
            new RouteTimeouts(Duration.ofMinutes(1), Duration.ofSeconds(1), Durations.UNLIMITED, Duration.ofHours(2));

    private static final RouteLimits LIMITS_OF_API = new RouteLimits(OptionalLong.of(1 << 20));

    /** What is said of the backend api stands for all routes to it. */
    private static final RouteSettings THROUGH_API = RouteSettings.DEFAULT.with(TIMEOUTS_OF_API, LIMITS_OF_API);

    /** Each key set to something that is not its default. */
    @Test
    void everyKeyArrives(@TempDir Path directory) throws Exception {
        Path caFile = Files.writeString(directory.resolve("ca.pem"), someRootsPem());
        Path chain = Files.writeString(directory.resolve("chain.pem"), "");
        Path key = Files.writeString(directory.resolve("key.pem"), "");
        Path serverCa = Files.writeString(directory.resolve("server-ca.pem"), someRootsPem());
        Path hmac = Files.writeString(directory.resolve("hmac"), "bm8tc2VjcmV0LWF0LWFsbA\n");
        String hash = "$2y$12$" + "a".repeat(53);
        Path users = Files.writeString(directory.resolve("users"), "ops:" + hash);
        Path tsig = Files.writeString(directory.resolve("tsig"), "bm8gc2VjcmV0IGF0IGFsbA==\n");

        String everything =
                """
                    listeners:
                      http: { bind: ["192.0.2.1:8080", "[2001:db8::1]:8080"], redirect: 301, proxy-protocol: [192.0.2.0/24] }
                      https: { bind: ":8443", protocols: [http/1.1], proxy-protocol: [198.51.100.1, "2001:db8::/32"] }
                      challenge: { bind: "[::1]:1234" }
                      admin: { bind: "127.0.0.1:1235", hosts: [Metrics.internal], ready: any, users-file: %8$s, token-file: %5$s }
                    tls:
                      min-version: TLSv1.3
                      groups: [X25519MLKEM768, prime256v1]
                      profile: modern
                    acme:
                      email: hostmaster@example.org
                      agree-to-terms: true
                      issuers:
                        - letsencrypt-staging
                        - directory: "https://ca.example.net:14000/dir"
                          ca-file: %1$s
                          eab: { key-id: id-1, hmac-file: %4$s }
                          profile: shortlived
                          preferred-chain: Some Root
                          staging: "https://ca.example.net:15000/dir"
                          rate-limits: letsencrypt
                        - { ca: zerossl, eab: { key-id: id-2, hmac-file: %4$s }, profile: { name: p, require: true }, preferred-chain: c }
                        - { ca: google, eab: { key-id: id-3, hmac-file: %4$s } }
                        - internal
                      challenges: [dns-01, tls-alpn-01]
                      dns-01:
                        server: "[2001:DB8::53]:5353"
                        tsig: { name: Key.Example., algorithm: hmac-sha512, secret-file: %5$s }
                        zone: Example.com.
                        ttl: 5m
                        propagation: 30s
                        resolvers: [192.0.2.53, "[2001:db8::53]:5353"]
                      key-type: rsa-4096
                      store: /var/lib/postern
                    sites:
                      - names: [Bücher.example.com.]
                        routes:
                          - { path: /api/, backend: api }
                          - { path: /old/, redirect: "https://example.com/new/", status: 302 }
                          - { path: /teapot, respond: { status: 418, body: "short\\nand stout" } }
                      - names: [own.example.com, 192.0.2.7, "[2001:DB8:0::7]"]
                        default: true
                        backend: api
                        certificate: { chain: %2$s, key: %3$s }
                        challenges: [http-01]
                      - names: [hooked.example.com]
                        backend: api
                        challenges: [dns-01]
                        dns-01: { exec: [/usr/bin/env, dns-hook], timeout: 10s, propagation: off }
                        keep-together: true
                    backends:
                      api:
                        balance: { by: uri, length: 20, depth: 2, whole: true, bounded-load: 200%% }
                        servers:
                          - address: "[2001:DB8::2]:9000"
                            weight: 256
                            backup: true
                            max-connections: 7
                            drain: true
                            name: app-2.old
                          - { address: App_1.internal:65535, resolve: any }
                        resolve: each
                        health:
                          method: HEAD
                          path: /up?deep=1
                          host: api.example.com:8080
                          expect: 204
                          interval: 200ms
                          timeout: 100ms
                          rise: 1
                          fall: 10
                          drain-on-404: true
                          port: 9001
                        protocol: h2c
                        tls:
                          ca-file: %7$s
                          server-name: API.internal
                          pin: [sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]
                          verify: on
                          min-version: TLSv1.3
                          certificate: { chain: %2$s, key: %3$s }
                        queue: { length: 0, timeout: 1s }
                        slow-start: 10s
                        eject: { after: 3, on: [closed, 500], time: 2s, longest: 1m }
                        sticky: { cookie: S, max-age: 2d, same-site: none, path: /app/ }
                        retry: { attempts: 2, on: [timeout, 503], budget: 50%% }
                        host: server
                        timeouts: { request-body: 1m, connect: 1s, response: unlimited, tunnel: 2h }
                        limits: { body: 1MiB }
                      proxied:
                        servers: [127.0.0.1:1]
                        proxy-protocol: v2
                        tolerate: [bare-lf, obs-fold, te-and-cl]
                    tcp:
                      - name: ranged
                        bind: [":5000-5001", "127.0.0.1:6000"]
                        backend: proxied
                        tls: own.example.com
                        alpn: [postgresql, h2]
                        server-port: "+1000"
                        allow: 10.0.0.0/8
                        deny: [10.0.0.1]
                        proxy-protocol: [192.0.2.1]
                        max-connections: 9
                        rate-limit: { connections: 3, per: 2s, burst: 4 }
                        timeouts: { connect: 1s, client: 2s, server: 3s, tunnel: 4s }
                    trusted-proxies: [10.0.0.0/8, "2001:db8::/32", 192.0.2.7]
                    resolvers: [192.0.2.53, "127.0.0.1:8600", "2001:db8::53", "[2001:db8::54]:5353", "[2001:db8::55]"]
                    timeouts:
                      handshake: 1s
                      request-head: 2s
                      request-body: 3s
                      keep-alive: 4m
                      connect: 500ms
                      response: 6h
                      tunnel: 7d
                    limits:
                      request-line: 512B
                      head: 1MiB
                      headers: 50
                      body: 2GiB
                      connections: 1000
                      connections-per-client: 50
                      server-connections: 2000
                      server-connections-per-client: 300
                    grace: 0
                    shutdown-delay: 5s
                    hooks:
                      on-renewed: [/usr/bin/env, reload, "a b"]
                      on-failure: [failed]
                      on-overdue: [overdue]
                      timeout: 5s
                    control: { socket: /run/postern/postern.sock }
                    tracing: { to: "http://192.0.2.1:4318/v1/traces", sample: 0.5%%, service: edge, query: false, token-file: %5$s }
                    alerts:
                      about: [renewals, backends]
                      per-hour: 5
                      mail: { server: "mail.example.com:465", tls: tls, from: postern@example.com, to: ops@example.com, user: postern, password-file: %4$s, ca-file: %1$s }
                      webhooks:
                        - { url: "https://ntfy.example.com/a", format: ntfy, token-file: %5$s, ca-file: %1$s }
                        - { url: "http://192.0.2.1/b" }
                    access-log: { to: %6$s, format: ecs, query: false, rotate: { size: 1MiB, age: 1d, keep: 3, compress: false }, sample: 5, headers: [X-Tenant, Cookie] }
                    """.formatted(caFile, chain, key, hmac, tsig, directory.resolve("access.log"), serverCa, users);
        Configuration configuration = ConfigurationFile.parse("postern.yaml", everything);

        assertThat(Editor.marks(everything)).as("what an editor marks").isEmpty();
        Shown.isTheSame(everything, new Surroundings(Map.of(), directory));
        Dns01 update = new Dns01.DynamicUpdate(
                "2001:db8::53",
                5353,
                new Tsig("key.example", "hmac-sha512", tsig),
                "example.com",
                Duration.ofMinutes(5),
                Duration.ofSeconds(30),
                List.of(new InetSocketAddress("192.0.2.53", 53), new InetSocketAddress("2001:db8::53", 5353)));

        assertThat(configuration)
                .isEqualTo(new Configuration(
                        new Listeners(
                                new Http(
                                        List.of(
                                                new BindAddress(address("192.0.2.1"), 8080),
                                                new BindAddress(address("2001:db8::1"), 8080)),
                                        OptionalInt.of(301),
                                        List.of(new AddressRange(address("192.0.2.0"), 24))),
                                new Https(
                                        List.of(new BindAddress(null, 8443)),
                                        List.of(Listeners.Protocol.HTTP_1_1),
                                        List.of(
                                                new AddressRange(address("198.51.100.1"), 32),
                                                new AddressRange(address("2001:db8::"), 32))),
                                new Challenge(List.of(new BindAddress(address("::1"), 1234))),
                                new Listeners.Admin(
                                        List.of(new BindAddress(address("127.0.0.1"), 1235)),
                                        List.of("metrics.internal"),
                                        Listeners.Ready.ANY,
                                        new BasicAuth("Postern", Map.of("ops", new Secret(hash)), true),
                                        new Secret("bm8gc2VjcmV0IGF0IGFsbA=="))),
                        new Tls(
                                TlsVersion.TLS_1_3,
                                TlsProfile.MODERN,
                                TlsCipher.INTERMEDIATE,
                                List.of(TlsGroup.X25519MLKEM768, TlsGroup.SECP256R1)),
                        new Acme(
                                "hostmaster@example.org",
                                true,
                                List.of(
                                        LETSENCRYPT_STAGING,
                                        new Issuer.AcmeDirectory(
                                                "ca.example.net-14000",
                                                URI.create("https://ca.example.net:14000/dir"),
                                                caFile,
                                                new ExternalAccount("id-1", hmac),
                                                "shortlived",
                                                "Some Root",
                                                URI.create("https://ca.example.net:15000/dir"),
                                                RateLimits.LETSENCRYPT),
                                        new Issuer.AcmeDirectory(
                                                "zerossl",
                                                URI.create("https://acme.zerossl.com/v2/DV90"),
                                                null,
                                                new ExternalAccount("id-2", hmac),
                                                "p",
                                                "c",
                                                null,
                                                RateLimits.NONE,
                                                true),
                                        new Issuer.AcmeDirectory(
                                                "google",
                                                URI.create("https://dv.acme-v02.api.pki.goog/directory"),
                                                null,
                                                new ExternalAccount("id-3", hmac),
                                                null,
                                                null,
                                                null,
                                                RateLimits.NONE),
                                        new Issuer.Internal()),
                                KeyType.RSA_4096,
                                Path.of("/var/lib/postern"),
                                Path.of("/run/postern/postern.sock")),
                        List.of(
                                new Site(
                                        List.of("xn--bcher-kva.example.com"),
                                        false,
                                        List.of(
                                                new Route(
                                                        "/api/",
                                                        RouteConditions.NONE,
                                                        new Action.ToBackend("api", null),
                                                        THROUGH_API),
                                                new Route(
                                                        "/old/", new Action.Redirect("https://example.com/new/", 302)),
                                                new Route("/teapot", new Action.Respond(418, "short\nand stout"))),
                                        CertificateSource.ISSUED,
                                        List.of(ChallengeType.DNS_01, ChallengeType.TLS_ALPN_01),
                                        update,
                                        RouteSettings.DEFAULT,
                                        false),
                                new Site(
                                        List.of("own.example.com", "192.0.2.7", "2001:db8::7"),
                                        true,
                                        List.of(new Route(
                                                "/",
                                                RouteConditions.NONE,
                                                new Action.ToBackend("api", null),
                                                THROUGH_API)),
                                        new CertificateFiles(chain, key),
                                        List.of(ChallengeType.HTTP_01),
                                        null,
                                        RouteSettings.DEFAULT,
                                        false),
                                new Site(
                                        List.of("hooked.example.com"),
                                        false,
                                        List.of(new Route(
                                                "/",
                                                RouteConditions.NONE,
                                                new Action.ToBackend("api", null),
                                                THROUGH_API)),
                                        CertificateSource.ISSUED,
                                        List.of(ChallengeType.DNS_01),
                                        new Dns01.Exec(
                                                List.of(new Secret("/usr/bin/env"), new Secret("dns-hook")),
                                                Duration.ofSeconds(10),
                                                Duration.ZERO),
                                        RouteSettings.DEFAULT,
                                        true)),
                        Map.of(
                                "api",
                                new Backend(
                                        "api",
                                        new Balance.ByHash(
                                                new Balance.Key.Uri(OptionalInt.of(20), OptionalInt.of(2), true),
                                                OptionalInt.of(200)),
                                        List.of(
                                                new Server(
                                                        "2001:db8::2",
                                                        9000,
                                                        256,
                                                        true,
                                                        7,
                                                        true,
                                                        Resolve.EACH,
                                                        "app-2.old"),
                                                new Server("app_1.internal", 65535, 1, false, 0, false, Resolve.ANY)),
                                        new Health(
                                                "HEAD",
                                                "/up?deep=1",
                                                "api.example.com:8080",
                                                204,
                                                204,
                                                Duration.ofMillis(200),
                                                Duration.ofMillis(100),
                                                1,
                                                10,
                                                Health.Type.HTTP,
                                                true,
                                                OptionalInt.of(9001),
                                                Dialogue.NONE),
                                        ServerProtocol.H2C,
                                        new ServerTls(
                                                new KeptFile(serverCa, new Secret(Files.readString(serverCa))),
                                                "api.internal",
                                                List.of("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
                                                true,
                                                TlsVersion.TLS_1_3,
                                                new ServerTls.Shown(
                                                        new KeptFile(chain, new Secret("")),
                                                        new KeptFile(key, new Secret("")))),
                                        new ServerQueue(0, Duration.ofSeconds(1)),
                                        Duration.ofSeconds(10),
                                        new Ejection(
                                                3,
                                                ServerFaultsReader.of(Set.of(ServerFaults.Kind.CLOSED), 500),
                                                Duration.ofSeconds(2),
                                                Duration.ofMinutes(1)),
                                        new Stickiness("S", Duration.ofDays(2), Stickiness.SameSite.NONE, "/app/"),
                                        new Retries(
                                                2, ServerFaultsReader.of(Set.of(ServerFaults.Kind.TIMEOUT), 503), 50),
                                        false,
                                        Set.of(),
                                        new SentHost.OfServer(),
                                        TIMEOUTS_OF_API,
                                        LIMITS_OF_API),
                                "proxied",
                                new Backend(
                                        "proxied",
                                        Balance.ROUND_ROBIN,
                                        List.of(new Server("127.0.0.1", 1, 1)),
                                        null,
                                        ServerProtocol.HTTP_1,
                                        ServerQueue.DEFAULT,
                                        Duration.ZERO,
                                        null,
                                        null,
                                        null,
                                        true,
                                        Set.of(Tolerance.BARE_LF, Tolerance.OBS_FOLD, Tolerance.TE_AND_CL))),
                        List.of(new TcpService(
                                "ranged",
                                List.of(
                                        new BindAddress(null, 5000),
                                        new BindAddress(null, 5001),
                                        new BindAddress(address("127.0.0.1"), 6000)),
                                "proxied",
                                "own.example.com",
                                List.of("postgresql", "h2"),
                                OptionalInt.of(1000),
                                List.of(new AddressRange(address("10.0.0.0"), 8)),
                                List.of(new AddressRange(address("10.0.0.1"), 32)),
                                List.of(new AddressRange(address("192.0.2.1"), 32)),
                                9,
                                new RateLimit("tcp[0].rate-limit", 3, Duration.ofSeconds(2), 4),
                                new TcpService.Timeouts(
                                        Duration.ofSeconds(1),
                                        Duration.ofSeconds(2),
                                        Duration.ofSeconds(3),
                                        Duration.ofSeconds(4)))),
                        List.of(
                                new AddressRange(address("10.0.0.0"), 8),
                                new AddressRange(address("2001:db8::"), 32),
                                new AddressRange(address("192.0.2.7"), 32)),
                        List.of(
                                new InetSocketAddress(address("192.0.2.53"), 53),
                                new InetSocketAddress(address("127.0.0.1"), 8600),
                                new InetSocketAddress(address("2001:db8::53"), 53),
                                new InetSocketAddress(address("2001:db8::54"), 5353),
                                new InetSocketAddress(address("2001:db8::55"), 53)),
                        new Timeouts(
                                Duration.ofSeconds(1),
                                Duration.ofSeconds(2),
                                Duration.ofSeconds(3),
                                Duration.ofMinutes(4),
                                Duration.ofMillis(500),
                                Duration.ofHours(6),
                                Duration.ofDays(7)),
                        new Limits(
                                512,
                                1 << 20,
                                50,
                                OptionalLong.of(2L << 30),
                                OptionalInt.of(1000),
                                OptionalInt.of(50),
                                OptionalInt.of(2000),
                                OptionalInt.of(300)),
                        Duration.ZERO,
                        Duration.ofSeconds(5),
                        new Configuration.Hooks(
                                List.of(new Secret("/usr/bin/env"), new Secret("reload"), new Secret("a b")),
                                List.of(new Secret("failed")),
                                List.of(new Secret("overdue")),
                                Duration.ofSeconds(5)),
                        new LogSettings(
                                directory.resolve("access.log"),
                                null,
                                LogFormat.ECS,
                                "",
                                false,
                                new LogRotation(1 << 20, Duration.ofDays(1), 3, false),
                                5,
                                List.of("x-tenant", "cookie")),
                        new Alerts(
                                EnumSet.of(Alerts.About.RENEWALS, Alerts.About.BACKENDS),
                                5,
                                new Alerts.Mail(
                                        "mail.example.com",
                                        465,
                                        Alerts.MailTls.TLS,
                                        "postern@example.com",
                                        List.of("ops@example.com"),
                                        "postern",
                                        hmac,
                                        caFile),
                                List.of(
                                        new Alerts.Webhook(
                                                new Secret("https://ntfy.example.com/a"),
                                                Alerts.Format.NTFY,
                                                tsig,
                                                caFile),
                                        new Alerts.Webhook(
                                                new Secret("http://192.0.2.1/b"), Alerts.Format.JSON, null, null))),
                        new Tracing("http://192.0.2.1:4318/v1/traces", 5, "edge", false, tsig)));
    }

    // The daemon would hang before it has said a word.
    @Test
    void accessLogIntoANamedPipeIsRefused(@TempDir Path directory) throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();

        ConfigurationProblems problems = catchThrowableOfType(
                ConfigurationProblems.class,
                () -> ConfigurationFile.parse("postern.yaml", "access-log: { to: " + pipe + " }\n" + INTERNAL_SITE));

        assertThat(problems.lines())
                .containsExactly("postern.yaml:1: access-log.to: \"" + pipe
                        + "\" is a named pipe; to open one is to wait for its reader (expected: stdout, the path of a"
                        + " file, syslog+udp://HOST:PORT, syslog+tcp://HOST:PORT or syslog:/dev/log)");
    }

    @Test
    void textsThatAreHeldToTheCharactersOfAUriMayBeLong() throws ConfigurationProblems {
        String path = "/" + "%41bc".repeat(20_000);

        Configuration config = ConfigurationFile.parse("test.yaml", """
                acme: { issuers: [internal] }
                sites:
                  - names: [app.internal]
                    routes:
                      - { exact: "%1$s", redirect: "https://app.internal%1$s" }
                      - { path: /, respond: { status: 204 } }
                """.formatted(path));

        assertThat(config.sites()).hasSize(1);
    }

    /** Twenty thousand sites with files of their own. */
    @Test
    void fileOfSeveralMegabytesIsRead() throws ConfigurationProblems {
        Configuration configuration =
                ConfigurationFile.parse("postern.yaml", """
            acme: { email: ops@example.com, agree-to-terms: true }
            sites: [{ names: [example.com], backend: web }]
            backends: { web: { servers: [10.0.0.11:8080] } }
            """ + ("# " + "-".repeat(78) + "\n").repeat(50_000));

        assertThat(configuration.sites()).hasSize(1);
    }

    @Test
    void redirectOffServesPlaintext() throws ConfigurationProblems {
        Configuration configuration =
                ConfigurationFile.parse("postern.yaml", "listeners: { http: { redirect: off } }\n" + INTERNAL_SITE);

        assertThat(configuration.listeners().http().redirect()).isEmpty();
    }

    @Test
    void modernProfileImpliesTls13() throws ConfigurationProblems {
        Configuration configuration =
                ConfigurationFile.parse("postern.yaml", "tls: { profile: modern }\n" + INTERNAL_SITE);

        assertThat(configuration.tls()).isEqualTo(new Tls(TlsVersion.TLS_1_3, TlsProfile.MODERN));
    }

    @Test
    void shortHealthIntervalShortensTheTimeoutWithIt() throws ConfigurationProblems {
        Configuration configuration = ConfigurationFile.parse("postern.yaml", """
            acme: { issuers: [internal] }
            sites: [{ names: [app.internal], backend: web }]
            backends: { web: { servers: ["127.0.0.1:8080"], health: { interval: 200ms } } }
            """);

        assertThat(web(configuration).health()).extracting(Health::timeout).isEqualTo(Duration.ofMillis(200));
    }

    @Test
    void issuersOfOneHostGetNamesThatDoNotDependOnTheirOrder() throws ConfigurationProblems {
        String text = """
            acme:
              email: ops@example.com
              agree-to-terms: true
              issuers: [{ directory: "https://%s" }, { directory: "https://%s" }, { directory: "https://internal/" }]
            sites: [{ names: [app.internal], backend: web }]
            backends: { web: { servers: ["127.0.0.1:8080"] } }
            """;

        List<Issuer> oneWay = ConfigurationFile.parse("a", text.formatted("ca/one", "ca/two"))
                .acme()
                .issuers();
        List<Issuer> otherWay = ConfigurationFile.parse("b", text.formatted("ca/two", "ca/one"))
                .acme()
                .issuers();

        assertThat(oneWay).containsExactlyInAnyOrderElementsOf(otherWay);
        assertThat(oneWay).extracting(Issuer::name).doesNotHaveDuplicates().doesNotContain("internal");
    }

    @Test
    void backendsKeepTheOrderOfTheFileAndCannotBeChanged() throws ConfigurationProblems {
        Configuration configuration = ConfigurationFile.parse("postern.yaml", """
            acme: { issuers: [internal] }
            sites: [{ names: [app.internal], backend: z }]
            backends: { z: { servers: ["a:1"] }, a: { servers: ["a:1"] }, m: { servers: ["a:1"] } }
            """);

        assertThat(configuration.backends().keySet()).containsExactly("z", "a", "m");
        assertThat(configuration.backends()).isUnmodifiable();
    }

    @Test
    void repositoryFileLoadsAndSaysTheDefaults() throws ConfigurationProblems {
        Configuration configuration = ConfigurationFile.read(REPOSITORY_FILE);

        assertThat(configuration.listeners()).isEqualTo(DEFAULT_LISTENERS);
        assertThat(configuration.tls()).isEqualTo(new Tls(TlsVersion.TLS_1_2, TlsProfile.INTERMEDIATE));
        assertThat(configuration.acme())
                .isEqualTo(new Acme(
                        "ops@example.com",
                        true,
                        List.of(LETSENCRYPT),
                        KeyType.EC_P256,
                        Path.of("certs"),
                        Path.of("certs/control.sock")));
        assertThat(configuration.trustedProxies()).isEmpty();
        assertThat(configuration.timeouts()).isEqualTo(DEFAULT_TIMEOUTS);
        assertThat(configuration.limits()).isEqualTo(DEFAULT_LIMITS);
        assertThat(configuration.grace()).isEqualTo(Duration.ofSeconds(30));
        assertThat(configuration.shutdownDelay()).isEqualTo(Duration.ZERO);
        assertThat(configuration.sites().get(0).challenges()).isEqualTo(Site.DEFAULT_CHALLENGES);
        assertThat(configuration.sites().get(0).keepTogether()).isFalse();
        assertThat(configuration.hooks()).isEqualTo(Configuration.Hooks.NONE);
        assertThat(configuration.alerts()).isNull();
        assertThat(configuration.tracing()).isNull();
    }

    @Test
    void whatIsSwitchedOffInTheRepositoryFileIsCorrectToo(@TempDir Path directory) throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), "bm8gc2VjcmV0IGF0IGFsbA==");
        Path ca = Files.writeString(directory.resolve("ca.pem"), someRootsPem());
        Path crl =
                TestPki.replace(directory.resolve("revoked"), TestPki.root("CA").revoking());
        Path users = Files.writeString(directory.resolve("users"), "al:$2y$12$" + "a".repeat(53));
        String everything = Files.readString(REPOSITORY_FILE)
                .lines()
                .map(line -> line.replaceFirst("^( *)#(?! |$)", "$1"))
                .collect(Collectors.joining("\n"))
                .replaceAll("/etc/ssl/example.com/[a-z]+.pem", "pom.xml")
                .replace("/etc/postern/users", users.toString())
                .replaceAll("/etc/postern/(internal|clients)-ca.pem", ca.toString())
                .replace("/etc/postern/clients.crl", crl.toString())
                .replaceAll("/etc/postern/[a-z.-]+", secret.toString())
                .replace("/var/log/access.log", directory.resolve("access.log").toString())
                .replaceAll("/usr/local/bin/[a-z-]+", "/usr/bin/env");

        assertThat(Editor.marks(everything)).as("what an editor marks").isEmpty();
        Shown.isTheSame(everything, new Surroundings(Map.of(), directory));
        Configuration configuration = ConfigurationFile.parse("postern.yaml", everything);

        Site site = configuration.sites().get(0);
        assertThat(site.routes()).hasSize(8);
        assertThat(site.settings().hsts()).isEqualTo(new Hsts(Duration.ofDays(365), false, false));
        assertThat(site.settings().errorPages()).containsOnlyKeys("404", "5xx");
        assertThat(Objects.requireNonNull(site.settings().auth(), "auth").users())
                .containsOnlyKeys("al", "ops");
        assertThat(site.certificate()).isNotNull();
        assertThat(site.challenges()).containsExactly(ChallengeType.DNS_01);
        assertThat(site.dns01()).isInstanceOf(Dns01.DynamicUpdate.class);
        assertThat(Secret.texts(configuration.hooks().onRenewed())).containsExactly("/usr/bin/env", "nginx");
        assertThat(configuration.backends()).containsOnlyKeys("web", "api", "postgres");
        assertThat(web(configuration).health())
                .isEqualTo(new Health(
                        "GET", "/health", "example.com", 200, 399, Duration.ofSeconds(5), Duration.ofSeconds(2), 2, 3));
    }

    @Test
    void commandLineMakesAConfiguration() throws ConfigurationProblems {
        Configuration configuration = ConfigurationFile.forSite(
                List.of("example.com", "www.example.com"), List.of("10.0.0.11:8080", "[::1]:8080"), "ops@example.com");

        assertThat(configuration.sites().get(0).names()).containsExactly("example.com", "www.example.com");
        assertThat(web(configuration).servers())
                .containsExactly(new Server("10.0.0.11", 8080, 1), new Server("::1", 8080, 1));
        assertThat(configuration.acme().email()).isEqualTo("ops@example.com");
        assertThat(configuration.acme().issuers()).containsExactly(LETSENCRYPT);
        assertThat(configuration.listeners()).isEqualTo(DEFAULT_LISTENERS);
    }

    @Test
    void commandLineIsHeldToTheRulesOfTheFile() {
        ConfigurationProblems problems = catchThrowableOfType(
                ConfigurationProblems.class,
                () -> ConfigurationFile.forSite(
                        List.of("10.0.0.1", "it's'], backend: x, #"), List.of("nowhere"), "nobody"));

        assertThat(problems.lines())
                .containsExactly(
                        "command line: --email: \"nobody\" has no @ (expected: an address such as ops@example.com)",
                        "command line: --site: \"it's'], backend: x, #\" has a port"
                                + " (expected: a host name such as www.example.com or *.example.com)",
                        "command line: --site: \"10.0.0.1\" is a private or reserved address, which letsencrypt may not certify;"
                                + " add internal to acme.issuers, bring a certificate, or serve the site over HTTP only (plain: true)",
                        "command line: --to: \"nowhere\" has no port (expected: HOST:PORT such as 10.0.0.11:8080,"
                                + " app.internal:8080 or [2001:db8::1]:8080, or unix:/run/app.sock)");
    }

    @Test
    void fileThatCannotBeReadIsAProblem(@TempDir Path directory) throws IOException {
        Path missing = directory.resolve("missing.yaml");
        Path latin1 = directory.resolve("latin1.yaml");
        Files.write(latin1, "# f\u00fcr\n".getBytes(StandardCharsets.ISO_8859_1));

        assertThat(problemsOf(missing)).containsExactly(missing + ": cannot be read: does not exist");
        assertThat(problemsOf(directory)).containsExactly(directory + ": cannot be read: is a directory");
        assertThat(problemsOf(latin1)).containsExactly(latin1 + ": cannot be read: is not UTF-8 text");
    }

    @Test
    void byteOrderMarkIsNoPartOfTheFirstKey(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("bom.yaml"), "\uFEFF" + INTERNAL_SITE);

        assertThat(ConfigurationFile.read(file).sites()).hasSize(1);
    }

    private static final String INTERNAL_SITE = """
        acme: { issuers: [internal] }
        sites: [{ names: [app.internal], backend: web }]
        backends: { web: { servers: ["127.0.0.1:8080"] } }
        """;

    @ParameterizedTest(name = "{0}")
    @MethodSource("balances")
    void everyWayToBalanceArrives(String text, Balance balance) throws ConfigurationProblems {
        Configuration configuration = ConfigurationFile.parse("postern.yaml", """
            acme: { issuers: [internal] }
            sites: [{ names: [app.internal], backend: web }]
            backends: { web: { servers: ["127.0.0.1:8080"], balance: %s } }
            """.formatted(text));

        assertThat(web(configuration).balance()).isEqualTo(balance);
    }

    @Test
    void settingsOfABackendHaveDefaults() throws ConfigurationProblems {
        Configuration configuration = ConfigurationFile.parse("postern.yaml", """
            acme: { issuers: [internal] }
            sites: [{ names: [app.internal], backend: web }]
            backends:
              web:
                servers: [{ address: "127.0.0.1:8080", max-connections: 1 }]
                queue:
                eject:
                sticky: { cookie: S }
                retry:
                health: { type: tcp }
            """);

        Backend web = web(configuration);
        assertThat(web.queue()).isEqualTo(new ServerQueue(1000, Duration.ofSeconds(5)));
        assertThat(web.slowStart()).isZero();
        assertThat(web.ejection())
                .isEqualTo(new Ejection(
                        5,
                        ServerFaultsReader.of(Set.of(ServerFaults.Kind.values()), 500, 502, 503, 504),
                        Duration.ofSeconds(30),
                        Duration.ofMinutes(5)));
        assertThat(web.sticky()).isEqualTo(new Stickiness("S", null, Stickiness.SameSite.LAX, "/"));
        assertThat(web.retries())
                .isEqualTo(new Retries(1, ServerFaultsReader.of(Set.of(ServerFaults.Kind.CLOSED), 502, 503, 504), 20));
        assertThat(web.health()).extracting(Health::type).isEqualTo(Health.Type.TCP);
    }

    static List<Arguments> balances() {
        OptionalInt none = OptionalInt.empty();
        OptionalInt bound = OptionalInt.of(125);
        return List.of(
                Arguments.of("round-robin", Balance.Plain.ROUND_ROBIN),
                Arguments.of("{ by: static-rr }", Balance.Plain.STATIC_RR),
                Arguments.of("least-connections", Balance.Plain.LEAST_CONNECTIONS),
                Arguments.of("random", Balance.Plain.RANDOM),
                Arguments.of("first", Balance.Plain.FIRST),
                Arguments.of("source", new Balance.ByHash(new Balance.Key.Source(), none)),
                Arguments.of("{ by: source, bounded-load: 125% }", new Balance.ByHash(new Balance.Key.Source(), bound)),
                Arguments.of("uri", new Balance.ByHash(new Balance.Key.Uri(none, none, false), bound)),
                Arguments.of(
                        "{ by: url-param, name: user }", new Balance.ByHash(new Balance.Key.UrlParam("user"), bound)),
                Arguments.of(
                        "{ by: header, name: X-Tenant, bounded-load: off }",
                        new Balance.ByHash(new Balance.Key.Header("X-Tenant"), none)));
    }

    private static Backend web(Configuration configuration) {
        return Objects.requireNonNull(configuration.backends().get("web"), "web");
    }

    private static List<String> problemsOf(Path file) {
        return catchThrowableOfType(ConfigurationProblems.class, () -> ConfigurationFile.read(file))
                .lines();
    }

    private static InetAddress address(String literal) {
        InetAddress address = Addresses.literal(literal);
        if (address == null) {
            throw new IllegalArgumentException(literal);
        }
        return address;
    }

    /** A certificate from the JDK's own trust store: no file of ours has to expire. */
    private static String someRootsPem() throws Exception {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        X509TrustManager trust = (X509TrustManager) factory.getTrustManagers()[0];
        byte[] der = trust.getAcceptedIssuers()[0].getEncoded();
        return "-----BEGIN CERTIFICATE-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
                + "\n-----END CERTIFICATE-----\n";
    }
}
