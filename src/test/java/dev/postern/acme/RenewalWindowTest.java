package dev.postern.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.SuggestedWindow;
import dev.postern.pki.Certificate;
import dev.postern.pki.Pem;
import dev.postern.testing.TestCa;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.shredzone.acme4j.toolbox.AcmeUtils;

/** ARI, <a href="https://datatracker.ietf.org/doc/html/rfc9773">RFC 9773</a>. */
@Timeout(20)
class RenewalWindowTest extends WithFakeCa {
    private static final String WINDOW =
            "{\"suggestedWindow\": {\"start\": \"2026-12-01T00:00:00Z\", \"end\": \"2026-12-03T00:00:00.5Z\"},"
                    + " \"explanationURL\": \"https://ca.example/why\"}";

    private Certificate certificate() throws Exception {
        return checked(issue());
    }

    private String path(Certificate certificate) {
        return "/renewal-info/" + AcmeUtils.getRenewalUniqueIdentifier(certificate.leaf());
    }

    @Test
    void windowArrivesAndNoAccountIsNeeded() throws Exception {
        ca.renewalInfo(WINDOW);
        TestCa.Issued unasked = ca.root().issue(List.of("example.com"), Instant.now(), Duration.ofDays(90));
        Certificate certificate = Certificate.of("example.com", "fake", unasked.key(), unasked.chain());
        ca.fault(path(certificate), (exchange, count) -> {
            exchange.getResponseHeaders().set("Retry-After", "21600");
            return false;
        });
        AcmeIssuer issuer = issuer(with(null, null, null));

        SuggestedWindow window = issuer.suggestedWindow(certificate).orElseThrow();
        issuer.suggestedWindow(certificate);

        assertThat(window)
                .isEqualTo(new SuggestedWindow(
                        Instant.parse("2026-12-01T00:00:00Z"),
                        Instant.parse("2026-12-03T00:00:00.500Z"),
                        "https://ca.example/why",
                        Duration.ofHours(6)));
        assertThat(ca.count("/account")).as("accounts registered").isZero();
        assertThat(ca.count("/dir")).as("asked where, once").isEqualTo(1);
        assertThat(store.account("fake").readKey()).isEmpty();
    }

    /** The example of RFC 9773 §4.1. */
    @Test
    void idIsThatOfTheStandard() throws Exception {
        String pem = """
                -----BEGIN CERTIFICATE-----
                MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
                cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
                BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
                7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
                qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
                yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
                +FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
                -----END CERTIFICATE-----
                """;

        assertThat(AcmeUtils.getRenewalUniqueIdentifier(
                        Pem.readCertificates(pem).get(0)))
                .isEqualTo("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
    }

    @Test
    void caWithoutRenewalInfoHasNoWishes() throws Exception {
        assertThat(issuer(ca.directory()).suggestedWindow(certificate())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"suggestedWindow\": {\"start\": \"2026-12-03T00:00:00Z\", \"end\": \"2026-12-01T00:00:00Z\"}}",
                "{\"suggestedWindow\": {\"start\": \"2026-12-03T00:00:00Z\", \"end\": \"2026-12-03T00:00:00Z\"}}",
                "{\"suggestedWindow\": {\"start\": \"2026-12-03T00:00:00Z\"}}",
                "{\"suggestedWindow\": {\"start\": \"soon\", \"end\": \"later\"}}",
                "{\"suggestedWindow\": 5}",
                "{}",
                "[]",
                "<html>"
            })
    void nonsenseIsAFailureOfTheCa(String answer) throws Exception {
        ca.renewalInfo(answer);
        Certificate certificate = certificate();

        assertThatThrownBy(() -> issuer(ca.directory()).suggestedWindow(certificate))
                .isInstanceOfSatisfying(
                        IssueFailure.class, e -> assertThat(e.fault()).isEqualTo(Fault.CA))
                .hasMessageStartingWith("fake: ");
    }

    @Test
    void explanationIsAnAddressOrNothing() throws Exception {
        ca.renewalInfo(WINDOW.replace("https://ca.example/why", "javascript:alert(1)"));

        assertThat(issuer(ca.directory()).suggestedWindow(certificate()).map(SuggestedWindow::explanation))
                .isEmpty();
    }

    @Test
    void overloadedCaSaysWhenToComeBack() throws Exception {
        ca.renewalInfo(WINDOW);
        Certificate certificate = certificate();
        ca.fault(path(certificate), (exchange, count) -> FakeCa.plain(exchange, 503, "3600"));

        assertThatThrownBy(() -> issuer(ca.directory()).suggestedWindow(certificate))
                .isInstanceOfSatisfying(IssueFailure.class, e -> {
                    assertThat(e.fault()).isEqualTo(Fault.CA);
                    assertThat(e.retryAfter()).contains(clock.instant().plusSeconds(3600));
                });
        assertThat(ca.count(path(certificate))).as("an hour is not sat out").isEqualTo(1);
    }

    /** It is made from the CA's own certificate and its own directory: nothing here can be mended. */
    @Test
    void caThatDoesNotKnowItsOwnCertificateIsAtFault() throws Exception {
        ca.renewalInfo(WINDOW);
        Certificate certificate = certificate();
        ca.fault(path(certificate), (exchange, count) -> FakeCa.plain(exchange, 404, "1"));

        assertThatThrownBy(() -> issuer(ca.directory()).suggestedWindow(certificate))
                .isInstanceOfSatisfying(
                        IssueFailure.class, e -> assertThat(e.fault()).isEqualTo(Fault.CA))
                .hasMessageContaining("404");
    }
}
