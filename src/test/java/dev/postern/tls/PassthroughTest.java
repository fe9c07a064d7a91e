package dev.postern.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.KernelQueues;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sites whose connections are passed on to their servers unopened, on the port where others are terminated. */
class PassthroughTest {
    private static final int AT_ONCE = 100;

    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    private int served;

    /** A server with a certificate of its own, which says {@code word} to whoever has made a handshake. */
    private TestServer tlsServer(String word, String... names) throws IOException {
        Path chain = edge.directory().resolve("server-" + served + ".pem");
        Path key = edge.directory().resolve("server-key-" + served++ + ".pem");
        edge.site().replace(chain, key, names);
        SSLContext tls = ((JdkSslContext) SslContextBuilder.forServer(chain.toFile(), key.toFile())
                        .sslProvider(SslProvider.JDK)
                        .build())
                .context();
        return edge.closes(TestServer.conversing(connection -> {
            SSLSocket socket = (SSLSocket) tls.getSocketFactory()
                    .createSocket(connection.socket(), null, connection.socket().getPort(), true);
            socket.setUseClientMode(false);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"acme-tls/1", "http/1.1"});
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            socket.getOutputStream().write((word + " " + socket.getApplicationProtocol() + "\n").getBytes(US_ASCII));
            socket.getInputStream().read();
        }));
    }

    private void start(String sites, String backends) throws Exception {
        edge.start(configuration(sites, backends));
    }

    private String configuration(String sites, String backends) {
        return """
                sites:
                  - { names: [localhost], routes: [{ path: /, respond: { body: mine } }], certificate: %s }
                %s
                backends:
                %s
                """.formatted(edge.site().certificate("localhost"), sites, backends);
    }

    private static String backend(String name, TestServer server, String more) {
        return "  " + name + ": { servers: [\"" + server.address() + "\"]" + more + " }\n";
    }

    private RawClient tls(String name, String... protocols) throws IOException {
        return edge.closes(RawClient.tls(edge.httpsPort(), edge.trust(), name, parameters -> {
            parameters.setServerNames(List.of(new SNIHostName(name)));
            parameters.setApplicationProtocols(protocols);
        }));
    }

    private static String line(RawClient client) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = client.in().read();
                next != '\n' && next >= 0;
                next = client.in().read()) {
            line.append((char) next);
        }
        return line.toString();
    }

    @Test
    void passedNamesAreShownTheCertificateOfTheirServerAndOthersThatOfTheirSite() throws Exception {
        start(
                "  - { names: [passed.example.com], passthrough: theirs }",
                backend("theirs", tlsServer("server", "passed.example.com"), ""));

        RawClient passed = tls("passed.example.com", "http/1.1");
        X509Certificate shown =
                (X509Certificate) ((SSLSocket) passed.socket()).getSession().getPeerCertificates()[0];
        assertThat(shown.getSubjectAlternativeNames()).containsExactly(List.of(2, "passed.example.com"));
        assertThat(line(passed)).isEqualTo("server http/1.1");
        assertThat(edge.client().get("localhost", "/").body()).isEqualTo("mine");
    }

    @Test
    void theMostSpecificNameDecidesWhetherAConnectionIsOpened() throws Exception {
        start(
                """
                  - { names: [opened.example.com], routes: [{ path: /, respond: { body: opened } }], certificate: %s }
                  - { names: ["*.example.com"], passthrough: wild }
                  - { names: ["*.example.org"], routes: [{ path: /, respond: { body: opened } }], certificate: %s }
                  - { names: [passed.example.org], passthrough: one }
                  - { names: ["*"], passthrough: rest }
                """.formatted(
                                edge.site().certificate("opened.example.com"),
                                edge.site().certificate("*.example.org")),
                backend("wild", tlsServer("wild", "*.example.com"), "")
                        + backend("one", tlsServer("one", "passed.example.org"), "")
                        + backend("rest", tlsServer("rest", "other.test", "127.0.0.1"), ""));

        assertThat(tls("opened.example.com").get("opened.example.com", "/").body())
                .isEqualTo("opened");
        assertThat(line(tls("any.example.com"))).startsWith("wild");
        assertThat(tls("any.example.org").get("any.example.org", "/").body()).isEqualTo("opened");
        assertThat(line(tls("passed.example.org"))).startsWith("one");
        assertThat(line(tls("other.test"))).startsWith("rest");
        // Who names nobody.
        assertThat(line(edge.closes(RawClient.tls(edge.httpsPort(), edge.trust(), "127.0.0.1", parameters -> {}))))
                .startsWith("rest");
    }

    @Test
    void aNameOfNobodyIsRefusedAsEver() throws Exception {
        start(
                "  - { names: [passed.example.com], passthrough: theirs }",
                backend("theirs", tlsServer("server", "passed.example.com"), ""));

        assertThatThrownBy(() -> tls("other.example.com")).isInstanceOf(SSLHandshakeException.class);
    }

    /** RFC 8737: a validator's question is one for the server. */
    @Test
    void challengesOverTlsReachTheServer() throws Exception {
        start(
                "  - { names: [passed.example.com], passthrough: theirs }",
                backend("theirs", tlsServer("server", "passed.example.com"), ""));

        assertThat(line(tls("passed.example.com", "acme-tls/1"))).isEqualTo("server acme-tls/1");
    }

    @Test
    void overHttpTheNameIsRedirectedAndChallengesReachTheBackendThatTheSiteNames() throws Exception {
        TestServer http = edge.closes(TestServer.saying("token.thumbprint"));
        start(
                "  - { names: [passed.example.com], passthrough: theirs, backend: http, acme-challenges: pass }",
                backend("theirs", tlsServer("server", "passed.example.com"), "") + backend("http", http, ""));

        RawClient.Response redirect = edge.plainClient().get("passed.example.com", "/a?b");
        assertThat(redirect.status()).isEqualTo(308);
        assertThat(redirect.header("Location").get(0))
                .startsWith("https://passed.example.com")
                .endsWith("/a?b");
        assertThat(edge.plainClient()
                        .get("passed.example.com", "/.well-known/acme-challenge/token")
                        .body())
                .isEqualTo("token.thumbprint");
    }

    @Test
    void theServerIsToldWhoTheClientIsInFrontOfTheClientHello() throws Exception {
        List<byte[]> heard = new CopyOnWriteArrayList<>();
        TestServer server = edge.closes(
                TestServer.conversing(connection -> heard.add(connection.in().readNBytes(29))));
        start(
                "  - { names: [passed.example.com], passthrough: theirs }",
                backend("theirs", server, ", proxy-protocol: v2"));

        RawClient client = edge.closes(RawClient.over(new Socket(InetAddress.getLoopbackAddress(), edge.httpsPort())));
        client.send(Hello.ofJdk("passed.example.com", "TLSv1.3"));

        await().untilAsserted(() -> assertThat(heard).hasSize(1));
        byte[] header = heard.get(0);
        assertThat((header[24] & 0xff) << 8 | (header[25] & 0xff))
                .isEqualTo(client.socket().getLocalPort());
        assertThat(header[28]).isEqualTo((byte) 22);
    }

    // ---- cut everywhere

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 16, 100, 1 << 14})
    void aHelloInRecordsOfAnySizeArrivesAsItWas(int size) throws Exception {
        arrivesAsItWas(Hello.fragmented(Hello.ofJdk("passed.example.com", "TLSv1.3"), size), 331);
    }

    @Test
    void aHelloThatIsCutArrivesAsItWas() throws Exception {
        arrivesAsItWas(Hello.ofJdk("passed.example.com", "TLSv1.3"), 23);
    }

    @Test
    @Tag("long")
    void aHelloThatIsCutAnywhereArrivesAsItWas() throws Exception {
        arrivesAsItWas(Hello.ofJdk("passed.example.com", "TLSv1.3"), 1);
        arrivesAsItWas(Hello.ofJdk("passed.example.com", "TLSv1.2"), 1);
    }

    /** As large as one with keys that quantum computers do not break, and larger. */
    @ParameterizedTest
    @ValueSource(ints = {1_700, 17_000, 60_000})
    void aLargeHelloArrivesAsItWas(int padding) throws Exception {
        byte[] hello = Hello.with(Hello.serverName("passed.example.com"), Hello.extension(21, new byte[padding]));
        arrivesAsItWas(padding > 16_000 ? Hello.fragmented(hello, 1 << 14) : hello, 4_099);
    }

    private void arrivesAsItWas(byte[] hello, int stride) throws Exception {
        List<byte[]> heard = new CopyOnWriteArrayList<>();
        TestServer server = edge.closes(TestServer.conversing(connection -> {
            heard.add(connection.in().readAllBytes());
            connection.send("heard\n");
        }));
        edge.stop();
        start("  - { names: [passed.example.com], passthrough: theirs }", backend("theirs", server, ""));
        List<Integer> all = IntStream.iterate(1, at -> at < hello.length, at -> at + stride)
                .boxed()
                .toList();
        for (int from = 0; from < all.size(); from += AT_ONCE) {
            List<Integer> cuts = all.subList(from, Math.min(all.size(), from + AT_ONCE));
            heard.clear();
            List<RawClient> clients = new ArrayList<>();
            for (int at : cuts) {
                clients.add(edge.closes(RawClient.over(new Socket(InetAddress.getLoopbackAddress(), edge.httpsPort())))
                        .send(Arrays.copyOf(hello, at)));
            }
            KernelQueues.awaitRead(clients.stream().map(RawClient::socket).toArray(Socket[]::new));
            for (int i = 0; i < cuts.size(); i++) {
                clients.get(i).send(Arrays.copyOfRange(hello, cuts.get(i), hello.length));
                clients.get(i).send("and what follows");
                clients.get(i).socket().shutdownOutput();
            }
            for (int i = 0; i < cuts.size(); i++) {
                assertThat(line(clients.get(i))).as("cut at " + cuts.get(i)).isEqualTo("heard");
                clients.get(i).close();
            }
            byte[] whole = Arrays.copyOf(hello, hello.length + 16);
            System.arraycopy("and what follows".getBytes(US_ASCII), 0, whole, hello.length, 16);
            assertThat(heard).hasSize(cuts.size()).allMatch(bytes -> Arrays.equals(bytes, whole));
        }
    }

    // ---- while it runs

    @Test
    void whatIsPassedOnSurvivesThatItsNameIsOpenedFromNowOn() throws Exception {
        TestServer server = tlsServer("server", "passed.example.com");
        start("  - { names: [passed.example.com], passthrough: theirs }", backend("theirs", server, ""));
        RawClient before = tls("passed.example.com");
        assertThat(line(before)).startsWith("server");

        edge.reload(configuration(
                """
                  - { names: [passed.example.com], routes: [{ path: /, respond: { body: opened } }], certificate: %s }
                """.formatted(edge.site().certificate("passed.example.com")), backend("theirs", server, "")));

        assertThat(tls("passed.example.com").get("passed.example.com", "/").body())
                .isEqualTo("opened");
        assertThat(server.connectionsOpen()).isEqualTo(1);
        assertThat(edge.openConnections()).isPositive();

        edge.reload(configuration(
                "  - { names: [passed.example.com], passthrough: theirs }", backend("theirs", server, "")));

        assertThat(line(tls("passed.example.com"))).startsWith("server");
    }

    @Test
    void theAccessLogHasTheNameThatWasAskedFor() throws Exception {
        Path log = edge.directory().resolve("access.log");
        start(
                "  - { names: [\"*.example.com\"], passthrough: theirs }",
                backend("theirs", tlsServer("server", "*.example.com"), "") + "access-log: { to: " + log + " }\n");

        RawClient client = tls("any.example.com");
        assertThat(line(client)).startsWith("server");
        client.close();

        await().untilAsserted(() -> assertThat(Files.readString(log))
                .contains("\"service\":\"*.example.com\"")
                .contains("\"sni\":\"any.example.com\""));
    }

    @Test
    void whomASiteDeniesIsNotPassedOn() throws Exception {
        List<String> sites =
                List.of("deny: [127.0.0.0/8]", "allow: [192.0.2.0/24]", "rate-limit: { requests: 1, per: 1h }");
        List<String> reached = new CopyOnWriteArrayList<>();
        TestServer server = edge.closes(TestServer.conversing(connection -> reached.add("somebody")));
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < sites.size(); i++) {
            all.append("  - { names: [s")
                    .append(i)
                    .append(".example.com], passthrough: theirs, ")
                    .append(sites.get(i))
                    .append(" }\n");
        }
        start(all.toString(), backend("theirs", server, ""));

        // The one that the limit lets in.
        assertThatThrownBy(() -> tls("s2.example.com")).isInstanceOf(IOException.class);
        await().untilAsserted(() -> assertThat(reached).hasSize(1));
        for (int i = 0; i < sites.size(); i++) {
            String name = "s" + i + ".example.com";
            assertThatThrownBy(() -> tls(name)).as(name).isInstanceOf(IOException.class);
        }
        assertThat(tls("localhost").get("localhost", "/").body()).isEqualTo("mine");
        assertThat(reached).hasSize(1);
    }
}
