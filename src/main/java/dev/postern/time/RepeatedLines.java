package dev.postern.time;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * Lines that would go into the log again and again for as long as their cause lasts: each is said once, and again after a
 * while. Any thread.
 */
public final class RepeatedLines {
    /** More than anybody reads; what is beyond is not said at all. */
    private static final int MOST = 1_000;

    private final Duration again;

    @GuardedBy("this") private final Map<String, Instant> said = new HashMap<>();

    public RepeatedLines(Duration again) {
        this.again = again;
    }

    /** Whether it is time to say it; it counts as said then. */
    public synchronized boolean mayBeSaid(String line, Instant now) {
        said.values().removeIf(at -> at.isAfter(now) || !at.plus(again).isAfter(now));
        return said.size() < MOST && said.putIfAbsent(line, now) == null;
    }
}
