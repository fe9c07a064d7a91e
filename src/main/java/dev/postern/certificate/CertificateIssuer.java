package dev.postern.certificate;

/**
 * A CA, seen from {@link Renewals}: give it names, get a certificate.
 *
 * <p>Blocking, and slow: called on a thread of {@link Renewals}, never on an event loop. Safe for use by several
 * threads at once. Every step has a deadline of its own; an interrupt ends the wait and leaves the journal as it is, so
 * that the next call resumes the order.
 */
public interface CertificateIssuer {
    /** As in {@code acme.issuers}; also the name of its folder under {@code certs/accounts/}. */
    String name();

    /** Whether this CA could certify the name at all: a public CA cannot certify {@code app.internal}. */
    boolean mayCertify(String serverName);

    /**
     * Obtains a certificate for exactly {@code request.names()}. Where {@code journal} holds an unfinished order of this
     * issuer for the same names, that order is resumed instead of a new one being made.
     *
     * @throws IssueFailure with whose fault it is and when to come back
     */
    IssuedCertificate issue(CertificateRequest request, OrderJournal journal) throws IssueFailure, InterruptedException;
}
