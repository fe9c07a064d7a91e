package dev.postern.http.exchange;

import java.util.concurrent.TimeUnit;

/** How often something may happen within a while. Nanoseconds of the event loop's clock. */
public final class Budget {
    private final int max;
    private final long windowNanos;
    private long sinceNanos;
    private int count;

    public Budget(int max, int seconds) {
        this.max = max;
        this.windowNanos = TimeUnit.SECONDS.toNanos(seconds);
    }

    /** Counts once more; false where that is too often. */
    public boolean allows(long nowNanos) {
        if (count == 0 || nowNanos - sinceNanos > windowNanos) {
            sinceNanos = nowNanos;
            count = 0;
        }
        return ++count <= max;
    }
}
