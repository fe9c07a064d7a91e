package dev.postern.simulation;

import dev.postern.simulation.FavourableTimes.Span;
import java.time.Duration;
import java.time.Instant;

/**
 * How long a favourable time has to be for a certificate to come in it: what the care of certificates promises, worked out
 * from the promise and not from its code. Each allowance is one that a favourable time may really need.
 */
final class Patience {
    /** Nobody is asked more than daily, give or take a tenth, as long as it is not urgent. */
    private static final Duration DAILY = Duration.ofMinutes(24 * 66);

    /** In the last tenth of a life, and where there is none, it is hourly, give or take a tenth. */
    private static final Duration HOURLY = Duration.ofMinutes(66);

    /** Nor is one who has failed kept waiting longer than an eighth of what is left, give or take a tenth. */
    private static final double SHARE_OF_REST = 1.1 / 8;

    /** An order that was begun a moment before and hangs in what was wrong then ends after 15 min; ours takes as long. */
    private static final Duration ATTEMPTS = Duration.ofMinutes(30);

    /** So many attempts in a row may each meet a request that chance has hit; with a request in 25 hit, one run in 1500 does. */
    private static final int MOST_SPOILED = 8;

    /**
     * The other issuers are asked when the preferred one has failed for an eighth of the time from when a renewal is due to
     * the end, and at least four times: which is so much of a whole life, or so much of a short one.
     */
    private static final int OTHERS_SHARE = 22;

    private static final int OTHERS_SHARE_OF_SHORT = 15;

    /** Up to this life a certificate is renewed at its half. */
    private static final Duration SHORT_LIFE = Duration.ofDays(10);

    private final Duration life;

    Patience(Duration life) {
        this.life = life;
    }

    /**
     * @param span in which the certificate could be had
     * @param notAfter the end of the one before
     * @param isPreferred whether the preferred issuer could give it; else another one can
     * @param hits how many requests were hit by chance in the span: each may cost an attempt
     * @param behind how far our clock was behind at most: all that is set by dates is late by as much
     */
    boolean isOver(Span span, Instant notAfter, boolean isPreferred, int hits, Duration behind) {
        Duration left = Duration.between(span.from(), notAfter).plus(behind);
        Duration untilUrgent = left.minus(life.dividedBy(10));
        if (untilUrgent.isNegative()) {
            untilUrgent = Duration.ZERO;
        }
        Duration others = Duration.ZERO;
        if (!isPreferred) {
            others = life.dividedBy(life.compareTo(SHORT_LIFE) <= 0 ? OTHERS_SHARE_OF_SHORT : OTHERS_SHARE);
            // Once it is urgent, all of them are asked.
            others = shorter(others.plus(DAILY), untilUrgent);
        }
        int attempts = 1 + Math.min(hits, MOST_SPOILED);
        Duration rest = Duration.ofMillis((long) (left.toMillis() * SHARE_OF_REST));
        Duration ordinary = shorter(rest, DAILY).plus(ATTEMPTS).multipliedBy(attempts);
        Duration urgent = shorter(rest, HOURLY).plus(ATTEMPTS).multipliedBy(attempts);
        Duration needed =
                shorter(ordinary, untilUrgent.plus(urgent)).plus(others).plus(behind);
        return span.length().compareTo(needed) >= 0;
    }

    /** How long a site without a certificate may stay so. */
    static Duration withNothing(int hits) {
        return HOURLY.plus(ATTEMPTS).multipliedBy(1 + Math.min(hits, MOST_SPOILED));
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }
}
