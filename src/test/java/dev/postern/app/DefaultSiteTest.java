package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.Trust;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clients that name nobody's site: without a server name, by address, or by some other name; and sites without TLS. */
class DefaultSiteTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private String responds(String text) {
        return "[{ path: /, respond: { status: 200, body: \"" + text + "\" } }]";
    }

    private void startOneOfTwoByDefault() throws Exception {
        edge.start("""
                sites:
                  - { names: [one.test], routes: %s, certificate: %s }
                  - { names: [two.test], routes: %s, certificate: %s, default: true }
                """.formatted(
                        responds("one"),
                        edge.site().certificate("one.test"),
                        responds("two"),
                        edge.site().certificate("two.test")));
    }

    private static void noName(SSLParameters parameters) {
        parameters.setServerNames(List.of());
    }

    private static Consumer<SSLParameters> named(String name) {
        return parameters -> {
            parameters.setEndpointIdentificationAlgorithm("");
            parameters.setServerNames(List.of(new SNIHostName(name)));
        };
    }

    private RawClient tls(Consumer<SSLParameters> parameters) throws Exception {
        return RawClient.tls(edge.httpsPort(), edge.site().trust(), "localhost", all -> {
            all.setEndpointIdentificationAlgorithm("");
            parameters.accept(all);
        });
    }

    private static List<String> shown(RawClient client) throws Exception {
        X509Certificate leaf =
                (X509Certificate) ((SSLSocket) client.socket()).getSession().getPeerCertificates()[0];
        return leaf.getSubjectAlternativeNames().stream()
                .map(name -> String.valueOf(name.get(1)))
                .toList();
    }

    @Test
    void whoNamesNobodysSiteIsShownTheOneByDefaultAndServedByIt() throws Exception {
        startOneOfTwoByDefault();

        for (Consumer<SSLParameters> how :
                List.of(DefaultSiteTest::noName, named("127.0.0.1"), named("unknown.test"))) {
            for (String host : List.of("two.test", "192.168.185.7", "[2001:db8::7]", "unknown.test")) {
                try (RawClient client = tls(how)) {
                    assertThat(shown(client)).containsExactly("two.test");
                    assertThat(client.get(host, "/").body()).isEqualTo("two");
                }
            }
        }
    }

    @Test
    void othersGoOnToBeServedByTheSiteTheyName() throws Exception {
        startOneOfTwoByDefault();

        try (RawClient client = tls(named("one.test"))) {
            assertThat(shown(client)).containsExactly("one.test");
            assertThat(client.get("one.test", "/").body()).isEqualTo("one");
        }
        try (RawClient client = tls(named("one.test"))) {
            assertThat(client.get("unknown.test", "/").status()).isEqualTo(421);
        }
        try (RawClient client = tls(DefaultSiteTest::noName)) {
            assertThat(client.get("one.test", "/").status()).isEqualTo(421);
        }
    }

    @Test
    void whoAsksInHttp10WithoutHostIsServedByTheSiteByDefault() throws Exception {
        startOneOfTwoByDefault();

        try (RawClient client = tls(DefaultSiteTest::noName)) {
            assertThat(client.send("GET / HTTP/1.0\r\n\r\n").response().body()).isEqualTo("two");
        }
        try (RawClient client = RawClient.plain(edge.httpPort())) {
            RawClient.Response response =
                    client.send("OPTIONS / HTTP/1.0\r\n\r\n").response();
            assertThat(response.status()).isEqualTo(308);
            assertThat(response.header("Location").get(0)).startsWith("https://127.0.0.1");
        }
        try (RawClient client = RawClient.plain(edge.httpPort())) {
            assertThat(client.send("GET / HTTP/1.1\r\n\r\n").response().status())
                    .isEqualTo(400);
        }
    }

    /** As over TLS: it is called by the address that the client has come to, which may have dialled nothing else. nginx does. */
    @Test
    void whoAsksInHttp10WithoutHostIsServedByTheSiteOfTheAddressItCameTo() throws Exception {
        edge.start("""
                listeners:
                  http: { bind: ["127.0.0.1:0", "127.0.0.2:0", "[::1]:0"] }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites:
                  - { names: [127.0.0.1, "::1"], routes: %s, plain: true }
                  - { names: [two.test], routes: %s, plain: true }
                """.formatted(responds("address"), responds("two")));

        for (int i = 0; i < 3; i++) {
            InetSocketAddress address = edge.httpAddresses().get(i);
            boolean known = !address.getAddress().getHostAddress().equals("127.0.0.2");
            try (RawClient client = RawClient.over(new Socket(address.getAddress(), address.getPort()))) {
                RawClient.Response response =
                        client.send("GET / HTTP/1.0\r\n\r\n").response();
                assertThat(response.status()).as(address.toString()).isEqualTo(known ? 200 : 400);
                assertThat(response.body()).contains(known ? "address" : "400");
            }
            try (RawClient client = RawClient.over(new Socket(address.getAddress(), address.getPort()))) {
                assertThat(client.send("GET / HTTP/1.1\r\n\r\n").response().status())
                        .isEqualTo(400);
            }
        }
    }

    @Test
    void siteOfTheAddressThatAClientCameToGoesBeforeTheOneByDefault() throws Exception {
        edge.start("""
                sites:
                  - { names: [127.0.0.1], routes: %s, certificate: %s }
                  - { names: [two.test], routes: %s, certificate: %s, default: true }
                """.formatted(
                        responds("address"),
                        edge.site().certificate("127.0.0.1"),
                        responds("two"),
                        edge.site().certificate("two.test")));

        try (RawClient client = tls(DefaultSiteTest::noName)) {
            assertThat(shown(client)).containsExactly("127.0.0.1");
            assertThat(client.get("127.0.0.1", "/").body()).isEqualTo("address");
        }
        try (RawClient client = tls(named("127.0.0.1"))) {
            assertThat(shown(client)).containsExactly("127.0.0.1");
        }
        try (RawClient client = tls(named("unknown.test"))) {
            assertThat(shown(client)).containsExactly("two.test");
        }
    }

    @Test
    void plainSiteIsServedOverHttpOnly() throws Exception {
        edge.start("""
                sites:
                  - { names: [one.test], routes: %s, certificate: %s }
                  - { names: [192.168.185.7, "[2001:DB8:0::7]", "*.plain.test"], routes: %s, plain: true }
                """.formatted(responds("one"), edge.site().certificate("one.test"), responds("plain")));

        for (String host : List.of("192.168.185.7", "192.168.185.7:8080", "[2001:db8::7]", "a.plain.test")) {
            try (RawClient client = RawClient.plain(edge.httpPort())) {
                assertThat(client.get(host, "/").body()).isEqualTo("plain");
            }
        }
        try (RawClient client = RawClient.plain(edge.httpPort())) {
            assertThat(client.get("one.test", "/").status()).isEqualTo(308);
            assertThat(client.get("unknown.test", "/").status()).isEqualTo(404);
        }
        assertThatThrownBy(() -> tls(named("a.plain.test"))).isInstanceOf(SSLHandshakeException.class);
        try (RawClient client = tls(named("one.test"))) {
            assertThat(client.get("a.plain.test", "/").status()).isEqualTo(421);
        }
    }

    /** There is nothing of it to show: who comes to its address and names nobody is whoever names nobody's site. */
    @Test
    void addressOfAPlainSiteIsNobodysForHandshakes() throws Exception {
        String byDefault = "  - { names: [two.test], routes: %s, certificate: %s, default: true }\n"
                .formatted(responds("two"), edge.site().certificate("two.test"));
        String address = "  - { names: [127.0.0.1, printer.test], routes: " + responds("plain");
        edge.start("sites:\n" + address + ", plain: true }\n" + byDefault);
        assertDefaultIsShownBesideThePlainSite();

        edge.reload("sites:\n" + address + ", certificate: " + edge.site().certificate("127.0.0.1", "printer.test")
                + " }\n" + byDefault);
        try (RawClient client = tls(DefaultSiteTest::noName)) {
            assertThat(shown(client)).contains("printer.test");
        }

        edge.reload("sites:\n" + address + ", plain: true }\n" + byDefault);
        assertDefaultIsShownBesideThePlainSite();
    }

    private void assertDefaultIsShownBesideThePlainSite() throws Exception {
        try (RawClient client = tls(DefaultSiteTest::noName)) {
            assertThat(shown(client)).containsExactly("two.test");
            assertThat(client.get("unknown.test", "/").body()).isEqualTo("two");
        }
        try (RawClient client = tls(DefaultSiteTest::noName)) {
            assertThat(client.request("GET / HTTP/1.0").response().body()).isEqualTo("two");
        }
        try (RawClient client = edge.plainClient()) {
            assertThat(client.get("127.0.0.1", "/").body()).isEqualTo("plain");
        }
        // The name of a site that has no certificate is not that of another one.
        assertThatThrownBy(() -> tls(named("printer.test"))).isInstanceOf(SSLHandshakeException.class);
    }

    @Test
    void catchAllWithoutACertificateTakesEveryHostOverHttpAndShowsNobodyACertificate() throws Exception {
        edge.start("""
                sites:
                  - { names: [one.test], routes: %s, certificate: %s }
                  - { names: ["*"], routes: %s, plain: true }
                """.formatted(responds("one"), edge.site().certificate("one.test"), responds("any")));

        try (RawClient client = RawClient.plain(edge.httpPort())) {
            assertThat(client.get("192.168.185.7", "/").body()).isEqualTo("any");
            assertThat(client.get("unknown.test", "/").body()).isEqualTo("any");
            assertThat(client.get("one.test", "/").status()).isEqualTo(308);
        }
        assertThatThrownBy(() -> tls(DefaultSiteTest::noName)).isInstanceOf(SSLHandshakeException.class);
        assertThatThrownBy(() -> tls(named("unknown.test"))).isInstanceOf(SSLHandshakeException.class);
    }

    /** Port 443 was taken, by a listener that refused every handshake, on hosts that serve http and nothing else. */
    @Test
    void nothingIsBoundForTlsWhileNoSiteHasIt() throws Exception {
        String plain = "  - { names: [one.test], routes: %s, plain: true }\n".formatted(responds("one"));
        String secure = "  - { names: [two.test], routes: %s, certificate: %s }\n"
                .formatted(responds("two"), edge.site().certificate("two.test"));
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String sites = """
                    listeners:
                      http: { bind: "127.0.0.1:0" }
                      https: { bind: "127.0.0.1:%d" }
                      challenge: { bind: "127.0.0.1:0" }
                    sites:
                    """.formatted(other.getLocalPort());
            Edge running;
            try (CapturedLog log = CapturedLog.begin()) {
                running = edge.start(sites + plain);
                assertThat(log.lines(" INFO Edge - listener https: not bound, for no site has a certificate"))
                        .hasSize(1);
            }

            assertThat(running.httpsAddresses()).isEmpty();
            try (RawClient client = RawClient.plain(edge.httpPort())) {
                assertThat(client.get("one.test", "/").body()).isEqualTo("one");
                assertThat(client.get("unknown.test", "/").status()).isEqualTo(404);
            }
            assertThatThrownBy(() -> edge.reload(sites + plain + secure))
                    .hasMessageContaining("address already in use");
        }

        edge.reload("sites:\n" + plain + secure);
        int port = edge.httpsPort();
        try (RawClient client = tls(named("two.test"))) {
            assertThat(client.get("two.test", "/").body()).isEqualTo("two");
        }

        edge.reload("sites:\n" + plain);
        assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
                .isInstanceOf(ConnectException.class);
    }

    @Test
    void catchAllMayShowACertificateOfTheOperator() throws Exception {
        edge.start("""
                sites:
                  - { names: [one.test], routes: %s, certificate: %s }
                  - { names: ["*"], routes: %s, certificate: %s }
                """.formatted(
                        responds("one"),
                        edge.site().certificate("one.test"),
                        responds("any"),
                        edge.site().certificate("snakeoil.test")));

        try (RawClient client = tls(DefaultSiteTest::noName)) {
            assertThat(shown(client)).containsExactly("snakeoil.test");
            assertThat(client.get("unknown.test", "/").body()).isEqualTo("any");
        }
    }

    @Test
    void reloadMovesTheDefaultAndTakesTheCertificateOfASiteThatBecamePlain() throws Exception {
        String one = edge.site().certificate("one.test");
        String two = edge.site().certificate("two.test");
        String sites = """
                sites:
                  - { names: [one.test], routes: %s, certificate: %s%s }
                  - { names: [two.test], routes: %s, %s%s }
                """;
        edge.start(sites.formatted(responds("one"), one, ", default: true", responds("two"), "certificate: ", two));
        try (RawClient client = tls(DefaultSiteTest::noName)) {
            assertThat(shown(client)).containsExactly("one.test");
        }

        edge.reload(sites.formatted(responds("one"), one, "", responds("two"), "default: true, certificate: ", two));
        try (RawClient client = tls(DefaultSiteTest::noName)) {
            assertThat(shown(client)).containsExactly("two.test");
        }

        edge.reload(sites.formatted(responds("one"), one, "", responds("two"), "plain: true", ""));
        assertThatThrownBy(() -> tls(DefaultSiteTest::noName)).isInstanceOf(SSLHandshakeException.class);
        assertThatThrownBy(() -> tls(named("two.test"))).isInstanceOf(SSLHandshakeException.class);
        try (RawClient client = RawClient.plain(edge.httpPort())) {
            assertThat(client.get("two.test", "/").body()).isEqualTo("two");
        }
    }

    @Test
    void internalCaCertifiesASiteByAddress() throws Exception {
        edge.start("""
                acme: { issuers: [internal], store: "%s" }
                sites:
                  - { names: [127.0.0.1, "2001:db8::7", localhost], routes: %s }
                """.formatted(edge.directory().resolve("certs"), responds("by address")));
        Path root = edge.directory().resolve("certs/accounts/internal/root.pem");
        Callable<RawClient> connects = () -> RawClient.tls(
                edge.httpsPort(),
                Trust.in(Trust.certificate(root)),
                "127.0.0.1",
                // A client that is told an address names no server, and wants the address in the certificate.
                DefaultSiteTest::noName);

        try (RawClient client = await().ignoreExceptions().until(connects, connected -> true)) {
            assertThat(((SSLSocket) client.socket()).getSSLParameters().getServerNames())
                    .isNullOrEmpty();
            assertThat(client.get("127.0.0.1", "/").body()).isEqualTo("by address");
            assertThat(client.get("[2001:db8::7]", "/").body()).isEqualTo("by address");
        }
    }
}
