package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.certificate.care.CertificateStatus;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.Trust;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One certificate for several sites. */
class SharedCertificateTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private static String site(String names, String more, String says) {
        return "  - { names: [" + names + "], " + more + (more.isEmpty() ? "" : ", ")
                + "routes: [{ path: /, respond: { body: \"" + says + "\" } }] }\n";
    }

    private String internal(String... sites) {
        return "acme: { issuers: [internal], store: \"" + store() + "\" }\nsites:\n" + String.join("", sites);
    }

    private Path store() {
        return edge.directory().resolve("certs");
    }

    private RawClient tls(String name) throws Exception {
        SSLContext trust = Trust.in(Trust.certificate(store().resolve("accounts/internal/root.pem")));
        return RawClient.tls(edge.httpsPort(), trust, name);
    }

    private BigInteger serial(String name) throws Exception {
        try (RawClient client = tls(name)) {
            return ((X509Certificate) ((SSLSocket) client.socket()).getSession().getPeerCertificates()[0])
                    .getSerialNumber();
        }
    }

    private String body(String name) throws Exception {
        try (RawClient client = tls(name)) {
            return client.get(name, "/").body();
        }
    }

    @Test
    void threeSitesHaveTheWildcardOfOneAndFollowItsRenewal() throws Exception {
        Edge running = edge.start(internal(
                site("a.shared.test", "certificate: { of: \"*.shared.test\" }", "a"),
                site("\"*.shared.test\", shared.test", "", "wild"),
                site("b.shared.test", "share: true", "b"),
                site("shared-not.test", "share: true", "not")));
        await().ignoreExceptions().until(() -> body("a.shared.test").equals("a"));

        BigInteger first = serial("x.shared.test");
        assertThat(List.of(serial("a.shared.test"), serial("b.shared.test"), serial("shared.test")))
                .containsOnly(first);
        assertThat(List.of(body("a.shared.test"), body("b.shared.test"), body("c.shared.test")))
                .containsExactly("a", "b", "wild");
        // The very same certificate: a client may use its connection for all of them.
        try (RawClient client = tls("a.shared.test")) {
            assertThat(client.get("b.shared.test", "/").body()).isEqualTo("b");
        }
        // Nothing of theirs was asked for, nor kept.
        assertThat(store().resolve("a.shared.test")).doesNotExist();
        assertThat(store().resolve("b.shared.test")).doesNotExist();
        await().until(() -> Files.exists(store().resolve("shared-not.test/current")));
        assertThat(running.certificates())
                .extracting(CertificateStatus::site, CertificateStatus::issuer)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("a.shared.test", "of *.shared.test"),
                        org.assertj.core.groups.Tuple.tuple("*.shared.test", "internal"),
                        org.assertj.core.groups.Tuple.tuple("b.shared.test", "of *.shared.test"),
                        org.assertj.core.groups.Tuple.tuple("shared-not.test", "internal"));

        var unused = running.operations().order("*.shared.test", true);

        BigInteger second = serial("x.shared.test");
        assertThat(second).isNotEqualTo(first);
        assertThat(serial("a.shared.test")).isEqualTo(second);
        assertThat(serial("b.shared.test")).isEqualTo(second);
    }

    /** It is there for its certificate: whatever no other site answers for is nowhere. */
    @Test
    void siteThatOthersHaveTheCertificateOfNeedsNoRoutes() throws Exception {
        edge.start(internal(
                "  - { names: [\"*.shared.test\"] }\n",
                site("a.shared.test", "certificate: { of: \"*.shared.test\" }", "a")));
        await().ignoreExceptions().until(() -> body("a.shared.test").equals("a"));

        try (RawClient client = tls("b.shared.test")) {
            assertThat(client.get("b.shared.test", "/").status()).isEqualTo(404);
            assertThat(client.get("a.shared.test", "/").body()).isEqualTo("a");
        }
        assertThatThrownBy(() -> edge.reload(internal("  - { names: [\"*.shared.test\"] }\n")))
                .isInstanceOfSatisfying(
                        ConfigurationProblems.class,
                        e -> assertThat(e.lines())
                                .singleElement()
                                .asString()
                                .contains("has neither backend nor routes"));
    }

    @Test
    void reloadTakesASiteInAndLetsItGoWithoutAMomentWithoutACertificate() throws Exception {
        String wild = site("\"*.shared.test\"", "", "wild");
        String shared = site("a.shared.test", "certificate: { of: \"*.shared.test\" }", "a");
        edge.start(internal(wild, site("a.shared.test", "", "a")));
        await().ignoreExceptions().until(() -> body("a.shared.test").equals("a") && serial("b.shared.test") != null);
        assertThat(serial("a.shared.test")).isNotEqualTo(serial("b.shared.test"));

        edge.reload(internal(wild, shared));
        assertThat(serial("a.shared.test")).isEqualTo(serial("b.shared.test"));

        assertThatThrownBy(() -> edge.reload(internal(shared)))
                .isInstanceOfSatisfying(
                        ConfigurationProblems.class,
                        problems -> assertThat(problems.lines())
                                .singleElement()
                                .asString()
                                .contains("sites[0].certificate: \"*.shared.test\" is a name of no site"));

        // Its own is still there; a new one would be ordered while that of the other site is shown.
        edge.reload(internal(wild, site("a.shared.test", "", "a")));
        assertThat(body("a.shared.test")).isEqualTo("a");
        assertThat(serial("a.shared.test")).isNotEqualTo(serial("b.shared.test"));

        edge.reload(internal(wild, site("new.shared.test", "certificate: { of: \"*.shared.test\" }", "new")));
        assertThat(body("new.shared.test")).isEqualTo("new");
        edge.reload(internal(wild, site("new.shared.test", "", "new")));
        assertThat(body("new.shared.test")).isEqualTo("new");
        await().until(() -> !serial("new.shared.test").equals(serial("b.shared.test")));
    }

    @Test
    void siteThatGoesOnAloneTakesTheCertificateAlong() throws Exception {
        edge.start(internal(
                site("\"*.shared.test\"", "", "wild"),
                site("a.shared.test", "certificate: { of: \"*.shared.test\" }", "a")));
        await().ignoreExceptions().until(() -> body("a.shared.test").equals("a"));
        BigInteger before = serial("a.shared.test");

        edge.reload(internal(site("a.shared.test", "", "a")));

        assertThat(serial("a.shared.test")).isEqualTo(before);
        assertThatThrownBy(() -> tls("b.shared.test")).isInstanceOf(SSLHandshakeException.class);
    }

    @Test
    void filesOfAnOperatorAreSharedAndMustCoverTheOther() throws Exception {
        String files = edge.site().certificate("*.shared.test");
        String wild = site("\"x.shared.test\"", "certificate: " + files, "wild");
        edge.start("sites:\n" + wild + site("a.shared.test", "certificate: { of: x.shared.test }", "a"));
        try (RawClient client = RawClient.tls(edge.httpsPort(), edge.site().trust(), "a.shared.test")) {
            assertThat(client.get("a.shared.test", "/").body()).isEqualTo("a");
        }

        assertThatThrownBy(() -> edge.reload(
                        "sites:\n" + wild + site("a.b.shared.test", "certificate: { of: x.shared.test }", "a")))
                .isInstanceOf(CannotStart.class)
                .hasMessageContaining("a.b.shared.test: certificate.of: ")
                .hasMessageContaining("does not cover \"a.b.shared.test\" (covers: *.shared.test)");
    }
}
