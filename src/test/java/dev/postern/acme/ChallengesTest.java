package dev.postern.acme;

import static dev.postern.config.ChallengeType.DNS_01;
import static dev.postern.config.ChallengeType.HTTP_01;
import static dev.postern.config.ChallengeType.TLS_ALPN_01;
import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.ChallengeSolver;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.IssueFailure.Hold;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.testing.CapturedLog;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which challenge is chosen for a name, and what follows where it fails. */
@Timeout(20)
class ChallengesTest extends WithFakeCa {
    private IssuedCertificate issue(CertificateRequest request) throws Exception {
        return issuer(with(null, null, null)).issue(request, journal);
    }

    @Test
    void preferredOneThatTheCaOffersIsTaken() throws Exception {
        ca.offer("tls-alpn-01", "dns-01");

        IssuedCertificate issued =
                issue(request(List.of(solver(HTTP_01), solver(DNS_01), solver(TLS_ALPN_01)), "example.com"));

        assertThat(issued.challenge()).isEqualTo(DNS_01);
        assertThat(ca.triggered()).containsExactly("dns-01 example.com");
    }

    /** The CA may look at all of them as soon as it is told of one; and both records are under one name. */
    @Test
    void nameAndItsWildcardAreBothShownBeforeTheCaIsTold() throws Exception {
        ca.offer("http-01", "dns-01");

        IssuedCertificate issued = issue(request(List.of(solver(DNS_01)), "example.com", "*.example.com"));

        assertThat(checked(issued).names()).containsExactlyInAnyOrder("example.com", "*.example.com");
        assertThat(shown)
                .containsExactly(
                        "present dns-01 example.com triggered=0",
                        "present dns-01 example.com triggered=0",
                        "withdraw dns-01 example.com",
                        "withdraw dns-01 example.com");
    }

    @Test
    void wildcardIsProvenByDnsWhateverElseIsPreferred() throws Exception {
        ca.offer("http-01", "dns-01");

        issue(request(List.of(solver(HTTP_01), solver(DNS_01)), "example.com", "*.example.com"));

        assertThat(ca.triggered()).containsExactly("http-01 example.com", "dns-01 *.example.com");
    }

    @Test
    void nextOneIsTriedAtOnceWithANewOrder() throws Exception {
        ca.offer("http-01", "tls-alpn-01");
        ca.refuse("http-01", "connection");

        try (CapturedLog log = CapturedLog.begin()) {
            IssuedCertificate issued = issue(request(List.of(solver(HTTP_01), solver(TLS_ALPN_01)), "example.com"));

            assertThat(issued.challenge()).isEqualTo(TLS_ALPN_01);
            // What the CA said of it, and where, is at DEBUG: nothing is lost yet.
            assertThat(log.lines("tried with"))
                    .singleElement()
                    .asString()
                    .endsWith("example.com: not proven with http-01; tried with tls-alpn-01");
        }
        assertThat(ca.count("/new-order")).isEqualTo(2);
        assertThat(shown)
                .containsExactly(
                        "present http-01 example.com triggered=0",
                        "withdraw http-01 example.com",
                        "present tls-alpn-01 example.com triggered=1",
                        "withdraw tls-alpn-01 example.com");
    }

    @Test
    void whereBothFailBothAreToldAndCounted() throws Exception {
        ca.offer("http-01", "tls-alpn-01");
        ca.refuse("http-01", "connection");
        ca.refuse("tls-alpn-01", "tls");

        IssueFailure failure =
                failure(request(List.of(solver(HTTP_01), solver(TLS_ALPN_01)), "example.com", "www.example.com"));

        assertThat(failure.fault()).isEqualTo(Fault.NAME);
        assertThat(failure.invalid())
                .containsExactly("example.com", "www.example.com", "example.com", "www.example.com");
        assertThat(failure.getMessage())
                .contains("http-01 for \"example.com\": CA could not fetch the token: because of connection")
                .contains("; and http-01 for \"www.example.com\": ")
                .contains("; and then: order ")
                .contains("tls-alpn-01 for \"example.com\": CA could not agree on TLS: because of tls")
                .doesNotContain("\n");
        assertThat(journal.read()).as("neither is resumed").isEmpty();
    }

    @Test
    void limitReachedByTheSecondOrderIsKeptTo() throws Exception {
        ca.offer("http-01", "tls-alpn-01");
        ca.refuse("http-01", "connection");
        ca.fault("/new-order", (exchange, count) -> {
            exchange.getResponseHeaders().set("Retry-After", "600");
            return count == 2
                    && FakeCa.problem(
                            exchange,
                            429,
                            "rateLimited",
                            "too many new orders (300) from this account in the last 3h0m0s");
        });

        IssueFailure failure = failure(request(List.of(solver(HTTP_01), solver(TLS_ALPN_01)), "example.com"));

        assertThat(failure.retryAfter()).contains(clock.instant().plusSeconds(600));
        assertThat(failure.hold()).isEqualTo(Hold.ORDERS);
        assertThat(failure.invalid()).containsExactly("example.com");
        assertThat(failure).hasMessageContaining("because of connection").hasMessageContaining("new orders (300)");
    }

    /** Each validation that fails is counted by the CA, and five in an hour are the end. */
    @ParameterizedTest
    @ValueSource(strings = {"caa", "dns", "rateLimited"})
    void whatAnotherChallengeCannotMendIsNotTriedWithIt(String problem) {
        ca.offer("http-01", "tls-alpn-01");
        ca.refuse("http-01", problem);

        IssueFailure failure = failure(request(List.of(solver(HTTP_01), solver(TLS_ALPN_01)), "example.com"));

        assertThat(failure.invalid()).containsExactly("example.com");
        assertThat(ca.count("/new-order")).isEqualTo(1);
    }

    @Test
    void nextOneIsNotTriedWhereItCannotProveEveryName() {
        ca.offer("http-01", "dns-01");
        ca.refuse("dns-01", "unauthorized");

        IssueFailure failure =
                failure(request(List.of(solver(DNS_01), solver(HTTP_01)), "example.com", "*.example.com"));

        assertThat(failure.invalid()).containsExactly("example.com", "example.com");
        assertThat(ca.count("/new-order")).isEqualTo(1);
    }

    @Test
    void caThatOffersNothingOfOursSaysWhatItOffers() {
        ca.offer("dns-01");

        IssueFailure failure = failure(request(List.of(solver(HTTP_01), solver(TLS_ALPN_01)), "example.com"));

        assertThat(failure)
                .hasMessageContaining("the CA offers no http-01, tls-alpn-01 for \"example.com\" (offered: dns-01);"
                        + " sites[].challenges");
        assertThat(failure.invalid()).isEmpty();
    }

    @Test
    void solverThatCannotShowItIsOursAndSaysWhy() throws Exception {
        IssueFailure failure =
                failure(request(List.of(solver(HTTP_01, "hook /bin/dns: exit 3")), "example.com", "www.example.com"));

        assertThat(failure.fault()).isEqualTo(Fault.OURS);
        assertThat(failure).hasMessageContaining("http-01 for \"example.com\": hook /bin/dns: exit 3");
        assertThat(failure.invalid()).isEmpty();
        assertThat(ca.triggered()).as("nothing was asked of the CA").isEmpty();
        assertThat(shown).contains("withdraw http-01 example.com");
        assertThat(journal.read()).as("the order is as good as before").isPresent();
    }

    @Test
    void solverThatCannotShowItIsFollowedByTheNextInTheSameOrder() throws Exception {
        ca.offer("dns-01", "http-01");
        List<ChallengeSolver> solvers = List.of(solver(DNS_01, "10.0.0.53: REFUSED"), solver(HTTP_01));

        assertThat(issue(request(solvers, "example.com")).challenge()).isEqualTo(HTTP_01);
        assertThat(ca.count("/new-order")).isEqualTo(1);
    }

    /** What is done is done: after a crash between validation and finalizing nothing is proven again. */
    @Test
    void provenNameIsNotProvenAgain() throws Exception {
        journal.dieAfterWrite(2);
        org.assertj.core.api.Assertions.assertThatThrownBy(
                () -> issue(request(List.of(solver(HTTP_01)), "example.com")));

        issue(request(List.of(solver(HTTP_01)), "example.com"));

        assertThat(ca.triggered()).hasSize(1);
    }
}
