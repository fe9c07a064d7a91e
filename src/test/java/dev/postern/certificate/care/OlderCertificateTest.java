package dev.postern.certificate.care;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.pki.Certificate;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestCa;
import dev.postern.testing.Trust;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two certificates of one site, each for some of its names, as clients see them. */
@SuppressWarnings("NullAway") // A null fails the test, which is what it is for.
class OlderCertificateTest {
    private static final String A = "a.localhost";
    private static final String DEAD = "dead.localhost";

    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    private final TestCa ca = TestCa.create();
    private Path store;
    private BigInteger older;
    private BigInteger current;

    @BeforeEach
    void fillStore() throws Exception {
        store = edge.directory().resolve("filled");
        older = stored(Duration.ofDays(60), A, DEAD);
        current = stored(Duration.ofDays(90), A);
    }

    private BigInteger stored(Duration life, String... names) throws Exception {
        TestCa.Issued issued = ca.issue(List.of(names), Instant.now().minusSeconds(60), life);
        try (Store open = FileStore.open(store)) {
            open.site(A)
                    .generations()
                    .store(Certificate.of(A, "test", issued.key(), issued.chain()), null, Instant.now());
        }
        return issued.leaf().getSerialNumber();
    }

    private String configuration(String names) {
        return """
                acme:
                  email: ops@example.com
                  agree-to-terms: true
                  issuers: [{ directory: "http://127.0.0.1:1/directory" }]
                  store: "%s"
                sites:
                  - { names: [%s], routes: [{ path: /, respond: { status: 200, body: "served" } }] }
                """.formatted(store, names);
    }

    private BigInteger shown(String name) throws Exception {
        try (RawClient client = RawClient.tls(edge.httpsPort(), Trust.in(ca.root()), name)) {
            assertThat(client.get(name, "/").status()).as(name).isEqualTo(200);
            SSLSocket socket = (SSLSocket) client.socket();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber();
        }
    }

    @Test
    void eachNameIsShownTheNewestCertificateThatCoversItTurnAndTurnAbout() throws Exception {
        edge.start(configuration(A + ", " + DEAD));

        for (int i = 0; i < 20; i++) {
            assertThat(shown(A)).isEqualTo(current);
            assertThat(shown(DEAD)).isEqualTo(older);
        }
    }

    @Test
    void nameThatLeavesTheSiteTakesTheOlderCertificateWithIt() throws Exception {
        edge.start(configuration(A + ", " + DEAD));
        assertThat(shown(DEAD)).isEqualTo(older);
        assertThat(shown(A)).isEqualTo(current);

        edge.reload(configuration(A));

        assertThat(shown(A)).isEqualTo(current);
        await().untilAsserted(() -> assertThatThrownBy(() -> shown(DEAD)).isInstanceOf(SSLHandshakeException.class));
    }
}
