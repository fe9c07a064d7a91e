package dev.postern.config;

import dev.postern.config.Configuration.CertificateFiles;

/** Where the certificate of a site comes from. */
public sealed interface CertificateSource
        permits CertificateSource.Issued, CertificateSource.None, CertificateSource.OfSite, CertificateFiles {
    /** From one of {@code acme.issuers}, which are asked for it. */
    CertificateSource ISSUED = new Issued();

    /** Nowhere: the site is served over HTTP only. */
    CertificateSource NONE = new None();

    /** See {@link #ISSUED}. */
    record Issued() implements CertificateSource {}

    /** See {@link #NONE}. */
    record None() implements CertificateSource {}

    /** That of another site, which covers its names as well. */
    record OfSite(String site) implements CertificateSource {}
}
