package dev.postern.certificate;

import dev.postern.config.Configuration;
import dev.postern.config.Configuration.Site;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The certificate of one site on disk, for who takes a copy of it. */
public final class StoredCertificates {
    private StoredCertificates() {}

    /**
     * The one that is served, expired or not; empty where there is none. Needs no lock.
     *
     * @throws IOException one line: what cannot be read, or what is wrong with the files that the operator brought
     */
    public static Optional<Certificate> read(CertificateStore store, Site site, Instant now) throws IOException {
        Configuration.CertificateFiles files = site.files();
        if (files != null) {
            return Optional.of(new CertificateFiles(site, files).read(now));
        }
        SiteFolder folder = store.site(site.name());
        folder.requireReadable();
        return folder.generations().look(List.of(site.name()), now).map(Generation::certificate);
    }
}
