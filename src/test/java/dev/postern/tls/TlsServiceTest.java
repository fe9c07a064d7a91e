package dev.postern.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Random;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Services of layer 4 that are opened here: TLS to the client, plaintext to the server. */
class TlsServiceTest {
    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    private String configuration(String certificate, String more) {
        TestServer server = edge.closes(TestServer.conversing(connection -> {
            connection.send("hello\n");
            connection.in().transferTo(connection.socket().getOutputStream());
        }));
        return """
                sites:
                  - { names: [db.example.com], certificate: %s }
                tcp:
                  - { name: db, bind: "127.0.0.1:0", backend: db, tls: db.example.com%s }
                backends:
                  db: { servers: ["%s"] }
                """.formatted(certificate, more, server.address());
    }

    private RawClient client(@Nullable String serverName, String... protocols) throws IOException {
        return edge.closes(RawClient.tls(edge.tcpPort("db"), edge.trust(), "db.example.com", parameters -> {
            parameters.setServerNames(serverName == null ? List.of() : List.of(new SNIHostName(serverName)));
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

    private static X509Certificate shown(RawClient client) throws IOException {
        return (X509Certificate) ((SSLSocket) client.socket()).getSession().getPeerCertificates()[0];
    }

    @Test
    void clientsSpeakTlsAndTheServerDoesNot() throws Exception {
        edge.start(configuration(edge.site().certificate("db.example.com"), ""));

        RawClient client = client("db.example.com");
        assertThat(line(client)).isEqualTo("hello");
        client.send("echo\n");
        assertThat(line(client)).isEqualTo("echo");
    }

    @Test
    void whoeverNamesNobodyOrSomebodyElseIsShownTheSameCertificate() throws Exception {
        edge.start(configuration(edge.site().certificate("db.example.com"), ""));

        assertThat(line(client(null))).isEqualTo("hello");
        assertThat(line(client("other.example.com"))).isEqualTo("hello");
    }

    @Test
    void muchGoesThroughUnchanged() throws Exception {
        edge.start(configuration(edge.site().certificate("db.example.com"), ""));
        RawClient client = client("db.example.com");
        assertThat(line(client)).isEqualTo("hello");
        byte[] much = new byte[4 << 20];
        new Random(7).nextBytes(much);

        Thread writer = new Thread(() -> client.send(much));
        writer.start();
        byte[] back = client.in().readNBytes(much.length);
        writer.join();

        assertThat(back).isEqualTo(much);
    }

    @Test
    void aProtocolIsAgreedOnWhereTheServiceHasAny() throws Exception {
        edge.start(configuration(edge.site().certificate("db.example.com"), ", alpn: [postgresql, other]"));

        assertThat(agreed(client("db.example.com", "x", "postgresql"))).isEqualTo("postgresql");
        assertThat(agreed(client("db.example.com"))).isEmpty();
        assertThatThrownBy(() -> client("db.example.com", "h2")).isInstanceOf(SSLHandshakeException.class);
    }

    @Test
    void noProtocolIsAgreedOnWhereTheServiceHasNone() throws Exception {
        edge.start(configuration(edge.site().certificate("db.example.com"), ""));

        assertThat(agreed(client("db.example.com", "postgresql"))).isEmpty();
    }

    private static String agreed(RawClient client) {
        return ((SSLSocket) client.socket()).getApplicationProtocol();
    }

    @Test
    void whoeverSpeaksNoTlsIsClosed() throws Exception {
        edge.start(configuration(edge.site().certificate("db.example.com"), ""));

        RawClient client = edge.closes(RawClient.plain(edge.tcpPort("db")));
        client.send("GET / HTTP/1.1\r\n\r\n");

        assertThat(new String(client.untilClosed(), US_ASCII)).isEmpty();
    }

    @Test
    void aReplacedCertificateIsShownToNewConnectionsAndOldOnesGoOn() throws Exception {
        Path chain = edge.directory().resolve("chain.pem");
        Path key = edge.directory().resolve("key.pem");
        X509Certificate first = edge.site().replace(chain, key, "db.example.com");
        String text = configuration("{ chain: \"" + chain + "\", key: \"" + key + "\" }", "");
        edge.start(text);
        RawClient before = client("db.example.com");
        assertThat(shown(before)).isEqualTo(first);
        assertThat(line(before)).isEqualTo("hello");

        X509Certificate second = edge.site().replace(chain, key, "db.example.com");
        await().untilAsserted(() -> assertThat(shown(client("db.example.com"))).isEqualTo(second));

        before.send("still\n");
        assertThat(line(before)).isEqualTo("still");
    }
}
