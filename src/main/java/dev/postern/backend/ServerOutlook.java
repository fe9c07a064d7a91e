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
 * @param override what an operator says of it
 */
public record ServerOutlook(
        Server.State state,
        String why,
        Duration since,
        @Nullable Duration checked,
        @Nullable String fault,
        ServerOverride override) {
    static ServerOutlook of(Server server, long nowNanos) {
        Standing standing = server.standing();
        Check check = server.lastCheck();
        return new ServerOutlook(
                standing.state(),
                standing.why(),
                Duration.ofNanos(Math.max(0, nowNanos - standing.sinceNanos())),
                check == null ? null : Duration.ofNanos(Math.max(0, nowNanos - check.atNanos())),
                check == null ? null : check.fault(),
                server.override());
    }
}
