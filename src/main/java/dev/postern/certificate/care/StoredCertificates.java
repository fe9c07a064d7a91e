package dev.postern.certificate.care;

import dev.postern.certificate.store.Generation;
import dev.postern.certificate.store.Generations;
import dev.postern.certificate.store.OlderGenerations;
import dev.postern.certificate.store.SiteStore;
import dev.postern.certificate.store.Store;
import dev.postern.config.Configuration;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** The certificate of one site on disk, for who takes a copy of it. */
public final class StoredCertificates {
    private StoredCertificates() {}

    /**
     * The one that is served, expired or not; empty where there is none. Needs no lock.
     *
     * @throws IOException one line: what cannot be read, or what is wrong with the files that the operator brought
     */
    public static Optional<Certificate> read(Store store, Site site, Instant now) throws IOException {
        Configuration.CertificateFiles files = site.files();
        if (files != null) {
            return Optional.of(new CertificateFiles(site, files).read(now));
        }
        SiteStore folder = store.site(site.name());
        folder.requireReadable();
        return folder.generations().look(site.certifiedNames(), now).map(Generation::certificate);
    }

    /** What is served for the names of a site that its certificate lacks. */
    static Map<String, Generation> older(Store store, Site site, Instant now) throws IOException {
        Generations generations = store.site(site.name()).generations();
        Generation served = generations.look(site.certifiedNames(), now).orElse(null);
        return served == null
                ? Map.of()
                : OlderGenerations.find(generations, site.certifiedNames(), served)
                        .at(now);
    }
}
