package dev.postern.backend;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a server stands at one instant, for whoever looks at it.
 *
 * @param why it does, in a few words
 * @param since for how long it does
 * @param checked how long ago a health check of it ended; null where there was none
 * @param fault what that found, in one line; null where the server was well, or was not asked
 */
public record ServerOutlook(
        Server.State state,
        String why,
        Duration since,
        @Nullable Duration checked,
        @Nullable String fault) {
    static ServerOutlook of(Server server, long nowNanos) {
        Server.Standing standing = server.standing();
        Server.Check check = server.lastCheck();
        return new ServerOutlook(
                standing.state(),
                standing.why(),
                Duration.ofNanos(Math.max(0, nowNanos - standing.sinceNanos())),
                check == null ? null : Duration.ofNanos(Math.max(0, nowNanos - check.atNanos())),
                check == null ? null : check.fault());
    }
}
