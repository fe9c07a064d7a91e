package dev.postern.tls;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.certificate.served.AlpnChallengeTable;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.config.Site;
import dev.postern.config.Tls;
import dev.postern.config.TlsProfile;
import dev.postern.config.TlsVersion;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.identity.ClientAuthorities;
import dev.postern.observe.Handshakes;
import dev.postern.pki.Certificate;
import dev.postern.pki.Pem;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestCa;
import dev.postern.testing.TestPki;
import dev.postern.testing.TestServer;
import dev.postern.testing.Trust;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Sites with two certificates, with keys of two kinds: each client is shown the one that it can do with. */
class TwoKeysTest {
    private static final String ECDSA = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256";
    private static final String RSA = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256";

    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    private final TestServer server = edge.closes(TestServer.saying("hello"));
    private final TestCa ca = TestCa.create();

    private static KeyPair rsaKeys() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        return generator.generateKeyPair();
    }

    private String files(String name, KeyPair keys, String... names) throws Exception {
        TestCa.Issued issued =
                ca.issue(List.of(names), Instant.now().minus(Duration.ofHours(1)), Duration.ofDays(9), keys);
        Path chain = TestPki.replace(edge.directory().resolve(name + ".pem"), Pem.of(issued.chain()));
        Path key = TestPki.replace(edge.directory().resolve(name + ".key"), Pem.of(issued.key()));
        return "{ chain: " + chain + ", key: " + key + " }";
    }

    private String site(String names, String certificate) {
        return "  - { names: " + names + ", backend: web, certificate: " + certificate + " }\n";
    }

    private String configuration(String... sites) {
        return "sites:\n" + String.join("", sites) + "backends:\n  web: { servers: [\"" + server.address() + "\"] }\n";
    }

    private X509Certificate shown(SSLContext trust, String name, String version, String... suites) throws IOException {
        try (RawClient client = RawClient.tls(edge.httpsPort(), trust, name, parameters -> {
            parameters.setProtocols(new String[] {version});
            if (suites.length > 0) {
                parameters.setCipherSuites(suites);
            }
        })) {
            assertThat(client.get(name, "/").status()).isEqualTo(200);
            return (X509Certificate) ((SSLSocket) client.socket()).getSession().getPeerCertificates()[0];
        }
    }

    private String kind(String name, String version, String... suites) throws IOException {
        return shown(Trust.in(ca.root()), name, version, suites).getPublicKey().getAlgorithm();
    }

    @Test
    void clientIsShownTheOneThatItsSuitesAreFor() throws Exception {
        edge.start(configuration(site(
                "[one.test]",
                "[" + files("rsa", rsaKeys(), "one.test") + ", " + files("ec", TestCa.newKeys(), "one.test") + "]")));

        assertThat(kind("one.test", "TLSv1.2", RSA, ECDSA)).isEqualTo("EC");
        assertThat(kind("one.test", "TLSv1.2", RSA)).isEqualTo("RSA");
        assertThat(kind("one.test", "TLSv1.2", ECDSA)).isEqualTo("EC");
        assertThat(kind("one.test", "TLSv1.3")).isEqualTo("EC");
    }

    @Test
    void clientIsShownTheOneThatItCanVerify() throws Exception {
        RealPrograms.require("openssl", "openssl");
        edge.start(configuration(site(
                "[one.test]",
                "[" + files("ec", TestCa.newKeys(), "one.test") + ", " + files("rsa", rsaKeys(), "one.test") + "]")));

        for (String version : List.of("-tls1_2", "-tls1_3")) {
            assertThat(openssl("one.test", version)).contains("Peer signature type: ECDSA");
            assertThat(openssl("one.test", version, "-sigalgs", "RSA-PSS+SHA256:RSA+SHA256:ECDSA+SHA256"))
                    .contains("Peer signature type: ECDSA");
            assertThat(openssl("one.test", version, "-sigalgs", "RSA-PSS+SHA256:RSA+SHA256"))
                    .contains("Peer signature type: RSA-PSS");
        }
        // In TLS 1.3 the scheme names the curve.
        assertThat(openssl("one.test", "-tls1_3", "-sigalgs", "ECDSA+SHA384:RSA-PSS+SHA256"))
                .contains("Peer signature type: RSA-PSS");
        assertThat(openssl("one.test", "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"))
                .contains("Peer signature type: RSA-PSS");
        // A curve that the client does not know.
        assertThat(openssl("one.test", "-tls1_2", "-groups", "X25519")).contains("Peer signature type: RSA-PSS");
    }

    private String openssl(String name, String... more) throws Exception {
        List<String> command = new ArrayList<>(
                List.of("openssl", "s_client", "-connect", "127.0.0.1:" + edge.httpsPort(), "-servername", name));
        command.addAll(List.of(more));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        process.waitFor();
        return said;
    }

    @Test
    void nobodyIsShownTheSecondOneOfAnotherSite() throws Exception {
        edge.start(configuration(
                site(
                        "[\"*.test\"]",
                        "[" + files("ec", TestCa.newKeys(), "*.test") + ", " + files("rsa", rsaKeys(), "*.test") + "]"),
                site("[one.test]", files("one", TestCa.newKeys(), "one.test"))));

        assertThat(kind("two.test", "TLSv1.2", RSA)).isEqualTo("RSA");
        assertThat(kind("one.test", "TLSv1.2", ECDSA)).isEqualTo("EC");
        assertThatThrownBy(() -> kind("one.test", "TLSv1.2", RSA)).isInstanceOf(IOException.class);
    }

    @Test
    void siteThatHasThoseOfAnotherHasBoth() throws Exception {
        edge.start(configuration(
                site(
                        "[\"*.test\"]",
                        "[" + files("ec", TestCa.newKeys(), "*.test") + ", " + files("rsa", rsaKeys(), "*.test") + "]"),
                site("[one.test]", "{ of: \"*.test\" }")));

        assertThat(kind("one.test", "TLSv1.2", RSA)).isEqualTo("RSA");
        assertThat(kind("one.test", "TLSv1.2", ECDSA)).isEqualTo("EC");
        try (RawClient client = RawClient.tls(edge.httpsPort(), Trust.in(ca.root()), "one.test", parameters -> {
            parameters.setProtocols(new String[] {"TLSv1.2"});
            parameters.setCipherSuites(new String[] {RSA});
        })) {
            assertThat(client.get("one.test", "/").status()).isEqualTo(200);
            assertThat(client.get("two.test", "/").status()).isEqualTo(200);
        }
    }

    @Test
    void twoOfOneKindAreRefused() throws Exception {
        String two =
                "[" + files("a", TestCa.newKeys(), "one.test") + ", " + files("b", TestCa.newKeys(), "one.test") + "]";

        assertThatThrownBy(() -> edge.start(configuration(site("[one.test]", two))))
                .hasMessageContaining("b.key: is a key of the same kind as")
                .isNotInstanceOf(ConfigurationProblems.class);
    }

    @Test
    void eachIsReplacedByItself() throws Exception {
        String both = configuration(site(
                "[one.test]",
                "[" + files("ec", TestCa.newKeys(), "one.test") + ", " + files("rsa", rsaKeys(), "one.test") + "]"));
        edge.start(both);
        X509Certificate before = shown(Trust.in(ca.root()), "one.test", "TLSv1.2", RSA);

        String unused = files("rsa", rsaKeys(), "one.test");

        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(shown(Trust.in(ca.root()), "one.test", "TLSv1.2", RSA))
                        .isNotEqualTo(before));
        assertThat(kind("one.test", "TLSv1.2", ECDSA)).isEqualTo("EC");

        var unusedChange = edge.reload(configuration(site("[one.test]", files("ec", TestCa.newKeys(), "one.test"))));
        assertThat(kind("one.test", "TLSv1.2", ECDSA)).isEqualTo("EC");
        assertThatThrownBy(() -> kind("one.test", "TLSv1.2", RSA)).isInstanceOf(IOException.class);

        var unusedEither = edge.reload(both);
        assertThat(kind("one.test", "TLSv1.2", RSA)).isEqualTo("RSA");
    }

    @Test
    void issuerIsAskedForOneOfEachKind() throws Exception {
        String rest = configuration("  - { names: [one.internal], backend: web }\n");
        edge.start("acme: { issuers: [internal], key-type: [ec-p256, rsa-2048] }\n" + rest);
        Path store = edge.directory().resolve("certs");
        await().atMost(Duration.ofSeconds(20))
                .until(() -> Files.exists(store.resolve("one.internal/current/fullchain.pem"))
                        && Files.exists(store.resolve("one.internal_rsa-2048/current/fullchain.pem")));
        SSLContext trust = Trust.in(Trust.certificate(store.resolve("accounts/internal/root.pem")));

        await().untilAsserted(() -> {
            assertThat(shown(trust, "one.internal", "TLSv1.2", RSA)
                            .getPublicKey()
                            .getAlgorithm())
                    .isEqualTo("RSA");
            assertThat(shown(trust, "one.internal", "TLSv1.3").getPublicKey().getAlgorithm())
                    .isEqualTo("EC");
        });

        // What there is stays where it is, and is served after a reload to one kind, and back.
        X509Certificate curve = shown(trust, "one.internal", "TLSv1.2", ECDSA);
        X509Certificate rsa = shown(trust, "one.internal", "TLSv1.2", RSA);
        var unused = edge.reload("acme: { issuers: [internal] }\n" + rest);
        assertThat(shown(trust, "one.internal", "TLSv1.2", ECDSA)).isEqualTo(curve);
        assertThatThrownBy(() -> shown(trust, "one.internal", "TLSv1.2", RSA)).isInstanceOf(IOException.class);
        var unusedEither = edge.reload("acme: { issuers: [internal], key-type: [ec-p256, rsa-2048] }\n" + rest);
        assertThat(shown(trust, "one.internal", "TLSv1.2", ECDSA)).isEqualTo(curve);
        assertThat(shown(trust, "one.internal", "TLSv1.2", RSA)).isEqualTo(rsa);
    }

    @Test
    void whereOneIsMissingEverybodyIsShownTheOther() throws Exception {
        CertificateTable table = new CertificateTable();
        ServerContexts contexts = new ServerContexts(
                table,
                new AlpnChallengeTable(InstantSource.system()),
                new ClientAuthorities(InstantSource.system()),
                new Tls(TlsVersion.TLS_1_2, TlsProfile.INTERMEDIATE),
                List.of(),
                new Handshakes());
        List<Site> both = edge.configuration("acme: { issuers: [internal], key-type: [ec-p256, rsa-2048] }\n"
                        + configuration("  - { names: [one.internal], backend: web }\n"))
                .certifiedSites();
        assertThat(both).extracting(Site::name).containsExactly("one.internal", "one.internal_rsa-2048");
        Certificate curve = certificate(both.get(0), TestCa.newKeys());
        Certificate rsa = certificate(both.get(1), rsaKeys());
        ClientHello forAll = Objects.requireNonNull(
                new ClientHello.Reader().read(Unpooled.wrappedBuffer(Hello.ofJdk("one.internal", "TLSv1.3"))));
        List<String> names = List.of("one.internal");

        table.withdraw(names);
        assertThat(contexts.certificate("one.internal", forAll)).isNull();
        table.of(both.get(1)).publish(names, rsa);
        assertThat(contexts.certificate("one.internal", forAll)).isSameAs(rsa);
        table.of(both.get(0)).publish(names, curve);
        assertThat(contexts.certificate("one.internal", forAll)).isSameAs(curve);
        table.of(both.get(1)).withdraw(names);
        assertThat(contexts.certificate("one.internal", forAll)).isSameAs(curve);
    }

    private Certificate certificate(Site site, KeyPair keys) throws Exception {
        TestCa.Issued issued = ca.issue(site.names(), Instant.now(), Duration.ofDays(1), keys);
        return Certificate.of(site.name(), "test", issued.key(), issued.chain());
    }
}
