package dev.postern.certificate.policy;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is going to happen to the certificate of a site.
 *
 * @param due when it is to be renewed, the past where it is due; null where there is no certificate yet
 * @param nextAttempt the earliest instant at which an attempt is made: after back-off, Retry-After and rate limits
 * @param reason why then, in a few words
 * @param budgets what the rate limits of the issuer that is asked next still allow for this site
 */
public record SitePlan(
        String site,
        @Nullable String issuer,
        @Nullable Instant due,
        Instant nextAttempt,
        String reason,
        List<Budget> budgets) {
    /**
     * One rate limit.
     *
     * @param limit as the CA calls it: {@code certificates per registered domain}
     * @param of whose it is: {@code example.com}; empty for the account
     * @param left how many more are allowed now
     * @param nextAt when one more than {@code left} is allowed; null where it is full
     */
    public record Budget(
            String limit,
            String of,
            int left,
            int max,
            @Nullable Instant nextAt) {}
}
