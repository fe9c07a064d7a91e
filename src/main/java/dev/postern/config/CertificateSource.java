package dev.postern.config;

import dev.postern.config.Configuration.CertificateFiles;

/** Where the certificate of a site comes from. */
public sealed interface CertificateSource
        permits CertificateSource.Issued,
                CertificateSource.None,
                CertificateSource.OfSite,
                CertificateSource.OfServers,
                CertificateFiles {
    /** From one of {@code acme.issuers}, which are asked for it. */
    CertificateSource ISSUED = new Issued();

    /** Nowhere: the site is served over HTTP only. */
    CertificateSource NONE = new None();

    /** See {@link #ISSUED}. */
    record Issued() implements CertificateSource {}

    /** See {@link #NONE}. */
    record None() implements CertificateSource {}

    /**
     * Its servers show their own: connections are passed on to them unopened (SNI passthrough).
     *
     * @param backend whose servers they are
     */
    record OfServers(@InFile(key = "passthrough") String backend) implements CertificateSource {}

    /** That of another site, which covers its names as well. */
    record OfSite(String site) implements CertificateSource {}
}
