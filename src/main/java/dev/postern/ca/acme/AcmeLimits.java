package dev.postern.ca.acme;

import java.time.Duration;
import java.util.function.UnaryOperator;

/**
 * How much a client may ask for. Each limit is a bucket that holds {@code count} and refills evenly over its window, as
 * at <a href="https://letsencrypt.org/docs/rate-limits/">Let's Encrypt</a>, and with its exceptions: an order that
 * {@code replaces} a certificate is free, and names that were certified together before count as an exact set only.
 *
 * @param pauseAfter consecutive failed validations until an account may not order a name before somebody unpauses it
 * @param registeredDomain from a name to the domain that somebody registered
 */
public record AcmeLimits(
        Rate ordersPerAccount,
        Rate certificatesPerDomain,
        Rate certificatesPerSet,
        Rate failuresPerName,
        int pauseAfter,
        UnaryOperator<String> registeredDomain) {
    /** {@code count} at once, then one each {@code window / count}. */
    public record Rate(int count, Duration window) {
        public static final Rate UNLIMITED = new Rate(Integer.MAX_VALUE, Duration.ZERO);

        boolean isUnlimited() {
            return count == Integer.MAX_VALUE;
        }

        Duration interval() {
            return window.dividedBy(count);
        }
    }

    public static final AcmeLimits NONE = new AcmeLimits(
            Rate.UNLIMITED,
            Rate.UNLIMITED,
            Rate.UNLIMITED,
            Rate.UNLIMITED,
            Integer.MAX_VALUE,
            UnaryOperator.identity());

    /** The published ones of 2026. */
    public static AcmeLimits likeLetsEncrypt(UnaryOperator<String> registeredDomain) {
        return new AcmeLimits(
                new Rate(300, Duration.ofHours(3)),
                new Rate(50, Duration.ofDays(7)),
                new Rate(5, Duration.ofDays(7)),
                new Rate(5, Duration.ofHours(1)),
                1152,
                registeredDomain);
    }
}
