package dev.postern.certificate;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * When a certificate is renewed: a pure function of its dates, of what has been tried, and of the time. Nothing in it
 * knows how long certificates usually live; that changes every year.
 */
final class RenewalPolicy {
    /**
     * The ladder of Let's Encrypt's integration guide: a hiccup is over after a minute, a mistake in DNS after an hour or
     * two, and what lasts longer is not helped by asking more often than daily.
     */
    private static final List<Duration> BACK_OFF =
            List.of(Duration.ofMinutes(1), Duration.ofMinutes(10), Duration.ofMinutes(100), Duration.ofHours(24));

    /** Where the site has no certificate to serve, or soon none: the longest we stay away. */
    private static final Duration URGENT_BACK_OFF = Duration.ofHours(1);

    /** So that even the shortest life leaves room for several attempts. */
    private static final int ATTEMPTS_LEFT = 8;

    /** The shortest wait after a failure, however little life is left. */
    private static final Duration LEAST_BACK_OFF = Duration.ofSeconds(5);

    /** No published rate limit has a longer period; a longer Retry-After is cut to it. */
    static final Duration LONGEST_PAUSE = Duration.ofDays(7);

    /** Let's Encrypt allows 5 failed validations per name and hour; two are left for whoever else asks. */
    private static final int NAME_FAILURES_PER_HOUR = 3;

    /** Up to this life a certificate is renewed at its half instead of at two thirds. */
    private static final Duration SHORT_LIFE = Duration.ofDays(10);

    private RenewalPolicy() {}

    sealed interface Decision {
        String reason();

        /** Nothing to do before {@code until}. */
        record Wait(Instant until, String reason) implements Decision {}

        /** Ask the preferred issuer. */
        record Renew(String reason) implements Decision {}

        /** Ask every issuer in turn: the site has nothing to serve, or soon nothing. */
        record Emergency(String reason) implements Decision {}
    }

    /** @param renewAt the instant drawn for this generation */
    record Life(Instant notBefore, Instant notAfter, Instant renewAt) {
        /** A tenth of the life before its end; not before it is due, or what comes with less left never ends. */
        Instant emergencyAt() {
            return later(notAfter.minus(Duration.between(notBefore, notAfter).dividedBy(10)), renewAt);
        }
    }

    /** Somewhere in 64–68 % of the life, or in 48–52 % of a short one: spread, so that sites do not renew in step. */
    static Instant pick(Instant notBefore, Instant notAfter, RandomGenerator random) {
        Duration life = Duration.between(notBefore, notAfter);
        double from = life.compareTo(SHORT_LIFE) <= 0 ? 0.48 : 0.64;
        double share = from + 0.04 * random.nextDouble();
        return notBefore.plusMillis((long) (life.toMillis() * share));
    }

    /** What a back-off is multiplied with. */
    static double spread(RandomGenerator random) {
        return 0.9 + 0.2 * random.nextDouble();
    }

    /**
     * Decides for one site at one instant.
     *
     * @param life of the certificate the site has, expired or not; null where it has none
     * @param issuers those that may certify the site, in order of preference
     */
    static Decision decide(@Nullable Life life, RenewalHistory history, List<String> issuers, Instant now) {
        boolean emergency;
        if (life == null) {
            emergency = history.failures() > 0;
        } else {
            emergency = !now.isBefore(life.emergencyAt());
        }
        if (life != null && !emergency && now.isBefore(life.renewAt())) {
            Instant until = earlier(life.renewAt(), life.emergencyAt());
            return new Decision.Wait(until, "not due yet");
        }
        Instant allowed = later(backOff(life, history, emergency, now), pause(history, issuers, emergency, now));
        allowed = later(allowed, nameFailures(history, now));
        if (now.isBefore(allowed)) {
            Instant until = allowed;
            if (life != null && now.isBefore(life.emergencyAt())) {
                // Once it is urgent, a long back-off does not count any more: look again then.
                until = earlier(allowed, life.emergencyAt());
            }
            return new Decision.Wait(until, "waiting after failure " + history.failures());
        }
        if (life == null) {
            String reason = "no certificate yet";
            return emergency ? new Decision.Emergency(reason) : new Decision.Renew(reason);
        }
        if (emergency) {
            return new Decision.Emergency(
                    now.isBefore(life.notAfter()) ? "less than a tenth of its life left" : "expired");
        }
        return new Decision.Renew(
                life.renewAt().equals(Instant.MIN) ? "not for the names of the site" : "due since " + life.renewAt());
    }

    /** The end of the wait after the last failure. */
    private static Instant backOff(@Nullable Life life, RenewalHistory history, boolean emergency, Instant now) {
        RenewalHistory.Failure last = history.last();
        // A failure in the future was dated by a clock that was wrong then: it says nothing about now.
        if (last == null || last.at().isAfter(now)) {
            return Instant.MIN;
        }
        int step = Math.min(Math.max(history.failures(), 1), BACK_OFF.size()) - 1;
        Duration wait = Duration.ofMillis((long) (BACK_OFF.get(step).toMillis() * last.spread()));
        boolean servesNothing = life == null || !now.isBefore(life.notAfter());
        if ((life != null && emergency) || servesNothing) {
            wait = shorter(wait, URGENT_BACK_OFF);
        }
        if (life != null && last.at().isBefore(life.notAfter())) {
            Duration remaining = Duration.between(last.at(), life.notAfter());
            wait = shorter(wait, remaining.dividedBy(ATTEMPTS_LEFT));
        }
        return last.at().plus(wait.compareTo(LEAST_BACK_OFF) < 0 ? LEAST_BACK_OFF : wait);
    }

    /** The end of the Retry-After of the issuer that would be asked; of the first to be free where all would be. */
    private static Instant pause(RenewalHistory history, List<String> issuers, boolean emergency, Instant now) {
        Instant free = Instant.MAX;
        for (String issuer : emergency ? issuers : issuers.subList(0, Math.min(1, issuers.size()))) {
            free = earlier(free, pausedUntil(history, issuer, now));
        }
        return free.equals(Instant.MAX) ? Instant.MIN : free;
    }

    static Instant pausedUntil(RenewalHistory history, String issuer, Instant now) {
        Instant until = history.pauses().getOrDefault(issuer, Instant.MIN);
        // Set by a clock that was wrong then.
        return until.isAfter(now.plus(LONGEST_PAUSE)) ? Instant.MIN : until;
    }

    private static Instant nameFailures(RenewalHistory history, Instant now) {
        List<Instant> recent = history.nameFailures().stream()
                .filter(at -> !at.isAfter(now)
                        && at.plus(RenewalHistory.NAME_FAILURE_WINDOW).isAfter(now))
                .sorted()
                .toList();
        return recent.size() < NAME_FAILURES_PER_HOUR
                ? Instant.MIN
                : recent.get(recent.size() - NAME_FAILURES_PER_HOUR).plus(RenewalHistory.NAME_FAILURE_WINDOW);
    }

    private static Instant earlier(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }

    private static Instant later(Instant a, Instant b) {
        return a.isAfter(b) ? a : b;
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }
}
