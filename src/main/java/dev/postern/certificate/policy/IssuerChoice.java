package dev.postern.certificate.policy;

import dev.postern.certificate.policy.RenewalPolicy.Life;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which issuers may be asked for a site, decided by the life that is left: the preferred one alone while there is time,
 * then the others, too; earlier where it has failed for long, for what keeps the others from us may come later.
 *
 * @param issuers in order of preference
 * @param inTurn whether the next one is asked at once where one before it failed; else one of them is asked
 * @param insists whether they are asked even where they, or their limits, keep us away
 */
public record IssuerChoice(List<String> issuers, boolean inTurn, boolean insists) {
    public IssuerChoice {
        issuers = List.copyOf(issuers);
    }

    public IssuerChoice(List<String> issuers, boolean inTurn) {
        this(issuers, inTurn, false);
    }

    public IssuerChoice insisting(boolean next) {
        return new IssuerChoice(issuers, inTurn, next);
    }

    /** The share of the time from the pick to the end for which the preferred one may fail before the others are asked. */
    private static final int FAILING_SHARE = 8;

    /** And so often: a host that was asleep has not failed all the while. */
    private static final int FAILURES = 4;

    /**
     * @param life null where there is no certificate
     * @param issuers those that may certify the site, in order of preference
     */
    public static IssuerChoice of(@Nullable Life life, RenewalHistory history, List<String> issuers, Instant now) {
        if (life == null) {
            // The next one as well where the first does not want to hear of us; both once one failed.
            return new IssuerChoice(issuers, history.failures() > 0);
        }
        if (!now.isBefore(life.emergencyAt()) || !now.isBefore(widensAt(life, history))) {
            return new IssuerChoice(issuers, true);
        }
        return new IssuerChoice(issuers.subList(0, Math.min(1, issuers.size())), false);
    }

    /** As {@link #widensAt(Life)}, or when attempts have failed for an eighth of that time. */
    public static Instant widensAt(Life life, RenewalHistory history) {
        Instant half = widensAt(life);
        Instant since = history.failingSince();
        if (since == null || history.failures() < FAILURES) {
            return half;
        }
        Instant failed =
                since.plus(Duration.between(dueAt(life), life.notAfter()).dividedBy(FAILING_SHARE));
        return failed.isBefore(half) ? failed : half;
    }

    private static Instant dueAt(Life life) {
        return life.dueAt().isBefore(life.notBefore()) ? life.notBefore() : life.dueAt();
    }

    /** When half of the time from the pick to the end of the certificate has gone without a new one. */
    public static Instant widensAt(Life life) {
        Instant due = dueAt(life);
        return due.isAfter(life.notAfter())
                ? life.notAfter()
                : due.plus(Duration.between(due, life.notAfter()).dividedBy(2));
    }

    IssuerChoice only(List<String> open) {
        return new IssuerChoice(issuers.stream().filter(open::contains).toList(), inTurn, insists);
    }

    /** What a decision chose; null where it is to wait. */
    public static @Nullable IssuerChoice of(RenewalPolicy.Decision decision) {
        if (decision instanceof RenewalPolicy.Decision.Renew renew) {
            return renew.choice();
        }
        return decision instanceof RenewalPolicy.Decision.Emergency emergency ? emergency.choice() : null;
    }
}
