package dev.postern.tunnel;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Services of layer 4: connections that are passed on as they are. */
class TcpServiceTest {
    private static final int PATIENCE_MILLIS = 20_000;

    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    /** Says its name, then everything it is told, and "bye" once it is told no more. */
    private TestServer echo(String name) {
        return edge.closes(TestServer.conversing(connection -> {
            connection.send(name + "\n");
            connection.in().transferTo(connection.socket().getOutputStream());
            connection.send("bye");
        }));
    }

    private static String service(String more, String backend) {
        return """
                tcp:
                  - { name: db, bind: "127.0.0.1:0", backend: db%s }
                backends:
                  db: { %s }
                """.formatted(more.isEmpty() ? "" : ", " + more, backend);
    }

    private static String servers(TestServer... servers) {
        return "servers: ["
                + String.join(
                        ", ", List.of(servers).stream().map(TestServer::address).toList()) + "]";
    }

    private Socket client() throws IOException {
        return client(edge.tcpPort("db"));
    }

    private Socket client(int port) throws IOException {
        Socket client = edge.closes(new Socket());
        client.setSoTimeout(PATIENCE_MILLIS);
        client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PATIENCE_MILLIS);
        return client;
    }

    private static String line(Socket client) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = client.getInputStream().read();
                next != '\n';
                next = client.getInputStream().read()) {
            if (next < 0) {
                return line.append("<end>").toString();
            }
            line.append((char) next);
        }
        return line.toString();
    }

    private static void send(Socket client, String text) throws IOException {
        client.getOutputStream().write(text.getBytes(US_ASCII));
    }

    private static String rest(Socket client) throws IOException {
        return new String(client.getInputStream().readAllBytes(), US_ASCII);
    }

    // ---- bytes

    @Test
    void bytesGoBothWaysAndTheEndOfOneDirectionLeavesTheOtherOpen() throws Exception {
        edge.start(service("", servers(echo("one"))));

        Socket client = client();
        assertThat(line(client)).isEqualTo("one");
        send(client, "hello\n");
        assertThat(line(client)).isEqualTo("hello");
        client.shutdownOutput();

        assertThat(rest(client)).isEqualTo("bye");
    }

    @Test
    void whatTheClientSaysAndEndsBeforeTheServerIsThereArrives() throws Exception {
        edge.start(service("", servers(echo("one"))));

        Socket client = client();
        send(client, "early");
        client.shutdownOutput();

        assertThat(rest(client)).isEqualTo("one\nearlybye");
    }

    @Test
    void theServerMayCloseItsHalfFirst() throws Exception {
        List<String> heard = new CopyOnWriteArrayList<>();
        TestServer server = edge.closes(TestServer.conversing(connection -> {
            connection.send("all\n");
            connection.socket().shutdownOutput();
            heard.add(new String(connection.in().readAllBytes(), US_ASCII));
        }));
        edge.start(service("", servers(server)));

        Socket client = client();
        assertThat(rest(client)).isEqualTo("all\n");
        send(client, "and more");
        client.shutdownOutput();

        await().untilAsserted(() -> assertThat(heard).containsExactly("and more"));
    }

    @Test
    void muchGoesBothWaysAtOnceUnchanged() throws Exception {
        byte[] much = new byte[8 << 20];
        new Random(7).nextBytes(much);
        TestServer server = edge.closes(TestServer.conversing(
                connection -> connection.in().transferTo(connection.socket().getOutputStream())));
        edge.start(service("", servers(server)));

        Socket client = client();
        Thread writer = new Thread(() -> assertThatCode(() -> {
                    client.getOutputStream().write(much);
                    client.shutdownOutput();
                })
                .doesNotThrowAnyException());
        writer.start();
        byte[] back = client.getInputStream().readAllBytes();
        writer.join();

        assertThat(back).isEqualTo(much);
    }

    @Test
    void whoTakesNothingIsSentNoMoreThanTheBuffersHold() throws Exception {
        // Netty's water marks, both kernels' buffers: far from a quarter of a gigabyte.
        long bound = 64L << 20;
        long[] sent = {0};
        TestServer server = edge.closes(TestServer.conversing(connection -> {
            byte[] block = new byte[1 << 16];
            while (sent[0] < 4 * bound) {
                connection.send(block);
                sent[0] += block.length;
            }
        }));
        edge.start(service("", servers(server)));

        client().getInputStream().read();

        long[] before = {-1};
        await().pollInterval(Duration.ofMillis(200)).until(() -> {
            boolean stalls = sent[0] == before[0];
            before[0] = sent[0];
            return stalls;
        });
        assertThat(sent[0]).isLessThan(bound);
    }

    @Test
    void aResetOfTheServerReachesTheClientAsOne() throws Exception {
        TestServer server = edge.closes(TestServer.conversing(connection -> {
            connection.send("half an answ\n");
            connection.in().read();
            connection.reset();
        }));
        edge.start(service("", servers(server)));

        Socket client = client();
        assertThat(line(client)).isEqualTo("half an answ");
        send(client, "x");

        assertThatThrownBy(() -> rest(client)).isInstanceOf(IOException.class).hasMessageContaining("reset");
    }

    @Test
    void whatAClientHasSaidWhileItWaitedArrivesWithItsEnd() throws Exception {
        TestServer server = echo("one");
        edge.start(service("", "servers: [{ address: \"" + server.address() + "\", max-connections: 1 }]"));
        Socket first = client();
        assertThat(line(first)).isEqualTo("one");

        for (int length : List.of(10, 100_000)) {
            Socket waits = client();
            String said = "x".repeat(length);
            Thread sends = new Thread(() -> {
                try {
                    send(waits, said);
                    waits.shutdownOutput();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            sends.start();
            if (length == 10) {
                sends.join();
            }
            first.close();
            assertThat(rest(waits)).isEqualTo("one\n" + said + "bye");
            sends.join();
            first = client();
            assertThat(line(first)).isEqualTo("one");
        }
    }

    // A server that closes with something unread resets, whatever it has said: as nginx and HAProxy, we deliver that.
    @Test
    void whatAServerSaidBeforeItsResetReachesAClientThatTakesItSlowly() throws Exception {
        int length = 60_000;
        CountDownLatch reset = new CountDownLatch(1);
        TestServer server = edge.closes(TestServer.conversing(connection -> {
            connection.socket().getOutputStream().write(new byte[length]);
            connection.in().read();
            connection.reset();
            reset.countDown();
        }));
        edge.start(service("", servers(server)));

        try (Socket client = new Socket()) {
            client.setReceiveBufferSize(2048);
            client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), edge.tcpPort("db")));
            client.setSoTimeout(10_000);
            assertThat(client.getInputStream().read()).isZero();
            send(client, "x");
            reset.await();
            // Until the system has noticed that nothing more may be sent, and has begun to probe.
            await().pollDelay(Duration.ofMillis(600)).until(() -> true);

            assertThat(client.getInputStream().readNBytes(length - 1)).hasSize(length - 1);
            assertThatThrownBy(() -> client.getInputStream().read())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("reset");
        }
    }

    @Test
    void whatAServerSaysBesideAnUploadItDoesNotTakeArrives() throws Exception {
        TestServer server = edge.closes(TestServer.conversing(connection -> {
            connection.in().readNBytes(1000);
            connection.send("too large\n");
            connection.socket().close();
        }));
        edge.start(service("", servers(server)));

        for (int i = 0; i < 20; i++) {
            Socket client = client();
            Thread upload = new Thread(() -> {
                try {
                    client.getOutputStream().write(new byte[10_000_000]);
                } catch (IOException reset) {
                    // It is not taken.
                }
            });
            upload.start();
            assertThat(line(client)).isEqualTo("too large");
            client.close();
            upload.join();
        }
    }

    @Test
    void aResetOfTheClientReachesTheServerAsOne() throws Exception {
        List<String> heard = new CopyOnWriteArrayList<>();
        TestServer server = edge.closes(TestServer.conversing(connection -> {
            connection.send("hello\n");
            try {
                connection.in().transferTo(connection.socket().getOutputStream());
                heard.add("end");
            } catch (IOException e) {
                heard.add(e.getMessage());
                throw e;
            }
        }));
        edge.start(service("", servers(server)));

        Socket client = client();
        assertThat(line(client)).isEqualTo("hello");
        client.setSoLinger(true, 0);
        client.close();

        await().untilAsserted(() -> assertThat(heard.toString()).contains("reset"));
    }

    // ---- which server

    @Test
    void aServerThatIsNotThereIsLeftForTheNext() throws Exception {
        TestServer gone = TestServer.saying("");
        gone.close();
        edge.start(service("", servers(gone, echo("two"))));

        for (int i = 0; i < 3; i++) {
            assertThat(line(client())).isEqualTo("two");
        }
    }

    @Test
    void whereNoServerIsThereTheConnectionIsClosed() throws Exception {
        TestServer gone = TestServer.saying("");
        gone.close();
        edge.start(service("", servers(gone)));

        assertThat(rest(client())).isEmpty();
    }

    @Test
    void connectionsAreSpreadOverTheServers() throws Exception {
        edge.start(service("", servers(echo("one"), echo("two"))));

        assertThat(List.of(line(client()), line(client()), line(client()), line(client())))
                .containsExactlyInAnyOrder("one", "one", "two", "two");
    }

    @Test
    void bySourceAClientStaysAtItsServer() throws Exception {
        edge.start(service("", "balance: source, " + servers(echo("one"), echo("two"), echo("three"))));

        String first = line(client());
        for (int i = 0; i < 5; i++) {
            assertThat(line(client())).isEqualTo(first);
        }
    }

    @Test
    void whoeverIsOverMaxConnectionsOfTheServerWaitsInLine() throws Exception {
        TestServer server = echo("one");
        edge.start(service("", "servers: [{ address: \"" + server.address() + "\", max-connections: 1 }]"));

        Socket first = client();
        assertThat(line(first)).isEqualTo("one");
        Socket second = client();
        second.setSoTimeout(200);
        assertThatThrownBy(() -> second.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        first.close();
        second.setSoTimeout(PATIENCE_MILLIS);

        assertThat(line(second)).isEqualTo("one");
    }

    @Test
    void serversOfARangeOfPortsFollowTheirPort() throws Exception {
        TestServer server = echo("one");
        int port = server.port();
        // The port to connect to is chosen by the system; the server is at that of the test.
        int bound;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            bound = free.getLocalPort();
        }
        edge.start("""
                tcp:
                  - { name: db, bind: "127.0.0.1:%d-%d", backend: db, server-port: "%+d" }
                backends:
                  db: { servers: ["127.0.0.1:1"] }
                """.formatted(bound, bound, port - bound));

        assertThat(line(client(bound))).isEqualTo("one");
    }

    // ---- who may

    @Test
    void whoIsDeniedOrNotAllowedIsClosedWithoutAWord() throws Exception {
        TestServer server = echo("one");
        edge.start("""
                tcp:
                  - { name: db, bind: "127.0.0.1:0", backend: db, deny: 127.0.0.1 }
                  - { name: allowed, bind: "127.0.0.1:0", backend: db, allow: [10.0.0.0/8, 127.0.0.0/8] }
                  - { name: not-allowed, bind: "127.0.0.1:0", backend: db, allow: 10.0.0.0/8 }
                backends:
                  db: { %s }
                """.formatted(servers(server)));

        assertThat(rest(client())).isEmpty();
        assertThat(rest(client(edge.tcpPort("not-allowed")))).isEmpty();
        assertThat(line(client(edge.tcpPort("allowed")))).isEqualTo("one");
        assertThat(server.connectionsAccepted()).isEqualTo(1);
    }

    @Test
    void aClientOpensNoMoreThanItsRateAllows() throws Exception {
        edge.start(service("rate-limit: { connections: 2, per: 1m }", servers(echo("one"))));

        assertThat(line(client())).isEqualTo("one");
        assertThat(line(client())).isEqualTo("one");
        assertThat(rest(client())).isEmpty();
        edge.passes(Duration.ofSeconds(31));
        assertThat(line(client())).isEqualTo("one");
    }

    @Test
    void overMaxConnectionsOfTheServiceNobodyIsAcceptedUntilSomebodyLeaves() throws Exception {
        TestServer server = echo("one");
        edge.start(service("max-connections: 1", servers(server)));

        Socket first = client();
        assertThat(line(first)).isEqualTo("one");
        // Each acceptor may have taken one more.
        List<Socket> more = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            more.add(client());
        }
        int most = 1 + Runtime.getRuntime().availableProcessors();
        await().during(Duration.ofMillis(300)).until(() -> server.connectionsAccepted() <= most);
        first.close();
        // In whichever order the kernel hands them over.
        await().until(() -> {
            for (Socket one : List.copyOf(more)) {
                if (one.getInputStream().available() > 0) {
                    assertThat(line(one)).isEqualTo("one");
                    one.close();
                    more.remove(one);
                }
            }
            return more.isEmpty();
        });
    }

    // ---- PROXY protocol

    @Test
    void theServerIsToldWhoTheClientIs() throws Exception {
        TestServer server = edge.closes(TestServer.conversing(connection -> {
            byte[] header = connection.in().readNBytes(28);
            int port = (header[24] & 0xff) << 8 | (header[25] & 0xff);
            connection.send(port + "\n");
            connection.send((char) connection.in().read() + "\n");
        }));
        edge.start(service("", "proxy-protocol: v2, " + servers(server)));

        Socket client = client();
        send(client, "x");

        assertThat(line(client)).isEqualTo(String.valueOf(client.getLocalPort()));
        assertThat(line(client)).isEqualTo("x");
    }

    @Test
    void aProxyInFrontSaysWhoTheClientIs() throws Exception {
        Path log = edge.directory().resolve("access.log");
        edge.start("access-log: { to: " + log + " }\n" + service("proxy-protocol: 127.0.0.1", servers(echo("one"))));

        Socket client = client();
        send(client, "PROXY TCP4 203.0.113.9 198.51.100.1 4711 5432\r\nhello");
        client.shutdownOutput();

        assertThat(rest(client)).isEqualTo("one\nhellobye");
        await().untilAsserted(() -> assertThat(Files.readString(log)).contains("\"client\":\"203.0.113.9\""));
    }

    // ---- timeouts

    @Test
    void aTunnelInWhichNothingMovesIsClosed() throws Exception {
        edge.start(service("timeouts: { tunnel: 1h }", servers(echo("one"))));
        Socket client = client();
        assertThat(line(client)).isEqualTo("one");

        edge.passes(Duration.ofMinutes(59));
        send(client, "still here\n");
        assertThat(line(client)).isEqualTo("still here");
        edge.passes(Duration.ofMinutes(59));
        send(client, "and here\n");
        assertThat(line(client)).isEqualTo("and here");
        edge.passes(Duration.ofMinutes(61));

        assertThat(rest(client)).isEmpty();
    }

    @Test
    void aClientThatIsSilentForItsTimeIsClosedThoughTheServerTalks() throws Exception {
        TestServer server = edge.closes(TestServer.conversing(connection -> {
            while (connection.in().read() >= 0) {
                connection.send("tick\n");
            }
        }));
        edge.start(service("timeouts: { server: 10s }", servers(server)));
        Socket client = client();
        send(client, "x");
        assertThat(line(client)).isEqualTo("tick");

        edge.passes(Duration.ofSeconds(9));
        send(client, "x");
        assertThat(line(client)).isEqualTo("tick");
        edge.passes(Duration.ofSeconds(11));

        assertThat(rest(client)).isEmpty();
    }

    // ---- while it runs

    @Test
    void connectionsSurviveReloadsAndNewOnesGoWhereTheConfigurationSays() throws Exception {
        TestServer one = echo("one");
        TestServer two = echo("two");
        edge.start(service("", servers(one)));
        Socket before = client();
        assertThat(line(before)).isEqualTo("one");

        edge.reload(service("", servers(two)));
        assertThat(line(client())).isEqualTo("two");
        int port = edge.tcpPort("db");
        edge.reload("""
                tcp:
                  - { name: other, bind: "127.0.0.1:0", backend: db }
                backends:
                  db: { %s }
                """.formatted(servers(one)));

        assertThat(line(client(edge.tcpPort("other")))).isEqualTo("one");
        assertThatThrownBy(() -> client(port)).hasMessageContaining("refused");
        send(before, "still\n");
        assertThat(line(before)).isEqualTo("still");
    }

    @Test
    void anAddressMayGoFromOneServiceToAnother() throws Exception {
        edge.start(service("", servers(echo("one"))));
        int port = edge.tcpPort("db");

        edge.reload("""
                tcp:
                  - { name: other, bind: "127.0.0.1:%d", backend: db }
                backends:
                  db: { %s }
                """.formatted(port, servers(echo("two"))));

        assertThat(line(client(port))).isEqualTo("two");
    }

    // ---- what is told of it

    @Test
    void aLineOfTheAccessLogAndMetricsTellOfEachConnection() throws Exception {
        Path log = edge.directory().resolve("access.log");
        TestServer server = echo("one");
        edge.start("access-log: { to: " + log + " }\nlisteners: { admin: { bind: \"127.0.0.1:0\" } }\n"
                + service("", servers(server)));

        Socket client = client();
        send(client, "hello");
        client.shutdownOutput();
        assertThat(rest(client)).isEqualTo("one\nhellobye");

        await().untilAsserted(() -> assertThat(Files.readString(log))
                .contains("\"client\":\"127.0.0.1\",\"service\":\"db\",\"port\":" + edge.tcpPort("db"))
                .contains("\"bytes_in\":5,\"bytes_out\":12,\"backend\":\"db\",\"server\":\"" + server.address())
                .contains("\"state\":\"CTN-\",\"ended_by\":\"client\"")
                .contains("\"total_ms\":"));
        String metrics = edge.closes(RawClient.plain(edge.adminPort()))
                .get("localhost", "/metrics")
                .body();
        assertThat(metrics)
                .contains("postern_connections_accepted_total{listener=\"tcp db\"} 1.0")
                .contains("postern_tcp_connections_total{service=\"db\"} 1.0")
                .contains("postern_tcp_received_bytes_total{service=\"db\"} 5.0")
                .contains("postern_tcp_sent_bytes_total{service=\"db\"} 12.0");
    }

    @Test
    void nothingIsBoundThatNobodyAskedFor() throws Exception {
        edge.start(service("", servers(echo("one"))));

        assertThat(edge.httpAddresses()).isEmpty();
        assertThat(line(client())).isEqualTo("one");
    }
}
