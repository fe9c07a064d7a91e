package dev.postern.certificate.policy;

import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.time.TimeText;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * When a certificate is renewed: a pure function of its dates, of what has been tried, and of the time. Nothing in it
 * knows how long certificates usually live; that changes every year.
 */
public final class RenewalPolicy {
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
    public static final Duration LONGEST_PAUSE = Duration.ofDays(7);

    /**
     * Who has failed for so long, by fault of its own, is not about to succeed: half of what CAs are asked comes from such
     * clients. However long a CA is away, its coming back is not missed by a week.
     */
    static final Duration HOPELESS_AFTER = Duration.ofDays(30);

    /** And that often: a host that was switched off for a month has not failed all the while. */
    private static final int HOPELESS_FAILURES = 10;

    /** How often a site is tried that has failed for {@link #HOPELESS_AFTER} and has nothing to serve. */
    private static final Duration HOPELESS_BACK_OFF = Duration.ofDays(7);

    /** Up to this life a certificate is renewed at its half instead of at two thirds. */
    private static final Duration SHORT_LIFE = Duration.ofDays(10);

    private RenewalPolicy() {}

    public sealed interface Decision {
        String reason();

        /** Nothing to do before {@code until}. */
        record Wait(Instant until, String reason) implements Decision {}

        /** Ask one of these issuers, or all in turn: those that may be asked now. */
        record Renew(String reason, IssuerChoice choice) implements Decision {}

        /** As {@link Renew}, and more: the site has nothing to serve, or soon nothing. */
        record Emergency(String reason, IssuerChoice choice) implements Decision {}
    }

    /** When an issuer may be asked for the site, beside what it said of the site itself: its rate limits. */
    public interface Openings {
        /** None of the issuers has any limits. */
        Openings ALWAYS = issuer -> Opening.NOW;

        Opening of(String issuer);
    }

    /**
     * @param renewAt the instant drawn for this generation
     * @param suggestedAt the instant drawn in the window that the CA suggested; null where it suggested none
     */
    public record Life(
            Instant notBefore,
            Instant notAfter,
            Instant renewAt,
            @Nullable Instant suggestedAt) {
        public Life(Instant notBefore, Instant notAfter, Instant renewAt) {
            this(notBefore, notAfter, renewAt, null);
        }

        /**
         * A tenth of the life before its end; not before it is due, or what comes with less left never ends. What the CA
         * suggested has no say in it: a late window must not push it.
         */
        public Instant emergencyAt() {
            return later(notAfter.minus(Duration.between(notBefore, notAfter).dividedBy(10)), renewAt);
        }

        /**
         * A fiftieth of the life before its end, at most a day: from then on one attempt is made whatever a CA or its limits
         * have against it. Who is right about a limit is the CA, and it may have been misunderstood.
         */
        public Instant lastCallAt() {
            Duration left = shorter(Duration.between(notBefore, notAfter).dividedBy(50), Duration.ofDays(1));
            return later(notAfter.minus(left), renewAt);
        }

        /** Whether that attempt is still to be made. */
        public boolean isLastCall(RenewalHistory history, Instant now) {
            RenewalHistory.Failure last = history.last();
            return !now.isBefore(lastCallAt())
                    && now.isBefore(notAfter)
                    && (last == null || last.at().isBefore(lastCallAt()));
        }

        /** When it is to be renewed: as the CA suggested, or else by its life. */
        public Instant dueAt() {
            return suggestedAt == null || renewAt.equals(AT_ONCE) ? renewAt : suggestedAt;
        }
    }

    /** For {@link Life#renewAt}: the certificate is not the one that the site needs. */
    public static final Instant AT_ONCE = Instant.MIN;

    /** Somewhere in 64–68 % of the life, or in 48–52 % of a short one: spread, so that sites do not renew in step. */
    public static Instant pick(Instant notBefore, Instant notAfter, RandomGenerator random) {
        Duration life = Duration.between(notBefore, notAfter);
        double from = life.compareTo(SHORT_LIFE) <= 0 ? 0.48 : 0.64;
        double share = from + 0.04 * random.nextDouble();
        return notBefore.plusMillis((long) (life.toMillis() * share));
    }

    /** What a back-off is multiplied with. */
    public static double spread(RandomGenerator random) {
        return 0.9 + 0.2 * random.nextDouble();
    }

    /**
     * Decides for one site at one instant.
     *
     * @param life of the certificate the site has, expired or not; null where it has none
     * @param issuers those that may certify the site, in order of preference
     */
    public static Decision decide(
            @Nullable Life life, RenewalHistory history, List<String> issuers, Openings openings, Instant now) {
        boolean emergency = life == null ? history.failures() > 0 : !now.isBefore(life.emergencyAt());
        Instant held = history.heldUntil(now);
        if (life != null && !emergency && now.isBefore(later(life.dueAt(), held))) {
            Instant until = earlier(later(life.dueAt(), held), life.emergencyAt());
            return new Decision.Wait(
                    until, held.isAfter(now) && held.isAfter(life.dueAt()) ? "held after a rollback" : "not due yet");
        }
        Instant rested = backOff(life, history, emergency, now);
        boolean lastCall = life != null && life.isLastCall(history, now);
        IssuerChoice choice = IssuerChoice.of(life, history, issuers, now).insisting(lastCall);
        Opening first = null;
        List<String> open = new ArrayList<>();
        for (String issuer : choice.issuers()) {
            Opening opening =
                    lastCall ? Opening.NOW : pause(history, issuer, now).and(openings.of(issuer));
            if (opening.isOpen(now)) {
                open.add(issuer);
            }
            first = first == null || opening.at().isBefore(first.at()) ? opening : first;
        }
        if (now.isBefore(rested) || (first != null && open.isEmpty())) {
            return first == null || open.size() > 0 || !first.at().isAfter(rested)
                    ? wait(life, rested, afterFailure(history), now)
                    : wait(life, widened(life, history, rested, first.at(), now), first.because(), now);
        }
        if (life == null) {
            String reason = "no certificate yet";
            return emergency
                    ? new Decision.Emergency(reason, choice.only(open))
                    : new Decision.Renew(reason, choice.only(open));
        }
        if (emergency) {
            return new Decision.Emergency(
                    lastCall
                            ? "about to expire: whatever a CA or its limits have against it"
                            : now.isBefore(life.notAfter()) ? "less than a tenth of its life left" : "expired",
                    choice.only(open));
        }
        return new Decision.Renew(due(life), choice.only(open));
    }

    private static String afterFailure(RenewalHistory history) {
        return history.failures() == 0
                ? "waiting a moment before other names are ordered"
                : "waiting after failure " + history.failures();
    }

    private static String due(Life life) {
        if (life.renewAt().equals(AT_ONCE)) {
            return "not for the names of the site";
        }
        return life.suggestedAt() == null
                ? "due since " + TimeText.at(life.renewAt())
                : "its CA suggests to renew it, since " + TimeText.at(life.suggestedAt());
    }

    private static Decision wait(@Nullable Life life, Instant until, String reason, Instant now) {
        if (life == null) {
            return new Decision.Wait(until, reason);
        }
        // Once it is urgent, a long back-off does not count any more, and before its end no limit does: look again
        // then.
        Instant look = now.isBefore(life.emergencyAt()) ? life.emergencyAt() : life.lastCallAt();
        return new Decision.Wait(now.isBefore(look) ? earlier(until, look) : until, reason);
    }

    /** Where other issuers come into question before this one does. */
    private static Instant widened(
            @Nullable Life life, RenewalHistory history, Instant rested, Instant until, Instant now) {
        if (life == null || !now.isBefore(IssuerChoice.widensAt(life, history))) {
            return until;
        }
        return earlier(until, later(rested, IssuerChoice.widensAt(life, history)));
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
        if (servesNothing && isHopeless(history, now)) {
            return last.at().plus(HOPELESS_BACK_OFF);
        }
        // A name that it lacks has nothing to serve; one that cannot be proven is not helped by being asked for.
        boolean lacksSomething =
                life != null && life.renewAt().equals(AT_ONCE) && last.fault() != IssueFailure.Fault.NAME;
        if ((life != null && emergency) || servesNothing || lacksSomething) {
            wait = shorter(wait, URGENT_BACK_OFF);
        }
        if (life != null && last.at().isBefore(life.notAfter())) {
            Duration remaining = Duration.between(last.at(), life.notAfter());
            wait = shorter(wait, remaining.dividedBy(ATTEMPTS_LEFT));
        }
        return last.at().plus(wait.compareTo(LEAST_BACK_OFF) < 0 ? LEAST_BACK_OFF : wait);
    }

    /** Whether a site has failed for so long that it is asked for once a week, as long as it has nothing to serve. */
    public static boolean isHopeless(RenewalHistory history, Instant now) {
        RenewalHistory.Fruitless fruitless = history.fruitless();
        RenewalHistory.Failure last = history.last();
        return fruitless != null
                && last != null
                && last.fault() != IssueFailure.Fault.CA
                && fruitless.failures() >= HOPELESS_FAILURES
                && !now.isBefore(fruitless.since().plus(HOPELESS_AFTER));
    }

    /** The Retry-After of an issuer for this site. */
    public static Opening pause(RenewalHistory history, String issuer, Instant now) {
        Instant until = history.pauses().getOrDefault(issuer, Instant.MIN);
        // One that is too far away was set by a clock that was wrong then.
        return until.isAfter(now) && !until.isAfter(now.plus(LONGEST_PAUSE))
                ? new Opening(until, issuer + ": the CA asked to come back then")
                : Opening.NOW;
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
