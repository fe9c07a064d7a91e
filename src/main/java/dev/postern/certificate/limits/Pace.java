package dev.postern.certificate.limits;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * New orders at one account of a CA with published limits: ten in ten seconds, as certmagic does. A pace, not a budget; that is in the {@link Ledger}.
 * Used by one thread at a time.
 */
public class Pace {
    /** At a CA that asks nobody to go slowly: our own, or one that was made for us. */
    private static final Pace NONE = new Pace() {
        @Override
        public Instant freeAt(Instant now) {
            return now;
        }

        @Override
        public void begin(Instant now) {}
    };

    private static final int ORDERS_PER_WINDOW = 10;
    private static final Duration WINDOW = Duration.ofSeconds(10);

    /** @param limited whether the CA has limits that we keep to */
    public static Pace of(boolean limited) {
        return limited ? new Pace() : NONE;
    }

    private final Deque<Instant> begun = new ArrayDeque<>();

    /** When the next one may begin: {@code now} where it may at once. */
    public Instant freeAt(Instant now) {
        // A start in the future was dated by a clock that was wrong then.
        begun.removeIf(at -> at.isAfter(now) || !at.plus(WINDOW).isAfter(now));
        return begun.size() < ORDERS_PER_WINDOW ? now : begun.getFirst().plus(WINDOW);
    }

    public void begin(Instant now) {
        begun.addLast(now);
    }

    /** The last one did not begin after all. */
    public void takeBack() {
        begun.pollLast();
    }
}
