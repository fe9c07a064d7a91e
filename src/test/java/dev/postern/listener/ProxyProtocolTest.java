package dev.postern.listener;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.backend.ProxyPreamble;
import dev.postern.testing.AtOnce;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.KernelQueues;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who may say, and has to say, whose connection it is: 127.0.0.1 in these tests, and nobody else. */
class ProxyProtocolTest {
    private static final String V1 = "PROXY TCP4 192.0.2.7 203.0.113.1 33224 8443\r\n";
    private static final String REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer server = TestServer.saying("hello");

    @Test
    void clientIsWhoTheHeaderSaysPortAndAll() throws Exception {
        start("");

        for (byte[] header : List.of(V1.getBytes(StandardCharsets.US_ASCII), version2())) {
            assertForwardedFor("192.0.2.7", overTls(header));
            assertThat(lastRequest().header("X-Forwarded-Port")).containsExactly("8443");
            assertForwardedFor("192.0.2.7", overPlaintext(header));
        }
    }

    @Test
    void trustedProxyBehindTheHeaderIsBelieved() throws Exception {
        start("trusted-proxies: [192.0.2.0/24]");

        RawClient client = plain("127.0.0.1").send(V1);
        client.request("GET / HTTP/1.1", "Host: localhost", "X-Forwarded-For: 198.51.100.1");

        assertThat(client.response().status()).isEqualTo(200);
        assertThat(lastRequest().header("X-Forwarded-For")).containsExactly("198.51.100.1, 192.0.2.7");
    }

    @Test
    void proxyThatSpeaksForItselfIsTheClient() throws Exception {
        start("");

        assertForwardedFor("127.0.0.1", overTls(ProxyPreamble.ofOurOwn()));
        assertForwardedFor("127.0.0.1", overPlaintext("PROXY UNKNOWN\r\n".getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void headerAndHelloMayComeTogetherOrByteByByte() throws Exception {
        start("");

        for (byte[] header : List.of(V1.getBytes(StandardCharsets.US_ASCII), version2())) {
            RawClient together = tls(new Prefixed(header));
            assertForwardedFor("192.0.2.7", together.get("localhost", "/"));

            Socket slow = socket("127.0.0.1", edge.httpPort());
            for (byte one : header) {
                slow.getOutputStream().write(one);
                slow.getOutputStream().flush();
            }
            assertForwardedFor("192.0.2.7", edge.closes(RawClient.over(slow)).get("localhost", "/"));

            RawClient coalesced = plain("127.0.0.1");
            coalesced.send(new String(header, StandardCharsets.ISO_8859_1) + REQUEST + REQUEST);
            assertForwardedFor("192.0.2.7", coalesced.response());
            assertForwardedFor("192.0.2.7", coalesced.response());
        }
    }

    @Test
    void cutDoesNotChangeWhoTheClientIs() throws Exception {
        start(AtOnce.TIMEOUTS);
        List<byte[]> headers = List.of(V1.getBytes(StandardCharsets.US_ASCII), version2());

        for (byte[] header : headers) {
            byte[] all =
                    (new String(header, StandardCharsets.ISO_8859_1) + REQUEST).getBytes(StandardCharsets.ISO_8859_1);
            List<RawClient> clients = new ArrayList<>();
            for (int at = 1; at < all.length; at++) {
                clients.add(plain("127.0.0.1").send(Arrays.copyOf(all, at)));
            }
            KernelQueues.awaitRead(sockets(clients));
            for (int at = 1; at < all.length; at++) {
                clients.get(at - 1).send(Arrays.copyOfRange(all, at, all.length));
            }
            KernelQueues.awaitRead(sockets(clients));
            AtOnce.assertAnswered(clients);
            for (RawClient client : clients) {
                assertForwardedFor("192.0.2.7", client.response());
            }
        }
    }

    private static Socket[] sockets(List<RawClient> clients) {
        return clients.stream().map(RawClient::socket).toArray(Socket[]::new);
    }

    @Test
    void proxyWithoutAHeaderIsNotAClient() throws Exception {
        start("");

        RawClient client = plain("127.0.0.1").send(REQUEST);

        assertThat(client.untilClosed()).isEmpty();
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void proxyWithABrokenHeaderIsCutOff() throws Exception {
        start("");

        for (String broken : broken()) {
            assertThat(plain("127.0.0.1").send(broken).untilClosed()).as(broken).isEmpty();
        }
        assertThat(server.requests()).isEmpty();
    }

    private static List<String> broken() {
        String version2 = new String(version2(), StandardCharsets.ISO_8859_1);
        return List.of(
                "PROXY TCP4 192.0.2.7 203.0.113.1 33224 8443 x\r\n" + REQUEST,
                "PROXY TCP4 192.0.2.7 203.0.113.1 33224 8443\n" + REQUEST,
                "PROXY TCP4 192.0.2.7\r\n 203.0.113.1 33224 8443\r\n" + REQUEST,
                "PROXY UNKNOWN " + "x".repeat(5000),
                // Another version, another command, another length.
                version2.substring(0, 12) + "1" + version2.substring(13) + REQUEST,
                version2.substring(0, 12) + "\"" + version2.substring(13) + REQUEST,
                version2.substring(0, 15) + "\4" + version2.substring(16) + REQUEST);
    }

    @Test
    void cutDoesNotMakeABrokenHeaderAGoodOne() throws Exception {
        start(AtOnce.TIMEOUTS);

        for (String broken : broken()) {
            byte[] all = broken.getBytes(StandardCharsets.ISO_8859_1);
            int cuts = Math.min(all.length, 120);
            List<RawClient> clients = new ArrayList<>();
            for (int at = 1; at < cuts; at++) {
                clients.add(plain("127.0.0.1").send(Arrays.copyOf(all, at)));
            }
            KernelQueues.awaitRead(sockets(clients));
            for (int at = 1; at < cuts; at++) {
                try {
                    clients.get(at - 1).send(Arrays.copyOfRange(all, at, all.length));
                } catch (UncheckedIOException closed) {
                    // Refused at its first part.
                }
            }
            KernelQueues.awaitRead(sockets(clients));
            AtOnce.assertAnswered(clients);
            for (int at = 1; at < cuts; at++) {
                assertThat(clients.get(at - 1).untilClosed())
                        .as(broken + ", cut at " + at)
                        .isEmpty();
            }
        }
        assertThat(server.requests()).isEmpty();
    }

    // What follows the header is a request of its own, whatever it looks like.
    @Test
    void secondHeaderIsNoHeader() throws Exception {
        start("");

        RawClient client = plain("127.0.0.1").send(V1 + "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n" + REQUEST);

        assertThat(client.response().status()).isEqualTo(400);
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void nobodyElseMaySpeakForOthers() throws Exception {
        start("");

        for (byte[] header : List.of(V1.getBytes(StandardCharsets.US_ASCII), version2())) {
            String answer = new String(
                    plain("127.0.0.2").send(header).send("\r\n").send(REQUEST).untilClosed(),
                    StandardCharsets.ISO_8859_1);
            assertThat(answer).startsWith("HTTP/1.1 400 ");
            Socket overTls = socket("127.0.0.2", edge.httpsPort());
            overTls.getOutputStream().write(header);
            byte[] refusal = edge.closes(RawClient.over(overTls)).untilClosed();
            // Letters are taken for HTTP, and that is told what it is to be.
            assertThat(refusal[0]).isEqualTo((byte) (header[0] == 'P' ? 'H' : 21));
        }
        assertThat(server.requests()).isEmpty();
        assertForwardedFor("127.0.0.2", plain("127.0.0.2").get("localhost", "/"));
    }

    @Test
    void headerThatDoesNotComeInTimeEndsTheConnection() throws Exception {
        start("timeouts: { handshake: 1m }");
        RawClient silent = plain("127.0.0.1");
        RawClient stopping = plain("127.0.0.1").send("PROXY TCP4 192");
        // On a busy machine a client is connected before we hear of it.
        Awaitility.await().until(() -> edge.openConnections() == 2);
        try (CapturedLog log = CapturedLog.begin()) {

            edge.passes(Duration.ofSeconds(61));

            assertThat(silent.untilClosed()).isEmpty();
            assertThat(stopping.untilClosed()).isEmpty();
            // In the words of the configuration.
            assertThat(log.lines("PROXY header is not complete after 1m")).hasSize(1);
        }
    }

    @Test
    void probesThatConnectAndCloseAreLetGo() throws Exception {
        start("");

        for (int i = 0; i < 10; i++) {
            socket("127.0.0.1", edge.httpsPort()).close();
            Socket local = socket("127.0.0.1", edge.httpsPort());
            local.getOutputStream().write(ProxyPreamble.ofOurOwn());
            local.close();
        }

        Awaitility.await()
                .untilAsserted(() -> assertThat(edge.openConnections()).isEqualTo(0));
    }

    @Test
    void realHaproxyTellsWhoItsClientsAre() throws Exception {
        Path haproxy = RealPrograms.require("haproxy", "haproxy");
        start("");
        int version1 = FreePorts.next();
        int version2 = FreePorts.next();
        Path file = Files.writeString(edge.directory().resolve("haproxy.cfg"), """
                global
                  log stderr local0
                defaults
                  mode tcp
                  timeout connect 5s
                  timeout client 30s
                  timeout server 30s
                listen one
                  bind 127.0.0.1:%d
                  server edge 127.0.0.1:%d check inter 100ms send-proxy source 127.0.0.1
                listen two
                  bind 127.0.0.1:%d
                  server edge 127.0.0.1:%d check inter 100ms send-proxy-v2 proxy-v2-options crc32c,unique-id source 127.0.0.1
                  unique-id-format %%{+X}o\\ %%ci:%%cp
                """.formatted(
                        version1, edge.httpPort(), version2, edge.httpPort()));
        Process process = new ProcessBuilder(haproxy.toString(), "-db", "-f", file.toString())
                .redirectErrorStream(true)
                .redirectOutput(edge.directory().resolve("haproxy.log").toFile())
                .start();
        edge.closes(process::destroyForcibly);

        for (int port : List.of(version1, version2)) {
            Awaitility.await()
                    .ignoreExceptions()
                    .untilAsserted(() -> socket("127.0.0.3", port).close());
            Socket socket = socket("127.0.0.3", port);
            RawClient client = edge.closes(RawClient.over(socket));

            assertForwardedFor("127.0.0.3", client.get("localhost", "/"));
            assertThat(lastRequest().header("X-Forwarded-Port")).containsExactly(String.valueOf(port));
        }
    }

    private void start(String more) throws Exception {
        edge.closes(server);
        edge.startWith(List.of(server.address()), """
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: off, proxy-protocol: [127.0.0.1] }
                  https: { bind: "127.0.0.1:0", proxy-protocol: ["2001:db8::/32", 127.0.0.1] }
                  challenge: { bind: "127.0.0.1:0" }
                """ + more);
    }

    private void assertForwardedFor(String client, RawClient.Response response) {
        assertThat(response.status()).isEqualTo(200);
        assertThat(lastRequest().header("X-Forwarded-For")).containsExactly(client);
    }

    private TestServer.Request lastRequest() {
        return server.requests().get(server.requests().size() - 1);
    }

    private static byte[] version2() {
        ByteBuf header = new ProxyPreamble(
                        new InetSocketAddress("192.0.2.7", 33224), new InetSocketAddress("203.0.113.1", 8443))
                .bytes(UnpooledByteBufAllocator.DEFAULT);
        byte[] bytes = new byte[header.readableBytes()];
        header.readBytes(bytes).release();
        return bytes;
    }

    private RawClient.Response overPlaintext(byte[] header) throws IOException {
        return plain("127.0.0.1").send(header).get("localhost", "/");
    }

    private RawClient.Response overTls(byte[] header) throws IOException {
        Socket socket = socket("127.0.0.1", edge.httpsPort());
        socket.getOutputStream().write(header);
        return tls(socket).get("localhost", "/");
    }

    private RawClient tls(Socket plain) throws IOException {
        if (!plain.isConnected()) {
            plain.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), edge.httpsPort()));
        }
        SSLSocket socket =
                (SSLSocket) edge.trust().getSocketFactory().createSocket(plain, "localhost", edge.httpsPort(), true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName("localhost")));
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return edge.closes(RawClient.over(socket));
    }

    private RawClient plain(String from) throws IOException {
        return edge.closes(RawClient.over(socket(from, edge.httpPort())));
    }

    private static Socket socket(String from, int port) throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), port, InetAddress.getByName(from), 0);
    }

    /** Writes these bytes together with the first that are written to it. */
    private static final class Prefixed extends Socket {
        private byte[] prefix;

        Prefixed(byte[] prefix) {
            this.prefix = prefix;
        }

        @Override
        public OutputStream getOutputStream() throws IOException {
            return new FilterOutputStream(super.getOutputStream()) {
                @Override
                public void write(byte[] bytes, int from, int length) throws IOException {
                    byte[] all = Unpooled.wrappedBuffer(prefix, Arrays.copyOfRange(bytes, from, from + length))
                            .copy()
                            .array();
                    prefix = new byte[0];
                    out.write(all);
                }
            };
        }
    }
}
