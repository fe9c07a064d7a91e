package dev.postern.certificate.care;

import dev.postern.certificate.policy.FailingNames;
import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.certificate.policy.RenewalPolicy;
import dev.postern.certificate.store.Generation;
import dev.postern.certificate.store.SiteStore;
import dev.postern.certificate.store.Store;
import dev.postern.config.CertificateSource;
import dev.postern.config.Site;
import dev.postern.disk.DiskFailure;
import dev.postern.pki.Certificate;
import dev.postern.time.TimeText;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A site that somebody should look at, found by looking at the store alone: a second pair of eyes that needs neither the
 * daemon nor its lock.
 *
 * @param problem one line, without the name of the site
 */
public record OverdueSite(
        String site, String problem, @Nullable Instant notAfter) {
    /** Where nothing was drawn yet: the middle of what would be drawn. */
    private static final RandomGenerator MIDDLE = new RandomGenerator() {
        @Override
        public long nextLong() {
            return 0;
        }

        @Override
        public double nextDouble() {
            return 0.5;
        }
    };

    /**
     * @param fraction of the time from the renewal to the end of the certificate that may pass, 0 to 1
     * @return in the order of {@code sites}
     */
    public static List<OverdueSite> find(Store store, List<Site> sites, double fraction, Instant now) {
        IOException unreadable = unreadable(store);
        // Of ten thousand every processor has its part.
        return sites.parallelStream()
                // Of the other site it is said.
                .filter(site -> site.isCertified() && !(site.certificate() instanceof CertificateSource.OfSite))
                .map(site -> unreadable == null
                        ? tried(store, site, fraction, now)
                        : Optional.of(new OverdueSite(site.name(), DiskFailure.reason(unreadable), null)))
                .flatMap(Optional::stream)
                .toList();
    }

    /** Looked at once: it has a folder for each site. */
    private static @Nullable IOException unreadable(Store store) {
        try {
            store.requireReadable();
            return null;
        } catch (IOException e) {
            return e;
        }
    }

    private static Optional<OverdueSite> tried(Store store, Site site, double fraction, Instant now) {
        try {
            return Optional.ofNullable(look(store, site, fraction, now));
        } catch (IOException e) {
            return Optional.of(new OverdueSite(site.name(), DiskFailure.reason(e), null));
        }
    }

    private static @Nullable OverdueSite look(Store store, Site site, double fraction, Instant now) throws IOException {
        Certificate certificate = StoredCertificates.read(store, site, now).orElse(null);
        SiteStore.Attempts attempts = site.isIssued()
                ? store.site(site.name()).attempts()
                : new SiteStore.Attempts(RenewalHistory.NONE, null);
        RenewalHistory history = attempts.history();
        Map<String, Generation> older =
                site.isIssued() && !history.names().leftOut(site.names()).isEmpty()
                        ? StoredCertificates.older(store, site, now)
                        : Map.of();
        String problem = problem(site, certificate, older, history, fraction, now);
        if (attempts.problem() != null) {
            problem = problem == null ? attempts.problem() : problem + "; " + attempts.problem();
        }
        if (problem == null) {
            return null;
        }
        RenewalHistory.Failure last = history.last();
        String line = last == null
                ? problem
                : problem + "; " + history.failures() + " failed " + (history.failures() == 1 ? "attempt" : "attempts")
                        + ", the last one at " + TimeText.at(last.at()) + ": " + last.message();
        return new OverdueSite(site.name(), line, certificate == null ? null : certificate.notAfter());
    }

    private static @Nullable String problem(
            Site site,
            @Nullable Certificate certificate,
            Map<String, Generation> older,
            RenewalHistory history,
            double fraction,
            Instant now) {
        if (certificate == null) {
            return "no certificate";
        }
        Instant end = certificate.notAfter();
        if (certificate.isExpired(now)) {
            return "expired on " + TimeText.at(end);
        }
        List<String> missing = site.certifiedNames().stream()
                .filter(name -> !certificate.covers(name))
                .toList();
        if (!missing.isEmpty() && history.wanted(site).stream().noneMatch(missing::contains)) {
            List<String> why = new ArrayList<>();
            for (String name : missing) {
                FailingNames.Failing failing = history.names().of(name);
                Generation shown = older.get(name);
                why.add((failing == null
                                ? name
                                : name + " (failing since " + TimeText.at(failing.since()) + ": " + failing.message()
                                        + ")")
                        + (shown == null
                                ? ""
                                : ", served with the one before until "
                                        + TimeText.at(shown.certificate().notAfter())));
            }
            return "its certificate does without " + String.join(", ", why);
        }
        if (!missing.isEmpty()) {
            return "its certificate does not cover " + String.join(", ", missing);
        }
        RenewalHistory.Pick pick = history.pick();
        Instant due = pick != null && pick.serial().equals(certificate.serialText())
                ? pick.at()
                : RenewalPolicy.pick(certificate.notBefore(), end, MIDDLE);
        Duration allowed =
                Duration.ofMillis((long) (Math.max(0, Duration.between(due, end).toMillis()) * fraction));
        if (!now.isAfter(due.plus(allowed))) {
            return null;
        }
        return "due for renewal since " + TimeText.at(due) + ", expires on " + TimeText.at(end) + ", in "
                + TimeText.of(Duration.between(now, end));
    }
}
