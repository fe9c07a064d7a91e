package dev.postern.app;

/** The memory limits of this process. */
final class Memory {
    /**
     * What one client connection takes of the heap at least: TLS, HTTP/1.1, at rest. Those that do more take more, and then
     * it is up to {@code MemoryGuard} to let nobody else in.
     */
    private static final long BYTES_PER_CONNECTION = 12 * 1024;

    private Memory() {}

    /** How many connections at rest half of the heap has room for. */
    static long connections() {
        return Runtime.getRuntime().maxMemory() / 2 / BYTES_PER_CONNECTION;
    }
}
