package dev.postern.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.pki.Certificate;
import dev.postern.testing.Care;
import dev.postern.testing.MemoryJournal;
import dev.postern.testing.TestCa;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which kind of certificate, which of its chains, and its revocation. */
@Timeout(20)
class CertificateChoiceTest extends WithFakeCa {
    private final TestCa other = TestCa.create("Other Root");

    private List<X509Certificate> chain(@Nullable String preferred) throws Exception {
        return issuer(with(null, null, preferred))
                .issue(Care.request(challenges, "example.com"), journal)
                .chain();
    }

    private static String topmost(List<X509Certificate> chain) {
        return ChainChoice.commonName(chain.get(chain.size() - 1).getIssuerX500Principal());
    }

    private String ownRoot() {
        return ChainChoice.commonName(ca.root().root().getSubjectX500Principal());
    }

    @Test
    void preferredChainIsTaken() throws Exception {
        ca.alternate(TestCa.create("Third Root"));
        ca.alternate(other);

        assertThat(topmost(chain("Other Root"))).isEqualTo("Other Root");
        assertThat(topmost(chain(null))).isEqualTo(ownRoot());
        assertThat(topmost(chain(ownRoot()))).isEqualTo(ownRoot());
    }

    @Test
    void preferredChainThatIsNotOfferedIsNoFailure() throws Exception {
        ca.alternate(other);

        assertThat(topmost(chain("Nobody's Root"))).isEqualTo(ownRoot());
    }

    /** What was issued is not given up for want of something nicer. */
    @ParameterizedTest
    @ValueSource(strings = {"not found", "garbage", "certificate of another", "stalled", "empty"})
    void brokenAlternateLosesNoCertificate(String how) throws Exception {
        ca.alternate(other);
        ca.fault("/certificate/1/0", (exchange, count) -> switch (how) {
            case "not found" -> FakeCa.problem(exchange, 404, "malformed");
            case "garbage" -> FakeCa.plain(exchange, 200, "1");
            case "stalled" -> ca.stall(exchange);
            case "empty" -> FakeCa.chain(exchange, List.of());
            default ->
                FakeCa.chain(
                        exchange,
                        other.issue(List.of("example.com"), Instant.now(), Duration.ofDays(1))
                                .chain());
        });

        // Of the others nobody is to be late, however busy the machine is.
        Duration patience = how.equals("stalled") ? Duration.ofSeconds(2) : Duration.ofSeconds(30);
        List<X509Certificate> chain = issuer(with(null, null, "Other Root"), null, patience)
                .issue(Care.request(challenges, "example.com"), journal)
                .chain();

        assertThat(topmost(chain)).isEqualTo(ownRoot());
    }

    @Test
    void profileIsAskedFor() throws Exception {
        ca.profiles("classic", "shortlived");

        issuer(with(null, "shortlived", null)).issue(Care.request(challenges, "example.com"), journal);

        assertThat(ca.payloads("/new-order").get(0).get("profile").getAsString())
                .isEqualTo("shortlived");
    }

    /** Users' trouble: the profile was forgotten on the way, and certificates of another kind came. */
    @Test
    void orderForAnotherProfileIsNotResumed() throws Exception {
        ca.profiles("classic", "shortlived");
        journal.dieAfterWrite(1);
        assertThatThrownBy(
                () -> issuer(with(null, "classic", null)).issue(Care.request(challenges, "example.com"), journal));

        issuer(with(null, "shortlived", null)).issue(Care.request(challenges, "example.com"), journal);

        assertThat(ca.payloads("/new-order"))
                .extracting(order -> order.get("profile").getAsString())
                .containsExactly("classic", "shortlived");
    }

    @Test
    void revocationNeedsNoAccountAndSucceedsTwice() throws Exception {
        Certificate certificate = checked(issue());
        close();
        open();
        AcmeIssuer issuer = issuer(ca.directory());

        issuer.revoke(certificate, RevocationReason.KEY_COMPROMISE);
        issuer.revoke(certificate, RevocationReason.KEY_COMPROMISE);

        assertThat(ca.payloads("/revoke"))
                .hasSize(2)
                .allMatch(request -> request.get("reason").getAsInt() == 1);
        assertThat(ca.count("/account")).isZero();
    }

    @Test
    void refusedReasonIsOurs() throws Exception {
        Certificate certificate = checked(issue());
        ca.fault("/revoke", (exchange, count) -> FakeCa.problem(exchange, 400, "badRevocationReason"));

        assertThatThrownBy(() -> issuer(ca.directory()).revoke(certificate, RevocationReason.SUPERSEDED))
                .isInstanceOfSatisfying(
                        IssueFailure.class, e -> assertThat(e.fault()).isEqualTo(Fault.OURS))
                .hasMessageStartingWith("fake: revoking " + certificate.serialText() + ": ")
                .hasMessageEndingWith("; another reason has to be given");
    }

    /** ZeroSSL may take a day, and asks to be looked at every few seconds all the while. */
    @Test
    void orderThatIsProcessedForHoursIsResumedEachTime() throws Exception {
        ca.processing(true);
        ca.fault("/order/1", (exchange, count) -> {
            exchange.getResponseHeaders().set("Retry-After", "1");
            return false;
        });
        for (int i = 0; i < 3; i++) {
            assertThat(failure())
                    .hasMessageEndingWith("still processing after 4s; resumed next time")
                    .extracting(IssueFailure::fault)
                    .isEqualTo(Fault.CA);
        }
        ca.processing(false);

        assertThat(checked(issue()).names()).containsExactly("example.com");
        assertThat(ca.count("/new-order")).isEqualTo(1);
        assertThat(ca.count("/finalize/1")).isEqualTo(1);
    }

    @Test
    void orderThatNeverEndsIsGivenUpWhenItIsExpired() throws Exception {
        ca.processing(true);
        assertThat(failure()).hasMessageContaining("still processing");
        ca.expires("2020-01-01T00:00:00Z");
        ca.fault("/new-order", (exchange, count) -> {
            ca.processing(false);
            return false;
        });

        assertThat(checked(issue()).names()).containsExactly("example.com");
        assertThat(ca.count("/new-order")).isEqualTo(2);
    }

    /** Users' trouble: what the CA had issued already was ordered again, until the limit was reached. */
    @Test
    void issuedCertificateIsFetchedThoughItsDownloadFailedForDays() throws Exception {
        ca.fault("/certificate/1", (exchange, count) -> FakeCa.problem(exchange, 500, "serverInternal"));
        for (int i = 0; i < 3; i++) {
            assertThat(failure().fault()).isEqualTo(Fault.CA);
        }
        ca.fault("/certificate/1", (exchange, count) -> false);

        assertThat(checked(issue()).names()).containsExactly("example.com");
        assertThat(ca.count("/new-order")).isEqualTo(1);
    }

    /** The CA denies an order and takes no other one: what it may have issued is not forgotten. */
    @Test
    void deniedOrderStaysUntilThereIsAnother() throws Exception {
        ca.fault("/certificate/1", (exchange, count) -> FakeCa.problem(exchange, 500, "serverInternal"));
        failure();
        ca.fault("/order/1", (exchange, count) -> FakeCa.problem(exchange, 404, "malformed"));
        ca.fault("/new-order", (exchange, count) -> FakeCa.problem(exchange, 503, "serverInternal"));
        failure();
        MemoryJournal kept = journal;
        ca.fault("/order/1", (exchange, count) -> false);
        ca.fault("/certificate/1", (exchange, count) -> false);

        assertThat(kept.read()).isPresent();
        assertThat(checked(issue()).names()).containsExactly("example.com");
    }
}
