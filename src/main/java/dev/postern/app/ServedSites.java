package dev.postern.app;

import dev.postern.admin.AdminPages;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.config.Site;
import dev.postern.observe.Metrics;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Whether clients of all sites are served, for those who ask whether we are ready. */
final class ServedSites {
    private ServedSites() {}

    static AdminPages.Sites of(List<CertificateStatus> all, Instant now) {
        List<CertificateStatus> served =
                all.stream().filter(CertificateStatus::isServedInPart).toList();
        // Whoever has one of two certificates is served.
        Map<String, Long> certificates = served.stream()
                .collect(Collectors.groupingBy(status -> Site.ofCertificate(status.site()), Collectors.counting()));
        List<String> unserved = all.stream()
                .filter(status -> !status.isServed())
                .filter(status -> certificates.getOrDefault(Site.ofCertificate(status.site()), 0L)
                        <= (status.isServedInPart() ? 1 : 0))
                .map(CertificateStatus::unserved)
                .toList();
        return new AdminPages.Sites(Metrics.overdue(served, now), unserved, all.isEmpty() || !served.isEmpty());
    }
}
