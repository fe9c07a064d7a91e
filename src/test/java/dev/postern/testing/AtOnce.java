package dev.postern.testing;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;

/**
 * "Within a second of the last piece", for a machine on which any thread may have to wait for longer than that. What the
 * promise rules out is an edge that has all it needs and still waits: for a byte more, or for one of its timers. So the clock
 * starts when the edge has read the last piece ({@link KernelQueues#awaitRead}) and the test says nothing more, which leaves
 * nothing but a timer that could wake it; and no timer that could answer is shorter than {@link #TIMEOUTS}. An answer within
 * {@link #PATIENCE} is then one that waited for nothing, whatever the machine took for it.
 */
public final class AtOnce {
    /** Sixty times {@link #PATIENCE}. Clients of the tests wait for the end of an answer that long as well, and no longer. */
    public static final String TIMEOUTS =
            "timeouts: { handshake: 10m, request-head: 10m, request-body: 10m, response: 10m, keep-alive: 10m }";

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private AtOnce() {}

    /** Fails unless something comes to each client, from the moment on at which the edge has read what they all sent. */
    public static void assertAnswered(List<RawClient> clients) throws IOException {
        long until = System.nanoTime() + PATIENCE.toNanos();
        for (int i = 0; i < clients.size(); i++) {
            try {
                clients.get(i).awaitByte(Duration.ofNanos(until - System.nanoTime()));
            } catch (SocketTimeoutException e) {
                throw new AssertionError("client " + i + ": no answer within " + PATIENCE + " of its last piece", e);
            }
        }
    }
}
