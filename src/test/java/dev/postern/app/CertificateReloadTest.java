package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.certificate.care.CertificateStatus;
import dev.postern.testing.EdgeExtension;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.cert.X509Certificate;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a reload does to the certificates: sites that come, go, change, and those that stay. */
class CertificateReloadTest {
    private static final String APP = "  - { names: [app.internal], %s }\n";
    private static final String HELLO = "routes: [{ path: /, respond: { status: 200, body: hello } }]";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private Edge running;
    private BigInteger serial;

    @BeforeEach
    void start() throws Exception {
        running = edge.start(sites(APP.formatted(HELLO)));
        serial = awaitServed("app.internal").getSerialNumber();
    }

    private String sites(String... sites) {
        return "acme: { issuers: [internal], store: \"" + store() + "\" }\nsites:\n" + String.join("", sites);
    }

    private Path store() {
        return edge.directory().resolve("certs");
    }

    private X509Certificate served(String name) throws IOException {
        return new SelfHandshake(running::doorFor).leaf(name);
    }

    private X509Certificate awaitServed(String name) throws IOException {
        await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(() -> served(name) != null);
        return served(name);
    }

    /** What {@code cert list} says under SERVED. */
    private void awaitSeen(String site) {
        await().until(() -> running.certificates().stream()
                .anyMatch(one ->
                        one.site().equals(site) && one.served().answer() == CertificateStatus.Served.Answer.YES));
    }

    /** Nothing is installed for it, and yet it is asked for: nobody would know whether clients see it. */
    @Test
    void siteThatComesWithItsCertificateIsLookedAtToo() throws Exception {
        String own = "  - { names: [own.example], certificate: " + edge.site().certificate("own.example") + ", " + HELLO
                + " }\n";

        edge.reload(sites(APP.formatted(HELLO), own));
        awaitSeen("own.example");
        edge.reload(sites(APP.formatted(HELLO)));
        edge.reload(sites(APP.formatted(HELLO), own));

        awaitSeen("own.example");
    }

    @Test
    void addedSiteGetsItsCertificateAtOnceAndTheOtherKeepsIts() throws Exception {
        FileTime renewal = Files.getLastModifiedTime(store().resolve("app.internal/renewal.json"));

        edge.reload(sites(APP.formatted(HELLO), "  - { names: [new.internal], " + HELLO + " }\n"));

        assertThat(awaitServed("new.internal").getSubjectAlternativeNames().toString())
                .contains("new.internal");
        assertThat(served("app.internal").getSerialNumber()).isEqualTo(serial);
        assertThat(Files.getLastModifiedTime(store().resolve("app.internal/renewal.json")))
                .isEqualTo(renewal);
        assertThat(running.certificates())
                .extracting(CertificateStatus::site)
                .containsExactly("app.internal", "new.internal");
    }

    @Test
    void removedSiteIsNeitherServedNorRenewedAndItsStoreStays() throws Exception {
        edge.reload(sites("  - { names: [new.internal], " + HELLO + " }\n"));

        assertThatThrownBy(() -> served("app.internal")).hasMessageContaining("unrecognized_name");
        assertThat(running.certificates()).extracting(CertificateStatus::site).containsExactly("new.internal");
        assertThat(store().resolve("app.internal/current/fullchain.pem")).exists();

        // And back again: what the store has is served at once.
        edge.reload(sites(APP.formatted(HELLO)));
        assertThat(served("app.internal").getSerialNumber()).isEqualTo(serial);
        awaitSeen("app.internal");
    }

    @Test
    void siteWhoseRoutesChangeKeepsItsCertificate() throws Exception {
        FileTime renewal = Files.getLastModifiedTime(store().resolve("app.internal/renewal.json"));

        edge.reload(sites(APP.formatted(HELLO.replace("hello", "bye"))));

        assertThat(served("app.internal").getSerialNumber()).isEqualTo(serial);
        assertThat(Files.getLastModifiedTime(store().resolve("app.internal/renewal.json")))
                .isEqualTo(renewal);
    }

    @Test
    void siteThatGetsAnotherNameKeepsItsCertificateUntilANewOneIsThere() throws Exception {
        edge.reload(sites("  - { names: [app.internal, www.app.internal], " + HELLO + " }\n"));

        assertThat(served("app.internal")).isNotNull();
        assertThat(awaitServed("www.app.internal").getSerialNumber()).isNotEqualTo(serial);
        assertThat(served("app.internal").getSerialNumber())
                .isEqualTo(served("www.app.internal").getSerialNumber());
    }

    // Its folder in the store has another name; until an order were over, nobody would be served.
    @Test
    void siteThatIsRenamedGoesOnWithItsCertificate() throws Exception {
        edge.reload(sites("  - { names: [app.internal, www.app.internal], " + HELLO + " }\n"));
        BigInteger both = awaitServed("www.app.internal").getSerialNumber();

        edge.reload(sites("  - { names: [www.app.internal, app.internal], " + HELLO + " }\n"));

        assertThat(served("app.internal").getSerialNumber()).isEqualTo(both);
        assertThat(served("www.app.internal").getSerialNumber()).isEqualTo(both);
        assertThat(store().resolve("www.app.internal/current/fullchain.pem")).exists();
    }

    @Test
    void filesThatAreNoCertificateLeaveEverythingAsItWas() throws Exception {
        Path broken = Files.writeString(edge.directory().resolve("broken.pem"), "not a certificate\n");

        assertThatThrownBy(() -> edge.reload(sites("  - { names: [own.internal], certificate: { chain: \"" + broken
                        + "\", key: \"" + broken + "\" }, " + HELLO + " }\n")))
                .isInstanceOf(CannotStart.class)
                .hasMessageContaining("own.internal: " + broken);

        assertThat(served("app.internal").getSerialNumber()).isEqualTo(serial);
        assertThatThrownBy(() -> served("own.internal")).hasMessageContaining("unrecognized_name");
    }

    @Test
    void siteThatBringsItsOwnIsServedAtOnceAndMayGoBackToAnIssuer() throws Exception {
        String own = edge.site().certificate("app.internal");

        edge.reload(sites("  - { names: [app.internal], certificate: " + own + ", " + HELLO + " }\n"));
        assertThat(served("app.internal").getSerialNumber()).isNotEqualTo(serial);

        edge.reload(sites(APP.formatted(HELLO)));
        assertThat(served("app.internal").getSerialNumber()).isEqualTo(serial);
    }

    // Until its first order is over, which may take an hour, clients are shown what they were shown before.
    @Test
    void siteThatBroughtItsOwnIsServedWithThatUntilAnIssuerHasCertifiedIt() throws Exception {
        String own = edge.site().certificate("own.internal");
        edge.reload(sites("  - { names: [own.internal], certificate: " + own + ", " + HELLO + " }\n"));
        BigInteger brought = served("own.internal").getSerialNumber();

        edge.reload(sites("  - { names: [own.internal], " + HELLO + " }\n"));

        assertThat(served("own.internal")).isNotNull();
        await().atMost(Duration.ofSeconds(30))
                .until(() -> !served("own.internal").getSerialNumber().equals(brought));
    }
}
