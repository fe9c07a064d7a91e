package dev.postern.certificate.issuer;

import dev.postern.config.RateLimits;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import java.util.Optional;

/**
 * A CA, seen from {@code Renewals}: give it names, get a certificate.
 *
 * <p>Blocking, and slow: called on a thread of {@code Renewals}, never on an event loop. Safe for use by several
 * threads at once. Every step has a deadline of its own; an interrupt ends the wait and leaves the journal as it is, so
 * that the next call resumes the order.
 */
public interface CertificateIssuer {
    /** As in {@code acme.issuers}; also the name of its folder under {@code certs/accounts/}. */
    String name();

    /** Whether this CA could certify all names of the site at all: a public CA cannot certify {@code app.internal}. */
    boolean mayCertify(Site site);

    /**
     * Obtains a certificate for exactly {@code request.names()}. Where {@code journal} holds an unfinished order of this
     * issuer for the same names, that order is resumed instead of a new one being made.
     *
     * @throws IssueFailure with whose fault it is and when to come back
     */
    IssuedCertificate issue(CertificateRequest request, OrderJournal journal) throws IssueFailure, InterruptedException;

    /**
     * Finds out whether all of {@code request.names()} can be proven, and asks for no certificate.
     *
     * @param journal of this one order; it holds none yet
     * @throws IssueFailure where some cannot: its {@link IssueFailure#blamed} says which
     */
    default void prove(CertificateRequest request, OrderJournal journal) throws IssueFailure, InterruptedException {}

    /**
     * When the CA would like {@code certificate}, one of its own that is not expired, to be renewed
     * (<a href="https://datatracker.ietf.org/doc/html/rfc9773">RFC 9773</a>). Empty where the CA has no such wishes.
     */
    default Optional<SuggestedWindow> suggestedWindow(Certificate certificate)
            throws IssueFailure, InterruptedException {
        return Optional.empty();
    }

    /** Whether its certificates are dated by the clock of this host, and by no other. */
    default boolean goesByOurClock() {
        return false;
    }

    /** Which published rate limits are to be kept to. */
    default RateLimits limits() {
        return RateLimits.NONE;
    }

    /**
     * The same CA for trying things out, whose limits are wide and whose certificates nobody trusts; itself where it does
     * not matter how many it signs.
     */
    default Optional<CertificateIssuer> staging() {
        return Optional.empty();
    }

    /** Whether {@link #revoke} can ever succeed. */
    default boolean revokes() {
        return false;
    }

    /**
     * Tells the world not to trust {@code certificate} any more; succeeds where it was revoked before. Signed with the
     * key of the certificate, so that it works whichever account ordered it.
     */
    default void revoke(Certificate certificate, RevocationReason reason) throws IssueFailure, InterruptedException {
        throw new IssueFailure(
                IssueFailure.Fault.CA,
                name() + ": certificates of this issuer cannot be revoked; they are short-lived",
                null);
    }

    /** Empty where the issuer knows no accounts. */
    default Optional<IssuerAccount> account() {
        return Optional.empty();
    }
}
