package dev.postern.acme;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.Acme;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.testing.HandClock;
import dev.postern.testing.PatientClock;
import dev.postern.time.Clocks;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AcmeIssuersTest {
    private final HandClock clock = new HandClock(Instant.parse("2026-11-20T12:00:00Z"));

    @TempDir
    private Path directory;

    /** Two that registered at once in one folder would each make a key, and one of the accounts would be lost. */
    @Test
    void stagingOfOneIssuerIsTheOtherWhereBothAreConfigured() throws Exception {
        Acme both = acme("letsencrypt, letsencrypt-staging");
        AcmeDirectory production = (AcmeDirectory) both.issuers().get(0);
        AcmeDirectory staging = (AcmeDirectory) both.issuers().get(1);

        try (Store store = FileStore.open(directory.resolve("certs"))) {
            AcmeIssuers productionFirst = issuers(store, both);
            AcmeIssuer issuer = productionFirst.at(production);
            assertThat(issuer.staging()).containsSame(productionFirst.at(staging));
            assertThat(productionFirst.at(production)).isSameAs(issuer);

            AcmeIssuers stagingFirst = issuers(store, both);
            AcmeIssuer rehearsal = stagingFirst.at(staging);
            assertThat(stagingFirst.at(production).staging()).containsSame(rehearsal);

            assertThat(issuers(store, acme("letsencrypt")).at(production).staging())
                    .hasValueSatisfying(alone -> assertThat(alone.name()).isEqualTo("letsencrypt-staging"));
        }
    }

    private AcmeIssuers issuers(Store store, Acme acme) {
        return new AcmeIssuers(
                new Customer(acme.email(), acme.agreeToTerms(), store, new Clocks(clock, new PatientClock())),
                acme.issuers());
    }

    private static Acme acme(String issuers) throws Exception {
        return ConfigurationFile.parse("test.yaml", """
                acme: { email: ops@example.com, agree-to-terms: true, issuers: [%s] }
                sites: [{ names: [example.com], routes: [{ path: /, respond: { status: 200 } }] }]
                """.formatted(issuers)).acme();
    }
}
