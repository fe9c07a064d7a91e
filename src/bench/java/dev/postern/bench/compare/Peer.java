package dev.postern.bench.compare;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A proxy that can be given the job, as one would run it: with a line of the access log for each request, health checks, and
 * told who the client is.
 */
interface Peer {
    /** As on the command line. */
    String name();

    String title();

    /** What of the job it can do. */
    Set<Door> doors();

    /** Writes the configuration. */
    void configure(Setup setup);

    /** Runs in the foreground. */
    List<String> run(Setup setup);

    /** Whether the configuration is right. */
    List<String> check(Setup setup);

    default Map<String, String> environment() {
        return Map.of();
    }

    /** Its own version, and that of its TLS library. */
    String version();

    /** Whether it is as fast at once as it ever gets. */
    default boolean isWarmedUp() {
        return true;
    }

    /** Called before the resident memory is looked at: who can give back what it does not need is told to. */
    default void tidy(long pid) {}
}
