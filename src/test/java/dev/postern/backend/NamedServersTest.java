package dev.postern.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestDns;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers given by name: all addresses of the name, as they are now. When they are asked for is in {@link NameTest}. */
@Tag("long")
class NamedServersTest {
    private static final String PLAIN = """
        listeners:
          http: { bind: "127.0.0.1:0", redirect: off }
          https: { bind: "127.0.0.1:0" }
          challenge: { bind: "127.0.0.1:0" }
        """;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final int port = FreePorts.next();
    private final TestDns dns = edge.closes(TestDns.start());

    /** A server that says where it is. */
    private TestServer at(String address) {
        return edge.closes(
                TestServer.at(address, port, (request, connection) -> connection.send(TestServer.ok(address))));
    }

    private void start(String backend, String more) throws Exception {
        edge.startWithBackend(backend, PLAIN + "resolvers: [\"" + dns.address() + "\"]\n" + more);
    }

    private void start(String backend) throws Exception {
        start(backend, "");
    }

    private String named() {
        return "{ servers: [\"app.test:" + port + "\"] }";
    }

    private RawClient.Response get() {
        try (RawClient client = RawClient.plain(edge.httpPort())) {
            return client.get("localhost", "/");
        }
    }

    private String body() {
        return get().body();
    }

    /** All that answer now. */
    private Set<String> bodies(int requests) {
        Set<String> bodies = new HashSet<>();
        for (int i = 0; i < requests; i++) {
            bodies.add(body());
        }
        return bodies;
    }

    // ---- all addresses

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void localhostIsBothLoopbackAddresses(String address) throws Exception {
        at(address);
        start("{ servers: [\"localhost:" + port + "\"] }");

        assertThat(body()).isEqualTo(address);
        assertThat(dns.questions()).isEmpty();
    }

    @Test
    void anotherAddressIsTriedWhereOneRefuses() throws Exception {
        dns.says("app.test", 3600, "127.0.0.2", "127.0.0.3", "127.0.0.4");
        TestServer third = at("127.0.0.3");
        at("127.0.0.4");
        start(named());

        assertThat(body()).isEqualTo("127.0.0.3");
        assertThat(body()).isEqualTo("127.0.0.3");
        third.close();
        assertThat(body()).isEqualTo("127.0.0.4");
    }

    @Test
    void ipv6IsTriedWhereIpv4Refuses() throws Exception {
        dns.says("app.test", 60, "127.0.0.2", "127.0.0.3", "::1");
        at("::1");
        start(named());

        assertThat(body()).isEqualTo("::1");
    }

    @Test
    void nameMayHaveIpv6AddressesOnly() throws Exception {
        dns.says("app.test", 60, "::1");
        at("::1");
        start(named());

        assertThat(body()).isEqualTo("::1");
    }

    @Test
    void aliasesAreFollowed() throws Exception {
        dns.aliases("app.test", 60, "a.test").aliases("a.test", 60, "b.test").says("b.test", 60, "127.0.0.2");
        at("127.0.0.2");
        start(named());

        assertThat(body()).isEqualTo("127.0.0.2");
    }

    @Test
    void silentAddressDoesNotEatTheTimeOfTheOthers() throws Exception {
        dns.says("app.test", 60, "127.0.0.2", "127.0.0.3");
        at("127.0.0.3");
        silent("127.0.0.2");
        // As long as that no client here waits.
        start(named(), "timeouts: { connect: 10m }\n");

        assertThat(body()).isEqualTo("127.0.0.3");
    }

    @Test
    void whereNoAddressAnswersTheLogNamesAllOfThem() throws Exception {
        dns.says("app.test", 60, "127.0.0.2", "127.0.0.3");
        silent("127.0.0.2");
        start(named(), "timeouts: { connect: 600ms }\n");

        try (CapturedLog log = CapturedLog.begin()) {
            assertThat(get().status()).isEqualTo(503);
            assertThat(log.lines("127.0.0.3:" + port + ": refused, 127.0.0.2:" + port + ": no answer within 600 ms"))
                    .isNotEmpty();
        }
    }

    /** Accepts nobody: its line of those who wait to be accepted is full. */
    private void silent(String address) throws IOException {
        ServerSocket full = edge.closes(new ServerSocket());
        full.bind(new InetSocketAddress(address, port), 1);
        List<Socket> waiting = new ArrayList<>();
        edge.closes((AutoCloseable) () -> {
            for (Socket socket : waiting) {
                socket.close();
            }
        });
        while (true) {
            Socket socket = new Socket();
            waiting.add(socket);
            try {
                socket.connect(full.getLocalSocketAddress(), 300);
            } catch (IOException silent) {
                return;
            }
        }
    }

    // ---- a name that moves

    @Test
    void serverThatHasMovedIsFoundAtOnceHoweverLongItsTtl() throws Exception {
        dns.says("app.test", 3600, "127.0.0.2");
        TestServer before = at("127.0.0.2");
        start(named());
        assertThat(body()).isEqualTo("127.0.0.2");
        await().until(() -> dns.questions("A app.test") > 0);
        // A question at most a second after the last one is taken to be answered by that.
        awaitSeconds(1);

        before.close();
        dns.says("app.test", 3600, "127.0.0.3");
        at("127.0.0.3");

        assertThat(body()).isEqualTo("127.0.0.3");
    }

    @Test
    void serverThatIsSilentWhereItWasIsFoundWhereItIs() throws Exception {
        dns.says("app.test", 3600, "127.0.0.2");
        silent("127.0.0.2");
        at("127.0.0.3");
        start(named(), "timeouts: { connect: 20s }\n");
        awaitSeconds(1);
        dns.says("app.test", 3600, "127.0.0.3");

        assertThat(body()).isEqualTo("127.0.0.3");
    }

    @Test
    void answerIsAskedForAnewWhenItEnds() throws Exception {
        dns.says("app.test", 1, "127.0.0.2");
        at("127.0.0.2");
        at("127.0.0.3");
        start(named());
        assertThat(body()).isEqualTo("127.0.0.2");

        dns.says("app.test", 1, "127.0.0.3");

        await().atMost(Duration.ofSeconds(20)).until(() -> body().equals("127.0.0.3"));
    }

    @Test
    void nameThatComesToLifeIsFound() throws Exception {
        at("127.0.0.2");
        start(named());
        assertThat(get().status()).isEqualTo(503);

        dns.says("app.test", 60, "127.0.0.2");

        await().atMost(Duration.ofSeconds(20)).until(() -> get().status() == 200);
    }

    // ---- DNS servers with troubles of their own

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"SERVFAIL", "REFUSED", "silence", "no such name", "no address"})
    void whatIsKnownHoldsWhileTheDnsSaysNothing(String trouble) throws Exception {
        dns.says("app.test", 1, "127.0.0.2");
        at("127.0.0.2");
        start(named());
        assertThat(body()).isEqualTo("127.0.0.2");

        switch (trouble) {
            case "SERVFAIL" -> dns.fails(TestDns.SERVFAIL);
            case "REFUSED" -> dns.fails(TestDns.REFUSED);
            case "silence" -> dns.isSilent(true);
            case "no such name" -> dns.forgets("app.test");
            default -> dns.says("app.test", 1);
        }
        long before = dns.questions("A app.test");
        await().atMost(Duration.ofSeconds(20)).until(() -> dns.questions("A app.test") >= before + 2);

        assertThat(body()).isEqualTo("127.0.0.2");
    }

    @Test
    void slowDnsServerIsWaitedForAtTheStart() throws Exception {
        dns.says("app.test", 60, "127.0.0.2").takesItsTime(Duration.ofMillis(1200));
        at("127.0.0.2");
        start(named());

        assertThat(body()).isEqualTo("127.0.0.2");
    }

    @Test
    void dnsServerThatHasNeverHeardOfIpv6DelaysNothing() throws Exception {
        dns.says("app.test", 60, "127.0.0.2").isSilentForIpv6(true);
        at("127.0.0.2");
        start(named());

        assertThat(body()).isEqualTo("127.0.0.2");
        // Neither waits for the other; that the answer does not, is in NameTest.
        assertThat(dns.questions().subList(0, 2)).containsExactlyInAnyOrder("A app.test", "AAAA app.test");
    }

    @Test
    void secondDnsServerIsAskedWhereTheFirstOneFails() throws Exception {
        TestDns broken = edge.closes(TestDns.start());
        broken.fails(TestDns.SERVFAIL);
        dns.says("app.test", 60, "127.0.0.2");
        at("127.0.0.2");
        edge.startWithBackend(
                named(), PLAIN + "resolvers: [\"" + broken.address() + "\", \"" + dns.address() + "\"]\n");

        assertThat(body()).isEqualTo("127.0.0.2");
    }

    @Test
    void reloadMayNameOtherDnsServers() throws Exception {
        dns.says("app.test", 60, "127.0.0.2");
        at("127.0.0.2");
        at("127.0.0.3");
        TestDns other = edge.closes(TestDns.start()).says("app.test", 60, "127.0.0.3");
        String resolver = "resolvers: [\"%s\"]\n";
        String rest = """
            sites: [{ names: [localhost], backend: web, certificate: %s }]
            backends: { web: %s }
            """.formatted(edge.site().certificate("localhost"), named());
        edge.start(PLAIN + rest + resolver.formatted(dns.address()));
        assertThat(body()).isEqualTo("127.0.0.2");

        edge.reload(PLAIN + rest + resolver.formatted(other.address()));

        await().atMost(Duration.ofSeconds(10)).until(() -> body().equals("127.0.0.3"));
    }

    // ---- health

    @Test
    void addressThatFailsItsHealthCheckGetsNoRequests() throws Exception {
        dns.says("app.test", 60, "127.0.0.2", "127.0.0.3");
        AtomicBoolean ill = new AtomicBoolean(true);
        edge.closes(TestServer.at(
                "127.0.0.2",
                port,
                (request, connection) -> connection.send(
                        request.path().equals("/health") && ill.get()
                                ? "HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n"
                                : TestServer.ok("127.0.0.2"))));
        TestServer well = at("127.0.0.3");
        try (CapturedLog log = CapturedLog.begin()) {
            start("{ servers: [\"app.test:" + port + "\"], health: { interval: 2s, timeout: 2s, rise: 1, fall: 1 } }");
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> !log.lines("asked elsewhere").isEmpty());
        }
        assertThat(bodies(20)).containsExactly("127.0.0.3");

        ill.set(false);
        well.close();
        await().atMost(Duration.ofSeconds(20)).until(() -> get().status() == 200);
        assertThat(bodies(20)).containsExactly("127.0.0.2");

        // Nobody is left: then it is down, and says so.
        ill.set(true);
        await().atMost(Duration.ofSeconds(20)).until(() -> get().status() == 503);
    }

    /** Between the answers of two of its addresses nothing is known of the server. */
    @Test
    void serverOfWhichOneAddressBecomesWellWhileTheOtherFailsIsNotDownForAMoment() throws Exception {
        dns.says("app.test", 60, "127.0.0.2", "127.0.0.3");
        AtomicBoolean ill = new AtomicBoolean(true);
        CompletableFuture<Void> failed = new CompletableFuture<>();
        edge.closes(TestServer.at("127.0.0.2", port, (request, connection) -> {
            if (!ill.get()) {
                failed.orTimeout(20, TimeUnit.SECONDS).join();
            }
            connection.send(ill.get() ? "HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n" : TestServer.ok("127.0.0.2"));
        }));
        edge.closes(TestServer.at("127.0.0.3", port, (request, connection) -> {
            connection.send(ill.get() ? TestServer.ok("127.0.0.3") : "HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n");
            if (!ill.get()) {
                failed.complete(null);
            }
        }));
        try (CapturedLog log = CapturedLog.begin()) {
            start("{ servers: [\"app.test:" + port + "\"], health: { interval: 2s, timeout: 2s, rise: 1, fall: 1 } }");
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> !log.lines("127.0.0.2:" + port + ": health check: status 500")
                            .isEmpty());

            ill.set(false);

            await().atMost(Duration.ofSeconds(20))
                    .until(() -> !log.lines("127.0.0.2:" + port + ": 1 good health check; asked there again")
                            .isEmpty());
            assertThat(log.lines("0 of 1 servers up")).isEmpty();
        }
        assertThat(bodies(20)).containsExactly("127.0.0.2");
    }

    @Test
    void checkOfAnAddressNamesTheServerAsConfigured() throws Exception {
        dns.says("app.test", 60, "127.0.0.2");
        TestServer server = at("127.0.0.2");
        start("{ servers: [\"app.test:" + port + "\"], resolve: each, health: { interval: 50ms } }");

        await().until(() -> !server.requests().isEmpty());

        assertThat(server.requests().get(0).header("Host")).containsExactly("app.test:" + port);
    }

    // ---- each address a server

    @Test
    void eachAddressIsAServer() throws Exception {
        dns.says("app.test", 60, "127.0.0.2", "127.0.0.3", "::1");
        at("127.0.0.2");
        at("127.0.0.3");
        at("::1");
        start("{ servers: [\"app.test:" + port + "\"], resolve: each }");

        assertThat(bodies(12)).containsExactlyInAnyOrder("127.0.0.2", "127.0.0.3", "::1");
    }

    @Test
    void serversComeAndGoUnderLoadWithoutAFailedRequest() throws Exception {
        List<String> all = List.of("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5");
        dns.says("app.test", 1, "127.0.0.2", "127.0.0.3");
        all.forEach(this::at);
        start("{ servers: [\"app.test:" + port + "\"], resolve: each }");
        AtomicBoolean stopped = new AtomicBoolean();
        AtomicInteger requests = new AtomicInteger();
        List<String> failures = new CopyOnWriteArrayList<>();
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Thread client = new Thread(() -> ask(stopped, requests, failures));
            clients.add(client);
            client.start();
        }

        dns.says("app.test", 1, all.toArray(String[]::new));
        await().atMost(Duration.ofSeconds(20)).until(() -> bodies(8).equals(Set.copyOf(all)));
        dns.says("app.test", 1, "127.0.0.4", "127.0.0.5");
        await().atMost(Duration.ofSeconds(20)).until(() -> bodies(8).equals(Set.of("127.0.0.4", "127.0.0.5")));
        dns.says("app.test", 1, "127.0.0.3");
        await().atMost(Duration.ofSeconds(20)).until(() -> bodies(8).equals(Set.of("127.0.0.3")));

        stopped.set(true);
        for (Thread client : clients) {
            client.join();
        }
        assertThat(failures).isEmpty();
        assertThat(requests.get()).isGreaterThan(100);
    }

    private void ask(AtomicBoolean stopped, AtomicInteger requests, List<String> failures) {
        try (RawClient client = RawClient.plain(edge.httpPort())) {
            while (!stopped.get()) {
                RawClient.Response response = client.get("localhost", "/");
                requests.incrementAndGet();
                if (response.status() != 200) {
                    failures.add(response.head());
                }
            }
        } catch (RuntimeException e) {
            failures.add(e.toString());
        }
    }

    @Test
    void serverThatDiesAndLeavesTheNameIsReplacedWithoutAFailedRequest() throws Exception {
        dns.says("app.test", 3600, "127.0.0.2", "127.0.0.3");
        TestServer dies = at("127.0.0.2");
        at("127.0.0.3");
        at("127.0.0.4");
        start("{ servers: [\"app.test:" + port + "\"], resolve: each }");
        assertThat(bodies(8)).containsExactlyInAnyOrder("127.0.0.2", "127.0.0.3");
        awaitSeconds(1);

        dns.says("app.test", 3600, "127.0.0.3", "127.0.0.4");
        dies.close();
        // The refusal is what tells.
        await().atMost(Duration.ofSeconds(20)).until(() -> bodies(8).equals(Set.of("127.0.0.3", "127.0.0.4")));
    }

    @Test
    void stickyClientsStayWhileServersComeAndGo() throws Exception {
        dns.says("app.test", 1, "127.0.0.2", "127.0.0.3");
        at("127.0.0.2");
        at("127.0.0.3");
        at("127.0.0.4");
        start("{ servers: [\"app.test:" + port + "\"], resolve: each, sticky: { cookie: S } }");
        RawClient.Response first = get();
        String cookie = first.header("Set-Cookie").get(0).split(";", -1)[0];

        dns.says("app.test", 1, "127.0.0.4", "127.0.0.2", "127.0.0.3");
        await().atMost(Duration.ofSeconds(20)).until(() -> bodies(9).contains("127.0.0.4"));

        try (RawClient client = RawClient.plain(edge.httpPort())) {
            for (int i = 0; i < 6; i++) {
                assertThat(client.request("GET / HTTP/1.1", "Host: localhost", "Cookie: " + cookie)
                                .response()
                                .body())
                        .isEqualTo(first.body());
            }
        }
    }

    /** For what a rate limit in seconds lets through again. */
    private static void awaitSeconds(int seconds) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds) + TimeUnit.MILLISECONDS.toNanos(50);
        await().pollInterval(Duration.ofMillis(50)).until(() -> System.nanoTime() - end > 0);
    }
}
