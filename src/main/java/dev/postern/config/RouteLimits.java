package dev.postern.config;

import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a site, a backend or a route says of limits for itself, as {@link RouteTimeouts} does of timeouts.
 *
 * @param body bytes of a request body, empty for no limit; null where it says nothing
 */
public record RouteLimits(
        @InFile(size = true, absent = "unlimited") @Nullable OptionalLong body) {
    public static final RouteLimits NONE = new RouteLimits(null);

    public RouteLimits over(RouteLimits less) {
        return body == null ? less : this;
    }

    /** What holds for a request, where {@code all} holds for those of which nothing else is said. */
    public OptionalLong bodyOver(OptionalLong all) {
        return body == null ? all : body;
    }
}
