package dev.postern.time;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time that decisions about certificates go by: the clock of this host, corrected by what the CAs say where that is
 * known to be off, for the CAs sign the dates. Any thread.
 */
public final class CaTime implements InstantSource {
    private static final Logger LOG = LoggerFactory.getLogger(CaTime.class);

    /** The word of one CA is not believed more than this: a wrong answer must not age all certificates by years. */
    private static final Duration MOST = Duration.ofHours(24);

    // Asked for each site: Java negates a duration by dividing large numbers.
    private static final Duration LEAST = MOST.negated();

    /** Clocks differ a little, and what is signed by one of them is not thrown away for that. */
    private static final Duration TOLERANCE = Duration.ofMinutes(5);

    /** From here on an operator should know: others than we go by this clock, too. */
    private static final Duration WORTH_SAYING = Duration.ofMinutes(5);

    private static final Duration SAID_AGAIN = Duration.ofHours(1);

    private final InstantSource clock;
    private final ClockSkew skew;
    private final MonotonicClock elapsed;
    // Null until it was said first.
    @GuardedBy("this") private @Nullable Long saidAt;

    /** @param clock that of this host */
    public CaTime(InstantSource clock, ClockSkew skew, MonotonicClock elapsed) {
        this.clock = clock;
        this.skew = skew;
        this.elapsed = elapsed;
    }

    @Override
    public Instant instant() {
        return clock.instant().plus(correction());
    }

    private Duration correction() {
        Duration known = skew.current().orElse(Duration.ZERO);
        if (skew.isProven()) {
            return known;
        }
        if (known.compareTo(MOST) > 0) {
            return MOST;
        }
        return known.compareTo(LEAST) < 0 ? LEAST : known;
    }

    /** The earlier of both times: only what has expired by this one has expired by both. */
    public Instant earliest() {
        Instant local = clock.instant();
        Duration correction = correction();
        return correction.isNegative() ? local.plus(correction) : local;
    }

    /** The later of both times: what has not begun by this one has begun by neither. */
    public Instant latest() {
        Instant local = clock.instant();
        Duration correction = correction();
        return correction.isNegative() ? local : local.plus(correction);
    }

    /** Until when a certificate of this CA may begin, to be of use now: by its clock or by ours. */
    public Instant latestBeginning(String issuer) {
        Instant local = clock.instant();
        // Who said nothing of the time yet may be right, and ours be wrong: as much as is believed at all.
        Instant theirs = skew.timeOf(issuer).map(time -> time.plus(TOLERANCE)).orElse(local.plus(MOST));
        return theirs.isAfter(local) ? theirs : local.plus(TOLERANCE);
    }

    /** As {@link #earliest}, where even what only one CA says of the time is believed. */
    public Instant earliestHeard() {
        Duration known = skew.current().orElse(Duration.ZERO);
        return known.isNegative() ? clock.instant().plus(known) : clock.instant();
    }

    /** What the clock of this host shows at an instant of the CAs': alarms are set by that one. */
    public Instant onThisHost(Instant instant) {
        Duration correction = correction();
        return correction.isZero() || instant.equals(Instant.MIN) ? instant : instant.minus(correction);
    }

    /** Says once an hour that the clock is wrong, for as long as it is. */
    public synchronized void report() {
        Optional<ClockSkew.Measured> found =
                skew.measured().filter(it -> it.skew().abs().compareTo(WORTH_SAYING) > 0);
        if (found.isEmpty()) {
            saidAt = null;
            return;
        }
        long now = elapsed.nanoTime();
        if (saidAt == null || now - saidAt >= SAID_AGAIN.toNanos()) {
            saidAt = now;
            Duration off = found.get().skew();
            LOG.error(
                    "the clock of this host is {} {} the CA {}; set it (certificates are looked after by the CA's time{})",
                    TimeText.of(off.abs()),
                    off.isNegative() ? "ahead of" : "behind",
                    found.get().issuer(),
                    skew.isProven() ? "" : ", as long as nothing confirms it at most " + TimeText.of(MOST) + " off");
        }
    }
}
