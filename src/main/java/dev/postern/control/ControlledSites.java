package dev.postern.control;

import dev.postern.config.CertificateSource;
import dev.postern.config.Configuration;
import dev.postern.config.Site;
import dev.postern.config.Suggestion;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** The sites that a command may name: by the first of their names. */
public final class ControlledSites {
    private final Supplier<List<Site>> sites;

    public ControlledSites(List<Site> sites) {
        this(() -> sites);
    }

    /** @param sites those there are now */
    ControlledSites(Supplier<List<Site>> sites) {
        this.sites = sites;
    }

    /** Those that get their certificates from an issuer. */
    public List<Site> issued() {
        return sites.get().stream().filter(site -> site.isIssued()).toList();
    }

    public List<Site> require(List<String> names) throws ControlFailure {
        List<Site> found = new ArrayList<>();
        for (String name : names) {
            Site site = require(name);
            if (!found.contains(site)) {
                found.add(site);
            }
        }
        return found;
    }

    /** @throws ControlFailure where there is none, with what was probably meant, or where an operator brings its files */
    public Site require(String name) throws ControlFailure {
        Site site = find(name);
        Configuration.CertificateFiles files = site.files();
        if (files != null) {
            throw ControlFailure.usage("\"" + name + "\" brings its own certificate, " + files.chain()
                    + "; there is nothing to ask an issuer for");
        }
        if (site.certificate() instanceof CertificateSource.OfSite of) {
            Configuration.CertificateFiles theirs = find(of.site()).files();
            throw ControlFailure.usage("\"" + name + "\" has the certificate of the site \"" + of.site() + "\""
                    + (theirs == null
                            ? "; name that one"
                            : ", which brings its own, " + theirs.chain() + "; there is nothing to ask an issuer for"));
        }
        if (!site.isIssued()) {
            throw ControlFailure.usage(
                    "\"" + name + "\" is served over HTTP only; there is nothing to ask an issuer for");
        }
        return site;
    }

    /** Also one whose files an operator brings. */
    public Site find(String name) throws ControlFailure {
        List<Site> all = sites.get();
        for (Site site : all) {
            if (site.name().equals(name)) {
                return site;
            }
        }
        for (Site site : all) {
            if (site.names().contains(name)) {
                // Not taken for it: what is done is done to the certificate of all the names.
                throw ControlFailure.usage("\"" + name + "\" is a name of the site \"" + site.name()
                        + (site.isPlain() ? "\"; name that one" : "\", whose certificate it shares; name that one"));
            }
        }
        List<String> known = all.stream().map(Site::name).toList();
        throw ControlFailure.usage("\"" + name + "\" is not a site of the configuration"
                + Suggestion.among(known.subList(0, Math.min(known.size(), 100)), name));
    }
}
