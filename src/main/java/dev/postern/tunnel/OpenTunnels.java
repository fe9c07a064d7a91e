package dev.postern.tunnel;

import dev.postern.wire.Failure;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The tunnels of an event loop. A tunnel has no end of its own: when we stop it is closed,
 * one after the other, so that those who come back at once do not come back all at once. Event loop only.
 */
public final class OpenTunnels {
    /** A hundred of them are closed before anybody waits; of thousands several each time. */
    private static final long PACE_NANOS = Duration.ofMillis(20).toNanos();

    private final EventLoop loop;
    // In the order in which they began; the oldest goes first.
    private final Set<Tunnel> tunnels = new LinkedHashSet<>();

    public OpenTunnels(EventLoop loop) {
        this.loop = loop;
    }

    /** @param idle for how long nothing may move */
    public Tunnel begin(Tunnel.Ends ends, Duration idle) {
        Tunnel tunnel = new Tunnel(ends, idle, tunnels::remove);
        tunnels.add(tunnel);
        return tunnel;
    }

    /** Begins to close them, so that the last one is closed before {@code grace} is over. */
    public void drain(Duration grace) {
        closeSome(end(grace));
    }

    /** The same where nobody waits for our end: each may go on for as long as it can, and they end at even intervals. */
    public void drainSlowly(Duration grace) {
        closeOneAfterTheOther(end(grace));
    }

    private long end(Duration grace) {
        // A fifth is left for what is still on its way to slow clients.
        return loop.ticker().nanoTime() + grace.toNanos() / 5 * 4;
    }

    private void closeOneAfterTheOther(long endNanos) {
        long left = endNanos - loop.ticker().nanoTime();
        long interval = left / Math.max(1, tunnels.size());
        if (interval < PACE_NANOS) {
            closeSome(endNanos);
            return;
        }
        var unused = loop.schedule(
                () -> {
                    if (!tunnels.isEmpty()) {
                        tunnels.iterator().next().close(Failure.ByEdge.SHUTTING_DOWN);
                    }
                    closeOneAfterTheOther(endNanos);
                },
                interval,
                TimeUnit.NANOSECONDS);
    }

    /** One, or as many as are needed to come to an end in time: where the loop is late, it has as many more to close. */
    private void closeSome(long endNanos) {
        long left = endNanos - loop.ticker().nanoTime();
        int all = tunnels.size();
        long some = left <= PACE_NANOS ? all : (all * PACE_NANOS + left - 1) / left;
        for (long i = 0; i < some && !tunnels.isEmpty(); i++) {
            // Which takes it out of here.
            tunnels.iterator().next().close(Failure.ByEdge.SHUTTING_DOWN);
        }
        // One may still begin: an exchange under way that its server upgrades.
        var unused = loop.schedule(() -> closeSome(endNanos), PACE_NANOS, TimeUnit.NANOSECONDS);
    }
}
