package dev.postern.observe;

import dev.postern.config.LogSettings;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The access logs there are. Immutable.
 *
 * @param main of all sites that have no word about theirs; null where there is none
 * @param ofSites those that sites have for themselves, by what they are configured as
 */
public record AccessLogs(@Nullable AccessLog main, Map<LogSettings, AccessLog> ofSites) {
    /** Nothing is logged. */
    public static final AccessLogs NONE = new AccessLogs(null, Map.of());

    /** Each once. */
    public Stream<AccessLog> all() {
        return main == null
                ? ofSites.values().stream()
                : Stream.concat(Stream.of(main), ofSites.values().stream()).distinct();
    }

    public long linesWritten() {
        return all().mapToLong(AccessLog::linesWritten).sum();
    }

    public long linesDropped() {
        return all().mapToLong(AccessLog::linesDropped).sum();
    }
}
