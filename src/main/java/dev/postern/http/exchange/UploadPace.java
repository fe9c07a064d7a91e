package dev.postern.http.exchange;

import dev.postern.wire.Failure;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Whether a client sends its request body fast enough: never silent for longer than the timeout, and, once a grace has
 * passed, no slower than a modem of 1990. Time during which we, or the server, keep the client from sending does not
 * count. Never a bound for the whole: an upload of a day is fine. Nanoseconds of the event loop's clock.
 */
final class UploadPace {
    static final long MIN_BYTES_PER_SECOND = 240;
    static final Duration GRACE = Duration.ofSeconds(10);

    private long sinceNanos;
    private long lastPartNanos;

    UploadPace(long nowNanos) {
        begins(nowNanos);
    }

    /** From now on it is the client's turn. */
    void begins(long nowNanos) {
        sinceNanos = nowNanos;
        lastPartNanos = nowNanos;
    }

    void partCame(long nowNanos) {
        lastPartNanos = nowNanos;
    }

    /** The client may send again, after we kept it from doing so since its last part. */
    void resumed(long nowNanos) {
        sinceNanos += nowNanos - lastPartNanos;
        lastPartNanos = nowNanos;
    }

    long lastPartNanos() {
        return lastPartNanos;
    }

    /** What is wrong, or null. */
    Failure.@Nullable ByClient check(long nowNanos, Duration timeout, long received) {
        if (nowNanos - lastPartNanos > timeout.toNanos()) {
            return Failure.ByClient.BODY_TIMEOUT;
        }
        Duration elapsed = Duration.ofNanos(nowNanos - sinceNanos);
        return elapsed.compareTo(GRACE) > 0 && received < elapsed.toSeconds() * MIN_BYTES_PER_SECOND
                ? Failure.ByClient.BODY_TOO_SLOW
                : null;
    }
}
