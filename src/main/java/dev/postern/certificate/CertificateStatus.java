package dev.postern.certificate;

import dev.postern.config.Configuration.Site;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What an operator wants to know of the certificate of a site.
 *
 * @param issuer as in {@code acme.issuers}, or {@code file}; null, like the dates, where the site has no certificate
 * @param nextRenewal when an attempt is due; null where the operator brings the files
 * @param lastFailure why the last attempt failed; null where it did not
 */
public record CertificateStatus(
        String site,
        List<String> names,
        @Nullable String issuer,
        @Nullable Instant notBefore,
        @Nullable Instant notAfter,
        @Nullable Instant nextRenewal,
        @Nullable String lastFailure) {

    /**
     * Read off the store alone, beside a daemon or without one.
     *
     * @param issuers names of the issuers that may certify a site, in order of preference
     * @throws IOException with one line for the operator where something is there that cannot be read
     */
    public static List<CertificateStatus> read(
            CertificateStore store, List<Site> sites, Function<Site, List<String>> issuers, Instant now)
            throws IOException {
        List<CertificateStatus> all = new ArrayList<>();
        if (Files.isRegularFile(store.root())) {
            throw new IOException(store.root() + ": cannot be read: not a directory");
        }
        for (Site site : sites) {
            if (site.certificate() != null) {
                all.add(new CertificateFiles(site, site.certificate()).status(now));
            } else {
                SiteFolder folder = store.site(site.name());
                folder.requireReadable();
                Certificate certificate =
                        folder.load(now).map(Generation::certificate).orElse(null);
                all.add(of(site, certificate, folder.history(), issuers.apply(site), now));
            }
        }
        return all;
    }

    static CertificateStatus of(
            Site site, @Nullable Certificate certificate, RenewalHistory history, List<String> issuers, Instant now) {
        RenewalPolicy.Decision decision =
                RenewalPolicy.decide(lifeOf(site, certificate, history), history, issuers, now);
        RenewalHistory.Failure last = history.last();
        return new CertificateStatus(
                site.name(),
                site.names(),
                certificate == null ? null : certificate.issuer(),
                certificate == null ? null : certificate.notBefore(),
                certificate == null ? null : certificate.notAfter(),
                decision instanceof RenewalPolicy.Decision.Wait wait ? wait.until() : now,
                last == null ? null : last.message());
    }

    /** Null where there is no certificate; due at once where it does not cover every name of the site or nothing was drawn. */
    static RenewalPolicy.@Nullable Life lifeOf(Site site, @Nullable Certificate certificate, RenewalHistory history) {
        if (certificate == null) {
            return null;
        }
        RenewalHistory.Pick pick = history.pick();
        boolean complete = site.names().stream().allMatch(certificate::covers);
        boolean drawn = pick != null && pick.serial().equals(certificate.serialText());
        Instant renewAt = complete && drawn && pick != null ? pick.at() : Instant.MIN;
        return new RenewalPolicy.Life(certificate.notBefore(), certificate.notAfter(), renewAt);
    }
}
