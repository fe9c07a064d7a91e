package dev.postern.certificate.operate;

import dev.postern.certificate.care.CertificateStatus;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssuerAccount;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.certificate.policy.SitePlan;
import dev.postern.pki.Certificate;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an operator may ask of the care of certificates, beside what it does by itself. Blocking, up to the deadline of an
 * order; any thread but an event loop's. An order that runs for a site already is waited for, and counts.
 */
public interface CertificateOperations {
    /** No site of this name gets its certificate from an issuer. */
    final class NoSuchSite extends Exception {
        private static final long serialVersionUID = 1;

        NoSuchSite(String message) {
            super(message);
        }
    }

    List<CertificateStatus> list();

    /**
     * Whether something is to be done for a site.
     *
     * @param isDue by the policy, were back-off and limits not in the way
     * @param nextAttempt when they are not; the present where nothing is in the way
     * @param reason of the wait until then
     */
    record Dueness(boolean isDue, Instant nextAttempt, String reason) {}

    Dueness dueness(String site) throws NoSuchSite;

    /**
     * Orders a certificate now, due or not, without regard to our own back-off; the rate limits of the CA are kept to.
     *
     * @param insists whether the CA is asked even where it, or its limits, keep us away
     * @throws IssueFailure as the automatic care would log it; the failure is counted
     */
    CertificateStatus order(String site, boolean insists) throws NoSuchSite, IssueFailure, InterruptedException;

    /**
     * Goes through a whole issuance at the staging directory of the site's issuer, through the live challenge port;
     * installs nothing and leaves no trace in the store but the account at the staging directory.
     *
     * @return what was done, line by line
     */
    List<String> rehearse(String site) throws NoSuchSite, IssueFailure, InterruptedException;

    /** Serves the generation before the current one, and renews nothing of its own accord for a day. */
    CertificateStatus rollback(String site) throws NoSuchSite, IOException;

    /** Revokes the certificate that is served, and orders another one. */
    CertificateStatus revoke(String site, RevocationReason reason)
            throws NoSuchSite, IssueFailure, InterruptedException;

    /** Revokes a certificate of the site that is not served any more; what is served stays. */
    CertificateStatus revokeOlder(String site, String serial, RevocationReason reason)
            throws NoSuchSite, IssueFailure, IOException, InterruptedException;

    /** For a key that leaked: a new key and certificate, seen by a client, and only then the old one revoked. */
    CertificateStatus rekey(String site) throws NoSuchSite, IssueFailure, IOException, InterruptedException;

    /**
     * Takes a certificate that another program had, as the newest generation of its site, and serves it. An order that is
     * under way goes on: what it brings is newer.
     *
     * @param account URL of the account that ordered it; null where nobody knows
     * @return the number of the generation
     */
    int adopt(Certificate certificate, @Nullable String account) throws NoSuchSite, IOException;

    /** Reads the store again for a site whose files somebody else has changed. */
    CertificateStatus reload(String site) throws NoSuchSite;

    List<SitePlan> plan();

    /** The whole decision, in words. */
    List<String> explain(String site) throws NoSuchSite;

    /** Accounts of all issuers that have any. */
    List<IssuerAccount> accounts();
}
