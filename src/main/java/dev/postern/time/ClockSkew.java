package dev.postern.time;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How far the clock of this host is from those of the CAs, which sign the dates of our certificates. Any thread.
 *
 * <p>One answer may be wrong, so that a difference counts only once two in a row agree on it. One CA may be wrong for
 * long: that it is right is proven by a certificate it has just dated, or by another CA.
 */
public final class ClockSkew {
    /** Whole seconds in the header, and an answer that took long: less than this says nothing. */
    private static final Duration NOISE = Duration.ofMinutes(1);

    /** What was measured so much earlier than something else is compared with it no more. */
    private static final Duration COMPARABLE = Duration.ofDays(1);

    /** CAs date back what they sign: by an hour as a rule, by a day at most. */
    private static final Duration DATED_BACK = Duration.ofHours(26);

    private final InstantSource clock;
    private final Map<String, Duration> latest = new HashMap<>();
    private final Map<String, Measured> agreed = new HashMap<>();
    // A skew for which there is more evidence than the word of one CA.
    private @Nullable Duration proven;
    // What follows from these three: asked for far more often than they change.
    private Optional<Measured> measured = Optional.empty();

    /**
     * What two answers in a row agree on.
     *
     * @param skew CA's time minus ours
     * @param at when, by our clock
     */
    record Measured(String issuer, Duration skew, Instant at) {}

    public ClockSkew(InstantSource clock) {
        this.clock = clock;
    }

    /**
     * An answer of a CA came.
     *
     * @param issuer which CA
     * @param date its {@code Date} header: whole seconds, and as old as the answer took to arrive
     */
    public synchronized void observe(String issuer, Instant date) {
        Instant now = clock.instant();
        Duration skew = Duration.between(now, date);
        Duration before = latest.put(issuer, skew);
        if (before != null && before.minus(skew).abs().compareTo(NOISE) < 0) {
            agreed.put(issuer, new Measured(issuer, skew, now));
            boolean saidByAnother = latest.entrySet().stream()
                    .anyMatch(other -> !other.getKey().equals(issuer)
                            && other.getValue().minus(skew).abs().compareTo(NOISE) < 0);
            if (saidByAnother) {
                proven = skew;
            }
            measured = measure();
        }
    }

    /**
     * A certificate came that this CA has just made: where it is dated by the time of which the CA's answers speak, that
     * is the time it signs by.
     */
    public synchronized void signed(String issuer, Instant notBefore) {
        Measured found = agreed.get(issuer);
        if (found != null) {
            Instant theirs = clock.instant().plus(found.skew());
            if (!notBefore.isAfter(theirs.plus(NOISE)) && notBefore.isAfter(theirs.minus(DATED_BACK))) {
                proven = found.skew();
                measured = measure();
            }
        }
    }

    /** What time it is for this CA, as it said last; empty where it said nothing yet. */
    synchronized Optional<Instant> timeOf(String issuer) {
        return Optional.ofNullable(latest.get(issuer)).map(clock.instant()::plus);
    }

    /** Whether {@link #current} is more than the word of one CA. */
    public synchronized boolean isProven() {
        return measured.filter(this::isProven).isPresent();
    }

    private boolean isProven(Measured found) {
        return proven != null && proven.minus(found.skew()).abs().compareTo(NOISE) < 0;
    }

    /** The clock of this host was set: what was measured with it means nothing any more. */
    public synchronized void forget() {
        latest.clear();
        agreed.clear();
        proven = null;
        measured = Optional.empty();
    }

    /** CA's time minus ours, where it is known and larger than what networks and whole seconds explain. */
    public synchronized Optional<Duration> current() {
        return measured.map(Measured::skew);
    }

    /** Where CAs disagree: what is proven; else the one closest to our clock, which has a vote, too. */
    synchronized Optional<Measured> measured() {
        return measured;
    }

    private Optional<Measured> measure() {
        Instant newest = agreed.values().stream()
                .map(Measured::at)
                .max(Comparator.naturalOrder())
                .orElse(Instant.MIN);
        return agreed.values().stream()
                .filter(found -> !found.at().isBefore(newest.equals(Instant.MIN) ? newest : newest.minus(COMPARABLE)))
                .min(Comparator.comparing((Measured found) -> !isProven(found))
                        .thenComparing(found -> found.skew().abs()))
                .filter(found -> found.skew().abs().compareTo(NOISE) >= 0);
    }
}
