package dev.postern.certificate;

import dev.postern.config.Configuration.Site;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the table presents the certificate of a site: published while it is good, withdrawn when it has expired. Whoever
 * owns it guards it: the record of the site, or the files of the operator.
 *
 * <p>Every {@code now} here is the earlier one of what our clock and the CAs' say: a clock that is ahead must not take a
 * good certificate away.
 */
final class Publication {
    private static final Logger LOG = LoggerFactory.getLogger(Publication.class);

    private final Site site;
    private boolean published;
    // Written under the owner's monitor; read by any thread.
    private volatile boolean retired;

    Publication(Site site) {
        this.site = site;
    }

    boolean isPublished() {
        return published;
    }

    /** From now on the names are no longer its own: what the table presents for them is not its business. */
    void retire() {
        retired = true;
        published = false;
    }

    boolean isRetired() {
        return retired;
    }

    /** Somebody else has put it into the table, together with others. */
    void wasPublished() {
        published = true;
    }

    /** Shows what was read: a certificate that is good now, or nothing. */
    void show(@Nullable Certificate certificate, CertificateTable table, Instant now) {
        if (retired) {
            return;
        }
        if (certificate == null || certificate.isExpired(now)) {
            withdraw(table);
        } else {
            publish(certificate, table);
        }
    }

    /** Follows the dates of the certificate it shows, also where the clock was set back. */
    void follow(Certificate certificate, CertificateTable table, Instant now) {
        if (retired) {
            return;
        }
        boolean expired = certificate.isExpired(now);
        if (expired && published) {
            withdraw(table);
            LOG.error(
                    "{}: the certificate expired on {}; withdrawn, handshakes are refused until a new one is there",
                    site.name(),
                    certificate.notAfter());
        } else if (!expired && !published) {
            publish(certificate, table);
        }
    }

    /**
     * For those names of the site that it covers; the others present nothing. Clients that name nobody's site get it
     * though no certificate covers what they have named: the operator has said so.
     */
    void publish(Certificate certificate, CertificateTable table) {
        if (retired) {
            return;
        }
        List<String> names = site.servedNames();
        List<String> covered = names.stream()
                .filter(name -> name.equals(Site.ANY) || certificate.covers(name))
                .toList();
        table.publish(covered, certificate);
        if (covered.size() < names.size()) {
            table.withdraw(
                    names.stream().filter(name -> !covered.contains(name)).toList());
        }
        published = true;
    }

    private void withdraw(CertificateTable table) {
        table.withdraw(site.servedNames());
        published = false;
    }
}
