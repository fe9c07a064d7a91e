package dev.postern.certificate.care;

import dev.postern.certificate.policy.FailingNames;
import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.certificate.policy.RenewalPolicy;
import dev.postern.certificate.policy.Suggestion;
import dev.postern.certificate.store.Generation;
import dev.postern.certificate.store.OlderGenerations;
import dev.postern.certificate.store.SiteStore;
import dev.postern.certificate.store.Store;
import dev.postern.config.CertificateSource;
import dev.postern.config.Configuration;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What an operator wants to know of the certificate of a site.
 *
 * @param issuer as in {@code acme.issuers}, {@code file}, or {@code of SITE} where it is
 *     that of another site; null, like the dates, where the site has no certificate
 * @param nextRenewal when an attempt is due; null where the operator brings the files
 * @param lastFailure why the last attempt failed; null where it did not
 * @param served whether clients see it
 * @param leftOut the names of the site that orders do without
 * @param shown what its clients are shown; null where nobody knows, for there is no daemon
 * @param notOnDiskBecause why the certificate is in memory only; null where it is on disk
 */
public record CertificateStatus(
        String site,
        List<String> names,
        @Nullable String issuer,
        @Nullable Instant notBefore,
        @Nullable Instant notAfter,
        @Nullable Instant nextRenewal,
        @Nullable String lastFailure,
        Served served,
        @Nullable String notOnDiskBecause,
        List<LeftOut> leftOut,
        @Nullable Shown shown) {

    /**
     * A name that the certificate does without, because it cannot be proven.
     *
     * @param because one line
     * @param nextTry when it is tried again
     * @param servedUntil when the older certificate ends that its clients are shown; null where they are refused
     */
    public record LeftOut(
            String name,
            Instant since,
            Instant nextTry,
            String because,
            @Nullable Instant servedUntil) {}

    /**
     * What a handshake with our own listener showed.
     *
     * @param why one line; null unless {@code answer} is no
     * @param at when it was looked at; null where it was not
     */
    public record Served(
            Answer answer, @Nullable String why, @Nullable Instant at) {
        /** Whether clients see the certificate that is installed. */
        public enum Answer {
            YES,
            NO,
            NOT_ASKED
        }

        /** There is no listener, nothing to serve, no name that a client could ask for, or it was not looked at yet. */
        public static final Served NOT_ASKED = new Served(Answer.NOT_ASKED, null, null);

        static Served yes(Instant at) {
            return new Served(Answer.YES, null, at);
        }

        static Served no(String why, Instant at) {
            return new Served(Answer.NO, why, at);
        }
    }

    CertificateStatus seen(Served found) {
        return new CertificateStatus(
                site,
                names,
                issuer,
                notBefore,
                notAfter,
                nextRenewal,
                lastFailure,
                found,
                notOnDiskBecause,
                leftOut,
                shown);
    }

    /** Keeps what it has where there is nothing to say. */
    private CertificateStatus failed(@Nullable String why) {
        return why == null
                ? this
                : new CertificateStatus(
                        site,
                        names,
                        issuer,
                        notBefore,
                        notAfter,
                        nextRenewal,
                        why,
                        served,
                        notOnDiskBecause,
                        leftOut,
                        shown);
    }

    CertificateStatus notOnDisk(@Nullable String because) {
        return new CertificateStatus(
                site, names, issuer, notBefore, notAfter, nextRenewal, lastFailure, served, because, leftOut, shown);
    }

    CertificateStatus shown(Shown found) {
        return new CertificateStatus(
                site,
                names,
                issuer,
                notBefore,
                notAfter,
                nextRenewal,
                lastFailure,
                served,
                notOnDiskBecause,
                leftOut,
                found);
    }

    /** Whether all clients are shown what they take, but for those of names that are known to fail. */
    public boolean isServed() {
        return shown != null && missing().isEmpty();
    }

    /** Whether some client is shown what it takes. */
    public boolean isServedInPart() {
        return shown != null && shown.isSomething();
    }

    /** The site, with those of its names that no certificate is served for where that is not all of them. */
    public String unserved() {
        return isServedInPart() ? site + " (" + Shown.named(missing()) + ")" : site;
    }

    private List<String> missing() {
        return shown == null
                ? names
                : shown.missing(leftOut.stream().map(LeftOut::name).toList());
    }

    /** When what it has begins, or what stands in for it; null where there is nothing. */
    @Nullable public Instant begins() {
        return notBefore == null && shown != null && shown.standIn() != null
                ? shown.standIn().notBefore()
                : notBefore;
    }

    /** When what it has ends, or what stands in for it; null where there is nothing. */
    @Nullable public Instant ends() {
        return notAfter == null && shown != null && shown.standIn() != null
                ? shown.standIn().notAfter()
                : notAfter;
    }

    /**
     * Read off the store alone, beside a daemon or without one.
     *
     * @param issuers names of the issuers that may certify a site, in order of preference
     * @throws IOException with one line for the operator where something is there that cannot be read
     */
    public static List<CertificateStatus> read(
            Store store, List<Site> sites, Function<Site, List<String>> issuers, Instant now) throws IOException {
        store.requireReadable();
        try {
            // Of ten thousand every processor has its part.
            List<CertificateStatus> own = sites.parallelStream()
                    .map(site -> {
                        try {
                            return read(store, site, issuers, now);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    })
                    .flatMap(Optional::stream)
                    .toList();
            return withShared(own, sites);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Empty where the site has no certificate, and needs none. */
    private static Optional<CertificateStatus> read(
            Store store, Site site, Function<Site, List<String>> issuers, Instant now) throws IOException {
        Configuration.CertificateFiles files = site.files();
        if (files != null) {
            return Optional.of(new CertificateFiles(site, files).status(now));
        }
        if (!site.isIssued()) {
            return Optional.empty();
        }
        SiteStore folder = store.site(site.name());
        folder.requireReadable();
        Generation served = folder.generations().load(site.names(), now).orElse(null);
        OlderGenerations older = served == null
                ? OlderGenerations.NONE
                : OlderGenerations.find(folder.generations(), site.names(), served);
        SiteStore.Attempts attempts = folder.attempts();
        return Optional.of(of(
                        site,
                        served == null ? null : served.certificate(),
                        older,
                        attempts.history(),
                        issuers.apply(site),
                        now)
                .failed(attempts.problem()));
    }

    /** In the order of the configuration, with those sites that have the certificate of another one. */
    static List<CertificateStatus> withShared(List<CertificateStatus> own, List<Site> sites) {
        Map<String, CertificateStatus> bySite = new LinkedHashMap<>();
        own.forEach(status -> bySite.put(status.site(), status));
        List<CertificateStatus> all = new ArrayList<>();
        for (Site site : sites) {
            boolean shared = site.certificate() instanceof CertificateSource.OfSite;
            String of = site.certificate() instanceof CertificateSource.OfSite other ? other.site() : site.name();
            CertificateStatus status = bySite.get(of);
            if (status != null) {
                all.add(shared ? status.sharedBy(site) : status);
            }
        }
        return all;
    }

    private CertificateStatus sharedBy(Site other) {
        return new CertificateStatus(
                other.name(),
                other.names(),
                "of " + site,
                notBefore,
                notAfter,
                null,
                null,
                Served.NOT_ASKED,
                null,
                List.of(),
                null);
    }

    static CertificateStatus of(
            Site site,
            @Nullable Certificate certificate,
            OlderGenerations older,
            RenewalHistory history,
            List<String> issuers,
            Instant now) {
        return of(
                site,
                certificate,
                older,
                history,
                RenewalPolicy.decide(
                        lifeOf(site, certificate, history), history, issuers, RenewalPolicy.Openings.ALWAYS, now),
                now);
    }

    static CertificateStatus of(
            Site site,
            @Nullable Certificate certificate,
            OlderGenerations older,
            RenewalHistory history,
            RenewalPolicy.Decision decision,
            Instant now) {
        RenewalHistory.Failure last = history.last();
        return new CertificateStatus(
                site.name(),
                site.names(),
                certificate == null ? null : certificate.issuer(),
                certificate == null ? null : certificate.notBefore(),
                certificate == null ? null : certificate.notAfter(),
                decision instanceof RenewalPolicy.Decision.Wait wait ? wait.until() : now,
                last == null ? null : last.message(),
                Served.NOT_ASKED,
                null,
                leftOut(site, older.at(now), history),
                null);
    }

    private static List<LeftOut> leftOut(Site site, Map<String, Generation> older, RenewalHistory history) {
        List<LeftOut> all = new ArrayList<>();
        for (String name :
                site.keepTogether() ? List.<String>of() : history.names().leftOut(site.names())) {
            FailingNames.Failing failing = history.names().of(name);
            if (failing != null) {
                Generation shown = older.get(name);
                all.add(new LeftOut(
                        name,
                        failing.since(),
                        failing.nextTry(),
                        failing.message(),
                        shown == null ? null : shown.certificate().notAfter()));
            }
        }
        return List.copyOf(all);
    }

    /** Null where there is no certificate; due at once where it does not cover every name of the site or nothing was drawn. */
    static RenewalPolicy.@Nullable Life lifeOf(Site site, @Nullable Certificate certificate, RenewalHistory history) {
        if (certificate == null) {
            return null;
        }
        RenewalHistory.Pick pick = history.pick();
        boolean complete = history.wanted(site).stream().allMatch(certificate::covers);
        boolean drawn = pick != null && pick.serial().equals(certificate.serialText());
        Instant renewAt = complete && drawn && pick != null ? pick.at() : RenewalPolicy.AT_ONCE;
        return new RenewalPolicy.Life(
                certificate.notBefore(), certificate.notAfter(), renewAt, suggestedAt(certificate, history));
    }

    private static @Nullable Instant suggestedAt(Certificate certificate, RenewalHistory history) {
        Suggestion suggestion = history.suggestion();
        return suggestion == null || !suggestion.serial().equals(certificate.serialText())
                ? null
                : suggestion.renewAt(certificate.notBefore(), certificate.notAfter());
    }
}
