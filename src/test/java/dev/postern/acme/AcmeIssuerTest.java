package dev.postern.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.IssueFailure.Hold;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.Site;
import dev.postern.testing.Care;
import dev.postern.time.Clocks;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** CAs at their worst. */
@Timeout(20)
class AcmeIssuerTest extends WithFakeCa {
    @Test
    void goodCaIsAskedForItsDirectoryOnceThoughItForbidsCaching() throws Exception {
        issue();

        assertThat(ca.count("/dir")).isEqualTo(1);
        assertThat(ca.userAgents()).isNotEmpty().allMatch(agent -> agent.startsWith("postern/"));
        assertThat(challenges.answer(FakeCa.TOKEN)).as("removed afterwards").isNull();
    }

    /** acme4j alone would wait for ever. */
    @ParameterizedTest
    @ValueSource(strings = {"/dir", "/account", "/new-order", "/authz/1", "/certificate/1"})
    void stalledBodyEndsAtTheDeadline(String path) {
        ca.fault(path, (exchange, count) -> ca.stall(exchange));

        // On a busy machine a step before the one that is meant may take as long as that.
        do {
            IssueFailure failure = catchThrowableOfType(
                    IssueFailure.class,
                    () -> issuer(ca.directory(), Duration.ofMillis(500))
                            .issue(Care.request(challenges, "example.com"), journal));

            assertThat(failure.fault()).isEqualTo(Fault.CA);
            assertThat(failure).hasMessageContaining("no complete answer within");
        } while (ca.count(path) == 0);
    }

    /** The CA's name before it would make them its words. */
    @Test
    void fullDiskIsToldWithTheFileAndIsOurs() throws Exception {
        OrderJournal full = new OrderJournal() {
            @Override
            public Optional<OrderEntry> read() {
                return Optional.empty();
            }

            @Override
            public void write(OrderEntry entry) throws IOException {
                throw new FileSystemException("certs/example.com/order.json", null, "No space left on device");
            }

            @Override
            public void clear() {}
        };

        IssueFailure failure = catchThrowableOfType(
                IssueFailure.class, () -> issuer(ca.directory()).issue(Care.request(challenges, "example.com"), full));

        assertThat(failure).hasMessage("certs/example.com/order.json: no space left on device");
        assertThat(failure.fault()).isEqualTo(Fault.OURS);
    }

    /** What the JDK says of it has names of its classes, or nothing. */
    @ParameterizedTest
    @CsvSource({
        "'', the connection was closed without an answer",
        "HTTP/1.1 200 OK\\r\\nContent-Length: 9\\r\\n\\r\\nhalf, the connection was closed in the middle of the answer",
        "SSH-2.0-OpenSSH\\r\\n\\r\\n, what answers is not HTTP"
    })
    void brokenAnswerIsToldInWords(String sent, String told) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Thread answering = new Thread(() -> {
                while (!server.isClosed()) {
                    try (Socket socket = server.accept()) {
                        int unused = socket.getInputStream().read(new byte[4096]);
                        socket.getOutputStream()
                                .write(sent.replace("\\r\\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
                    } catch (IOException e) {
                        return;
                    }
                }
            });
            answering.start();

            IssueFailure failure = catchThrowableOfType(
                    IssueFailure.class,
                    () -> issuer(URI.create("http://127.0.0.1:" + server.getLocalPort() + "/dir"))
                            .issue(Care.request(challenges, "example.com"), journal));

            assertThat(failure).hasMessageEndingWith(": " + told);
        }
    }

    @Test
    void hiccupWhileLookingIsNotTheEnd() throws Exception {
        ca.fault("/authz/1", (exchange, count) -> count == 2 && FakeCa.plain(exchange, 502, "1"));

        assertThat(issue().chain()).hasSize(2);
    }

    @Test
    void lostAnswerToFinalizeCostsNothing() throws Exception {
        ca.fault("/finalize/1", (exchange, count) -> count == 1 && FakeCa.plain(exchange, 503, "1"));

        assertThat(issue().chain()).hasSize(2);
        assertThat(ca.count("/new-order")).isEqualTo(1);
    }

    /** Users' trouble: finalizing came too early, the CA said orderNotReady, and the order was given up. */
    @Test
    void orderNotReadyIsLookedAtAgain() throws Exception {
        ca.fault("/finalize/1", (exchange, count) -> count == 1 && FakeCa.problem(exchange, 403, "orderNotReady"));

        assertThat(issue().chain()).hasSize(2);
    }

    /** Both forms; and whatever our clock says: it may be a day ahead of the CA's or behind it. */
    @ParameterizedTest(name = "HTTP {0}, {1}, our clock off by {2}")
    @CsvSource({
        "503, delta, PT0S",
        "503, date, PT0S",
        "503, delta, P1D",
        "503, date, P1D",
        "503, delta, P-1D",
        "503, date, P-1D",
        "429, delta, PT0S",
        "429, date, P1D"
    })
    void retryAfterIsKnownToTheCaller(int status, String form, Duration skew) {
        clock.advance(skew);
        String value = form.equals("delta")
                ? "120"
                : DateTimeFormatter.RFC_1123_DATE_TIME.format(
                        Instant.now().plusSeconds(120).atZone(ZoneOffset.UTC));
        ca.fault("/new-order", (exchange, count) -> FakeCa.plain(exchange, status, value));

        IssueFailure failure = failure();

        assertThat(failure.fault()).isEqualTo(Fault.CA);
        assertThat(failure).hasMessage("fake: the CA answered HTTP " + status);
        assertThat(Duration.between(clocks.ca().instant(), failure.retryAfter().orElseThrow()))
                .isBetween(Duration.ofSeconds(117), Duration.ofSeconds(121));
    }

    /** acme4j's own wait fails with an unchecked exception where our clock is ahead, and at once where it is behind. */
    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "P1D", "P-1D", "PT10S", "PT-10S"})
    void waitingForTheCaDoesNotDependOnOurClock(Duration skew) throws Exception {
        clock.advance(skew);
        ca.fault("/order/1", (exchange, count) -> {
            exchange.getResponseHeaders().set("Retry-After", "1");
            return false;
        });
        ca.fault("/authz/1", (exchange, count) -> {
            // A date in the past is as much of an answer as any.
            exchange.getResponseHeaders().set("Retry-After", "Fri, 01 Jan 2021 00:00:00 GMT");
            return false;
        });

        assertThat(issue().chain()).hasSize(2);
    }

    @ParameterizedTest(name = "{0} → fault {1}")
    @CsvSource({
        "rejectedIdentifier, NAME",
        "caa, NAME",
        "unsupportedIdentifier, NAME",
        "rateLimited, CA",
        "serverInternal, CA",
        "malformed, OURS",
        "badCSR, OURS",
        "unauthorized, OURS",
        "somethingNew, CA"
    })
    void eachRefusalHasItsFault(String type, Fault fault) {
        ca.fault("/new-order", (exchange, count) -> FakeCa.problem(exchange, 400, type));

        IssueFailure failure = failure();

        assertThat(failure.fault()).isEqualTo(fault);
        assertThat(failure)
                .hasMessageStartingWith("fake: because of " + type + " (urn:ietf:params:acme:error:" + type + ")");
    }

    /**
     * The limits of Boulder as it words them, now and in its older releases, and what a CA answers that is overloaded. What
     * is about one site, or about who knows what, is no reason to keep the others from their certificates.
     */
    private static final String LIMITS = """
        SITE    | too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after 2027-01-02 03:04:05 UTC: see https://letsencrypt.org/docs/rate-limits/#new-certificates-per-exact-set-of-identifiers
        SITE    | too many certificates (5) already issued for this exact set of domains in the last 168h0m0s, retry after 2027-01-02 03:04:05 UTC
        SITE    | too many certificates (50) already issued for "example.com" in the last 168h0m0s, retry after 2027-01-02 03:04:05 UTC: see https://letsencrypt.org/docs/rate-limits/#new-certificates-per-registered-domain
        SITE    | too many failed authorizations (5) for "www.example.com" in the last 1h0m0s, retry after 2027-01-02 03:04:05 UTC: see https://letsencrypt.org/docs/rate-limits/#authorization-failures-per-hostname-per-account
        SITE    | Error creating new order :: too many certificates already issued for: example.com: see https://letsencrypt.org/docs/rate-limits/
        SITE    | Error creating new order :: too many certificates already issued for exact set of domains: example.com,www.example.com
        SITE    | Error creating new order :: too many failed authorizations recently: see https://letsencrypt.org/docs/failed-validation-limit/
        SITE    | Your account is temporarily prevented from requesting certificates for example.com and possibly others. Please visit: https://ca.example/sfe/v1/unpause?jwt=x
        SITE    | too many certificates (50) already issued for "service busy from this ip address" in the last 168h0m0s
        SITE    | quota exceeded
        SITE    | a limit that nobody has heard of
        ORDERS  | too many new orders (300) from this account in the last 3h0m0s, retry after 2027-01-02 03:04:05 UTC: see https://letsencrypt.org/docs/rate-limits/#new-orders-per-account
        ORDERS  | Error creating new order :: too many new orders recently: see https://letsencrypt.org/docs/rate-limits/
        ACCOUNT | too many new registrations (10) from this IP address in the last 3h0m0s, retry after 2027-01-02 03:04:05 UTC
        ACCOUNT | too many new registrations (500) from this /48 subnet of IPv6 addresses in the last 3h0m0s, retry after 2027-01-02 03:04:05 UTC
        ACCOUNT | Error creating new order :: too many currently pending authorizations: see https://letsencrypt.org/docs/rate-limits/
        ACCOUNT | Error creating new account :: too many registrations for this IP: see https://letsencrypt.org/docs/too-many-registrations-for-this-ip/
        ACCOUNT | Service busy; retry later.
        """;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = LIMITS, quoteCharacter = '`')
    void limitOnWhatIsOneSitesHoldsThatSiteAlone(Hold hold, String said) {
        ca.fault("/new-order", (exchange, count) -> {
            exchange.getResponseHeaders().set("Retry-After", "120");
            return FakeCa.problem(exchange, 429, "rateLimited", said);
        });

        IssueFailure failure = failure();

        assertThat(failure.hold()).as(failure.getMessage()).isEqualTo(hold);
        assertThat(failure.retryAfter()).contains(clock.instant().plusSeconds(120));
    }

    /** No words, but a status: 503 is about everybody, and so is {@code overloaded}; a bare 429 says nothing of whom. */
    @ParameterizedTest(name = "{0}: HTTP {1} {2}: {3}")
    @CsvSource({
        "/dir, 503, plain, ACCOUNT",
        "/new-order, 503, plain, ACCOUNT",
        "/new-order, 429, overloaded, ACCOUNT",
        "/account, 429, plain, SITE",
        "/new-order, 429, plain, SITE",
        "/authz/1, 429, plain, SITE"
    })
    void withoutWordsTheStatusSaysWhomTheCaMeans(String path, int status, String form, Hold hold) {
        ca.fault(path, (exchange, count) -> {
            if (form.equals("plain")) {
                return FakeCa.plain(exchange, status, "120");
            }
            exchange.getResponseHeaders().set("Retry-After", "120");
            return FakeCa.problem(exchange, status, form, "come back later");
        });

        assertThat(failure().hold()).isEqualTo(hold);
    }

    @Test
    void hostThatDoesNotExistIsNamedAsSuch() {
        URI nowhere = URI.create("https://ca.invalid/dir");

        assertThatThrownBy(() ->
                        issuer(nowhere, Duration.ofSeconds(10)).issue(Care.request(challenges, "example.com"), journal))
                .hasMessageEndingWith("https://ca.invalid: no such host");
    }

    @Test
    void changedTermsAreToldWithTheirAddress() {
        ca.fault("/new-order", (exchange, count) -> FakeCa.problem(exchange, 403, "userActionRequired"));

        assertThat(failure())
                .hasMessageContaining("the CA changed its terms; read and agree at https://ca.example/terms/2")
                .extracting(IssueFailure::fault)
                .isEqualTo(Fault.OURS);
    }

    @Test
    void accountThatTheCaForgotIsRegisteredAnewOnce() throws Exception {
        ca.fault("/new-order", (exchange, count) -> count == 1 && FakeCa.problem(exchange, 400, "accountDoesNotExist"));

        issue();

        assertThat(ca.count("/account")).isEqualTo(2);
    }

    @Test
    void nonsenseIsTheFaultOfTheCa() {
        ca.fault("/dir", (exchange, count) -> {
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, 3);
            exchange.getResponseBody().write("[1]".getBytes(java.nio.charset.StandardCharsets.UTF_8));
            return true;
        });

        assertThat(failure().fault()).isEqualTo(Fault.CA);
    }

    @Test
    void unreachableCaIsTheFaultOfTheCa() throws Exception {
        URI nobody = ca.directory();
        ca.close();

        assertThatThrownBy(() -> issuer(nobody).issue(Care.request(challenges, "example.com"), journal))
                .isInstanceOfSatisfying(
                        IssueFailure.class, e -> assertThat(e.fault()).isEqualTo(Fault.CA))
                .hasMessageContaining("http://127.0.0.1:" + nobody.getPort() + ": connection refused or unreachable");
    }

    @Test
    void orderIsKeptWhereTheCaBreaksDown() throws Exception {
        ca.fault("/order/1", (exchange, count) -> FakeCa.problem(exchange, 503, "serverInternal"));

        assertThat(failure().fault()).isEqualTo(Fault.CA);
        OrderEntry kept = journal.read().orElseThrow();
        ca.fault("/order/1", (exchange, count) -> false);

        issue();
        assertThat(kept.order()).endsWith("/order/1");
        assertThat(ca.count("/new-order")).isEqualTo(1);
    }

    /** What is said of a nonce is not said of the order, whose certificate is waiting to be fetched. */
    @ParameterizedTest
    @ValueSource(ints = {400, 404})
    void refusalOfANonceDoesNotCostTheOrderThatIsFinalized(int status) throws Exception {
        ca.fault("/certificate/1", (exchange, count) -> FakeCa.problem(exchange, 503, "serverInternal"));
        assertThat(failure().fault()).isEqualTo(Fault.CA);
        assertThat(journal.read().orElseThrow().keyPem()).isNotNull();
        ca.fault("/certificate/1", (exchange, count) -> false);

        // Once: the next request would begin another order.
        AtomicInteger refused = new AtomicInteger();
        ca.fault("/nonce", (exchange, count) -> {
            if (refused.getAndIncrement() > 0) {
                return false;
            }
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
            return true;
        });
        try {
            issue();
        } catch (IssueFailure e) {
            assertThat(journal.read()).isPresent();
            issue();
        }
        assertThat(refused.get()).isGreaterThan(1);
        assertThat(ca.count("/new-order")).isEqualTo(1);
    }

    @Test
    void interruptEndsTheWaitAndKeepsTheOrder() throws Exception {
        ca.fault("/challenge/1", (exchange, count) -> FakeCa.problem(exchange, 400, "malformed"));
        // Of its own, as orders have: one of JUnit's pool helps the JDK's client while it waits, and whoever it helps
        // may take
        // an interrupt for its own.
        FutureTask<Object> issuing = new FutureTask<>(this::issue);
        Thread waiting = new Thread(issuing);
        ca.fault("/authz/1", (exchange, count) -> {
            // Not once: the client of JDK 17 now and then keeps one that comes while an answer does.
            if (count >= 2) {
                waiting.interrupt();
            }
            return false;
        });
        waiting.start();

        assertThatThrownBy(issuing::get).hasCauseInstanceOf(InterruptedException.class);
        assertThat(journal.read()).isPresent();
    }

    @Test
    void caFileThatIsMissingIsNamed() {
        Path file = directory.resolve("ca.pem");

        assertThatThrownBy(() -> new AcmeIssuers(
                                new Customer(null, true, store, new Clocks(clock, MonotonicClock.SYSTEM)), List.of())
                        .at(new AcmeDirectory("fake", ca.directory(), file)))
                .hasMessage(file + ": no such file or directory");
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "example.com, true", "www.example.co.uk, true", "localhost, false", "intranet, false", "app.internal, false",
        "printer.local, false", "a.test, false", "a.localhost, false", "nas.home.arpa, false", "a.invalid, false",
        "*.example.com, false", "9.9.9.9, true", "2620:fe::9, true", "0.0.0.1, false", "10.0.0.1, false",
        "100.64.0.1, false", "127.0.0.1, false", "169.254.1.1, false", "172.31.255.255, false", "172.32.0.1, true",
        "192.0.0.1, false", "192.0.2.1, false", "192.168.185.7, false", "198.19.0.1, false", "198.51.100.1, false",
        "203.0.113.1, false", "203.0.114.1, true", "240.0.0.1, false", "255.255.255.255, false", "::1, false",
        "fe80::1, false", "fd00::1, false", "2001:db8::1, false", "2001:0:1::1, false", "2002:a00:1::1, false",
        "64:ff9b::909:909, false", "3fff::1, false", "2a00:1450::1, true"
    })
    void publicCaCertifiesPublicNamesOnly(String name, boolean may) throws Exception {
        Site site = new Site(List.of(name), List.of(), null);
        AcmeIssuer letsEncrypt = issuer(URI.create("https://acme-v02.api.letsencrypt.org/directory"));

        assertThat(letsEncrypt.mayCertify(site)).isEqualTo(may);
        assertThat(issuer(ca.directory()).mayCertify(site)).isEqualTo(!name.startsWith("*"));
    }

    @ParameterizedTest(name = "{0} at {1}: {2}")
    @CsvSource(
            nullValues = "none",
            value = {
                "30, none, PT30S",
                "0, none, PT0S",
                "'Fri, 20 Nov 2026 12:00:10 GMT', 'Fri, 20 Nov 2026 12:00:00 GMT', PT10S",
                "'Fri, 20 Nov 2026 11:00:00 GMT', 'Fri, 20 Nov 2026 12:00:00 GMT', PT0S",
                "'Fri, 20 Nov 2026 12:00:10 GMT', none, PT10S",
                "soon, none, none",
                "-5, none, none",
                "99999999999, none, PT168H",
                "700000, none, PT168H",
                "'Fri, 18 Dec 2026 12:00:00 GMT', none, PT168H"
            })
    void retryAfterIsASpanOfTime(String value, String date, Duration wait) {
        Map<String, List<String>> headers = date == null
                ? Map.of("Retry-After", List.of(value))
                : Map.of("Retry-After", List.of(value), "Date", List.of(date));

        assertThat(CaHttp.retryAfter(HttpHeaders.of(headers, (n, v) -> true), Instant.parse("2026-11-20T12:00:00Z")))
                .isEqualTo(wait);
    }
}
