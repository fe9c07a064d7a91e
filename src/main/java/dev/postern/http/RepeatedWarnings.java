package dev.postern.http;

import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a server that fails ten thousand requests a second from filling the log: of each server and reason a few lines
 * are written in a while, and how many there would have been. One per event loop; on that loop only.
 */
final class RepeatedWarnings {
    private static final Logger log = LoggerFactory.getLogger(RepeatedWarnings.class);

    /** Enough to see what they have in common. */
    private static final int TOLD = 5;

    private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);

    private record Subject(String where, Failure why) {}

    private static final class Window {
        private final long sinceNanos;
        private long lines;

        Window(long sinceNanos) {
            this.sinceNanos = sinceNanos;
        }
    }

    private final Map<Subject, Window> windows = new HashMap<>();

    /**
     * Whether one more line is to be written.
     *
     * @param where backend and server: from the configuration, so that there are only so many
     */
    boolean tells(String where, Failure why, long nowNanos) {
        Window window = windows.computeIfAbsent(new Subject(where, why), subject -> new Window(nowNanos));
        return ++window.lines <= TOLD;
    }

    /** Says what was left out in the windows that are over. */
    void sweep(long nowNanos) {
        if (windows.isEmpty()) {
            return;
        }
        for (Iterator<Map.Entry<Subject, Window>> all = windows.entrySet().iterator(); all.hasNext(); ) {
            Map.Entry<Subject, Window> entry = all.next();
            Window window = entry.getValue();
            if (nowNanos - window.sinceNanos < WINDOW_NANOS) {
                continue;
            }
            all.remove();
            if (window.lines > TOLD) {
                log.warn(
                        "{}: {}: {} more requests in {} s, not logged one by one",
                        entry.getKey().where,
                        entry.getKey().why.reason(),
                        window.lines - TOLD,
                        TimeUnit.NANOSECONDS.toSeconds(WINDOW_NANOS));
            }
        }
    }
}
