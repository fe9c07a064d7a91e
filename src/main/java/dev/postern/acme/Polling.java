package dev.postern.acme;

import dev.postern.time.MonotonicClock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The waits between looks at something that the CA is working on. On the monotonic clock: neither our clock nor the CA's
 * has a say in it.
 */
final class Polling {
    /** The first wait: an internal CA is done by then. */
    private static final Duration FIRST = Duration.ofMillis(250);

    /** Each wait without word from the CA is longer by this factor. */
    private static final double GROWTH = 1.6;

    private static final Duration LONGEST_UNASKED = Duration.ofSeconds(10);

    /** What the CA asks for is kept to, within these. */
    private static final Duration SHORTEST_ASKED = Duration.ofSeconds(1);

    private static final Duration LONGEST_ASKED = Duration.ofSeconds(30);

    private final MonotonicClock elapsed;
    private final long begunNanos;
    private final Duration deadline;
    private Duration unasked = FIRST;

    Polling(Duration deadline, MonotonicClock elapsed) {
        this.elapsed = elapsed;
        this.begunNanos = elapsed.nanoTime();
        this.deadline = deadline;
    }

    /**
     * Waits for the next look.
     *
     * @param asked what the CA said in {@code Retry-After}
     * @return false where there is no time for another look
     */
    boolean await(@Nullable Duration asked) throws InterruptedException {
        Duration wait = unasked;
        if (asked == null) {
            Duration next = Duration.ofMillis((long) (unasked.toMillis() * GROWTH));
            unasked = next.compareTo(LONGEST_UNASKED) > 0 ? LONGEST_UNASKED : next;
        } else {
            wait = asked.compareTo(SHORTEST_ASKED) < 0
                    ? SHORTEST_ASKED
                    : asked.compareTo(LONGEST_ASKED) > 0 ? LONGEST_ASKED : asked;
        }
        if (elapsed.nanoTime() + wait.toNanos() - begunNanos > deadline.toNanos()) {
            return false;
        }
        elapsed.await(wait);
        return true;
    }
}
