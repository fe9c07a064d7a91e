package dev.postern.http.exchange;

import dev.postern.wire.Failure;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Whether a client takes what it is owed fast enough: something within the timeout, and, looked at over the timeout (10
 * s at least), as much as {@link UploadPace} asks for. Each such period counts for itself: whoever took much at first must
 * not hold the rest for hours. Longer than the grace of an upload, because a receiver with a large buffer tells of the
 * room in it in leaps. While nothing is owed, whatever the reason, no time passes; never a bound for the whole.
 * Nanoseconds of the event loop's clock.
 */
public final class ResponsePace {
    private boolean owing;
    private long sinceNanos;
    private long takenBefore;
    private long lastNanos;
    private long taken;

    /** The client has everything, or it is not the client that keeps it from getting the rest. */
    public void nothingOwed() {
        owing = false;
    }

    /**
     * Something is owed.
     *
     * @param takenNow bytes in all; only ever more
     * @param alone the minimum is for this one; false where others share it
     * @return what is wrong, or null
     */
    public Failure.@Nullable ByClient check(long nowNanos, Duration timeout, long takenNow, boolean alone) {
        if (!owing) {
            owing = true;
            begins(nowNanos, takenNow);
            taken = takenNow;
            lastNanos = nowNanos;
            return null;
        }
        if (takenNow > taken) {
            taken = takenNow;
            lastNanos = nowNanos;
        }
        if (nowNanos - lastNanos > timeout.toNanos()) {
            return Failure.ByClient.RESPONSE_NOT_TAKEN;
        }
        Duration elapsed = Duration.ofNanos(nowNanos - sinceNanos);
        if (elapsed.compareTo(timeout) > 0 && elapsed.compareTo(UploadPace.GRACE) > 0) {
            if (alone && takenNow - takenBefore < elapsed.toSeconds() * UploadPace.MIN_BYTES_PER_SECOND) {
                return Failure.ByClient.RESPONSE_TAKEN_TOO_SLOWLY;
            }
            begins(nowNanos, takenNow);
        }
        return null;
    }

    private void begins(long nowNanos, long takenNow) {
        sinceNanos = nowNanos;
        takenBefore = takenNow;
    }
}
