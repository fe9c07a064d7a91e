package dev.postern.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.CertificateRequest.Replaced;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.served.Http01Solver;
import dev.postern.config.KeyType;
import dev.postern.testing.TestCa;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code replaces}, <a href="https://datatracker.ietf.org/doc/html/rfc9773#section-5">RFC 9773 §5</a>. */
@Timeout(20)
class ReplacingTest extends WithFakeCa {
    private static final String WINDOW =
            "{\"suggestedWindow\": {\"start\": \"2026-12-01T00:00:00Z\", \"end\": \"2026-12-03T00:00:00Z\"}}";

    private final X509Certificate old = TestCa.create()
            .issue(List.of("example.com"), Instant.now(), Duration.ofDays(90))
            .leaf();

    @BeforeEach
    void offerRenewalInfo() {
        ca.renewalInfo(WINDOW);
    }

    private IssuedCertificate renew(String account) throws Exception {
        CertificateRequest request = new CertificateRequest(
                "example.com",
                List.of("example.com"),
                KeyType.EC_P256,
                List.of(new Http01Solver(challenges)),
                new Replaced(old, account));
        return issuer(ca.directory()).issue(request, journal);
    }

    private IssuedCertificate renew() throws Exception {
        return renew(ca.account());
    }

    private List<Boolean> replacing() {
        return ca.payloads("/new-order").stream()
                .map(order -> order.has("replaces"))
                .toList();
    }

    @Test
    void renewalSaysWhatItReplaces() throws Exception {
        IssuedCertificate issued = renew();

        assertThat(issued.replaced()).isTrue();
        JsonObject order = ca.payloads("/new-order").get(0);
        assertThat(order.get("replaces").getAsString()).matches("[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+");
        assertThat(journal.read().map(OrderEntry::replaces))
                .contains(old.getSerialNumber().toString(16));
    }

    /** Users' trouble: one account more, after its key was lost, and the CA refused every renewal from then on. */
    @Test
    void certificateOfAnotherAccountIsNotSaidToBeReplaced() throws Exception {
        assertThat(renew("http://127.0.0.1/account/other").replaced()).isFalse();
        assertThat(replacing()).containsExactly(false);
    }

    @Test
    void caWithoutRenewalInfoIsNotTold() throws Exception {
        ca.renewalInfo("");

        assertThat(renew().replaced()).isFalse();
        assertThat(replacing()).containsExactly(false);
    }

    /**
     * Users' trouble: the CA says that it was replaced already, and the client insists until the certificate is expired.
     */
    @ParameterizedTest
    @CsvSource({"409, alreadyReplaced", "409, somethingElse", "400, malformed", "403, unauthorized", "400, conflict"})
    void refusedReplacementIsOrderedAtOnceWithoutIt(int status, String type) throws Exception {
        ca.fault("/new-order", (exchange, count) -> count == 1 && FakeCa.problem(exchange, status, type));

        IssuedCertificate issued = renew();

        assertThat(issued.replaced()).isFalse();
        assertThat(replacing()).containsExactly(true, false);
        assertThat(journal.read().orElseThrow().replaces()).isNull();
    }

    @Test
    void replacementThatIsRefusedAtTheEndIsOrderedWithoutIt() throws Exception {
        ca.fault("/finalize/1", (exchange, count) -> FakeCa.problem(exchange, 409, "alreadyReplaced"));

        assertThat(renew().replaced()).isFalse();
        assertThat(replacing()).containsExactly(true, false);
    }

    @Test
    void otherRefusalsAreNotTriedAgain() {
        ca.fault("/new-order", (exchange, count) -> FakeCa.problem(exchange, 400, "rejectedIdentifier"));

        assertThatThrownBy(this::renew).isInstanceOf(IssueFailure.class);
        assertThat(replacing()).containsExactly(true);
    }

    /** Users' trouble: a renewal died on the way, the CA kept its order, and each new one was refused because of it. */
    @Test
    void replacementThatDiedOnTheWayIsResumed() throws Exception {
        journal.dieAfterWrite(1);
        assertThatThrownBy(this::renew).hasRootCauseMessage(null);

        IssuedCertificate issued = renew();

        assertThat(issued.replaced()).as("it still is the replacement").isTrue();
        assertThat(ca.count("/new-order")).isEqualTo(1);
    }
}
