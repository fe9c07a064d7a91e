package dev.postern.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TlsTest {
    // RFC 8446 §6: a record of type alert, fatal, and what is wrong.
    private static final byte ALERT = 21;
    private static final byte FATAL = 2;
    private static final byte DECODE_ERROR = 50;
    private static final byte PROTOCOL_VERSION = 70;
    private static final byte UNRECOGNIZED_NAME = 112;
    private static final byte NO_APPLICATION_PROTOCOL = 120;

    /** A minute, and what it may take until that is seen. */
    private static final Duration A_MINUTE = Duration.ofSeconds(61);

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer server = edge.closes(TestServer.saying("hello"));
    private Path chain;
    private Path key;

    @BeforeEach
    void namesFiles() {
        chain = edge.directory().resolve("chain.pem");
        key = edge.directory().resolve("key.pem");
    }

    // ---- which certificate

    @ParameterizedTest
    @ValueSource(strings = {"unknown.test", "a.b.one.test", "one.test.evil.test", "test", "127.0.0.1", "..", "."})
    void unknownServerNameIsRefusedAndNoCertificateShown(String name) throws Exception {
        startSites("");

        assertThat(answerTo(Hello.with(Hello.serverName(name)))).isEqualTo(alert(UNRECOGNIZED_NAME));
    }

    @Test
    void missingServerNameIsRefusedAndNoCertificateShown() throws Exception {
        startSites("");

        assertThat(answerTo(Hello.ofJdk(parameters -> {}))).isEqualTo(alert(UNRECOGNIZED_NAME));
        assertThat(answerTo(Hello.with())).isEqualTo(alert(UNRECOGNIZED_NAME));
    }

    @Test
    void helloThatCannotBeReadIsRefusedAndNoCertificateShown() throws Exception {
        startSites("");
        byte[] name = Hello.serverName("one.test");

        assertThat(answerTo(Hello.with(name, name))).isEqualTo(alert(DECODE_ERROR));
        assertThat(answerTo(Hello.with(Hello.serverName("one.test\0.evil")))).isEqualTo(alert(DECODE_ERROR));
        assertThat(answerTo(new byte[] {(byte) 0x80, 46, 1, 3, 1})).isEqualTo(alert(DECODE_ERROR));
        assertThat(answerTo("\r\n".getBytes(StandardCharsets.US_ASCII))).isEqualTo(alert(DECODE_ERROR));
        for (byte[] list :
                List.of(new byte[] {0, 0}, new byte[] {0, 2, 2, 'h'}, new byte[] {0, 1, 0}, new byte[] {1})) {
            assertThat(answerTo(Hello.with(name, Hello.extension(16, list)))).isEqualTo(alert(DECODE_ERROR));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "one.test, one.test",
        "ONE.Test, one.test",
        "www.one.test, www.one.test",
        "api.one.test, *.one.test",
        "x.one.test, *.one.test",
        "two.test, two.test"
    })
    void exactNameWinsOverWildcardWhichStandsForOneLabel(String serverName, String certificateName) throws Exception {
        startSites("");

        RawClient client = connect(serverName, parameters -> {});

        assertThat(names(client)).contains(certificateName);
        assertThat(client.get(serverName, "/").body()).isEqualTo("hello");
    }

    @Test
    void helloInManyRecordsAndManyPacketsIsServed() throws Exception {
        startSites("");
        RawClient client = RawClient.plain(edge.httpsPort());

        for (byte octet : Hello.fragmented(Hello.ofJdk("one.test", "TLSv1.2"), 16)) {
            client.send(new byte[] {octet});
        }

        // A handshake record, the ServerHello.
        assertThat(client.in().readNBytes(6)).startsWith(22, 3).endsWith(2);
        client.close();
    }

    @Test
    void hostOfAnotherSiteOnTheConnectionIs421() throws Exception {
        startSites("");
        RawClient client = connect("one.test", parameters -> {});

        assertThat(client.get("two.test", "/").status()).isEqualTo(421);
        assertThat(client.get("unknown.test", "/").status()).isEqualTo(404);
        assertThat(client.get("one.test", "/").status()).isEqualTo(200);
        assertThat(server.requests()).hasSize(1);
    }

    /** <a href="https://datatracker.ietf.org/doc/html/rfc9113#section-9.1.1">RFC 9113 §9.1.1</a>: so browsers do. */
    @Test
    void hostOfAnotherSiteWithTheSameCertificateIsAnswered() throws Exception {
        edge.site().replace(chain, key, "one.test", "two.test", "*.wild.test");
        start(
                site("[one.test]", files())
                        + site("[two.test]", files())
                        + site("[\"*.wild.test\"]", files())
                        + site("[own.wild.test]", edge.site().certificate("own.wild.test")),
                "");
        RawClient client = connect("one.test", parameters -> {});

        assertThat(client.get("two.test", "/").status()).isEqualTo(200);
        assertThat(client.get("TWO.test.", "/").status()).isEqualTo(200);
        assertThat(client.get("a.wild.test", "/").status()).isEqualTo(200);
        assertThat(client.get("own.wild.test", "/").status()).isEqualTo(421);
        assertThat(client.get("a.b.wild.test", "/").status()).isEqualTo(404);
        assertThat(client.get("one.test", "/").status()).isEqualTo(200);
    }

    @Test
    void itIsWhatAConnectionWasShownThatCounts() throws Exception {
        edge.site().replace(chain, key, "one.test", "two.test");
        Path chainOfTwo = edge.directory().resolve("chain-of-two.pem");
        Path keyOfTwo = edge.directory().resolve("key-of-two.pem");
        Files.copy(chain, chainOfTwo);
        Files.copy(key, keyOfTwo);
        String filesOfTwo = "{ chain: \"" + chainOfTwo + "\", key: \"" + keyOfTwo + "\" }";
        start(site("[one.test]", files()) + site("[two.test]", filesOfTwo), "");
        RawClient before = connect("one.test", parameters -> {});
        assertThat(before.get("two.test", "/").status()).isEqualTo(200);

        X509Certificate other = edge.site().replace(chain, key, "one.test", "two.test");
        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> certificate(connect("one.test", parameters -> {})).equals(other));

        // Two has what this connection was shown, and not what a new one is.
        assertThat(before.get("two.test", "/").status()).isEqualTo(200);
        assertThat(connect("one.test", parameters -> {}).get("two.test", "/").status())
                .isEqualTo(421);

        Files.copy(chain, chainOfTwo, StandardCopyOption.REPLACE_EXISTING);
        Files.copy(key, keyOfTwo, StandardCopyOption.REPLACE_EXISTING);
        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> certificate(connect("two.test", parameters -> {})).equals(other));
        assertThat(before.get("two.test", "/").status()).isEqualTo(421);
        assertThat(before.get("one.test", "/").status()).isEqualTo(200);
        assertThat(connect("one.test", parameters -> {}).get("two.test", "/").status())
                .isEqualTo(200);
    }

    @Test
    void filesThatTheOperatorReplacesAreServedWithoutARestart() throws Exception {
        X509Certificate first = edge.site().replace(chain, key, "one.test");
        start(site("[one.test]", files()), "");
        assertThat(certificate(connect("one.test", parameters -> {}))).isEqualTo(first);
        RawClient kept = connect("one.test", parameters -> {});

        X509Certificate second = edge.site().replace(chain, key, "one.test");

        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> certificate(connect("one.test", parameters -> {})).equals(second));
        assertThat(kept.get("one.test", "/").body()).isEqualTo("hello");
    }

    // ---- which protocol

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void everyVersionFromTheLeastOnWorks(String version) throws Exception {
        startSites("");

        RawClient client = connect("one.test", parameters -> parameters.setProtocols(new String[] {version}));

        assertThat(((SSLSocket) client.socket()).getSession().getProtocol()).isEqualTo(version);
        assertThat(client.get("one.test", "/").status()).isEqualTo(200);
    }

    @ParameterizedTest(name = "version {0}")
    @ValueSource(ints = {0x0300, 0x0301, 0x0302})
    void versionsBeforeTls12AreRefused(int version) throws Exception {
        startSites("");

        assertThat(answerTo(Hello.with(version, Hello.serverName("one.test")))).endsWith(FATAL, PROTOCOL_VERSION);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tls: { min-version: TLSv1.3 }", "tls: { profile: modern }"})
    void whereTls13IsTheLeastTls12IsRefused(String configuration) throws Exception {
        startSites(configuration);

        assertThat(connect("one.test", parameters -> parameters.setProtocols(new String[] {"TLSv1.3"}))
                        .get("one.test", "/")
                        .status())
                .isEqualTo(200);
        assertThat(answerTo(Hello.ofJdk("one.test", "TLSv1.2"))).endsWith(FATAL, PROTOCOL_VERSION);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "TLS_AES_128_GCM_SHA256",
                "TLS_AES_256_GCM_SHA384",
                "TLS_CHACHA20_POLY1305_SHA256",
                "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
            })
    void ciphersOfTheProfileWork(String cipher) throws Exception {
        startSites("");

        RawClient client = connect("one.test", parameters -> parameters.setCipherSuites(new String[] {cipher}));

        assertThat(((SSLSocket) client.socket()).getSession().getCipherSuite()).isEqualTo(cipher);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"})
    void otherCiphersAreRefused(String cipher) throws Exception {
        startSites("");

        assertThatThrownBy(() -> connect("one.test", parameters -> parameters.setCipherSuites(new String[] {cipher})))
                .isInstanceOf(SSLHandshakeException.class)
                .hasMessageContaining("handshake_failure");
    }

    @ParameterizedTest
    @CsvSource({
        "'http/1.1,h2', h2",
        "http/1.1, http/1.1",
        "'spdy/3,http/1.1', http/1.1",
        "'acme-tls/1,h2', h2",
        "http/1.0, http/1.0",
        "'', ''"
    })
    void applicationProtocolIsAgreedOn(String offered, String agreed) throws Exception {
        startSites("");

        RawClient client = connect(
                "one.test",
                parameters ->
                        parameters.setApplicationProtocols(offered.isEmpty() ? new String[0] : offered.split(",", -1)));

        assertThat(((SSLSocket) client.socket()).getApplicationProtocol()).isEqualTo(agreed);
        if (!agreed.equals("h2")) {
            assertThat(client.get("one.test", "/").status()).isEqualTo(200);
        }
    }

    /** <a href="https://datatracker.ietf.org/doc/html/rfc7301#section-3.2">RFC 7301 §3.2</a>. */
    @ParameterizedTest
    @ValueSource(strings = {"spdy/3", "h3", "h2c,http/0.9", "acme-tls/1,h3", "H2"})
    void clientWithoutAProtocolOfOursIsToldSo(String offered) throws Exception {
        startSites("");

        for (String version : List.of("TLSv1.2", "TLSv1.3")) {
            assertThat(answerTo(Hello.ofJdk(parameters -> {
                        parameters.setServerNames(List.of(new SNIHostName("one.test")));
                        parameters.setProtocols(new String[] {version});
                        parameters.setApplicationProtocols(offered.split(",", -1));
                    })))
                    .isEqualTo(alert(NO_APPLICATION_PROTOCOL));
        }
    }

    // ---- the other port

    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.1", "POST /upload HTTP/1.0", "propfind / HTTP/1.1"})
    void plainHttpIsAnsweredInWords(String line) throws Exception {
        startSites("");

        RawClient.Response answer = edge.closes(RawClient.plain(edge.httpsPort()))
                .request(line, "Host: one.test", "Content-Length: 0")
                .response();

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body()).contains("plain HTTP request was sent to HTTPS port");
        assertThat(answer.header("Connection")).containsExactly("close");
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void plainHttpIsAnsweredInWordsToAClientThatReadsLater() throws Exception {
        startSites("");
        RawClient client = edge.closes(RawClient.plain(edge.httpsPort()))
                .request("PUT / HTTP/1.1", "Host: one.test", "Content-Length: 9000000");

        for (int i = 0; i < 9; i++) {
            client.send(new byte[1_000_000]);
        }

        assertThat(client.response().status()).isEqualTo(400);
        assertThat(client.in().read()).isEqualTo(-1);
    }

    @Test
    void lettersThatAreNoHttpAreAnsweredAndClosed() throws Exception {
        startSites("");

        for (String said : List.of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "EHLO one.test\r\n", "hello\n")) {
            assertThat(new String(answerTo(said.getBytes(StandardCharsets.US_ASCII)), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 ")
                    .contains("Connection: close");
        }
    }

    @Test
    void tlsOnAPortForPlainHttpIsRefusedAtOnce() throws Exception {
        start(
                site("[one.test]", edge.site().certificate("one.test")),
                "timeouts: { request-head: 60s, keep-alive: 60s }");

        for (int port : List.of(edge.httpPort(), edge.challengePort())) {
            byte[] hello = Hello.ofJdk("one.test", "TLSv1.3");
            for (int length : List.of(1, 5, hello.length)) {
                byte[] answer = edge.closes(RawClient.plain(port))
                        .send(Arrays.copyOf(hello, length))
                        .untilClosed();
                assertThat(new String(answer, StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 400 ");
            }
        }
    }

    // ---- how long

    @Test
    void clientThatSaysNothingIsClosed() throws Exception {
        startSites("timeouts: { handshake: 1m }");
        RawClient client = RawClient.plain(edge.httpsPort());

        edge.passes(A_MINUTE);

        assertThat(client.untilClosed()).isEmpty();
    }

    @Test
    void clientThatStopsWithinItsHelloIsClosed() throws Exception {
        startSites("timeouts: { handshake: 1m }");
        byte[] hello = Hello.ofJdk("one.test", "TLSv1.3");

        RawClient client = RawClient.plain(edge.httpsPort()).send(Arrays.copyOf(hello, hello.length - 1));
        edge.passes(A_MINUTE);

        assertThat(client.untilClosed()).isEmpty();
    }

    @Test
    void clientThatStopsWithinTheHandshakeIsClosed() throws Exception {
        startSites("timeouts: { handshake: 1m }");

        RawClient client = RawClient.plain(edge.httpsPort()).send(Hello.ofJdk("one.test", "TLSv1.3"));
        edge.passes(A_MINUTE);

        assertThat(client.isClosedByPeer()).isTrue();
    }

    @Test
    void handshakeDeadlineDoesNotEndWhatComesAfterTheHandshake() throws Exception {
        startSites("timeouts: { handshake: 1m, request-head: 1h }");
        RawClient client = connect("one.test", parameters -> {});

        edge.passes(A_MINUTE);

        assertThat(client.get("one.test", "/").status()).isEqualTo(200);
    }

    // ---- sessions

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3"})
    void sessionIsResumedOnEveryEventLoopAndAtItsOwnSiteOnly(String version) throws Exception {
        RealPrograms.require("openssl", "openssl");
        startSites("");
        Path ticket = edge.directory().resolve("ticket.pem");
        assertThat(openssl(version, "one.test", "-sess_out", ticket.toString())).contains("New, ");

        for (int i = 0; i < 6; i++) {
            assertThat(openssl(version, "one.test", "-sess_in", ticket.toString()))
                    .contains("Reused, ");
        }
        assertThat(openssl(version, "two.test", "-sess_in", ticket.toString())).contains("New, ");
    }

    /** One request by {@code openssl s_client}; what it says about it. */
    private String openssl(String version, String serverName, String... options) throws Exception {
        List<String> command = new java.util.ArrayList<>(
                List.of("openssl", "s_client", "-connect", "127.0.0.1:" + edge.httpsPort(), "-servername", serverName));
        command.add(version);
        command.addAll(List.of("-ign_eof", "-CAfile", edge.site().rootFile().toString()));
        command.addAll(List.of(options));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (var in = process.getOutputStream()) {
            in.write(("GET / HTTP/1.1\r\nHost: " + serverName + "\r\nConnection: close\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
        }
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(said).contains("HTTP/1.1 200 OK");
        return said;
    }

    // ---- vocabulary

    /** {@code one.test}, {@code *.one.test}, {@code www.one.test} and {@code two.test}, each with a certificate of its own. */
    private void startSites(String more) throws Exception {
        start(
                site("[one.test]", edge.site().certificate("one.test"))
                        + site("[\"*.one.test\"]", edge.site().certificate("*.one.test"))
                        + site("[www.one.test]", edge.site().certificate("www.one.test"))
                        + site("[two.test]", edge.site().certificate("two.test")),
                more);
    }

    private void start(String sites, String more) throws Exception {
        edge.start(
                "sites:\n" + sites + "backends:\n  web: { servers: [\"" + server.address() + "\"] }\n" + more + "\n");
    }

    private static String site(String names, String certificate) {
        return "  - { names: " + names + ", backend: web, certificate: " + certificate + " }\n";
    }

    private String files() {
        return "{ chain: \"" + chain + "\", key: \"" + key + "\" }";
    }

    private RawClient connect(String serverName, Consumer<SSLParameters> parameters) throws IOException {
        return edge.closes(RawClient.tls(edge.httpsPort(), edge.trust(), serverName, parameters));
    }

    /** What comes back before the connection is closed. */
    private byte[] answerTo(byte[] hello) {
        return edge.closes(RawClient.plain(edge.httpsPort())).send(hello).untilClosed();
    }

    private static byte[] alert(byte description) {
        return new byte[] {ALERT, 3, 3, 0, 2, FATAL, description};
    }

    private static X509Certificate certificate(RawClient client) throws IOException {
        return (X509Certificate) ((SSLSocket) client.socket()).getSession().getPeerCertificates()[0];
    }

    private static List<String> names(RawClient client) throws Exception {
        return certificate(client).getSubjectAlternativeNames().stream()
                .map(name -> (String) name.get(1))
                .toList();
    }
}
