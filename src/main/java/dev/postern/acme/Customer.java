package dev.postern.acme;

import dev.postern.certificate.store.Store;
import dev.postern.time.Clocks;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Who we are to a CA, and for how long we wait for one.
 *
 * @param email told to the CA as the contact; null for a CA that does not insist
 * @param store has our account at each of them
 * @param exchange the deadline of one exchange, body included
 * @param step the deadline of each of: all authorizations, getting ready, finalizing
 */
public record Customer(
        @Nullable String email, boolean agreeToTerms, Store store, Clocks clocks, Duration exchange, Duration step) {
    /** Let's Encrypt under load answers within ten seconds. */
    private static final Duration EXCHANGE = Duration.ofSeconds(30);

    /** Let's Encrypt validates within seconds. */
    private static final Duration STEP = Duration.ofMinutes(5);

    public Customer(@Nullable String email, boolean agreeToTerms, Store store, Clocks clocks) {
        this(email, agreeToTerms, store, clocks, EXCHANGE, STEP);
    }
}
