package dev.postern.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.pki.Pem;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Server;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestCa;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import javax.net.ServerSocketFactory;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that are spoken to over TLS, and have to prove who they are. */
class TlsToServersTest {
    private static final TestCa CA = TestCa.create();
    private static final Duration DAYS = Duration.ofDays(90);

    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    private static TestCa.Issued issued(String... names) {
        return CA.issue(List.of(names), Instant.now().minus(Duration.ofDays(1)), DAYS);
    }

    /** Shows this certificate, and knows the clients of the CA. */
    private static SSLContext showing(TestCa.Issued issued) throws GeneralSecurityException, IOException {
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        own.setKeyEntry("own", issued.key(), new char[0], issued.chain().toArray(X509Certificate[]::new));
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, new char[0]);
        KeyStore roots = KeyStore.getInstance("PKCS12");
        roots.load(null, null);
        roots.setCertificateEntry("ca", CA.root());
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(roots);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    /** Every socket with these settings. */
    private static ServerSocketFactory with(SSLContext context, Consumer<SSLServerSocket> settings) {
        ServerSocketFactory sockets = context.getServerSocketFactory();
        return new ServerSocketFactory() {
            private ServerSocket set(ServerSocket made) {
                settings.accept((SSLServerSocket) made);
                return made;
            }

            @Override
            public ServerSocket createServerSocket() throws IOException {
                return set(sockets.createServerSocket());
            }

            @Override
            public ServerSocket createServerSocket(int port) throws IOException {
                return set(sockets.createServerSocket(port));
            }

            @Override
            public ServerSocket createServerSocket(int port, int backlog) throws IOException {
                return set(sockets.createServerSocket(port, backlog));
            }

            @Override
            public ServerSocket createServerSocket(int port, int backlog, InetAddress address) throws IOException {
                return set(sockets.createServerSocket(port, backlog, address));
            }
        };
    }

    private static void alpn(SSLServerSocket socket, String... protocols) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(protocols);
        socket.setSSLParameters(parameters);
    }

    private static TestServer.Conversation answering(List<String> heard) {
        return connection -> {
            for (TestServer.Request request = connection.read(); request != null; request = connection.read()) {
                SSLSocket socket = (SSLSocket) connection.socket();
                heard.add(request.path() + " " + socket.getSession().getProtocol() + " "
                        + ((ExtendedSSLSession) socket.getSession()).getRequestedServerNames());
                connection.send(TestServer.ok("hello"));
            }
        };
    }

    private TestServer server(TestCa.Issued issued) throws Exception {
        return edge.closes(
                TestServer.secured(showing(issued), (request, connection) -> connection.send(TestServer.ok("hello"))));
    }

    private String caFile() throws Exception {
        return Files.writeString(edge.directory().resolve("ca.pem"), Pem.of(List.of(CA.root())))
                .toString();
    }

    private static String pin(X509Certificate certificate) throws GeneralSecurityException {
        byte[] key = certificate.getPublicKey().getEncoded();
        return "sha256/"
                + Base64.getEncoder()
                        .encodeToString(MessageDigest.getInstance("SHA-256").digest(key));
    }

    private void start(String address, String tls) throws Exception {
        edge.startWithBackend("{ servers: [\"" + address + "\"], tls: { " + tls + " } }", "");
    }

    private RawClient.Response get() throws IOException {
        return edge.client().get("localhost", "/");
    }

    // ---- who is believed

    @Test
    void serverThatProvesItsNameIsSentTheRequest() throws Exception {
        List<String> heard = new CopyOnWriteArrayList<>();
        TestServer server = edge.closes(
                TestServer.secured(showing(issued("app.internal")).getServerSocketFactory(), answering(heard)));
        start(server.address(), "ca-file: " + caFile() + ", server-name: app.internal");

        RawClient.Response response = get();

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("hello");
        assertThat(heard).containsExactly("/ TLSv1.3 [type=host_name (0), value=app.internal]");
    }

    @Test
    void addressIsProvedAndNotAskedForByName() throws Exception {
        List<String> heard = new CopyOnWriteArrayList<>();
        TestServer server = edge.closes(
                TestServer.secured(showing(issued("127.0.0.1")).getServerSocketFactory(), answering(heard)));
        start(server.address(), "ca-file: " + caFile());

        assertThat(get().status()).isEqualTo(200);
        assertThat(heard).containsExactly("/ TLSv1.3 []");
    }

    @Test
    void serverIsAskedForByTheNameThatItIsGivenBy() throws Exception {
        List<String> heard = new CopyOnWriteArrayList<>();
        TestServer server = edge.closes(
                TestServer.secured(showing(issued("localhost")).getServerSocketFactory(), answering(heard)));
        start("localhost:" + server.port(), "ca-file: " + caFile());

        assertThat(get().status()).isEqualTo(200);
        assertThat(heard).containsExactly("/ TLSv1.3 [type=host_name (0), value=localhost]");
    }

    private TestCa.Issued shown(String kind) {
        Instant now = Instant.now();
        return switch (kind) {
            case "expired" -> CA.issue(List.of("127.0.0.1"), now.minus(Duration.ofDays(9)), Duration.ofDays(2));
            case "early" -> CA.issue(List.of("127.0.0.1"), now.plus(Duration.ofDays(1)), Duration.ofDays(2));
            case "other name" -> issued("other.example.com", "127.0.0.2");
            case "self-signed" -> TestCa.create().selfSigned(List.of("127.0.0.1"));
            case "unknown" -> TestCa.create("Somebody").issue(List.of("127.0.0.1"), now, DAYS);
            default -> issued("127.0.0.1");
        };
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    expired     |                | expired on
                    early       |                | is not valid before
                    other name  |                | is not for "127.0.0.1" (it is for: other.example.com, 127.0.0.2;
                    self-signed |                | is self-signed and not trusted (expected: tls.ca-file with it, or tls.pin with sha256/
                    unknown     |                | was issued by "CN=Somebody", whom nothing here trusts
                    revoked     | ca-file and pin | has a key that is not pinned
                    revoked     | pin            | has a key that is not pinned
                    good        | system         | whom nothing here trusts
                    """)
    void serverThatDoesNotIsSentNothing(String kind, String by, String words) throws Exception {
        try (CapturedLog log = CapturedLog.begin()) {
            TestServer server = server(shown(kind));
            String another = "pin: " + pin(CA.root());
            start(
                    server.address(),
                    by == null
                            ? "ca-file: " + caFile()
                            : by.equals("pin")
                                    ? another
                                    : by.equals("system") ? "verify: on" : "ca-file: " + caFile() + ", " + another);

            RawClient.Response response = get();

            assertThat(response.status()).isEqualTo(502);
            assertThat(response.header("Proxy-Status"))
                    .containsExactly("postern; error=tls_certificate_error; details=\"server_certificate_untrusted\"");
            assertThat(server.requests()).isEmpty();
            assertThat(log.lines("skipped, 0 of 1 servers up"))
                    .singleElement()
                    .asString()
                    .contains("connect: the server's certificate ")
                    .contains(words);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"self-signed", "expired", "other name"})
    void pinnedKeyIsEnough(String kind) throws Exception {
        TestCa.Issued issued = shown(kind);
        TestServer server = server(issued);
        start(server.address(), "pin: [" + pin(CA.root()) + ", " + pin(issued.leaf()) + "]");

        assertThat(get().status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"self-signed", "expired", "other name", "unknown"})
    void anybodyIsBelievedWhereNothingIsVerified(String kind) throws Exception {
        start(server(shown(kind)).address(), "verify: off");

        assertThat(get().status()).isEqualTo(200);
    }

    @Test
    void nextServerIsAskedInsteadOfOneThatProvesNothing() throws Exception {
        TestServer bad = server(shown("self-signed"));
        TestServer good = server(shown("good"));
        edge.startWithBackend(
                "{ servers: [\"" + bad.address() + "\", \"" + good.address() + "\"], tls: { ca-file: " + caFile()
                        + " } }",
                "");

        for (int i = 0; i < 4; i++) {
            assertThat(get().status()).isEqualTo(200);
        }
        assertThat(bad.requests()).isEmpty();
    }

    // ---- handshakes that fail

    @Test
    void serverWithoutTlsIsToldFromOneThatProvesNothing() throws Exception {
        try (CapturedLog log = CapturedLog.begin()) {
            TestServer server = edge.closes(TestServer.conversing(connection -> {
                int unused = connection.in().read();
                connection.send("HTTP/1.1 400 Bad Request\r\n\r\n");
            }));
            start(server.address(), "verify: off");

            assertThat(get().header("Proxy-Status"))
                    .containsExactly("postern; error=tls_protocol_error; details=\"tls_handshake_failed\"");
            assertThat(log.lines("TLS: the server answers without it")).isNotEmpty();
        }
    }

    @Test
    void serverThatClosesInTheMiddleOfTheHandshake() throws Exception {
        try (CapturedLog log = CapturedLog.begin()) {
            TestServer server = edge.closes(TestServer.conversing(connection -> {
                int unused = connection.in().read();
            }));
            start(server.address(), "verify: off");

            assertThat(get().header("Proxy-Status"))
                    .containsExactly("postern; error=tls_protocol_error; details=\"tls_handshake_failed\"");
            assertThat(log.lines("in the middle of the handshake")).isNotEmpty();
        }
    }

    @Test
    void serverThatSaysNothingHasTheTimeOfAConnection() throws Exception {
        try (CapturedLog log = CapturedLog.begin()) {
            TestServer server = edge.closes(
                    TestServer.conversing(connection -> connection.in().readAllBytes()));
            edge.startWithBackend(
                    "{ servers: [\"" + server.address() + "\"], tls: { verify: off }, timeouts: { connect: 10s } }",
                    "");
            RawClient client = edge.client().request("GET / HTTP/1.1", "Host: localhost");
            await().until(() -> server.connectionsAccepted() == 1);

            edge.passes(Duration.ofSeconds(11));

            assertThat(client.response().header("Proxy-Status"))
                    .containsExactly("postern; error=connection_timeout; details=\"connect_timeout\"");
            assertThat(log.lines("TLS: no end of the handshake in time")).isNotEmpty();
        }
    }

    @Test
    void alertOfTheServerIsSaidByItsName() throws Exception {
        try (CapturedLog log = CapturedLog.begin()) {
            ServerSocketFactory old = with(showing(issued("127.0.0.1")), socket -> {
                socket.setEnabledProtocols(new String[] {"TLSv1.2"});
            });
            TestServer server = edge.closes(TestServer.secured(old, connection -> {
                int unused = connection.in().read();
            }));
            start(server.address(), "verify: off, min-version: TLSv1.3");

            assertThat(get().header("Proxy-Status"))
                    .containsExactly("postern; error=tls_alert_received; details=\"tls_alert_received\"");
            assertThat(log.lines("the server ended the handshake: protocol_version"))
                    .isNotEmpty();
        }
    }

    @Test
    void handshakeMayComeByteByByte() throws Exception {
        TestServer behind = server(issued("127.0.0.1"));
        TestServer slow = edge.closes(TestServer.conversing(connection -> {
            try (Socket there = new Socket(InetAddress.getLoopbackAddress(), behind.port())) {
                Thread up = new Thread(() -> {
                    try {
                        connection.in().transferTo(there.getOutputStream());
                    } catch (IOException over) {
                        // As the test is.
                    }
                });
                up.setDaemon(true);
                up.start();
                for (int next = there.getInputStream().read();
                        next >= 0;
                        next = there.getInputStream().read()) {
                    connection.send(new byte[] {(byte) next});
                }
            }
        }));
        start(slow.address(), "ca-file: " + caFile());

        assertThat(get().body()).isEqualTo("hello");
    }

    // ---- what is agreed on

    @Test
    void http2IsSpokenWhereTheServerAgrees() throws Exception {
        List<String> schemes = new CopyOnWriteArrayList<>();
        Http2Server server = edge.closes(Http2Server.secured(
                with(showing(issued("127.0.0.1")), socket -> alpn(socket, "h2")), (request, connection) -> {
                    schemes.add(request.headers().scheme().toString());
                    connection.answer(request.stream(), "hello");
                }));
        edge.startWithBackend(
                "{ servers: [\"" + server.address() + "\"], protocol: h2c, tls: { ca-file: " + caFile()
                        + " }, health: { interval: 50ms } }",
                "");

        assertThat(get().body()).isEqualTo("hello");
        await().until(() -> schemes.size() > 1);
        assertThat(schemes).containsOnly("https");
    }

    @Test
    void serverThatDoesNotAgreeToHttp2IsNotSpokenToInIt() throws Exception {
        try (CapturedLog log = CapturedLog.begin()) {
            TestServer server = server(issued("127.0.0.1"));
            edge.startWithBackend(
                    "{ servers: [\"" + server.address() + "\"], protocol: h2c, tls: { ca-file: " + caFile() + " } }",
                    "");

            assertThat(get().header("Proxy-Status"))
                    .containsExactly("postern; error=tls_protocol_error; details=\"tls_handshake_failed\"");
            assertThat(log.lines("does not agree to h2 by ALPN")).isNotEmpty();
        }
    }

    @Test
    void sessionIsResumed() throws Exception {
        List<Long> sessions = new CopyOnWriteArrayList<>();
        TestServer server =
                edge.closes(TestServer.secured(showing(issued("127.0.0.1")).getServerSocketFactory(), connection -> {
                    TestServer.Request unused = connection.read();
                    sessions.add(((SSLSocket) connection.socket()).getSession().getCreationTime());
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                }));
        start(server.address(), "ca-file: " + caFile());

        for (int i = 0; i < 3; i++) {
            assertThat(get().status()).isEqualTo(200);
        }
        assertThat(sessions).hasSize(3);
        assertThat(sessions.stream().distinct()).hasSize(1);
    }

    @Test
    void metricsSayWhenTheCertificateOfAServerEnds() throws Exception {
        TestCa.Issued issued = issued("127.0.0.1");
        TestServer server = server(issued);
        edge.startWithBackend("{ servers: [\"" + server.address() + "\"], tls: { ca-file: " + caFile() + " } }", """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                  admin: { bind: "127.0.0.1:0" }
                """);
        assertThat(get().status()).isEqualTo(200);

        URI metrics = URI.create("http://127.0.0.1:" + edge.adminPort() + "/metrics");
        try (InputStream page = metrics.toURL().openStream()) {
            assertThat(new String(page.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .filter(line -> line.startsWith("postern_server_certificate_not_after_timestamp_seconds{"))
                            .map(line -> (long) Double.parseDouble(line.substring(line.indexOf("} ") + 2))))
                    .containsExactly(issued.leaf().getNotAfter().toInstant().getEpochSecond());
        }
    }

    @Test
    void certificateOfOursIsShown() throws Exception {
        TestCa.Issued ours = issued("edge.internal");
        Path chain = Files.writeString(edge.directory().resolve("own.pem"), Pem.of(ours.chain()));
        Path key = Files.writeString(edge.directory().resolve("own.key"), Pem.of(ours.key()));
        List<String> subjects = new CopyOnWriteArrayList<>();
        TestServer server = edge.closes(TestServer.secured(
                with(showing(issued("127.0.0.1")), socket -> socket.setNeedClientAuth(true)), connection -> {
                    for (TestServer.Request request = connection.read(); request != null; request = connection.read()) {
                        X509Certificate shown = (X509Certificate)
                                ((SSLSocket) connection.socket()).getSession().getPeerCertificates()[0];
                        subjects.add(shown.getSerialNumber().toString());
                        connection.send(TestServer.ok("hello"));
                    }
                }));
        start(server.address(), "ca-file: " + caFile() + ", certificate: { chain: " + chain + ", key: " + key + " }");

        assertThat(get().status()).isEqualTo(200);
        assertThat(subjects).containsExactly(ours.leaf().getSerialNumber().toString());
    }

    // ---- the end of what comes

    @Test
    void bodyThatEndsWithTheConnectionIsWholeWhereTheServerSaysGoodbye() throws Exception {
        TestServer server =
                edge.closes(TestServer.secured(showing(issued("127.0.0.1")).getServerSocketFactory(), connection -> {
                    TestServer.Request unused = connection.read();
                    connection.send("HTTP/1.1 200 OK\r\n\r\nhello");
                }));
        start(server.address(), "ca-file: " + caFile());

        assertThat(get().body()).isEqualTo("hello");
    }

    @Test
    void bodyThatEndsWithoutAGoodbyeIsNotWhole() throws Exception {
        TestServer behind =
                edge.closes(TestServer.secured(showing(issued("127.0.0.1")).getServerSocketFactory(), connection -> {
                    TestServer.Request unused = connection.read();
                    connection.send("HTTP/1.1 200 OK\r\n\r\nhello");
                    int last = connection.in().read();
                    assertThat(last).isNegative();
                }));
        // Passes on everything, and then an end of the connection that TLS does not know of.
        TestServer front = edge.closes(TestServer.conversing(connection -> {
            try (Socket there = new Socket(InetAddress.getLoopbackAddress(), behind.port())) {
                there.setSoTimeout(1_000);
                Thread up = new Thread(() -> {
                    try {
                        connection.in().transferTo(there.getOutputStream());
                    } catch (IOException over) {
                        // As the test is.
                    }
                });
                up.setDaemon(true);
                up.start();
                there.getInputStream().transferTo(connection.socket().getOutputStream());
            } catch (SocketTimeoutException said) {
                connection.close();
            }
        }));
        start(front.address(), "ca-file: " + caFile());

        RawClient client = edge.client().request("GET / HTTP/1.1", "Host: localhost");

        assertThatThrownBy(client::response).isInstanceOf(UncheckedIOException.class);
    }

    @Test
    void whatAClientSaysAfterItsServerHasEndedItsHalfArrives() throws Exception {
        List<String> heard = new CopyOnWriteArrayList<>();
        TestServer server = edge.closes(TestServer.conversing(connection -> {
            connection.send("bye");
            connection.socket().shutdownOutput();
            heard.add(new String(connection.in().readAllBytes(), StandardCharsets.US_ASCII));
        }));
        edge.start("""
                sites:
                  - names: [localhost]
                    backend: db
                    certificate: %s
                tcp:
                  - { name: db, bind: "127.0.0.1:0", backend: db, tls: localhost }
                backends:
                  db: { servers: ["%s"] }
                """.formatted(edge.site().certificate("localhost"), server.address()));

        try (SSLSocket client = (SSLSocket)
                edge.trust().getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), edge.tcpPort("db"))) {
            client.setSoTimeout(20_000);
            assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .isEqualTo("bye");
            for (String word : List.of("I ", "am ", "not ", "done")) {
                client.getOutputStream().write(word.getBytes(StandardCharsets.US_ASCII));
            }
            client.shutdownOutput();
            await().until(() -> !heard.isEmpty());
        }
        assertThat(heard).containsExactly("I am not done");
    }

    @Test
    void keyThatDoesNotFitIsAProblemOfTheConfiguration() throws Exception {
        TestCa.Issued ours = issued("edge.internal");
        Path chain = Files.writeString(edge.directory().resolve("own.pem"), Pem.of(ours.chain()));
        Path other = Files.writeString(
                edge.directory().resolve("other.key"),
                Pem.of(issued("other.internal").key()));
        Path broken = Files.writeString(edge.directory().resolve("broken.key"), "nothing");
        String backends = """
                sites:
                  - { names: [app.internal], backend: a }
                acme: { issuers: [internal] }
                backends:
                  a: { servers: ["127.0.0.1:1"], tls: { certificate: { chain: %1$s, key: %2$s } } }
                  b: { servers: ["127.0.0.1:1"], tls: { certificate: { chain: %1$s, key: %3$s } } }
                """.formatted(chain, other, broken);

        assertThat(TlsToServers.problems(edge.configuration(backends).backends().values()))
                .containsExactlyInAnyOrder(
                        "backends.a.tls.certificate: " + other + ": does not fit the certificate in " + chain,
                        "backends.b.tls.certificate: " + broken
                                + ": holds no private key (expected: a PEM block such as BEGIN PRIVATE KEY)");
    }

    // ---- checks, tunnels, reloads

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "type: tcp, ",
                "type: tcp, send: \"GET /ping HTTP/1.1\\r\\n\\r\\n\", expect: \"HTTP/1.1 200\", "
            })
    void healthChecksAskForTheSameProof(String how) throws Exception {
        try (CapturedLog log = CapturedLog.begin()) {
            TestServer good = server(issued("127.0.0.1"));
            TestServer bad = server(shown("expired"));
            edge.startWithBackend(
                    "{ servers: [\"" + good.address() + "\", \"" + bad.address() + "\"], tls: { ca-file: " + caFile()
                            + " }, health: { " + how + "interval: 50ms, timeout: 20s, fall: 1 } }",
                    "");

            await().until(() -> !log.lines("health check: connect: the server's certificate expired on")
                    .isEmpty());
            for (int i = 0; i < 3; i++) {
                assertThat(get().status()).isEqualTo(200);
            }
            assertThat(log.lines("127.0.0.1:" + good.port())).noneMatch(line -> line.contains("skipped"));
        }
    }

    @Test
    void serviceOfLayer4IsEncryptedAnewAndItsHalvesEndByThemselves() throws Exception {
        TestServer server =
                edge.closes(TestServer.secured(showing(issued("127.0.0.1")).getServerSocketFactory(), connection -> {
                    connection.send("first\n");
                    connection.in().transferTo(connection.socket().getOutputStream());
                    connection.send("bye");
                }));
        edge.start("""
                tcp:
                  - { name: db, bind: "127.0.0.1:0", backend: db }
                backends:
                  db: { servers: ["%s"], tls: { ca-file: %s } }
                """.formatted(server.address(), caFile()));

        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), edge.tcpPort("db"))) {
            client.setSoTimeout(20_000);
            client.getOutputStream().write("hello\n".getBytes(StandardCharsets.US_ASCII));
            client.shutdownOutput();
            assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .isEqualTo("first\nhello\nbye");
        }
    }

    @Test
    void proxyHeaderComesBeforeTheHandshake() throws Exception {
        TestServer behind = server(issued("127.0.0.1"));
        List<Integer> lengths = new CopyOnWriteArrayList<>();
        TestServer front = edge.closes(TestServer.conversing(connection -> {
            byte[] header = connection.in().readNBytes(16);
            lengths.add(connection.in().readNBytes(header[15]).length);
            try (Socket there = new Socket(InetAddress.getLoopbackAddress(), behind.port())) {
                Thread up = new Thread(() -> {
                    try {
                        connection.in().transferTo(there.getOutputStream());
                    } catch (IOException over) {
                        // As the test is.
                    }
                });
                up.setDaemon(true);
                up.start();
                there.getInputStream().transferTo(connection.socket().getOutputStream());
            }
        }));
        edge.startWithBackend(
                "{ servers: [\"" + front.address() + "\"], proxy-protocol: v2, tls: { ca-file: " + caFile() + " } }",
                "");

        assertThat(get().body()).isEqualTo("hello");
        assertThat(lengths).containsExactly(12);
    }

    private String backend(TestServer server, String tls) {
        return """
                sites:
                  - names: [localhost]
                    backend: web
                    certificate: %s
                backends:
                  web: { servers: ["%s"]%s }
                """.formatted(certificate, server.address(), tls);
    }

    private String certificate = "";

    @Test
    void fileThatIsReplacedIsReadByTheNextReloadAndOldConnectionsGo() throws Exception {
        TestServer server = server(issued("127.0.0.1"));
        certificate = edge.site().certificate("localhost");
        String tls = ", tls: { ca-file: " + caFile() + " }";
        edge.start(backend(server, tls));
        RawClient client = edge.client();
        assertThat(client.get("localhost", "/").status()).isEqualTo(200);

        assertThat(edge.reload(backend(server, tls)).lines()).isEmpty();
        assertThat(client.get("localhost", "/").status()).isEqualTo(200);
        assertThat(server.connectionsAccepted()).isEqualTo(1);

        Files.writeString(
                edge.directory().resolve("ca.pem"),
                Pem.of(List.of(TestCa.create().root())));
        assertThat(edge.reload(backend(server, tls)).lines()).containsExactly("backend web: tls.ca-file changed");
        assertThat(client.get("localhost", "/").status()).isEqualTo(502);

        Files.writeString(edge.directory().resolve("ca.pem"), Pem.of(List.of(CA.root())));
        assertThat(edge.reload(backend(server, tls)).lines()).containsExactly("backend web: tls.ca-file changed");
        assertThat(client.get("localhost", "/").status()).isEqualTo(200);
    }

    @Test
    void connectionWithoutTlsIsNotUsedOnceThereHasToBeSome() throws Exception {
        TestServer server = edge.closes(TestServer.saying("plain"));
        certificate = edge.site().certificate("localhost");
        edge.start(backend(server, ""));
        RawClient client = edge.client();
        assertThat(client.get("localhost", "/").body()).isEqualTo("plain");

        edge.reload(backend(server, ", tls: { verify: off }, timeouts: { connect: 300ms }"));

        assertThat(client.get("localhost", "/").status()).isEqualTo(503);
        assertThat(server.requests()).hasSize(1);
    }
}
