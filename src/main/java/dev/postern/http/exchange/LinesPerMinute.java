package dev.postern.http.exchange;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;

/** How many lines of one kind may go into the log, where a stranger decides how many there could be. Any thread. */
public final class LinesPerMinute {
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();

    private final int most;

    @GuardedBy("this") private long began;

    @GuardedBy("this") private int told;

    public LinesPerMinute(int most) {
        this.most = most;
    }

    /** @param nanos of a monotonic clock */
    public synchronized boolean mayBeTold(long nanos) {
        if (told == 0 || nanos - began >= MINUTE) {
            began = nanos;
            told = 0;
        }
        told = Math.min(told + 1, most + 1);
        return told <= most;
    }

    /** Whether the next one would be too many. */
    public synchronized boolean isLast() {
        return told == most;
    }
}
