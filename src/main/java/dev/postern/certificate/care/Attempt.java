package dev.postern.certificate.care;

import dev.postern.certificate.issuer.IssueFailure;

/** An attempt to get a certificate for a site, as those see it whom it concerns and who do not make it. Any thread. */
interface Attempt {
    SiteRecord record();

    /** Since it was made. */
    long elapsedNanos();

    /** Whether it was given up, so that nothing that comes of it counts. */
    boolean isAbandoned();

    /**
     * Interrupts it and keeps it from writing to the journal any more, for the next one may be using it.
     *
     * @return whether it will never begin, so that nobody but the caller reports its end
     */
    boolean abandon();

    /** @throws IssueFailure where another holder of the store has taken the site over: then no CA is asked */
    void requireLeading() throws IssueFailure;

    /** What the queue let through is in the ledger, or will not be sent. */
    void charged();
}
