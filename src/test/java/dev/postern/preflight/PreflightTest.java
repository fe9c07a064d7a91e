package dev.postern.preflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.postern.certificate.served.ReachabilityProbe;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.CertificateSource;
import dev.postern.config.ChallengeType;
import dev.postern.config.Issuer;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.RouteSettings;
import dev.postern.config.Site;
import dev.postern.dns.Lookup;
import dev.postern.preflight.Finding.Check;
import dev.postern.preflight.Finding.Verdict;
import dev.postern.testing.BindServer;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.HandClock;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Real DNS (BIND), a real edge on both families, and other servers where it should be. */
class PreflightTest {
    private static final Issuer PUBLIC = new AcmeDirectory("public", URI.create("https://x.letsencrypt.org/"), null);
    private static final Issuer PRIVATE = new AcmeDirectory("private", URI.create("https://ca.corp.example/"), null);
    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    private static Path dns;

    private static BindServer server;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final HandClock clock = new HandClock(NOW);
    private CaDirectory directory = new CaDirectory(List.of("ca.example", "ca2.example"), Optional.of(NOW));
    private final int port = FreePorts.next();

    @BeforeAll
    static void serveNames() {
        server = BindServer.serving(dns, "example", """
                both A 127.0.0.1
                both AAAA ::1
                four A 127.0.0.1
                elsewhere A 127.0.0.2
                text TXT "no address"
                lan A 10.1.2.3
                public A 192.0.2.1
                free.deep A 127.0.0.1
                ours CAA 0 issue "ca.example"
                theirs CAA 0 issue "other.example"
                sub.theirs A 127.0.0.1
                nobody CAA 0 issue ";"
                wild CAA 0 issue "ca.example"
                wild CAA 0 issuewild ";"
                onlymail CAA 0 iodef "mailto:a@b.example"
                strange CAA 128 frobnicate "x"
                lenient CAA 0 frobnicate "x"
                method CAA 0 issue "ca.example; validationmethods=dns-01"
                account CAA 0 issue "ca.example; accounturi=https://ca.example/1"
                """);
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
    }

    private @Nullable ReachabilityProbe probe;

    /** An edge at these addresses; it answers for whatever name reaches it. */
    private void serve(String... addresses) throws Exception {
        List<String> binds = new ArrayList<>();
        for (String address : addresses) {
            binds.add('"' + address + ":" + port + '"');
        }
        Path store = edge.directory().resolve("certs");
        edge.start("""
                listeners:
                  http: { bind: %s }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                acme: { issuers: [internal], store: "%s" }
                sites: [{ names: [app.internal], routes: [{ path: /, respond: { status: 200 } }] }]
                """.formatted(binds, store));
        probe = new ReachabilityProbe(
                FileStore.openReadOnly(store).probeKey(new SplittableRandom(1)).bytes());
    }

    private Preflight preflight() throws IOException {
        return preflight(issuer -> directory);
    }

    private Preflight preflight(Preflight.Directories directories) throws IOException {
        return new Preflight(
                new Lookup(List.of(server.address()), Duration.ofSeconds(10), MonotonicClock.SYSTEM),
                probe != null
                        ? probe
                        : new ReachabilityProbe(FileStore.openReadOnly(edge.directory())
                                .probeKey(new SplittableRandom(1))
                                .bytes()),
                clock,
                new SplittableRandom(2),
                new Reach.Ports(port, port),
                directories);
    }

    private static Site site(List<ChallengeType> challenges, String... names) {
        return new Site(
                List.of(names), false, List.of(), CertificateSource.ISSUED, challenges, null, RouteSettings.DEFAULT);
    }

    private List<Finding> check(Issuer issuer, Site site) throws Exception {
        return preflight().check(site, List.of(issuer), probe != null).findings();
    }

    private List<Finding> check(Issuer issuer, String name) throws Exception {
        return check(issuer, site(Site.DEFAULT_CHALLENGES, name));
    }

    private static List<Finding> only(Check check, List<Finding> findings) {
        return findings.stream().filter(finding -> finding.check() == check).toList();
    }

    private static Finding one(Check check, List<Finding> findings) {
        assertThat(only(check, findings)).hasSize(1);
        return only(check, findings).get(0);
    }

    // ---- our own answer

    @Test
    void ourOwnAnswerComesBackOverBothFamilies() throws Exception {
        serve("127.0.0.1", "[::1]");

        assertThat(only(Check.PROBE, check(PUBLIC, "both.example")))
                .hasSize(2)
                .allSatisfy(finding -> assertThat(finding.verdict()).isEqualTo(Verdict.OK));
    }

    /** Nothing is asked of the DNS for an address, and nothing of CAA records (RFC 8738 §8). */
    @Test
    void addressIsReachedWithoutTheDns() throws Exception {
        serve("127.0.0.1", "[::1]");

        List<Finding> findings = check(PUBLIC, site(Site.DEFAULT_CHALLENGES, "127.0.0.1", "::1", "127.0.0.3"));

        assertThat(findings)
                .extracting(Finding::check)
                .doesNotContain(Check.CAA, Check.ADDRESS_IPV4, Check.ADDRESS_IPV6);
        assertThat(only(Check.PROBE, findings))
                .extracting(Finding::verdict)
                .containsExactly(Verdict.OK, Verdict.OK, Verdict.WARNING);
        assertThat(only(Check.PROBE, findings).get(2).sentence())
                .contains("http://127.0.0.3/ at 127.0.0.3: ")
                .endsWith("or see to it that 127.0.0.3 leads to this host");
    }

    /** Users' trouble: a broken AAAA record, of which nobody knew, for browsers fall back: CAs prefer IPv6 and fail. */
    @Test
    void addressOfOneFamilyThatIsNotUsIsNamed() throws Exception {
        serve("127.0.0.1");

        List<Finding> probes = only(Check.PROBE, check(PUBLIC, "both.example"));

        assertThat(probes).extracting(Finding::verdict).containsExactly(Verdict.OK, Verdict.WARNING);
        assertThat(probes.get(1).sentence())
                .contains("http://both.example/ at 0:0:0:0:0:0:0:1: nobody takes the connection")
                .contains("correct the AAAA record");
    }

    @Test
    void anotherServerAtTheAddressIsNamed() throws Exception {
        serve("127.0.0.1");
        answer("127.0.0.2", exchange -> "");

        Finding finding = one(Check.PROBE, check(PUBLIC, "elsewhere.example"));

        assertThat(finding.verdict()).isEqualTo(Verdict.WARNING);
        assertThat(finding.sentence())
                .contains("answered 404")
                .contains("by another server than this one")
                .contains("correct the A record");
    }

    @Test
    void redirectThatACaFollowsIsFollowed() throws Exception {
        serve("127.0.0.1");
        answer("127.0.0.2", exchange -> "http://four.example" + exchange.getRequestURI());

        assertThat(one(Check.PROBE, check(PUBLIC, "elsewhere.example")).verdict())
                .isEqualTo(Verdict.OK);
    }

    @ParameterizedTest
    @CsvSource({
        "http://four.example:8080/, neither port 80 nor 443",
        "ftp://four.example/, not http or https",
        "http://text.example/, no A record",
        "/again, redirects more than 10 times"
    })
    void redirectThatNoCaFollowsIsNamed(String location, String why) throws Exception {
        serve("127.0.0.1");
        answer("127.0.0.2", exchange -> location);

        Finding finding = one(Check.PROBE, check(PUBLIC, "elsewhere.example"));

        assertThat(finding.verdict()).isEqualTo(Verdict.WARNING);
        assertThat(finding.sentence()).contains(why);
    }

    @Test
    void strangerCannotMakeUpOurAnswer() {
        Store store = FileStore.openReadOnly(edge.directory());
        ReachabilityProbe ours =
                new ReachabilityProbe(store.probeKey(new SplittableRandom(8)).bytes());
        ReachabilityProbe stranger =
                new ReachabilityProbe(store.probeKey(new SplittableRandom(9)).bytes());
        String token = ReachabilityProbe.token(new SplittableRandom(3));

        assertThat(ours.isOurs(token, String.valueOf(ours.answer(token)))).isTrue();
        assertThat(ours.isOurs(token, String.valueOf(stranger.answer(token)))).isFalse();
        assertThat(ours.answer("postern-preflight-short")).isNull();
        assertThat(ours.answer("postern-preflight-../../../../etc/passwd")).isNull();
        assertThat(ours.answer(token.replace("postern-preflight-", ""))).isNull();
    }

    /** A server of its own at this address and port, which redirects, or answers 404. */
    private void answer(String address, Function<HttpExchange, String> location) throws IOException {
        HttpServer other = HttpServer.create(new InetSocketAddress(address, port), 0);
        other.createContext("/", exchange -> {
            String to = location.apply(exchange);
            if (!to.isEmpty()) {
                exchange.getResponseHeaders().add("Location", to);
            }
            byte[] body = "not here".getBytes(StandardCharsets.US_ASCII);
            exchange.sendResponseHeaders(to.isEmpty() ? 404 : 302, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        other.start();
        edge.closes(() -> other.stop(0));
    }

    // ---- addresses

    @ParameterizedTest
    @ValueSource(strings = {"missing.example", "text.example"})
    void nameWithoutAnyAddressFailsForCertain(String name) throws Exception {
        List<Finding> findings = check(PUBLIC, name);
        Finding finding = one(Check.ADDRESS_IPV4, findings);

        assertThat(finding.verdict()).isEqualTo(Verdict.CERTAIN);
        assertThat(finding.sentence())
                .contains("the name has no A record")
                .contains("make an A or AAAA record for " + name);
        assertThat(only(Check.ADDRESS_IPV6, findings)).as("the same again").isEmpty();
    }

    @Test
    void nothingIsCertainWhereTheCaMaySeeAnotherDns() throws Exception {
        assertThat(check(PRIVATE, "missing.example"))
                .noneMatch(finding -> finding.verdict() == Verdict.CERTAIN)
                .anyMatch(finding -> finding.verdict() == Verdict.WARNING);
        assertThat(check(PRIVATE, "nobody.example")).noneMatch(finding -> finding.verdict() == Verdict.CERTAIN);
    }

    @Test
    void oneFamilyIsEnough() throws Exception {
        List<Finding> findings = check(PUBLIC, "public.example");

        assertThat(one(Check.ADDRESS_IPV4, findings).verdict()).isEqualTo(Verdict.OK);
        assertThat(one(Check.ADDRESS_IPV6, findings).sentence()).startsWith("no AAAA record, and none is needed");
    }

    @Test
    void privateAddressIsNamed() throws Exception {
        Finding finding = one(Check.ADDRESS_IPV4, check(PUBLIC, "lan.example"));

        assertThat(finding.verdict()).isEqualTo(Verdict.WARNING);
        assertThat(finding.sentence()).contains("10.1.2.3 is a private address");
    }

    @Test
    void dns01NeedsNoAddress() throws Exception {
        List<Finding> findings = check(PUBLIC, site(List.of(ChallengeType.DNS_01), "missing.example", "*.w.example"));

        assertThat(findings).noneMatch(finding -> finding.verdict() != Verdict.OK);
    }

    @Test
    void resolverThatFailsIsNotTakenForAnAnswer() throws Exception {
        // Not ours to answer: REFUSED.
        List<Finding> findings = check(PUBLIC, "name.elsewhere");

        assertThat(only(Check.ADDRESS_IPV4, findings)).allSatisfy(finding -> {
            assertThat(finding.verdict()).isEqualTo(Verdict.UNKNOWN);
            assertThat(finding.sentence()).contains("asking for A records failed");
        });
        assertThat(findings).noneMatch(finding -> finding.verdict() == Verdict.CERTAIN);
    }

    // ---- CAA

    @ParameterizedTest
    @CsvSource({
        "ours.example, OK, allows \"public\"",
        "free.deep.example, OK, 'for \"public\": no CAA record'",
        "onlymail.example, OK, restrict nothing",
        "lenient.example, OK, restrict nothing",
        "theirs.example, CERTAIN, allows only \"other.example\" and so forbids \"public\"",
        "sub.theirs.example, CERTAIN, CAA at theirs.example allows only",
        "sub.theirs.example, CERTAIN, add the record: sub.theirs.example CAA 0 issue \"ca.example\"",
        "nobody.example, CERTAIN, and so forbids \"public\"",
        "wild.example, OK, allows \"public\"",
        "*.wild.example, CERTAIN, 0 issuewild \"ca.example\"",
        "strange.example, CERTAIN, critical CAA record \"frobnicate\"",
        "method.example, CERTAIN, only with the validation methods",
        "account.example, WARNING, one account only"
    })
    void caaDecidesWhoMayIssue(String name, Verdict verdict, String why) throws Exception {
        Finding finding = one(Check.CAA, check(PUBLIC, name));

        assertThat(finding.sentence()).contains(why);
        assertThat(finding.verdict()).isEqualTo(verdict);
    }

    @Test
    void caThatDoesNotSayItsNameIsNotJudged_unlessNobodyMayIssue() throws Exception {
        directory = new CaDirectory(List.of(), Optional.empty());

        assertThat(one(Check.CAA, check(PUBLIC, "theirs.example")).verdict()).isEqualTo(Verdict.WARNING);
        assertThat(one(Check.CAA, check(PUBLIC, "nobody.example")).verdict()).isEqualTo(Verdict.CERTAIN);
    }

    // ---- the CA

    @Test
    void caIsLookedAtOnceForAllSites() throws Exception {
        List<Site> sites =
                List.of(site(Site.DEFAULT_CHALLENGES, "four.example"), site(Site.DEFAULT_CHALLENGES, "both.example"));

        List<Finding> findings = preflight().check(sites, site -> List.of(PUBLIC), false).stream()
                .flatMap(report -> report.findings().stream())
                .toList();

        one(Check.DIRECTORY, findings);
        one(Check.CLOCK, findings);
        assertThat(only(Check.CAA, findings)).hasSize(2);
    }

    /** What nobody can say yes to is no good news, whichever site is asked for it; another CA that answers is enough. */
    @Test
    void caThatIsNotTrustedIsNoYesForAnySiteThatNeedsIt() throws Exception {
        List<Site> sites =
                List.of(site(Site.DEFAULT_CHALLENGES, "four.example"), site(Site.DEFAULT_CHALLENGES, "both.example"));
        Preflight preflight = preflight(issuer -> {
            if (issuer.name().equals(PRIVATE.name())) {
                String untrusted =
                        "TLS: the server's certificate is from no CA that is trusted (expected: one of ca.pem)";
                throw new IOException(untrusted, new SSLHandshakeException("path"));
            }
            return directory;
        });

        assertThat(preflight.check(sites, site -> List.of(PRIVATE), false)).allSatisfy(report -> {
            assertThat(report.isGood()).isFalse();
            assertThat(report.certain()).isEmpty();
            assertThat(one(Check.DIRECTORY, report.findings()).sentence())
                    .isEqualTo(
                            "https://ca.corp.example/: TLS: the server's certificate is from no CA that is trusted"
                                    + " (expected: one of ca.pem); no order gets further: see to ca-file, and to who answers there");
        });
        assertThat(preflight.check(sites, site -> List.of(PRIVATE, PUBLIC), false))
                .allMatch(PreflightReport::isGood)
                .flatExtracting(PreflightReport::findings)
                .filteredOn(finding -> finding.check() == Check.DIRECTORY)
                .extracting(Finding::verdict)
                .containsExactly(Verdict.OK, Verdict.WARNING);
    }

    /** The JDK's own deadline ends with the headers. */
    @Test
    @Timeout(60)
    void directoryThatDoesNotEndIsGivenUp() throws Exception {
        HttpServer ca = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        CountDownLatch over = new CountDownLatch(1);
        ca.createContext("/stalled", exchange -> {
            exchange.sendResponseHeaders(200, 100);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            try {
                over.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        ca.createContext("/endless", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            byte[] block = new byte[64 * 1024];
            for (int i = 0; i < 1000; i++) {
                exchange.getResponseBody().write(block);
            }
        });
        ExecutorService threads = Executors.newCachedThreadPool();
        ca.setExecutor(threads);
        ca.start();
        try {
            String at = "http://127.0.0.1:" + ca.getAddress().getPort();
            assertThatThrownBy(() -> CaDirectory.read(
                            new AcmeDirectory("stalled", URI.create(at + "/stalled"), null), Duration.ofMillis(300)))
                    .hasMessage("no complete answer within 300ms");
            assertThatThrownBy(() -> CaDirectory.read(
                            new AcmeDirectory("endless", URI.create(at + "/endless"), null), Duration.ofSeconds(50)))
                    .hasMessage("the answer is longer than 1048576 bytes");
        } finally {
            over.countDown();
            ca.stop(0);
            threads.shutdownNow();
        }
    }

    /** One byte at a time, each well within the time of a read; the TLS handshake is no exception. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Timeout(60)
    void probeEndsAtItsDeadlineHoweverSlowlyItIsAnswered(boolean tls) throws Exception {
        // A record of a TLS handshake, or a head, of which there is always more to come.
        byte[] begin = tls
                ? new byte[] {22, 3, 3, 0x40, 0, 2, 0, 0x3f, 0}
                : "HTTP/1.1 200 OK\r\n".getBytes(StandardCharsets.US_ASCII);
        CountDownLatch over = new CountDownLatch(1);
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread answering = new Thread(() -> {
                try (Socket socket = server.accept()) {
                    socket.getOutputStream().write(begin);
                    while (!over.await(50, TimeUnit.MILLISECONDS)) {
                        socket.getOutputStream().write('0');
                    }
                } catch (IOException | InterruptedException e) {
                    // It had enough.
                }
            });
            answering.start();

            assertThatThrownBy(() -> ProbeFetch.get(
                            server.getInetAddress(),
                            server.getLocalPort(),
                            tls,
                            "a.example",
                            "/",
                            Duration.ofMillis(400)))
                    .hasMessage("no answer within 400ms");
            over.countDown();
            answering.join();
        }
    }

    // ---- tls-alpn-01

    @Test
    void portOfTlsAlpnIsTried() throws Exception {
        serve("127.0.0.1");

        List<Finding> probes =
                only(Check.PROBE, check(PUBLIC, site(List.of(ChallengeType.TLS_ALPN_01), "both.example")));

        assertThat(probes).extracting(Finding::verdict).containsExactly(Verdict.OK, Verdict.WARNING);
        assertThat(probes.get(0).sentence()).contains("port " + port + " at 127.0.0.1 takes connections");
        assertThat(probes.get(1).sentence())
                .contains("nobody takes the connection (expected: our https listener, for tls-alpn-01)")
                .contains("correct the AAAA record of both.example");
    }

    // ---- the clock

    @ParameterizedTest
    @CsvSource({"0, OK, agrees", "-6048000, WARNING, is 70d ahead of", "7200, WARNING, is 2h behind"})
    void clockIsComparedWithTheCas(long seconds, Verdict verdict, String why) throws Exception {
        directory = new CaDirectory(List.of(), Optional.of(NOW.plus(Duration.ofSeconds(seconds))));

        Finding finding = one(Check.CLOCK, check(PUBLIC, "ours.example"));

        assertThat(finding.verdict()).isEqualTo(verdict);
        assertThat(finding.sentence()).contains(why);
    }
}
