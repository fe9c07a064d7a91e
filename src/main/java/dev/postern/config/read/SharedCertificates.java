package dev.postern.config.read;

import dev.postern.config.CertificateSource;
import dev.postern.config.CertificateSource.OfSite;
import dev.postern.config.HostName;
import dev.postern.config.Quoted;
import dev.postern.config.Suggestion;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which sites have the certificate of which other one: those that name it, and those that would rather have one. */
final class SharedCertificates {
    private final List<SitesReader.Entry> sites;
    // No name is that of two sites.
    private final Map<String, SitesReader.Entry> byName = new LinkedHashMap<>();

    SharedCertificates(List<SitesReader.Entry> sites) {
        this.sites = sites;
        sites.forEach(site -> site.names().forEach(name -> byName.put(name.name(), site)));
    }

    /** The same sites, each with where its certificate really comes from. */
    List<SitesReader.Entry> resolved() {
        List<SitesReader.Entry> resolved = new ArrayList<>();
        for (SitesReader.Entry site : sites) {
            if (site.certificate() instanceof OfSite of) {
                resolved.add(site.with(named(site, of.site())));
            } else if (site.shares() && site.isIssued()) {
                resolved.add(site.with(covering(site)));
            } else {
                resolved.add(site);
            }
        }
        return resolved;
    }

    /** None after a problem: no issuer is to be blamed for what is missing. */
    private CertificateSource named(SitesReader.Entry site, String name) {
        SitesReader.Entry other = byName.get(name);
        String problem = null;
        if (other == null) {
            problem = Quoted.of(name) + " is a name of no site"
                    + Suggestion.among(byName.keySet().stream().limit(100).toList(), name);
        } else if (other.equals(site)) {
            problem = Quoted.of(name) + " is a name of the site itself (expected: a name of another one)";
        } else if (!hasOne(other)) {
            problem = Quoted.of(name) + " is a name of " + other.at().path() + ", which has no certificate of its own"
                    + " (expected: a name of a site that has)";
        } else if (other.isIssued()) {
            List<String> theirs = other.certifiedNames();
            problem = site.certifiedNames().stream()
                    .filter(each -> !HostName.covers(theirs, each))
                    .findFirst()
                    .map(each -> "the certificate of " + other.at().path() + " does not cover " + Quoted.of(each)
                            + " (covers: " + String.join(", ", theirs) + ")")
                    .orElse(null);
        }
        if (problem != null || other == null) {
            site.certificateAt().problem(String.valueOf(problem));
            return CertificateSource.NONE;
        }
        // What the operator brings is read later, and has names of its own.
        return new OfSite(other.names().get(0).name());
    }

    private static boolean hasOne(SitesReader.Entry site) {
        return site.isCertified() && !(site.certificate() instanceof OfSite) && !site.shares();
    }

    private CertificateSource covering(SitesReader.Entry site) {
        List<String> names = site.certifiedNames();
        int dot = names.isEmpty() ? -1 : names.get(0).indexOf('.');
        SitesReader.Entry other =
                dot <= 0 ? null : byName.get("*" + names.get(0).substring(dot));
        return other != null
                        && hasOne(other)
                        && names.stream().allMatch(name -> HostName.covers(other.certifiedNames(), name))
                ? new OfSite(other.names().get(0).name())
                : CertificateSource.ISSUED;
    }
}
