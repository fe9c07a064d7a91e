package dev.postern.migrate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Configuration;
import dev.postern.config.Site;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.control.ImportCommands;
import dev.postern.pki.Certificate;
import dev.postern.pki.Pem;
import dev.postern.testing.Installation;
import dev.postern.testing.TestCa;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which of certbot's certificates are taken, and which of two. */
class CertbotImportTest {
    private static final Instant NOW = Instant.parse("2027-01-01T00:00:00Z");
    private static final InstantSource CLOCK = InstantSource.fixed(NOW);
    private static final String A = "a.example";
    private static final String LE = "https://acme-v02.api.letsencrypt.org/directory";
    private static final String OTHER = "https://other.example/directory";

    @TempDir
    private Path directory;

    private final TestCa ca = TestCa.create();

    private void lineage(String name, String server, int days) throws IOException, CertificateException {
        TestCa.Issued issued = ca.issue(List.of(A), NOW, Duration.ofDays(days));
        Path live = Files.createDirectories(directory.resolve("live").resolve(name));
        Files.writeString(live.resolve("fullchain.pem"), Pem.of(issued.chain()));
        Files.writeString(live.resolve("privkey.pem"), Pem.of(issued.key()));
        Files.writeString(
                Files.createDirectories(directory.resolve("renewal")).resolve(name + ".conf"),
                "[renewalparams]\n" + server);
    }

    private Configuration config() throws Exception {
        Path file = directory.resolve("postern.yaml");
        Files.writeString(
                file,
                "acme: { email: ops@example.com, agree-to-terms: true, issuers: [{ directory: \"" + LE
                        + "\" }], store: \"" + directory.resolve("store") + "\" }\n" + Installation.sites(A));
        return ConfigurationFile.read(file);
    }

    private List<CertbotImport.Step> plan() throws Exception {
        return CertbotImport.plan(directory, config(), List.of(), CLOCK);
    }

    private List<String> passedOver() throws Exception {
        return plan().stream()
                .filter(step -> step.request() == null)
                .map(step -> step.subject() + ": " + step.message())
                .toList();
    }

    @Test
    void stagingAndUnknownIssuersAreNothingBesideAConfiguredOne() throws Exception {
        lineage("a-staging", "server = https://acme-staging-v02.api.letsencrypt.org/directory", 90);
        lineage("b-other", "server = " + OTHER, 90);
        lineage("c-real", "server = " + LE, 30);

        assertThat(passedOver())
                .containsExactly(
                        "certificate a-staging: is from the staging directory"
                                + " https://acme-staging-v02.api.letsencrypt.org/directory: no client trusts it",
                        "certificate b-other: a.example: other.example is not in acme.issuers, where c-real is from");
        assertThat(plan()).filteredOn(step -> step.request() != null).hasSize(1);
    }

    @Test
    void oddLineageDoesNotKeepTheRestFromComing() throws Exception {
        lineage("a-odd", "server = letsencrypt", 90);
        lineage("b-odd", "server = " + LE + "\naccount = ../../../elsewhere", 90);
        lineage("c-real", "server = " + LE, 30);

        assertThat(passedOver())
                .hasSize(2)
                .anyMatch(line -> line.contains("a-odd.conf: server = letsencrypt: not the URL of an ACME directory"))
                .anyMatch(line -> line.contains("b-odd.conf: account = ../../../elsewhere: not a name"));
        assertThat(plan()).filteredOn(step -> step.request() != null).hasSize(1);
    }

    private Certificate certificate(String issuer, int days, String... names) throws CertificateException {
        TestCa.Issued issued = ca.issue(List.of(names), NOW, Duration.ofDays(days));
        return Certificate.of(A, issuer, issued.key(), issued.chain());
    }

    private static @Nullable String better(Certificate before, Certificate next) {
        Site site = new Site(List.of(A), List.of(), null);
        return ImportCommands.better(site, before, next, List.of("letsencrypt"), NOW);
    }

    @Test
    void configuredIssuerBeatsALongerLife() throws Exception {
        Certificate real = certificate("letsencrypt", 30, A);
        Certificate other = certificate("other.example", 90, A);

        assertThat(better(other, real)).isNull();
        assertThat(better(real, other))
                .startsWith("has a valid certificate, until ")
                .endsWith("is not replaced by one from other.example, which is not in acme.issuers");
        assertThat(better(real, certificate("letsencrypt", 30, A))).startsWith("has a certificate that lasts as long");
        assertThat(better(real, certificate("letsencrypt", 90, A))).isNull();
        assertThat(better(certificate("letsencrypt", 30, "b.example"), other)).isNull();
    }
}
