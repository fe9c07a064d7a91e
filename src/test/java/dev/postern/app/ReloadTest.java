package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.config.read.ConfigurationChange;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Another configuration in the place of the one that runs: each kind of change takes effect, and nothing else is touched. */
class ReloadTest {
    private static final String SWITCHING =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer one = TestServer.saying("one");
    private final TestServer two = TestServer.saying("two");

    private String site(String name, String routes) {
        return "{ names: [" + name + "], routes: " + routes + ", certificate: "
                + edge.site().certificate(name) + " }";
    }

    private @Nullable String localhost;

    private String config(String routes, String backends, String more) {
        if (localhost == null) {
            localhost = edge.site().certificate("localhost");
        }
        return "sites:\n  - { names: [localhost], routes: " + routes + ", certificate: " + localhost + " }\n"
                + "backends:\n  " + backends.replace(";", "\n  ") + "\n" + more + "\n";
    }

    private static final String ALL_TO_WEB = "[{ path: /, backend: web }]";

    private String web(TestServer... servers) {
        return "web: { servers: "
                + EdgeExtension.addresses(
                        List.of(servers).stream().map(TestServer::address).toList()) + " }";
    }

    private void servers() {
        edge.closes(one);
        edge.closes(two);
    }

    @Test
    void openConnectionsFollowTheNewRoutes() throws Exception {
        servers();
        edge.start(config(ALL_TO_WEB, web(one), ""));
        RawClient client = edge.client();
        assertThat(client.get("localhost", "/api/").body()).isEqualTo("one");

        ConfigurationChange change = edge.reload(config(
                "[{ path: /, backend: web }, { path: /api/, backend: api }]",
                web(one) + ";api: { servers: [\"" + two.address() + "\"] }",
                ""));

        assertThat(client.get("localhost", "/api/").body()).isEqualTo("two");
        assertThat(client.get("localhost", "/").body()).isEqualTo("one");
        assertThat(change.lines()).containsExactly("site localhost: routes: + /api/", "backends: + api");
    }

    @Test
    void sameConfigurationChangesNothing() throws Exception {
        servers();
        String same = config(ALL_TO_WEB, web(one), "");
        edge.start(same);

        ConfigurationChange change = edge.reload(same);

        assertThat(change.lines()).isEmpty();
        assertThat(change.afterRestart()).isEmpty();
    }

    @Test
    void tunnelToAServerThatStaysGoesOn() throws Exception {
        TestServer echo = edge.closes(TestServer.startAtHead((request, connection) -> {
            connection.send(SWITCHING);
            for (int b = connection.in().read(); b >= 0; b = connection.in().read()) {
                connection.send(new byte[] {(byte) b});
            }
        }));
        servers();
        edge.start(config(ALL_TO_WEB, web(echo), ""));
        RawClient client = edge.client();
        client.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        assertThat(client.response().status()).isEqualTo(101);

        edge.reload(config(ALL_TO_WEB, web(echo, one), "timeouts: { response: 5s }"));
        edge.reload(config("[{ path: /, respond: { status: 200, body: gone } }]", web(one), ""));

        client.send("still there");
        assertThat(new String(client.in().readNBytes(11), java.nio.charset.StandardCharsets.US_ASCII))
                .isEqualTo("still there");
    }

    @Test
    void serverThatIsRemovedFinishesItsExchangeAndLosesItsIdleConnections() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        TestServer leaving = edge.closes(TestServer.start((request, connection) -> {
            if (request.path().equals("/slow")) {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
            connection.send(TestServer.ok("leaving"));
        }));
        servers();
        edge.start(config(ALL_TO_WEB, web(leaving), ""));
        RawClient slow = edge.client();
        slow.request("GET /slow HTTP/1.1", "Host: localhost");
        RawClient quick = edge.client();
        assertThat(quick.get("localhost", "/").body()).isEqualTo("leaving");
        Awaitility.await()
                .untilAsserted(() -> assertThat(leaving.connectionsOpen()).isEqualTo(2));

        edge.reload(config(ALL_TO_WEB, web(one), ""));

        assertThat(quick.get("localhost", "/").body()).isEqualTo("one");
        Awaitility.await()
                .untilAsserted(() -> assertThat(leaving.connectionsOpen()).isEqualTo(1));
        release.countDown();
        assertThat(slow.response().body()).isEqualTo("leaving");
        Awaitility.await()
                .untilAsserted(() -> assertThat(leaving.connectionsOpen()).isEqualTo(0));
    }

    @Test
    void serverThatStaysKeepsItsConnectionsAndItsHealth() throws Exception {
        servers();
        TestServer dead = TestServer.saying("dead");
        dead.close();
        String backend = "web: { servers: [\"" + dead.address() + "\", \"" + one.address()
                + "\"], health: { path: /, interval: 1h, fall: 1 } }";
        edge.start(config(ALL_TO_WEB, backend, ""));
        RawClient client = edge.client();
        // The first of these finds out that the other server refuses.
        for (int i = 0; i < 4; i++) {
            assertThat(client.get("localhost", "/").body()).isEqualTo("one");
        }
        int connections = one.connectionsAccepted();
        TestServer revived = edge.closes(
                TestServer.start(dead.port(), (request, connection) -> connection.send(TestServer.ok("revived"))));

        edge.reload(config(
                ALL_TO_WEB,
                backend.replace("\"" + one.address() + "\"", "{ address: \"" + one.address() + "\", weight: 3 }"),
                "timeouts: { keep-alive: 70s }"));

        // Forgotten health would send it its share again, and a new pool would need new connections.
        for (int i = 0; i < 8; i++) {
            assertThat(client.get("localhost", "/").body()).isEqualTo("one");
        }
        assertThat(one.connectionsAccepted()).isEqualTo(connections);
        assertThat(revived.requests()).isEmpty();
    }

    @Test
    void siteIsAddedAndRemoved() throws Exception {
        servers();
        String before = config(ALL_TO_WEB, web(one), "");
        edge.start(before);
        String added = before.replace("sites:\n", "sites:\n  - " + site("new.example", ALL_TO_WEB) + "\n");

        assertThat(edge.reload(added).lines()).containsExactly("sites: + new.example");
        RawClient client = edge.closes(RawClient.tls(edge.httpsPort(), edge.trust(), "new.example"));
        assertThat(client.get("new.example", "/").body()).isEqualTo("one");

        assertThat(edge.reload(before).lines()).containsExactly("sites: - new.example");
        assertThat(client.get("new.example", "/").status()).isEqualTo(404);
        assertThatThrownBy(() -> RawClient.tls(edge.httpsPort(), edge.trust(), "new.example"))
                .isInstanceOf(SSLHandshakeException.class)
                .hasMessageContaining("unrecognized_name");
        assertThat(edge.client().get("localhost", "/").body()).isEqualTo("one");
    }

    @Test
    void limitsHoldForOpenConnections() throws Exception {
        servers();
        edge.start(config(ALL_TO_WEB, web(one), ""));
        RawClient client = edge.client();
        String large = "X-Large: " + "a".repeat(20 * 1024);
        assertThat(client.request("GET / HTTP/1.1", "Host: localhost", "X-Large: " + "a".repeat(10 * 1024))
                        .response()
                        .status())
                .isEqualTo(200);

        edge.reload(config(ALL_TO_WEB, web(one), "limits: { head: 32KiB }"));
        assertThat(client.request("GET / HTTP/1.1", "Host: localhost", large)
                        .response()
                        .status())
                .isEqualTo(200);

        ConfigurationChange change = edge.reload(config(ALL_TO_WEB, web(one), "limits: { head: 12KiB, headers: 20 }"));
        assertThat(change.lines()).containsExactly("limits.head 32KiB → 12KiB", "limits.headers 100 → 20");
        assertThat(client.request("GET / HTTP/1.1", "Host: localhost", large)
                        .response()
                        .status())
                .isEqualTo(431);
    }

    @Test
    void timeoutsHoldForOpenConnections() throws Exception {
        servers();
        edge.start(config(ALL_TO_WEB, web(one), ""));
        RawClient client = edge.client();
        assertThat(client.get("localhost", "/").body()).isEqualTo("one");

        edge.reload(config(ALL_TO_WEB, web(one), "timeouts: { keep-alive: 200ms }"));

        assertThat(client.isClosedByPeer()).isTrue();
    }

    /** A proxy that is trusted no more may have a connection that it keeps for ever. */
    @Test
    void trustInAProxyEndsForOpenConnections() throws Exception {
        servers();
        edge.start(config(ALL_TO_WEB, web(one), "trusted-proxies: [127.0.0.1]"));
        RawClient client = edge.client();

        assertThat(forwardedFor(client)).isEqualTo("192.0.2.7, 127.0.0.1");
        edge.reload(config(ALL_TO_WEB, web(one), ""));
        assertThat(forwardedFor(client)).isEqualTo("127.0.0.1");
        edge.reload(config(ALL_TO_WEB, web(one), "trusted-proxies: [127.0.0.0/8]"));
        assertThat(forwardedFor(client)).isEqualTo("192.0.2.7, 127.0.0.1");
    }

    /** What the server is told, where the client speaks for 192.0.2.7. */
    private String forwardedFor(RawClient client) {
        client.request("GET / HTTP/1.1", "Host: localhost", "X-Forwarded-For: 192.0.2.7");
        assertThat(client.response().status()).isEqualTo(200);
        return one.requests()
                .get(one.requests().size() - 1)
                .header("X-Forwarded-For")
                .get(0);
    }

    @Test
    void newHandshakesFollowTheTlsPolicy() throws Exception {
        servers();
        edge.start(config(ALL_TO_WEB, web(one), "tls: { min-version: TLSv1.3 }"));
        RawClient before = edge.client();
        assertThatThrownBy(this::tls12).isInstanceOf(SSLHandshakeException.class);

        edge.reload(config(ALL_TO_WEB, web(one), ""));

        assertThat(((SSLSocket) tls12().socket()).getSession().getProtocol()).isEqualTo("TLSv1.2");
        assertThat(before.get("localhost", "/").body()).isEqualTo("one");
    }

    private RawClient tls12() throws Exception {
        return edge.closes(RawClient.tls(
                edge.httpsPort(),
                edge.trust(),
                "localhost",
                parameters -> parameters.setProtocols(new String[] {"TLSv1.2"})));
    }

    @Test
    void plaintextListenerBeginsToRedirect() throws Exception {
        servers();
        String off = """
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: off }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                """;
        edge.start(off + config(ALL_TO_WEB, web(one), ""));
        RawClient client = edge.plainClient();
        assertThat(client.get("localhost", "/").status()).isEqualTo(200);

        ConfigurationChange change = edge.reload(off.replace("off", "308") + config(ALL_TO_WEB, web(one), ""));

        assertThat(change.lines()).containsExactly("listeners.http.redirect off → 308");
        assertThat(client.get("localhost", "/").header("Location")).hasSize(1);
    }

    @Test
    void listenerIsAddedAndRemovedAndItsConnectionsGoOn() throws Exception {
        servers();
        edge.start(listeners("127.0.0.1:0") + config(ALL_TO_WEB, web(one), ""));
        int port = edge.httpsPort();
        RawClient before = edge.client();
        int added = FreePorts.next();

        ConfigurationChange change = edge.reload(listeners("127.0.0.1:" + added) + config(ALL_TO_WEB, web(one), ""));

        assertThat(change.lines()).containsExactly("listeners.https.bind: + 127.0.0.1:" + added + ", - 127.0.0.1:0");
        assertThat(edge.httpsPort()).isEqualTo(added);
        assertThat(edge.client().get("localhost", "/").body()).isEqualTo("one");
        assertThat(before.get("localhost", "/").body()).isEqualTo("one");
        assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
                .isInstanceOf(ConnectException.class);
    }

    // The narrower address and the one that covers it may only be exchanged because both are ours.
    @Test
    void addressMayBeReplacedByOneThatCoversIt() throws Exception {
        servers();
        int port = FreePorts.next();
        edge.start(listeners("127.0.0.1:" + port) + config(ALL_TO_WEB, web(one), ""));

        edge.reload(listeners("0.0.0.0:" + port) + config(ALL_TO_WEB, web(one), ""));

        assertThat(edge.client().get("localhost", "/").body()).isEqualTo("one");
    }

    @Test
    void addressThatCannotBeBoundLeavesEverythingAsItWas() throws Exception {
        servers();
        edge.start(listeners("127.0.0.1:0") + config(ALL_TO_WEB, web(one), ""));
        int port = edge.httpsPort();
        int free = FreePorts.next();
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(
                            () -> edge.reload(listeners("127.0.0.1:" + free + "\", \"127.0.0.1:" + taken.getLocalPort())
                                    + config(ALL_TO_WEB, web(two), "")))
                    .isInstanceOf(CannotStart.class)
                    .hasMessageContaining("listener https 127.0.0.1:" + taken.getLocalPort())
                    .hasMessageContaining("address already in use");
        }

        assertThat(edge.httpsPort()).isEqualTo(port);
        assertThat(edge.client().get("localhost", "/").body()).isEqualTo("one");
        assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), free).close())
                .isInstanceOf(ConnectException.class);
    }

    @Test
    void nothingIsReloadedOnceItStops() throws Exception {
        servers();
        Edge stopped = edge.start(config(ALL_TO_WEB, web(one), ""));
        edge.stop();

        assertThatThrownBy(() -> stopped.reload(edge.configuration(config(ALL_TO_WEB, web(two), ""))))
                .isInstanceOf(CannotStart.class)
                .hasMessage("stopping");
    }

    private static String listeners(String https) {
        return "listeners:\n  http: { bind: \"127.0.0.1:0\" }\n  https: { bind: [\"" + https
                + "\"] }\n  challenge: { bind: \"127.0.0.1:0\" }\n";
    }
}
