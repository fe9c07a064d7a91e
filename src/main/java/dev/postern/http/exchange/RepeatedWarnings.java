package dev.postern.http.exchange;

import dev.postern.backend.Server;
import dev.postern.wire.Failure;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Keeps a server that fails ten thousand requests a second from filling the log: of each server and reason a few lines
 * are written in a while, and how many there would have been. One per event loop; on that loop only.
 */
public final class RepeatedWarnings {
    private static final Logger LOG = LoggerFactory.getLogger(RepeatedWarnings.class);

    /** Enough to see what they have in common. */
    private static final int TOLD = 5;

    private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** @param most lines of it in a while */
    private record Subject(String where, String why, int most) {}

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
    public boolean tells(String where, Failure why, long nowNanos) {
        return tells(new Subject(where, why.reason(), TOLD), nowNanos);
    }

    private boolean tells(Subject what, long nowNanos) {
        Window window = windows.computeIfAbsent(what, subject -> new Window(nowNanos));
        return ++window.lines <= what.most;
    }

    /** A connection to a server is closed, for a fault of the server's: one line of each server in a while. */
    public void closed(Server server, String why, long nowNanos) {
        boolean told = tells(new Subject("server " + server, "HTTP/2 connections closed", 1), nowNanos);
        LOG.atLevel(told ? Level.WARN : Level.DEBUG).log("server {}: HTTP/2: {}; connection closed", server, why);
    }

    /** A server sends everybody on a connection away; 0 for no error. */
    public void goesAway(Server server, long error, long nowNanos) {
        if (error == 0) {
            LOG.debug("server {}: HTTP/2: GOAWAY", server);
        } else {
            closed(server, "GOAWAY, error " + error, nowNanos);
        }
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
            Subject what = entry.getKey();
            if (window.lines > what.most) {
                LOG.warn(
                        "{}: {}: {} more in {} s, not logged one by one",
                        what.where,
                        what.why,
                        window.lines - what.most,
                        TimeUnit.NANOSECONDS.toSeconds(WINDOW_NANOS));
            }
        }
    }
}
