package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.pki.Pem;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.OddKeys;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestCa;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A key that is taken makes handshakes, and one that makes none is not taken, at the start and by a reload. */
class KindsOfKeysTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestCa ca = TestCa.create();

    /** A site with files of its own, of this key. */
    private String site(String name, KeyPair pair) throws Exception {
        TestCa.Issued issued = ca.issue(List.of(name), Instant.now().minusSeconds(60), Duration.ofDays(90), pair);
        Path chain = edge.directory().resolve(name + ".chain.pem");
        Path key = edge.directory().resolve(name + ".key.pem");
        Files.writeString(chain, Pem.of(issued.chain()));
        Files.writeString(key, Pem.of(issued.key()));
        return """
                  - names: [%s]
                    certificate: { chain: "%s", key: "%s" }
                    routes: [{ path: /, respond: { status: 200, body: hello } }]
                """.formatted(name, chain, key);
    }

    private X509Certificate served(String name) throws IOException {
        SSLContext trust = Trust.in(ca.root());
        try (RawClient client = RawClient.tls(edge.httpsPort(), trust, name)) {
            return (X509Certificate) ((SSLSocket) client.socket()).getSession().getPeerCertificates()[0];
        }
    }

    @Test
    void everyKindThatIsTakenMakesHandshakes() throws Exception {
        Map<String, KeyPair> kinds = new LinkedHashMap<>();
        kinds.put("p256.test", OddKeys.ec("P-256"));
        kinds.put("p384.test", OddKeys.ec("P-384"));
        kinds.put("p521.test", OddKeys.ec("P-521"));
        kinds.put("ed25519.test", OddKeys.of("Ed25519"));
        kinds.put("short.test", OddKeys.of("RSA", 1024));
        kinds.put("uneven.test", OddKeys.of("RSA", 2050));
        kinds.put("small.test", OddKeys.rsaWithExponent(BigInteger.valueOf(3)));
        kinds.put("large.test", OddKeys.rsaWithExponent(new BigInteger("8589934591")));
        StringBuilder sites = new StringBuilder("sites:\n");
        for (Map.Entry<String, KeyPair> kind : kinds.entrySet()) {
            sites.append(site(kind.getKey(), kind.getValue()));
        }

        edge.start(sites.toString());

        for (Map.Entry<String, KeyPair> kind : kinds.entrySet()) {
            assertThat(served(kind.getKey()).getPublicKey().getEncoded())
                    .as(kind.getKey())
                    .isEqualTo(kind.getValue().getPublic().getEncoded());
        }
    }

    @Test
    void keyThatMakesNoneStopsTheStartAndTheReload() throws Exception {
        String good = site("good.test", OddKeys.ec("P-256"));
        String bad = site("bad.test", OddKeys.ec("secp256k1"));
        String message = "bad.test: " + edge.directory().resolve("bad.test.key.pem") + ": the key is EC on secp256k1";

        assertThatThrownBy(() -> edge.start("sites:\n" + good + bad))
                .isInstanceOf(CannotStart.class)
                .hasMessageContaining(message);
        edge.start("sites:\n" + good);
        assertThatThrownBy(() -> edge.reload("sites:\n" + good + bad))
                .isInstanceOf(CannotStart.class)
                .hasMessageContaining(message);
        assertThat(served("good.test")).isNotNull();
    }
}
