package dev.postern.http.exchange;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The tunnels of an event loop. A tunnel has no end of its own: when we stop it is closed,
 * one after the other, so that those who come back at once do not come back all at once. Event loop only.
 *
 * @param <T> a tunnel
 */
final class OpenTunnels<T> {
    /** A hundred of them are closed before anybody waits; of thousands several each time. */
    private static final long PACE_NANOS = Duration.ofMillis(20).toNanos();

    private final EventLoop loop;
    private final Consumer<T> close;
    // In the order in which they began; the oldest goes first.
    private final Set<T> tunnels = new LinkedHashSet<>();

    /** @param close closes one, which takes it out of here */
    OpenTunnels(EventLoop loop, Consumer<T> close) {
        this.loop = loop;
        this.close = close;
    }

    void begins(T tunnel) {
        tunnels.add(tunnel);
    }

    void ends(T tunnel) {
        tunnels.remove(tunnel);
    }

    /** Begins to close them, so that the last one is closed before {@code grace} is over. */
    void drain(Duration grace) {
        // A fifth is left for what is still on its way to slow clients.
        closeSome(loop.ticker().nanoTime() + grace.toNanos() / 5 * 4);
    }

    /** One, or as many as are needed to come to an end in time: where the loop is late, it has as many more to close. */
    private void closeSome(long endNanos) {
        long left = endNanos - loop.ticker().nanoTime();
        int all = tunnels.size();
        long some = left <= PACE_NANOS ? all : (all * PACE_NANOS + left - 1) / left;
        for (long i = 0; i < some && !tunnels.isEmpty(); i++) {
            close.accept(tunnels.iterator().next());
        }
        // One may still begin: an exchange under way that its server upgrades.
        var unused = loop.schedule(() -> closeSome(endNanos), PACE_NANOS, TimeUnit.NANOSECONDS);
    }
}
