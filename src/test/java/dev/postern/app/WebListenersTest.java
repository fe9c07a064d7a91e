package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Listeners by names of their own (frontends of HAProxy): which sites are served where, and how. */
class WebListenersTest {
    private static final String HERE = "bind: \"127.0.0.1:0\"";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private String site(String name, String more) throws IOException {
        return "  - { names: [" + name + "], certificate: " + edge.site().certificate(name)
                + ", routes: [{ path: /, respond: { body: " + name + " } }]" + more + " }\n";
    }

    private void start(String further, String sites) throws Exception {
        edge.start(configuration(further, sites));
    }

    private static String configuration(String further, String sites) {
        return "listeners:\n  http: { " + HERE + " }\n  https: { " + HERE + " }\n" + further + "sites:\n" + sites;
    }

    private int port(String listener) {
        return edge.webAddresses(listener).get(0).getPort();
    }

    private RawClient tls(String listener, String name) throws IOException {
        return edge.closes(RawClient.tls(port(listener), edge.trust(), name));
    }

    private RawClient plain(String listener) {
        return edge.closes(RawClient.plain(port(listener)));
    }

    @Test
    void siteThatAListenerNamesIsServedThereAndNowhereElse() throws Exception {
        start(
                "  internal: { kind: https, " + HERE + ", sites: [admin.example.com] }\n",
                site("app.example.com", "") + site("admin.example.com", ""));

        assertThat(tls("https", "app.example.com").get("app.example.com", "/").body())
                .isEqualTo("app.example.com");
        assertThat(tls("internal", "admin.example.com")
                        .get("admin.example.com", "/")
                        .body())
                .isEqualTo("admin.example.com");
        assertThatThrownBy(() -> tls("https", "admin.example.com")).isInstanceOf(SSLHandshakeException.class);
        assertThatThrownBy(() -> tls("internal", "app.example.com")).isInstanceOf(SSLHandshakeException.class);
        assertThat(tls("https", "app.example.com").get("admin.example.com", "/").status())
                .isEqualTo(404);
        // Nor is there a redirect that would tell of it.
        assertThat(plain("http").get("admin.example.com", "/").status()).isEqualTo(404);
    }

    @Test
    void othersStandsForAllThatNoListenerNames() throws Exception {
        start(
                "  both: { kind: https, " + HERE + ", sites: [others, b.example.com] }\n",
                site("a.example.com", "") + site("b.example.com", ""));

        assertThat(tls("both", "a.example.com").get("a.example.com", "/").body())
                .isEqualTo("a.example.com");
        assertThat(tls("both", "b.example.com").get("b.example.com", "/").body())
                .isEqualTo("b.example.com");
        assertThat(tls("https", "a.example.com").get("a.example.com", "/").body())
                .isEqualTo("a.example.com");
        assertThatThrownBy(() -> tls("https", "b.example.com")).isInstanceOf(SSLHandshakeException.class);
    }

    @Test
    void eachListenerHasItsOwnSiteByDefault() throws Exception {
        start(
                "  second: { kind: https, " + HERE + ", sites: [b.example.com] }\n",
                site("a.example.com", ", default: true") + site("b.example.com", ", default: true"));

        assertThat(shown("https", "unknown.example.com")).isEqualTo("a.example.com");
        assertThat(shown("second", "unknown.example.com")).isEqualTo("b.example.com");
        // Who has the name of a site that is elsewhere has none of here.
        assertThat(shown("second", "a.example.com")).isEqualTo("b.example.com");
        assertThat(plain("http").get("unknown.example.com:8080", "/").header("Location"))
                .containsExactly("https://unknown.example.com:" + port("https") + "/");
    }

    @Test
    void siteOfAnotherListenerIsAsGoodAsNotThereAlsoBelowAWildcard() throws Exception {
        String wildcard = "  - { names: [\"*.example.com\"], certificate: "
                + edge.site().certificate("*.example.com") + ", routes: [{ path: /, respond: { body: wildcard } }] }\n";
        Edge running = edge.start(configuration(
                "  second: { kind: https, " + HERE + ", sites: [admin.example.com] }\n",
                wildcard + site("admin.example.com", "")));

        assertThat(shown("https", "admin.example.com")).isEqualTo("*.example.com");
        assertThat(tls("https", "admin.example.com")
                        .get("admin.example.com", "/")
                        .body())
                .isEqualTo("wildcard");
        assertThat(tls("second", "admin.example.com")
                        .get("admin.example.com", "/")
                        .body())
                .isEqualTo("admin.example.com");
        // Our own look at what clients are shown goes to the listener that serves the site.
        assertThat(running.doorFor("admin.example.com").bound().get(0).getPort())
                .isEqualTo(port("second"));
        assertThat(running.doorFor("www.example.com").bound().get(0).getPort()).isEqualTo(port("https"));
    }

    @Test
    void whoIsConnectedToAListenerThatASiteHasLeftIsToldToComeAgain() throws Exception {
        String sites = site("a.example.com", "") + site("b.example.com", "");
        start("", sites);
        RawClient client = tls("https", "b.example.com");
        assertThat(client.get("b.example.com", "/").status()).isEqualTo(200);

        edge.reload(configuration("  second: { kind: https, " + HERE + ", sites: [b.example.com] }\n", sites));

        RawClient.Response response = client.get("b.example.com", "/");
        assertThat(response.status()).isEqualTo(421);
        assertThat(response.header("Connection")).containsExactly("close");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void siteForEveryNameIsNotTakenForTheOneByDefaultOfAnotherListener(boolean last) throws Exception {
        String every = "  - { names: [\"*\"], certificate: " + edge.site().certificate("w.example.com")
                + ", routes: [{ path: /, respond: { body: every } }] }\n";
        String other = site("b.example.com", ", default: true");
        start(
                "  second: { kind: https, " + HERE + ", sites: [b.example.com] }\n",
                last ? other + every : every + other);

        assertThat(shown("https", "w.example.com")).isEqualTo("w.example.com");
        assertThat(shown("second", "w.example.com")).isEqualTo("b.example.com");
        assertThat(tls("https", "w.example.com").get("w.example.com", "/").body())
                .isEqualTo("every");
    }

    /** The first name of the certificate that is shown. */
    private String shown(String listener, String name) throws Exception {
        try (RawClient client = RawClient.tls(
                port(listener), edge.trust(), name, parameters -> parameters.setEndpointIdentificationAlgorithm(""))) {
            X509Certificate leaf =
                    (X509Certificate) ((SSLSocket) client.socket()).getSession().getPeerCertificates()[0];
            return (String) leaf.getSubjectAlternativeNames().iterator().next().get(1);
        }
    }

    @Test
    void redirectLeadsToTheListenerThatServesTheSite() throws Exception {
        start(
                "  door: { kind: http, " + HERE + ", redirect: 301, sites: [b.example.com] }\n"
                        + "  second: { kind: https, " + HERE + ", sites: [b.example.com] }\n",
                site("a.example.com", "") + site("b.example.com", ""));

        RawClient.Response response = plain("door").get("b.example.com:8080", "/x?y");
        assertThat(response.status()).isEqualTo(301);
        assertThat(response.header("Location")).containsExactly("https://b.example.com:" + port("second") + "/x?y");
        // Ports in front of us are mapped to http and https, if any are.
        assertThat(plain("door").get("b.example.com", "/").header("Location"))
                .containsExactly("https://b.example.com:" + port("second") + "/");
        assertThat(plain("http").get("a.example.com:8080", "/").header("Location"))
                .containsExactly("https://a.example.com:" + port("https") + "/");
        assertThat(plain("http").get("b.example.com", "/").status()).isEqualTo(404);
    }

    @Test
    void routeCanBeForSomeListenersOnly() throws Exception {
        start("  internal: { kind: http, " + HERE + ", redirect: off }\n", """
                  - names: ["*"]
                    plain: true
                    routes:
                      - { path: /, respond: { body: public } }
                      - { path: /admin, when: { listener: internal }, respond: { body: admin } }
                      - { path: /both, when: { listener: [internal, http] }, respond: { body: both } }
                """);

        assertThat(plain("internal").get("any", "/admin").body()).isEqualTo("admin");
        assertThat(plain("http").get("any", "/admin").body()).isEqualTo("public");
        assertThat(plain("internal").get("any", "/both").body()).isEqualTo("both");
        assertThat(plain("http").get("any", "/both").body()).isEqualTo("both");
    }

    @Test
    void eachListenerSpeaksTlsAsItIsTold() throws Exception {
        start(
                "  old: { kind: https, " + HERE + ", protocols: [http/1.1], tls: { min-version: TLSv1.2 } }\n"
                        + "tls: { min-version: TLSv1.3 }\n",
                site("localhost", ""));

        assertThat(agreed("old")).isEqualTo("TLSv1.2 http/1.1");
        assertThatThrownBy(() -> agreed("https")).isInstanceOf(SSLHandshakeException.class);
    }

    private String agreed(String listener) throws IOException {
        try (RawClient client = RawClient.tls(port(listener), edge.trust(), "localhost", parameters -> {
            parameters.setProtocols(new String[] {"TLSv1.2"});
            parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
        })) {
            SSLSocket socket = (SSLSocket) client.socket();
            return socket.getSession().getProtocol() + " " + socket.getApplicationProtocol();
        }
    }

    @Test
    void proxyHeadersAreForTheListenersThatAreToldSo() throws Exception {
        start(
                "  fronted: { kind: http, " + HERE + ", redirect: off, proxy-protocol: [127.0.0.1] }\n",
                "  - { names: [a.example], plain: true, routes: [{ path: /, respond: { body: here } }] }\n");

        assertThat(plain("http").get("a.example", "/").body()).isEqualTo("here");
        RawClient fronted = plain("fronted");
        fronted.send("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n");
        assertThat(fronted.get("a.example", "/").body()).isEqualTo("here");
    }

    @Test
    void reloadOpensAndClosesThem() throws Exception {
        String site = site("localhost", "");
        start("", site);
        RawClient before = tls("https", "localhost");
        assertThat(before.get("localhost", "/").body()).isEqualTo("localhost");

        edge.reload(configuration("  second: { kind: https, " + HERE + " }\n", site));
        RawClient second = tls("second", "localhost");
        assertThat(second.get("localhost", "/").body()).isEqualTo("localhost");
        int port = port("second");

        edge.reload(configuration("  second: { kind: http, " + HERE + ", redirect: off }\n", site));
        assertThat(plain("second").get("localhost", "/").body()).isEqualTo("localhost");
        assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
                .isInstanceOf(IOException.class);

        edge.reload(configuration("", site));
        assertThat(edge.webAddresses("second")).isEmpty();
        assertThat(before.get("localhost", "/").body()).isEqualTo("localhost");
    }

    @Test
    void connectionsComeInByTheInterfaceOnly() throws Exception {
        start("  inside: { kind: http, redirect: off, interface: lo, " + HERE + " }\n", site("localhost", ""));
        assertThat(plain("inside").get("localhost", "/").body()).isEqualTo("localhost");

        assertThatThrownBy(() -> edge.reload(configuration(
                        "  inside: { kind: http, redirect: off, interface: nowhere0, " + HERE + " }\n",
                        site("localhost", ""))))
                .hasMessageStartingWith(
                        "listener inside 127.0.0.1:0 (nowhere0): bind: this host has no network interface nowhere0");
    }

    // As with VRRP: the address comes to this host later.
    @Test
    void transparentListenerMayHaveAnAddressThatIsNotHere() throws Exception {
        String site = site("localhost", "");
        assertThatThrownBy(() -> start("  virtual: { kind: http, bind: \"192.0.2.77:0\" }\n", site))
                .hasMessageContaining("this host has no such address");

        start("  virtual: { kind: http, bind: \"192.0.2.77:0\", transparent: true }\n", site);

        assertThat(edge.webAddresses("virtual"))
                .extracting(address -> address.getAddress().getHostAddress())
                .containsExactly("192.0.2.77");
    }

    @Test
    void portOfAnotherProgramIsNotShared() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> start(
                            "  second: { kind: https, bind: \"127.0.0.1:" + taken.getLocalPort() + "\" }\n",
                            site("localhost", "")))
                    .isInstanceOf(CannotStart.class)
                    .hasMessageStartingWith(
                            "listener second 127.0.0.1:" + taken.getLocalPort() + ": bind: address already in use");
        }
    }

    @Test
    void metricsNameThem() throws Exception {
        start("  second: { kind: https, " + HERE + " }\n  admin: { " + HERE + " }\n", site("localhost", ""));
        RawClient open = tls("second", "localhost");

        assertThat(edge.closes(RawClient.plain(edge.adminPort()))
                        .get("localhost", "/metrics")
                        .body())
                .contains("postern_connections{listener=\"second\"} 1.0");
        assertThat(open.get("localhost", "/").status()).isEqualTo(200);
    }
}
