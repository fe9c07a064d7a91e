package dev.postern.http.exchange;

import dev.postern.wire.Failure;
import java.util.concurrent.TimeUnit;

/**
 * How fast the clients of one connection are told that there is no room for them. Programs that ask again as soon as they
 * are answered would otherwise be refused faster than anybody is served, and that would be all there is time for. Event
 * loop only.
 */
final class RefusalPace {
    /** As many as an HTTP/2 connection may ask for at once: nobody who stops then is kept waiting. */
    private static final int BURST = 100;

    /** Fifty a second. A refusal waits for two seconds at most: there are no more streams than {@link #BURST}. */
    private static final long EACH_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /** Seconds, RFC 9110 §10.2.3: by then it has been decided whether there is room. */
    static final String RETRY_AFTER = "1";

    private boolean began;
    /** When all refusals so far would have been told at an even pace. */
    private long dueNanos;

    /** Whether {@code failure} says that there is too much of everything, rather than something of the request. */
    static boolean paces(Failure failure) {
        int status = ErrorResponses.status(failure);
        return status == 503 || status == 429;
    }

    /** Counts one more; nanoseconds until it is to be told, 0 for now. */
    long waitNanos(long now) {
        if (!began || dueNanos - now < 0) {
            began = true;
            dueNanos = now;
        }
        dueNanos += EACH_NANOS;
        return Math.max(0, dueNanos - now - BURST * EACH_NANOS);
    }
}
