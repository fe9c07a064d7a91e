package dev.postern.app;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.postern.config.Limits;
import java.lang.management.ManagementFactory;
import org.jspecify.annotations.Nullable;

/** The file-descriptor limit of this process, and what there may be within it. */
final class Descriptors {
    /** What to assume where the system does not say: the usual soft limit. */
    private static final long USUAL = 1024;

    /** For everything that is neither a client nor its server: jars, the store, orders, operators, the relay of challenges. */
    private static final long RESERVED = 384;

    /** An event loop waits with three, and listens with one for each address. */
    private static final long RESERVED_PER_LOOP = 8;

    /** One idle server connection may be kept for so many clients. */
    static final int IDLE_SHARE = 4;

    /** What one client may have work for it: so that it takes more than one or two to starve the others. */
    private static final int CLIENT_SHARE = 4;

    private static final int LEAST = 16;

    private Descriptors() {}

    private static long forConnections() {
        return max() - RESERVED - RESERVED_PER_LOOP * Runtime.getRuntime().availableProcessors();
    }

    /** Each client may have a server connection, and for every {@link #IDLE_SHARE} clients one is kept idle. */
    static int clients(Limits limits) {
        return limits.connections()
                .orElseGet(() -> atLeast(
                        LEAST, Math.min(Memory.connections(), forConnections() * IDLE_SHARE / (2 * IDLE_SHARE + 1))));
    }

    /**
     * What the clients leave; half of all at least, where the operator has promised them more than there is. No more than
     * go with as many clients as there is memory for.
     */
    static int servers(Limits limits) {
        return limits.serverConnections()
                .orElseGet(() -> atLeast(
                        LEAST,
                        Math.min(
                                Memory.connections() + Memory.connections() / IDLE_SHARE,
                                Math.max(forConnections() - clients(limits), forConnections() / 2))));
    }

    static int serversPerClient(Limits limits) {
        int all = servers(limits);
        return limits.serverConnectionsPerClient().orElseGet(() -> Math.min(all, atLeast(LEAST, all / CLIENT_SHARE)));
    }

    /** For the operator who has promised more than this process has descriptors for; null where there are enough. */
    static @Nullable String shortage(Limits limits) {
        return shortage(clients(limits), servers(limits), max(), forConnections());
    }

    static @Nullable String shortage(int clients, int servers, long max, long forConnections) {
        if (Math.max(clients, servers) <= forConnections) {
            return null;
        }
        long needed = max - forConnections + clients + servers;
        return "file descriptors: this process may have " + max + ", but " + clients + " connections and " + servers
                + " to servers take " + needed + " (expected: LimitNOFILE, or ulimit -n, of at least " + needed
                + ", or lower limits.connections and limits.server-connections)";
    }

    private static int atLeast(int least, long number) {
        return (int) Math.max(least, Math.min(Integer.MAX_VALUE, number));
    }

    static long max() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? unix.getMaxFileDescriptorCount()
                : USUAL;
    }
}
