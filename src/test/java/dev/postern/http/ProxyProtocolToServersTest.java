package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Servers that are told with the first bytes of a connection whose it is. */
class ProxyProtocolToServersTest {
    private static final String LOCAL = "local";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    /** What each connection began with, in the order of their first requests. */
    private final List<String> headers = new CopyOnWriteArrayList<>();

    private final List<String> requests = new CopyOnWriteArrayList<>();

    private final TestServer server = TestServer.conversing(connection -> {
        String header = header(connection);
        headers.add(header);
        for (TestServer.Request request = connection.read(); request != null; request = connection.read()) {
            requests.add(header + " " + request.path());
            connection.send(TestServer.ok("hello"));
        }
    });

    @Test
    void connectionBeginsWithWhoTheClientIs() throws Exception {
        start("", "");
        RawClient client = plain("127.0.0.1");

        assertThat(client.get("localhost", "/").status()).isEqualTo(200);

        assertThat(headers).containsExactly(nameOf(client) + " to 127.0.0.1:" + edge.httpPort());
    }

    @Test
    void connectionIsUsedAgainForTheSameClientOnly() throws Exception {
        start("", "");
        RawClient one = plain("127.0.0.1");
        RawClient other = plain("127.0.0.2");
        for (int i = 0; i < 3; i++) {
            assertThat(one.get("localhost", "/one").status()).isEqualTo(200);
            assertThat(other.get("localhost", "/other").status()).isEqualTo(200);
        }
        assertThat(plain("127.0.0.1").get("localhost", "/new").status()).isEqualTo(200);

        assertThat(server.connectionsAccepted()).isEqualTo(3);
        assertThat(requests).hasSize(7);
        assertThat(requests.stream().filter(request -> request.endsWith(" /one")))
                .allMatch(request -> request.startsWith(nameOf(one) + " "));
        assertThat(requests.stream().filter(request -> request.endsWith(" /other")))
                .allMatch(request -> request.startsWith(nameOf(other) + " "));
    }

    @Test
    void clientBehindATrustedProxyIsTheOneThatIsNamed() throws Exception {
        start("", "trusted-proxies: [127.0.0.1]");
        RawClient client = plain("127.0.0.1");

        for (String address : List.of("192.0.2.1", "192.0.2.2", "192.0.2.1", "2001:db8::7")) {
            client.request("GET / HTTP/1.1", "Host: localhost", "X-Forwarded-For: " + address);
            assertThat(client.response().status()).isEqualTo(200);
        }

        assertThat(headers)
                .extracting(header -> header.split(" to ", -1)[0])
                .containsExactly("192.0.2.1:0", "192.0.2.2:0", "2001:db8:0:0:0:0:0:7:0");
    }

    @Test
    void healthCheckSpeaksForNobody() throws Exception {
        start(", health: { interval: 50ms }", "");

        Awaitility.await().until(() -> requests.contains(LOCAL + " /health"));

        assertThat(headers).containsOnly(LOCAL);
    }

    @Test
    void realHaproxyUnderstandsIt() throws Exception {
        Path haproxy = RealPrograms.require("haproxy", "haproxy");
        TestServer behind = edge.closes(TestServer.saying("hello"));
        int port = FreePorts.next();
        Path file = Files.writeString(edge.directory().resolve("haproxy.cfg"), """
                defaults
                  mode http
                  timeout connect 5s
                  timeout client 30s
                  timeout server 30s
                listen one
                  bind 127.0.0.1:%d accept-proxy
                  http-request set-header X-Seen %%[src]:%%[src_port]
                  server behind %s
                """.formatted(port, behind.address()));
        Process process = new ProcessBuilder(haproxy.toString(), "-db", "-f", file.toString())
                .redirectErrorStream(true)
                .redirectOutput(edge.directory().resolve("haproxy.log").toFile())
                .start();
        edge.closes(process::destroyForcibly);
        Awaitility.await()
                .ignoreExceptions()
                .untilAsserted(() -> new Socket(InetAddress.getLoopbackAddress(), port).close());
        start("127.0.0.1:" + port, "", "");
        RawClient client = plain("127.0.0.3");

        assertThat(client.get("localhost", "/").status()).isEqualTo(200);

        assertThat(behind.requests().get(0).header("X-Seen")).containsExactly(nameOf(client));
    }

    private void start(String backend, String more) throws Exception {
        edge.closes(server);
        start(server.address(), backend, more);
    }

    private void start(String address, String backend, String more) throws Exception {
        edge.startWithBackend("{ servers: [\"" + address + "\"], proxy-protocol: v2" + backend + " }", """
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: off }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                """ + more);
    }

    private RawClient plain(String from) throws IOException {
        return edge.closes(RawClient.over(
                new Socket(InetAddress.getLoopbackAddress(), edge.httpPort(), InetAddress.getByName(from), 0)));
    }

    private static String nameOf(RawClient client) {
        return client.socket().getLocalAddress().getHostAddress() + ":"
                + client.socket().getLocalPort();
    }

    /** Reads a header of version 2 as a server would: {@code CLIENT:PORT to LOCAL:PORT}. */
    private static String header(TestServer.Connection connection) throws IOException {
        ByteBuffer fixed = ByteBuffer.wrap(connection.in().readNBytes(16));
        byte[] rest = connection.in().readNBytes(fixed.getShort(14));
        if (fixed.get(12) == 0x20) {
            return LOCAL;
        }
        assertThat(fixed.get(12)).isEqualTo((byte) 0x21);
        int size = fixed.get(13) == 0x11 ? 4 : 16;
        ByteBuffer addresses = ByteBuffer.wrap(rest);
        byte[] client = new byte[size];
        byte[] local = new byte[size];
        addresses.get(client).get(local);
        return text(client, addresses.getShort()) + " to " + text(local, addresses.getShort());
    }

    private static String text(byte[] address, short port) throws IOException {
        InetSocketAddress end = new InetSocketAddress(InetAddress.getByAddress(address), port & 0xffff);
        return end.getAddress().getHostAddress() + ":" + end.getPort();
    }
}
