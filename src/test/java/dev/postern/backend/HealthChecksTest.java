package dev.postern.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HealthChecksTest {
    private static final String WELL = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    private static final String ILL = "HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final AtomicInteger checks = new AtomicInteger();
    /** What the server says to a check; nothing at all where it is empty. */
    private volatile String condition = WELL;

    private final TestServer checked = TestServer.start((request, connection) -> {
        if (request.line().contains("/health")) {
            checks.incrementAndGet();
            if (condition.isEmpty()) {
                connection.in().read();
            }
            connection.send(condition);
        } else {
            connection.send(TestServer.ok("checked"));
        }
    });

    @Test
    void checkAsksWhatIsConfigured() throws Exception {
        start("method: HEAD, path: /health?deep=1, host: example.com, interval: 50ms");

        Awaitility.await().until(() -> checks.get() > 0);

        TestServer.Request check = checked.requests().get(0);
        assertThat(check.line()).isEqualTo("HEAD /health?deep=1 HTTP/1.1");
        assertThat(check.header("Host")).containsExactly("example.com");
        assertThat(check.header("Connection")).containsExactly("close");
    }

    @Test
    void checkNamesTheServerWhereNoHostIsConfigured() throws Exception {
        start("interval: 50ms");

        Awaitility.await().until(() -> checks.get() > 0);

        assertThat(checked.requests().get(0).line()).isEqualTo("GET /health HTTP/1.1");
        assertThat(checked.requests().get(0).header("Host")).containsExactly(checked.address());
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                ILL,
                "HTTP/1.1 400 No\r\n\r\n",
                "HTTP/1.1 199 Odd\r\n\r\n",
                "HTTP/2 200 OK\r\n\r\n",
                "+OK\r\n",
                "\r\n",
                ""
            })
    void illServerGetsNoTrafficUntilItIsWell(String answer) throws Exception {
        start("interval: 50ms, rise: 2, fall: 2");
        RawClient client = edge.client();
        awaitStatus(client, 200);

        condition = answer;
        awaitStatus(client, 503);
        long before = proxied();
        assertThat(client.get("localhost", "/").status()).isEqualTo(503);
        assertThat(proxied()).isEqualTo(before);

        condition = WELL;
        awaitStatus(client, 200);
    }

    @Test
    void serverThatRefusesConnectionsIsToldInTheWordsOfRequests() throws Exception {
        try (CapturedLog log = CapturedLog.begin()) {
            edge.startWithBackend(
                    "{ servers: [\"127.0.0.1:" + FreePorts.next() + "\"], health: { interval: 50ms, fall: 1 } }", "");

            Awaitility.await()
                    .until(() -> !log.lines("health check: connect: refused;").isEmpty());
        }
    }

    @Test
    void expectedStatusIsWell() throws Exception {
        start("interval: 50ms, rise: 1, fall: 1, expect: 500");
        RawClient client = edge.client();
        awaitStatus(client, 503);

        try (CapturedLog log = CapturedLog.begin()) {
            condition = ILL;

            awaitStatus(client, 200);
            assertThat(log.lines(": 1 good health check; back, ")).hasSize(1);
        }
    }

    @Test
    void serverGoesAfterFallAndReturnsAfterRise() throws Exception {
        // A check that is not answered in time counts as well, and nobody here would have counted it: none is.
        start("interval: 50ms, timeout: 1m, rise: 3, fall: 4");
        RawClient client = edge.client();
        Awaitility.await().until(() -> checks.get() > 0);

        checks.set(0);
        condition = ILL;
        awaitStatus(client, 503);
        assertThat(checks.get()).isGreaterThanOrEqualTo(3);

        checks.set(0);
        condition = WELL;
        awaitStatus(client, 200);
        assertThat(checks.get()).isGreaterThanOrEqualTo(2);
    }

    // It was well for long; that does not count for the time after. Back before a check could see that it was away.
    @Test
    void serverThatRefusedAConnectionHasToRiseAsWell() throws Exception {
        TestServer other = edge.closes(TestServer.saying("other"));
        TestServer server = TestServer.saying("first");
        edge.startWithBackend(
                "{ servers: [\"%s\", \"%s\"], health: { path: /up, interval: 300ms, rise: 3, fall: 3 } }"
                        .formatted(server.address(), other.address()),
                "");
        RawClient client = edge.client();
        Awaitility.await().until(() -> server.requests().size() > 3);
        server.close();
        assertThat(client.get("localhost", "/").body()).isEqualTo("other");
        assertThat(client.get("localhost", "/").body()).isEqualTo("other");

        AtomicInteger checked = new AtomicInteger();
        edge.closes(TestServer.start(server.port(), (request, connection) -> {
            checked.addAndGet(request.path().equals("/up") ? 1 : 0);
            connection.send(TestServer.ok("second"));
        }));
        Awaitility.await().until(() -> client.get("localhost", "/").body().equals("second"));

        assertThat(checked.get()).isGreaterThanOrEqualTo(3);
    }

    /** Where there is no other server, one that refused a moment ago is tried again; its next check may be far away. */
    @Test
    void onlyServerIsTriedAgainAtOnceAfterItRefused() throws Exception {
        TestServer server = TestServer.saying("first");
        edge.startWithBackend(
                "{ servers: [\"" + server.address() + "\"], health: { path: /, interval: 1h, timeout: 2s } }", "");
        RawClient client = edge.client();
        assertThat(client.get("localhost", "/").status()).isEqualTo(200);
        server.close();
        assertThat(client.get("localhost", "/").status()).isEqualTo(503);

        edge.closes(TestServer.start(server.port(), (request, connection) -> connection.send(TestServer.ok("second"))));

        assertThat(client.get("localhost", "/").body()).isEqualTo("second");
    }

    // The kernel answers no SYN where the queue is full: the check's own timeout counts, not timeouts.connect.
    @Test
    void serverThatTakesNoConnectionFailsItsChecksInTime() throws Exception {
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket first = new Socket(full.getInetAddress(), full.getLocalPort());
                Socket second = new Socket(full.getInetAddress(), full.getLocalPort())) {
            edge.startWithBackend(
                    "{ servers: [\"127.0.0.1:" + full.getLocalPort()
                            + "\"], health: { interval: 50ms, rise: 1, fall: 2 } }",
                    "timeouts: { connect: 30s }");

            assertThat(List.of(first, second)).allMatch(Socket::isConnected);
            Awaitility.await().until(this::isRefusedAtOnce);
        }
    }

    /** Without the connection attempt that takes as long as {@code timeouts.connect}. */
    private boolean isRefusedAtOnce() throws IOException {
        try (RawClient client = RawClient.tls(edge.httpsPort(), edge.trust(), "localhost")) {
            client.socket().setSoTimeout(1000);
            return client.get("localhost", "/").status() == 503;
        } catch (UncheckedIOException timeout) {
            return false;
        }
    }

    @Test
    void serverThatAcceptsConnectionsIsWellForATcpCheck() throws Exception {
        TestServer other = edge.closes(TestServer.saying("other"));
        condition = ILL;
        edge.closes(checked);
        edge.startWithBackend(
                "{ servers: [\"%s\", \"%s\"], health: { type: tcp, interval: 50ms, rise: 1, fall: 1 } }"
                        .formatted(checked.address(), other.address()),
                "");
        RawClient client = edge.client();
        Awaitility.await().until(() -> checked.connectionsAccepted() > 3);
        assertThat(checks).hasValue(0);
        Awaitility.await().until(() -> List.of("checkedother", "otherchecked").contains(twice(client)));

        // Nobody asks it for anything: only the checks can see that it has gone, and that it is back.
        int port = other.port();
        other.close();
        Awaitility.await().until(() -> twice(client).equals("checkedchecked"));
        edge.closes(TestServer.start(port, (request, connection) -> connection.send(TestServer.ok("back"))));

        Awaitility.await().until(() -> client.get("localhost", "/").body().equals("back"));
    }

    @Test
    void serverThatAnswers404WantsNoNewSessionsButKeepsThoseItHas() throws Exception {
        TestServer other = edge.closes(TestServer.saying("other"));
        edge.closes(checked);
        edge.startWithBackend(
                "{ servers: [\"%s\", \"%s\"], health: { interval: 100ms, fall: 100, drain-on-404: true }, sticky: { cookie: S } }"
                        .formatted(checked.address(), other.address()),
                "");
        RawClient client = edge.client();
        RawClient.Response first = client.get("localhost", "/");
        while (!first.body().equals("checked")) {
            first = client.get("localhost", "/");
        }
        String cookie = first.header("Set-Cookie").get(0).split(";", -1)[0];

        condition = "HTTP/1.1 404 Leaving\r\nContent-Length: 0\r\n\r\n";
        Awaitility.await().until(() -> twice(client).equals("otherother"));

        for (int i = 0; i < 3; i++) {
            assertThat(client.request("GET / HTTP/1.1", "Host: localhost", "Cookie: " + cookie)
                            .response()
                            .body())
                    .isEqualTo("checked");
        }
        condition = WELL;
        Awaitility.await().until(() -> client.get("localhost", "/").body().equals("checked"));
    }

    private static String twice(RawClient client) {
        return client.get("localhost", "/").body()
                + client.get("localhost", "/").body();
    }

    private long proxied() {
        return checked.requests().stream()
                .filter(request -> !request.line().contains("/health"))
                .count();
    }

    private static void awaitStatus(RawClient client, int status) {
        Awaitility.await().until(() -> client.get("localhost", "/").status() == status);
    }

    private void start(String health) throws Exception {
        edge.closes(checked);
        edge.startWithBackend("{ servers: [\"" + checked.address() + "\"], health: { " + health + " } }", "");
    }
}
