package dev.postern.tls;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.pki.Pem;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Server;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestPki;
import dev.postern.testing.TestPki.Ca;
import dev.postern.testing.TestPki.Identity;
import dev.postern.testing.TestServer;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sites whose clients are asked for a certificate. */
class ClientCertificatesTest {
    private static final Duration DAY = Duration.ofDays(1);

    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    private final TestServer server = edge.closes(TestServer.saying("hello"));
    private final Ca ca = TestPki.root("Clients");
    private final Identity alice = ca.client("alice");
    private final Identity bob = ca.client("bob");
    private X509Certificate root;
    private Path crl;
    private String certificates;

    @BeforeEach
    void writeFiles() throws Exception {
        root = Trust.certificate(edge.site().rootFile());
        Path anchors = Files.writeString(edge.directory().resolve("clients.pem"), Pem.of(List.of(ca.certificate())));
        crl = TestPki.replace(edge.directory().resolve("clients.crl"), ca.revoking());
        certificates = "ca: " + anchors + ", crl: " + crl;
    }

    private String sites(String... policies) {
        String certificate = edge.site().certificate("a.test", "b.test", "c.test", "localhost");
        StringBuilder text = new StringBuilder("sites:\n");
        for (int i = 0; i < policies.length; i++) {
            text.append("  - { names: [" + "abc".charAt(i) + ".test], certificate: " + certificate + ", " + policies[i]
                    + " }\n");
        }
        return text + "backends:\n  web: { servers: [\"" + server.address() + "\"] }\n";
    }

    private String asking(String mode, String more) {
        return "backend: web, client-certificates: { " + certificates + ", mode: " + mode + more + " }";
    }

    /** What comes of a request; the alert where the handshake ends with one. */
    private String outcome(SSLContext client, String version, String name) throws IOException {
        try (RawClient connected = connect(client, version, name)) {
            return connected.get(name, "/").status() + "";
        } catch (SSLException e) {
            return alert(e);
        } catch (UncheckedIOException e) {
            return alert(Objects.requireNonNull(e.getCause()));
        }
    }

    private static String alert(IOException e) {
        String message = String.valueOf(e.getMessage());
        int at = message.indexOf("alert: ");
        return at < 0 ? message : message.substring(at + "alert: ".length());
    }

    private RawClient connect(SSLContext client, String version, String name) throws IOException {
        return RawClient.tls(edge.httpsPort(), client, name, parameters -> {
            parameters.setProtocols(new String[] {version});
        });
    }

    private RawClient connect(Identity who, String name) throws IOException {
        return edge.closes(connect(who.context(root), "TLSv1.3", name));
    }

    // ---- required

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void whoHasNoGoodCertificateIsToldWhyByAnAlert(String version) throws Exception {
        Instant now = Instant.now();
        Ca middle = ca.intermediate(wish -> {});
        Ca deep = middle.intermediate(wish -> {});
        Ca gone = ca.intermediate(wish -> {});
        TestPki.replace(
                crl, ca.revoking(bob.leaf(), gone.certificate()), middle.revoking(), deep.revoking(), gone.revoking());
        edge.start(sites(asking("require", ", depth: 1")));

        assertThat(outcome(alice.context(root), version, "a.test")).isEqualTo("200");
        assertThat(outcome(middle.client("carol").context(root), version, "a.test"))
                .isEqualTo("200");
        assertThat(outcome(Trust.in(root), version, "a.test"))
                // RFC 8446 §6.2 has a word for it, which TLS 1.2 has not.
                .isEqualTo(version.equals("TLSv1.3") ? "certificate_required" : "handshake_failure");
        assertThat(outcome(TestPki.root("Clients").client("eve").context(root), version, "a.test"))
                .isEqualTo("unknown_ca");
        assertThat(outcome(TestPki.selfSigned("eve", wish -> {}).context(root), version, "a.test"))
                .isEqualTo("unknown_ca");
        assertThat(outcome(
                        ca.client("old", wish -> wish.to(now.minusSeconds(60))).context(root), version, "a.test"))
                .isEqualTo("certificate_expired");
        assertThat(outcome(
                        ca.client("new", wish -> wish.from(now.plusSeconds(60))).context(root), version, "a.test"))
                .isEqualTo("certificate_expired");
        assertThat(outcome(
                        ca.client("server", wish -> wish.purposes(KeyPurposeId.id_kp_serverAuth))
                                .context(root),
                        version,
                        "a.test"))
                .isEqualTo("unsupported_certificate");
        assertThat(outcome(
                        ca.intermediate(wish -> wish.constraints(new BasicConstraints(false)))
                                .client("eve")
                                .context(root),
                        version,
                        "a.test"))
                .isEqualTo("unknown_ca");
        assertThat(outcome(deep.client("far").context(root), version, "a.test")).isEqualTo("unknown_ca");
        assertThat(outcome(bob.context(root), version, "a.test")).isEqualTo("certificate_revoked");
        assertThat(outcome(gone.client("dan").context(root), version, "a.test")).isEqualTo("certificate_revoked");
        assertThat(outcome(ca.intermediate(wish -> {}).client("unlisted").context(root), version, "a.test"))
                .isEqualTo("unknown_ca");
        assertThat(server.requests()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void nobodyGetsInOnceTheListHasEnded(String version) throws Exception {
        Instant now = Instant.now();
        TestPki.replace(crl, ca.list(now.minus(DAY), now.minusSeconds(60), builder -> {}));
        edge.start(sites(asking("require", "")));

        assertThat(outcome(alice.context(root), version, "a.test")).isEqualTo("certificate_expired");
    }

    @Test
    void withoutAListNobodyIsLookedUpInIt() throws Exception {
        certificates = certificates.substring(0, certificates.indexOf(", crl"));
        edge.start(sites(asking("require", "")));

        assertThat(outcome(bob.context(root), "TLSv1.3", "a.test")).isEqualTo("200");
    }

    // ---- requested

    @Test
    void whoHasNoneIsLetInWhereItIsOnlyRequestedAndRoutesMayRequireIt() throws Exception {
        TestPki.replace(crl, ca.revoking(bob.leaf()));
        edge.start(sites(
                "client-certificates: { %s, mode: request, headers: { Client-Cert: certificate, X-Verify: verification, X-DN: subject } }, routes: [{ path: /, backend: web }, { path: /staff/, backend: web, client-certificates: require }]"
                        .formatted(certificates)));

        RawClient nobody = edge.closes(connect(Trust.in(root), "TLSv1.3", "a.test"));
        assertThat(nobody.get("a.test", "/").status()).isEqualTo(200);
        RawClient.Response refused = nobody.get("a.test", "/staff/");
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.header("Proxy-Status"))
                .containsExactly("postern; error=http_request_denied; details=\"client_certificate_required\"");
        assertThat(nobody.get("a.test", "/").status()).isEqualTo(200);

        RawClient revoked = connect(bob, "a.test");
        assertThat(revoked.get("a.test", "/").status()).isEqualTo(200);
        refused = revoked.get("a.test", "/staff/");
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.header("Proxy-Status"))
                .containsExactly("postern; error=http_request_denied; details=\"client_certificate_refused\"");
        assertThat(refused.header("Connection")).containsExactly("close");

        assertThat(connect(alice, "a.test").get("a.test", "/staff/").status()).isEqualTo(200);

        assertThat(server.requests().stream()
                        .map(request -> request.header("X-Verify"))
                        .toList())
                .containsExactly(List.of("none"), List.of("none"), List.of("failed:revoked"), List.of("success"));
        // Of a certificate that is not good nobody is to be tempted to believe anything.
        assertThat(server.requests().stream()
                        .map(request -> request.header("X-DN"))
                        .toList())
                .containsExactly(List.of(), List.of(), List.of(), List.of("CN=alice"));
    }

    // ---- what servers are told

    @Test
    void serverIsToldOfTheCertificateAsRfc9440Says() throws Exception {
        Ca middle = ca.intermediate(wish -> {});
        Identity carol = middle.client("carol");
        TestPki.replace(crl, ca.revoking(), middle.revoking());
        edge.start(
                sites(
                        asking(
                                "require",
                                ", headers: { Client-Cert: certificate, client-cert-chain: chain, X-Serial: serial, X-Print: fingerprint, X-Issuer: issuer, X-San: san }")));
        assertThat(connect(carol, "a.test").get("a.test", "/").status()).isEqualTo(200);
        assertThat(connect(alice, "a.test").get("a.test", "/").status()).isEqualTo(200);

        TestServer.Request first = server.requests().get(0);
        assertThat(first.header("Client-Cert")).containsExactly(sequence(carol.leaf()));
        assertThat(first.header("Client-Cert-Chain")).containsExactly(sequence(middle.certificate()));
        assertThat(first.header("X-Serial"))
                .containsExactly(String.format("%06X", carol.leaf().getSerialNumber()));
        assertThat(first.header("X-Print").get(0)).matches("[0-9a-f]{64}");
        assertThat(first.header("X-Issuer"))
                .containsExactly(carol.leaf().getIssuerX500Principal().getName());
        assertThat(first.header("X-San")).isEmpty();
        assertThat(server.requests().get(1).header("Client-Cert-Chain")).isEmpty();
    }

    @Test
    void serverThatSpeaksHttp2IsToldTheSame() throws Exception {
        Http2Server http2 = edge.closes(Http2Server.start((request, connection) -> connection.answer(
                request.stream(),
                request.headers().get("client-cert") + " " + request.headers().getAll("x-verify") + " "
                        + request.trailers())));
        edge.start(sites(asking(
                        "require", ", headers: { Client-Cert: certificate, X-Verify: verification, X-DN: subject }"))
                .replace("[\"" + server.address() + "\"]", "[\"" + http2.address() + "\"], protocol: h2c"));
        try (Http2Client client = Http2Client.connect(edge.httpsPort(), alice.context(root), "a.test")) {
            client.headers(
                    1, false, spoofed(":method", "POST", ":scheme", "https", ":authority", "a.test", ":path", "/"));
            client.headers(1, true, spoofed());

            assertThat(client.response(1).body()).isEqualTo(sequence(alice.leaf()) + " [success] null");
        }
    }

    private static String sequence(X509Certificate certificate) throws Exception {
        return ':' + Base64.getEncoder().encodeToString(certificate.getEncoded()) + ':';
    }

    private static final String SPOOFED = """
            Client-Cert: :AAAA:
            client-cert-chain: :AAAA:
            X-VERIFY: success
            X_Verify: success
            client_cert: :AAAA:
            Client.Cert: :AAAA:
            x-dn: CN=root
            """.replace("\n", "\r\n");

    @Test
    void whatAClientSaysItselfIsNotPassedOn() throws Exception {
        edge.start("trusted-proxies: [127.0.0.1]\n"
                + sites(asking("request", ", headers: { X-Verify: verification, X-DN: subject }")));
        RawClient nobody = edge.closes(connect(Trust.in(root), "TLSv1.3", "a.test"));
        assertThat(nobody.send("POST / HTTP/1.1\r\nHost: a.test\r\nTE: trailers\r\nConnection: TE, X-Verify\r\n"
                                + SPOOFED + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + SPOOFED + "\r\n")
                        .response()
                        .status())
                .isEqualTo(200);

        assertNotSpoofed();
    }

    @Test
    void norIsWhatItSaysOverHttp2() throws Exception {
        edge.start(sites(asking("request", ", headers: { X-Verify: verification, X-DN: subject }")));
        try (Http2Client client = Http2Client.connect(edge.httpsPort(), Trust.in(root), "a.test")) {
            client.headers(
                    1, false, spoofed(":method", "POST", ":scheme", "https", ":authority", "a.test", ":path", "/"));
            client.headers(1, true, spoofed());
            assertThat(client.response(1).status()).isEqualTo(200);
        }

        assertNotSpoofed();
    }

    @Test
    void norIsTheServerOfForwardAuthToldSo() throws Exception {
        edge.start(sites(asking("request", ", headers: { X-Verify: verification, X-DN: subject }")
                + ", forward-auth: { to: web, path: /check }"));
        RawClient nobody = edge.closes(connect(Trust.in(root), "TLSv1.3", "a.test"));
        assertThat(nobody.send("GET / HTTP/1.1\r\nHost: a.test\r\n" + SPOOFED + "\r\n")
                        .response()
                        .status())
                .isEqualTo(200);

        assertThat(server.requests()).hasSize(2);
        assertThat(server.received().toLowerCase(Locale.ROOT))
                .contains("get /check ")
                .doesNotContain("aaaa")
                .doesNotContain("success")
                .doesNotContain("cn=root");
    }

    private static String[] spoofed(String... before) {
        return Stream.concat(
                        Stream.of(before),
                        SPOOFED.lines()
                                .flatMap(line -> Stream.of(
                                        line.substring(0, line.indexOf(':')).toLowerCase(Locale.ROOT),
                                        line.substring(line.indexOf(':') + 2))))
                .toArray(String[]::new);
    }

    private void assertNotSpoofed() {
        assertThat(server.requests()).hasSize(1);
        assertThat(server.requests().get(0).header("X-Verify")).containsExactly("none");
        assertThat(server.received().toLowerCase(Locale.ROOT))
                .doesNotContain("aaaa")
                .doesNotContain("success")
                .doesNotContain("cn=root");
    }

    @Test
    void plaintextRequestsHaveProvenNothing() throws Exception {
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: off }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                """ + sites(asking("require", ""), asking("request", ", headers: { X-Verify: verification }")));
        RawClient plain = edge.plainClient();

        assertThat(plain.get("a.test", "/").status()).isEqualTo(403);
        assertThat(plain.send("GET / HTTP/1.1\r\nHost: b.test\r\n" + SPOOFED + "\r\n")
                        .response()
                        .status())
                .isEqualTo(200);
        assertThat(server.requests().get(0).header("X-Verify")).containsExactly("none");
        assertThat(server.received()).doesNotContain("AAAA");
    }

    @Test
    void redirectToHttpsAsksForNothing() throws Exception {
        edge.start(sites(asking("require", "")));

        assertThat(edge.plainClient().get("a.test", "/").status()).isEqualTo(308);
    }

    // ---- one connection, several sites

    @Test
    void whoWasAskedForLessBelongsOnAConnectionOfItsOwn() throws Exception {
        edge.start(sites("backend: web", asking("require", ""), asking("request", "")));

        try (Http2Client open = Http2Client.connect(edge.httpsPort(), Trust.in(root), "a.test");
                Http2Client proven = Http2Client.connect(edge.httpsPort(), alice.context(root), "b.test");
                Http2Client asked = Http2Client.connect(edge.httpsPort(), Trust.in(root), "c.test")) {
            assertThat(status(open, 1, "a.test")).isEqualTo(200);
            assertThat(status(open, 3, "b.test")).isEqualTo(421);
            assertThat(status(open, 5, "c.test")).isEqualTo(421);
            assertThat(status(open, 7, "a.test")).isEqualTo(200);
            assertThat(status(proven, 1, "b.test")).isEqualTo(200);
            assertThat(status(proven, 3, "a.test")).isEqualTo(421);
            assertThat(status(proven, 5, "c.test")).isEqualTo(421);
            assertThat(status(asked, 1, "c.test")).isEqualTo(200);
            assertThat(status(asked, 3, "b.test")).isEqualTo(421);
        }
        assertThat(edge.closes(connect(Trust.in(root), "TLSv1.3", "a.test"))
                        .get("b.test", "/")
                        .header("Connection"))
                .containsExactly("close");
    }

    @Test
    void sitesThatAskForTheSameShareAConnection() throws Exception {
        edge.start(sites(asking("require", ""), asking("require", ", headers: { X-DN: subject }")));

        try (Http2Client client = Http2Client.connect(edge.httpsPort(), alice.context(root), "a.test")) {
            assertThat(status(client, 1, "a.test")).isEqualTo(200);
            assertThat(status(client, 3, "b.test")).isEqualTo(200);
        }
        assertThat(server.requests().get(1).header("X-DN")).containsExactly("CN=alice");
    }

    private static int status(Http2Client client, int stream, String host) {
        client.headers(stream, true, ":method", "GET", ":scheme", "https", ":authority", host, ":path", "/");
        return client.response(stream).status();
    }

    // ---- what changes while clients are connected

    @Test
    void whoIsTakenBackIsRefusedAlsoOnAConnectionThatIsOpen() throws Exception {
        String configuration = sites(asking("require", ""), "backend: web");
        edge.start(configuration);
        RawClient first = connect(alice, "a.test");
        RawClient second = connect(bob, "a.test");
        assertThat(first.get("a.test", "/").status()).isEqualTo(200);
        assertThat(second.get("a.test", "/").status()).isEqualTo(200);

        TestPki.replace(crl, ca.revoking(bob.leaf()));
        var unused = edge.reload(configuration);

        assertThat(first.get("a.test", "/").status()).isEqualTo(200);
        RawClient.Response refused = second.get("a.test", "/");
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.header("Proxy-Status").get(0)).contains("client_certificate_refused");
        assertThat(outcome(bob.context(root), "TLSv1.3", "a.test")).isEqualTo("certificate_revoked");
    }

    @Test
    void whoIsConnectedWhenAReloadAsksForMoreHasToComeAgain() throws Exception {
        edge.start(sites("backend: web"));
        RawClient before = edge.closes(connect(Trust.in(root), "TLSv1.3", "a.test"));
        assertThat(before.get("a.test", "/").status()).isEqualTo(200);

        var unused = edge.reload(sites(asking("require", "")));

        assertThat(before.get("a.test", "/").status()).isEqualTo(421);
        assertThat(before.isClosedByPeer()).isTrue();
        assertThat(outcome(Trust.in(root), "TLSv1.3", "a.test")).isEqualTo("certificate_required");
        RawClient proven = connect(alice, "a.test");
        assertThat(proven.get("a.test", "/").status()).isEqualTo(200);

        var unusedEither = edge.reload(sites(asking("request", "")));

        assertThat(proven.get("a.test", "/").status()).isEqualTo(421);
    }

    /** Whoever resumes a session is asked for nothing. */
    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3"})
    void sessionsAreNotResumed(String version) throws Exception {
        RealPrograms.require("openssl", "openssl");
        edge.start(sites("backend: web", asking("require", ""), asking("request", "")));
        Path session = edge.directory().resolve("session.pem");

        assertThat(openssl("a.test", null, version, "-sess_out", session.toString()))
                .contains("New, TLSv1");
        assertThat(openssl("a.test", null, version, "-sess_in", session.toString()))
                .contains("Reused, TLSv1");
        // One of a site that asks for nothing is none of one that does.
        assertThat(openssl("b.test", alice, version, "-sess_in", session.toString()))
                .contains("New, TLSv1");
        assertThat(openssl("c.test", null, version, "-sess_in", session.toString()))
                .contains("New, TLSv1");
        Files.delete(session);
        String made = openssl("b.test", alice, version, "-sess_out", session.toString());
        assertThat(made).contains("New, TLSv1").doesNotContain("TLS session ticket:");
        if (Files.exists(session)) {
            assertThat(openssl("b.test", null, version, "-sess_in", session.toString()))
                    .doesNotContain("Reused, TLSv1")
                    .containsAnyOf("alert handshake failure", "certificate required");
        }
    }

    @Test
    void nobodyNegotiatesAgain() throws Exception {
        RealPrograms.require("openssl", "openssl");
        edge.start(sites("backend: web", asking("require", "")));

        assertThat(openssl("a.test", null, "-tls1_2", "R\n")).contains("no renegotiation");
        assertThat(openssl("b.test", alice, "-tls1_2", "R\n")).contains("no renegotiation");
    }

    @Test
    void clientsAreToldWhoseCertificatesToChooseAmong() throws Exception {
        RealPrograms.require("openssl", "openssl");
        edge.start(sites(asking("request", "")));

        assertThat(openssl("a.test", null, "-tls1_3"))
                .contains("Acceptable client certificate CA names")
                .contains("CN = Clients");
    }

    private String openssl(String name, @Nullable Identity who, String... more) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "openssl",
                "s_client",
                "-connect",
                "127.0.0.1:" + edge.httpsPort(),
                "-servername",
                name,
                "-CAfile",
                edge.site().rootFile().toString()));
        String input = "GET / HTTP/1.1\r\nHost: " + name + "\r\nConnection: close\r\n\r\n";
        for (String one : more) {
            if (one.endsWith("\n")) {
                input = one;
            } else {
                command.add(one);
            }
        }
        // Without it, "Q" and "R" are commands.
        if (!input.startsWith("R")) {
            command.add("-ign_eof");
        }
        if (who != null) {
            List<Path> files = who.write(edge.directory(), "openssl-" + command.hashCode());
            command.addAll(List.of(
                    "-cert", files.get(0).toString(), "-key", files.get(1).toString()));
        }
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().write(input.getBytes(UTF_8));
        process.getOutputStream().flush();
        if (input.startsWith("R")) {
            process.waitFor(2, TimeUnit.SECONDS);
        }
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        process.waitFor();
        return said;
    }

    // ---- services of layer 4, challenges

    @Test
    void serviceThatIsOpenedForSuchASiteAsksAsWell() throws Exception {
        TestServer echo = edge.closes(TestServer.conversing(connection -> connection.send("hello\n")));
        edge.start(sites(asking("require", ""), asking("request", "")) + """
                  echo: { servers: ["%s"] }
                tcp:
                  - { name: strict, bind: "127.0.0.1:0", backend: echo, tls: a.test }
                  - { name: open, bind: "127.0.0.1:0", backend: echo, tls: b.test }
                """.formatted(echo.address()));

        assertThat(line("strict", alice.context(root))).isEqualTo("hello");
        assertThat(line("strict", Trust.in(root))).isEqualTo("certificate_required");
        assertThat(line("open", Trust.in(root))).isEqualTo("hello");
        assertThat(line("open", TestPki.root("Other").client("eve").context(root)))
                .isEqualTo("hello");
    }

    private String line(String service, SSLContext who) throws IOException {
        InetSocketAddress at = new InetSocketAddress(InetAddress.getLoopbackAddress(), edge.tcpPort(service));
        try (RawClient client = RawClient.tls(at, who, service.equals("strict") ? "a.test" : "b.test")) {
            StringBuilder line = new StringBuilder();
            for (int c = client.in().read();
                    c >= 0 && c != '\n';
                    c = client.in().read()) {
                line.append((char) c);
            }
            return line.toString();
        } catch (SSLException e) {
            return alert(e);
        }
    }

    // ---- told to operators

    @Test
    void logAndMetricsTellOfIt() throws Exception {
        Path log = edge.directory().resolve("access.log");
        X509CRL list = ca.revoking(bob.leaf());
        TestPki.replace(crl, list);
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                  admin: { bind: "127.0.0.1:0" }
                access-log: { to: %s }
                """.formatted(log) + sites(asking("request", ""), asking("require", "")));
        assertThat(outcome(alice.context(root), "TLSv1.3", "a.test")).isEqualTo("200");
        assertThat(outcome(bob.context(root), "TLSv1.3", "a.test")).isEqualTo("200");
        assertThat(outcome(Trust.in(root), "TLSv1.3", "a.test")).isEqualTo("200");
        assertThat(outcome(bob.context(root), "TLSv1.3", "b.test")).isEqualTo("certificate_revoked");

        await().untilAsserted(() -> assertThat(Files.readAllLines(log)).hasSize(3));
        List<String> lines = Files.readAllLines(log);
        assertThat(lines)
                .anySatisfy(
                        line -> assertThat(line)
                                .containsPattern(
                                        "\"client_verification\":\"success\",\"client_subject\":\"CN=alice\",\"client_fingerprint\":\"[0-9a-f]{64}\""));
        assertThat(lines)
                .anySatisfy(line -> assertThat(line)
                        .contains("\"client_verification\":\"failed:revoked\",\"client_subject\":\"CN=bob\""));
        assertThat(lines)
                .anySatisfy(line -> assertThat(line)
                        .contains("\"client_verification\":\"none\"")
                        .doesNotContain("client_subject"));
        String metrics = edge.closes(RawClient.plain(edge.adminPort()))
                .get("localhost", "/metrics")
                .body();
        assertThat(metrics)
                .contains("postern_tls_handshake_failures_total{reason=\"client_certificate\"} ")
                .containsPattern("postern_client_certificate_revocation_list_ends_timestamp_seconds\\{site=\"a.test\"} "
                        + "[0-9.E]+");
    }

    @Test
    void curlShowsItsCertificate() throws Exception {
        RealPrograms.require("curl", "curl");
        edge.start(sites(asking("require", ", headers: { X-DN: subject }")));
        List<Path> files = alice.write(edge.directory(), "curl");

        for (String version : List.of("--http1.1", "--http2")) {
            Process process = new ProcessBuilder(
                            "curl",
                            "-sS",
                            version,
                            "--cacert",
                            edge.site().rootFile().toString(),
                            "--cert",
                            files.get(0).toString(),
                            "--key",
                            files.get(1).toString(),
                            "--connect-to",
                            "::127.0.0.1:" + edge.httpsPort(),
                            "https://a.test/")
                    .redirectErrorStream(true)
                    .start();
            assertThat(new String(process.getInputStream().readAllBytes(), UTF_8))
                    .isEqualTo("hello");
            process.waitFor();
        }
        assertThat(server.requests().get(1).header("X-DN")).containsExactly("CN=alice");
    }
}
