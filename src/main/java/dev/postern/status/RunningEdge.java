package dev.postern.status;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The process itself. Sizes are bytes.
 *
 * @param since when it started
 * @param version of Postern
 * @param versions of what it runs on, {@code name version} each
 * @param loops event loops
 * @param lastReload null where there was none yet
 */
public record RunningEdge(
        Instant since,
        String version,
        List<String> versions,
        int loops,
        Use heap,
        Use buffers,
        Use descriptors,
        Use connections,
        Use serverConnections,
        @Nullable LastReload lastReload) {
    /** How much of something is used, and how much there may be. */
    public record Use(long used, long max) {}
}
