package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.pki.Pem;
import dev.postern.testing.Installation;
import dev.postern.testing.PebbleServer;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestPki;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A site with two certificates from Let's Encrypt's own test server, which proves each name anew for each order, over TLS on
 * the port where everybody else is asked for a certificate.
 */
@Tag("long")
@SuppressWarnings("NullAway") // What is started last fails the test where it is not.
class TwoKeysPebbleTest {
    private static final String FIRST = "one.example";
    private static final String SECOND = "one.example_rsa-2048";
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    @TempDir
    Path directory;

    private final TestPki.Ca clients = TestPki.root("Clients");
    private PebbleServer pebble;
    private PosternProcess postern;

    @AfterEach
    void stop() {
        postern.close();
        pebble.close();
    }

    @Test
    void eachHasItsOwnOrdersAndRenewalsAndNobodyIsAskedForACertificateWhoCertifies() throws Exception {
        Installation installation = new Installation(directory);
        pebble = PebbleServer.start(
                directory.resolve("pebble"),
                PebbleServer.Options.httpPort(installation.httpPort())
                        .tlsPort(installation.httpsPort())
                        .authzReuse(0));
        X509Certificate root = Trust.certificate(pebble.issuedRoot());
        Path ca = Files.writeString(directory.resolve("clients.pem"), Pem.of(List.of(clients.certificate())));
        installation.configure(installation.acme(pebble.directoryUri(), pebble.caFile()) + """
                  key-type: [ec-p256, rsa-2048]
                  challenges: [tls-alpn-01]
                sites:
                  - names: [one.example]
                    client-certificates: { ca: %s }
                    routes: [{ path: /, respond: { body: hello } }]
                """.formatted(ca));
        postern = installation.runSweepingUntilReady();

        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(200))
                .until(() -> has(installation, FIRST) && has(installation, SECOND));
        await().untilAsserted(() -> assertThat(kind(installation, root, true)).isEqualTo("RSA"));
        assertThat(kind(installation, root, false)).isEqualTo("EC");
        assertThat(pebble.orders()).isEqualTo(2);
        assertThat(postern.lines()).noneMatch(line -> line.contains("another validation of"));
        assertThat(postern.lines())
                .anyMatch(line -> line.contains("challenge tls-alpn-01 for one.example: asked by 127.0.0.1"));

        // We have looked ourselves, as a client of each kind.
        await().atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(said(installation, 0, "cert", "list").subList(1, 3))
                                .allMatch(line -> line.endsWith(" yes")));
        List<String> list = said(installation, 0, "cert", "list");
        assertThat(list).hasSize(3);
        assertThat(list.get(1)).startsWith(FIRST + " ");
        assertThat(list.get(2)).startsWith(SECOND + " ");
        assertThat(said(installation, 0, "cert", "explain", SECOND)).anyMatch(line -> line.contains(SECOND));

        List<Integer> unchanged = installation.generations(FIRST);
        said(installation, 0, "cert", "renew", SECOND);
        assertThat(installation.generations(SECOND)).hasSize(2);
        assertThat(installation.generations(FIRST)).isEqualTo(unchanged);
        assertThat(pebble.orders()).isEqualTo(3);
        assertThat(kind(installation, root, true)).isEqualTo("RSA");

        said(installation, 0, "cert", "rekey", SECOND);
        assertThat(postern.lines())
                .anyMatch(line ->
                        line.contains(SECOND + ": the certificate with serial ") && line.contains(" is revoked: "));
        assertThat(pebble.orders()).isEqualTo(4);

        postern.terminate();
        assertThat(postern.awaitExit()).isZero();
        said(installation, 0, "cert", "check");
        postern = installation.runUntilReady();
        assertThat(kind(installation, root, true)).isEqualTo("RSA");
        assertThat(kind(installation, root, false)).isEqualTo("EC");
        assertThat(pebble.orders()).isEqualTo(4);
    }

    private static boolean has(Installation installation, String name) {
        return Files.exists(installation.site(name).resolve("current/fullchain.pem"));
    }

    private String kind(Installation installation, X509Certificate root, boolean rsaOnly) throws IOException {
        try (RawClient client = RawClient.tls(
                installation.httpsPort(), clients.client("alice").context(root), "one.example", parameters -> {
                    if (rsaOnly) {
                        parameters.setProtocols(new String[] {"TLSv1.2"});
                        parameters.setCipherSuites(new String[] {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"});
                    }
                })) {
            assertThat(client.get("one.example", "/").body()).isEqualTo("hello");
            return ((SSLSocket) client.socket())
                    .getSession()
                    .getPeerCertificates()[0]
                    .getPublicKey()
                    .getAlgorithm();
        }
    }

    private static List<String> said(Installation installation, int code, String... command) {
        String[] all = java.util.Arrays.copyOf(command, command.length + 2);
        all[command.length] = "-c";
        all[command.length + 1] = installation.configuration().toString();
        try (PosternProcess process = installation.postern(all)) {
            assertThat(process.awaitExit())
                    .as(String.join("\n", process.lines()))
                    .isEqualTo(code);
            return List.copyOf(process.lines());
        }
    }
}
