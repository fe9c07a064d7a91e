package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.BindServer;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.PebbleServer;
import dev.postern.testing.RawClient;
import dev.postern.testing.Trust;
import java.security.KeyStore;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Sites that prove their names by other ways than HTTP-01, from the configuration to the first request over HTTPS. */
class ChallengesEndToEndTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void siteIsCertifiedOverTlsAlpn01OnItsHttpsPort() throws Exception {
        int https = FreePorts.next();
        PebbleServer pebble = edge.closes(PebbleServer.start(
                edge.directory().resolve("pebble"),
                PebbleServer.Options.httpPort(1).authzReuse(0).tlsPort(https)));

        edge.start(listeners(https) + acme(pebble, "challenges: [tls-alpn-01]") + site("one.example, www.one.example"));

        awaitServed(pebble, "one.example");
        awaitServed(pebble, "www.one.example");
    }

    /** <a href="https://datatracker.ietf.org/doc/html/rfc8738#section-6">RFC 8738 §6</a>. */
    @Test
    void addressIsCertifiedOverTlsAlpn01OnItsHttpsPort() throws Exception {
        int https = FreePorts.next();
        PebbleServer pebble = edge.closes(PebbleServer.start(
                edge.directory().resolve("pebble"),
                PebbleServer.Options.httpPort(1).authzReuse(0).tlsPort(https)));

        edge.start(listeners(https) + acme(pebble, "challenges: [tls-alpn-01]") + site("127.0.0.1"));

        // Whose client is told an address names no server, and wants the address in the certificate.
        awaitServed(pebble, "127.0.0.1");
    }

    @Test
    void siteThatCannotBeReachedOverHttpIsCertifiedOverTlsAlpn01() throws Exception {
        int https = FreePorts.next();
        PebbleServer pebble = edge.closes(PebbleServer.start(
                edge.directory().resolve("pebble"),
                PebbleServer.Options.httpPort(1).authzReuse(0).tlsPort(https)));

        edge.start(listeners(https) + acme(pebble, "") + site("one.example"));

        awaitServed(pebble, "one.example");
    }

    @Test
    void wildcardIsCertifiedOverDns01() throws Exception {
        BindServer bind = edge.closes(BindServer.start(edge.directory().resolve("bind"), "example.test"));
        PebbleServer pebble = edge.closes(PebbleServer.start(
                edge.directory().resolve("pebble"),
                PebbleServer.Options.httpPort(1).authzReuse(0).dnsServer(bind.address())));

        edge.start(listeners(0)
                + acme(pebble, """
                challenges: [dns-01]
                  dns-01: { server: "127.0.0.1:%d", tsig: { name: %s, secret-file: %s } }
                """.formatted(bind.port(), BindServer.KEY, bind.secretFile()))
                + site("example.test, \"*.example.test\""));

        awaitServed(pebble, "any.example.test");
        awaitServed(pebble, "example.test");
        assertThat(bind.txt("_acme-challenge.example.test")).isEmpty();
    }

    private static String listeners(int https) {
        return """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:%d" }
                  challenge: { bind: "127.0.0.1:0" }
                """.formatted(https);
    }

    private String acme(PebbleServer pebble, String more) {
        return """
                acme:
                  email: ops@example.com
                  agree-to-terms: true
                  issuers: [{ directory: "%s", ca-file: "%s" }]
                  store: "%s"
                  %s
                """.formatted(
                        pebble.directoryUri(), pebble.caFile(), edge.directory().resolve("certs"), more);
    }

    private static String site(String names) {
        return """
                sites:
                  - names: [%s]
                    routes: [{ path: /, respond: { status: 200, body: "hello" } }]
                """.formatted(names);
    }

    private void awaitServed(PebbleServer pebble, String name) throws Exception {
        SSLContext trust = trust(pebble);
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> {
                    try (RawClient client = RawClient.tls(edge.httpsPort(), trust, name)) {
                        return client.get(name, "/").body().equals("hello");
                    } catch (SSLException e) {
                        return false;
                    }
                });
    }

    private static SSLContext trust(PebbleServer pebble) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        store.setCertificateEntry("root", Trust.certificate(pebble.issuedRoot()));
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, factory.getTrustManagers(), null);
        return context;
    }
}
