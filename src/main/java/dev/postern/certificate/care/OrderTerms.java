package dev.postern.certificate.care;

import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.limits.Ledger;
import dev.postern.certificate.limits.Ledgers;
import dev.postern.certificate.policy.Opening;
import dev.postern.certificate.policy.Suggestion;
import dev.postern.certificate.store.SiteStore;
import dev.postern.pki.Certificate;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The terms on which each issuer would take an order of a site at one instant: what it would be to its limits, what it
 * would replace, and from when on. Made of the {@link SiteState} and used with it; may read the files of the site.
 */
public final class OrderTerms {
    private static final Logger LOG = LoggerFactory.getLogger(OrderTerms.class);

    private final String site;
    private final List<String> wanted;
    private final SiteStore folder;
    private final SiteCertificate certificate;
    private final @Nullable Suggestion suggestion;
    private final Ledgers ledgers;
    private final Instant now;

    /**
     * @param names that an order would be for
     * @param suggestion what the CA of the certificate said of when to renew it; null where it said nothing
     */
    OrderTerms(
            String site,
            List<String> names,
            SiteStore folder,
            SiteCertificate certificate,
            @Nullable Suggestion suggestion,
            Ledgers ledgers,
            Instant now) {
        this.site = site;
        this.wanted = names;
        this.folder = folder;
        this.certificate = certificate;
        this.suggestion = suggestion;
        this.ledgers = ledgers;
        this.now = now;
    }

    /** What an order at this issuer would be to its limits. */
    Ledger.Kind kind(String issuer) {
        Certificate has = certificate.get();
        if (has == null
                || !has.issuer().equals(issuer)
                || has.names().size() != wanted.size()
                || !has.names().containsAll(wanted)) {
            return Ledger.Kind.FIRST;
        }
        boolean suggested = suggestion != null
                && suggestion.window() != null
                && suggestion.serial().equals(has.serialText())
                && replaced(issuer) != null;
        return suggested ? Ledger.Kind.REPLACEMENT : Ledger.Kind.RENEWAL;
    }

    /**
     * What an order at this issuer takes the place of: the certificate there is, where it is the issuer's, not expired,
     * and known to be of which account; null otherwise, for the CA would refuse.
     */
    CertificateRequest.@Nullable Replaced replaced(String issuer) {
        Certificate has = certificate.get();
        if (has == null
                || !has.issuer().equals(issuer)
                || has.isExpired(now)
                || wanted.stream().noneMatch(has.names()::contains)) {
            return null;
        }
        String account = certificate.account();
        return account == null ? null : new CertificateRequest.Replaced(has.leaf(), account);
    }

    /** When this issuer may be asked, as far as it depends on the names of the site. */
    Opening names(String issuer) {
        Opening names = ledgers.of(issuer).names(wanted, kind(issuer), now);
        return names.isOpen(now) || !isFinalized(issuer) ? names : Opening.NOW;
    }

    /** Whether there is an order to be resumed whose certificate was counted already. */
    private boolean isFinalized(String issuer) {
        try {
            return folder.journal(issuer)
                    .read()
                    .filter(entry -> entry.keyPem() != null && entry.names().equals(wanted))
                    .isPresent();
        } catch (IOException e) {
            LOG.debug("{}: reading order.json", site, e);
            return false;
        }
    }

    /** When our account at this issuer may be used for the site: what the CA said of it, and its limits. */
    public Opening account(String issuer) {
        return ledgers.of(issuer).account(kind(issuer), now);
    }

    /** When this issuer may be asked, all in all. */
    Opening all(String issuer) {
        return names(issuer).and(account(issuer));
    }
}
