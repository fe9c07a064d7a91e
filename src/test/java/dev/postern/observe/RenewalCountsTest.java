package dev.postern.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.care.CertificateEvents;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What happens to certificates is counted by site, and told on. */
class RenewalCountsTest {
    private final List<Object> told = new ArrayList<>();

    private final RenewalCounts counts = new RenewalCounts(new CertificateEvents() {
        @Override
        public void renewed(Renewed event) {
            told.add(event);
        }

        @Override
        public void failed(Failed event) {
            told.add(event);
        }

        @Override
        public void overdue(Overdue event) {
            told.add(event);
        }
    });

    @Test
    void failureIsStillCountedOnceTheRenewalHasSucceeded() {
        CertificateEvents.Failed failed =
                new CertificateEvents.Failed("a.example", List.of("a.example"), Fault.CA, "no answer", 1, null, null);
        CertificateEvents.Renewed renewed = new CertificateEvents.Renewed(
                "a.example", List.of("a.example"), "internal", "01", Instant.EPOCH, Instant.EPOCH, null);
        CertificateEvents.Overdue overdue =
                new CertificateEvents.Overdue("b.example", List.of("b.example"), null, 1, null);

        counts.failed(failed);
        counts.failed(failed);
        counts.renewed(renewed);
        counts.overdue(overdue);

        assertThat(counts.failed("a.example")).isEqualTo(2);
        assertThat(counts.renewed("a.example")).isEqualTo(1);
        assertThat(counts.failed("b.example")).isZero();
        assertThat(counts.renewed("b.example")).isZero();
        assertThat(told).containsExactly(failed, failed, renewed, overdue);
    }
}
