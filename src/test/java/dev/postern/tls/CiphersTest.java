package dev.postern.tls;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import java.io.IOException;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Lists of suites and groups where a profile is not enough. */
class CiphersTest {
    private static final String GCM = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
    private static final String CBC = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA";

    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    private void start(String tls) throws Exception {
        edge.start("""
                tls: %s
                sites:
                  - { names: [localhost], routes: [{ path: /, respond: { body: yes } }], certificate: %s }
                """.formatted(tls, edge.site().certificate("localhost")));
    }

    private String agreed(String... suites) throws IOException {
        RawClient client = edge.closes(RawClient.tls(edge.httpsPort(), edge.trust(), "localhost", parameters -> {
            parameters.setServerNames(List.of(new SNIHostName("localhost")));
            parameters.setProtocols(new String[] {"TLSv1.2"});
            parameters.setCipherSuites(suites);
        }));
        return ((SSLSocket) client.socket()).getSession().getCipherSuite();
    }

    @Test
    void withoutAListOnlyAuthenticatedEncryptionIsSpoken() throws Exception {
        start("{}");

        assertThat(agreed(CBC, GCM)).isEqualTo(GCM);
        assertThatThrownBy(() -> agreed(CBC)).isInstanceOf(SSLHandshakeException.class);
    }

    @Test
    void whatIsOnTheListIsSpokenAndNothingElse() throws Exception {
        start("{ ciphers: [ecdhe-ecdsa-aes128-sha, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256] }");

        assertThat(agreed(CBC)).isEqualTo(CBC);
        assertThatThrownBy(() -> agreed(GCM)).isInstanceOf(SSLHandshakeException.class);
    }

    @Test
    void aReloadHasOtherSuites() throws Exception {
        start("{}");
        assertThat(agreed(GCM)).isEqualTo(GCM);

        edge.reload("""
                tls: { ciphers: [ECDHE-ECDSA-AES128-SHA] }
                sites:
                  - { names: [localhost], routes: [{ path: /, respond: { body: yes } }], certificate: %s }
                """.formatted(edge.site().certificate("localhost")));

        assertThatThrownBy(() -> agreed(GCM)).isInstanceOf(SSLHandshakeException.class);
    }

    @Test
    void keysAreAgreedOnInGroupsOfTheListOnly() throws Exception {
        RealPrograms.require("openssl", "openssl");
        start("{ groups: [secp384r1, P-521] }");

        assertThat(openssl("P-384")).contains("secp384r1").contains("Verification: OK");
        assertThat(openssl("X25519")).contains("alert handshake failure");
    }

    private String openssl(String groups) throws Exception {
        Process process = new ProcessBuilder(
                        "openssl",
                        "s_client",
                        "-connect",
                        "127.0.0.1:" + edge.httpsPort(),
                        "-servername",
                        "localhost",
                        "-CAfile",
                        edge.site().rootFile().toString(),
                        "-groups",
                        groups)
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        process.waitFor();
        return said;
    }
}
