package dev.postern.http.exchange;

import dev.postern.http.message.Failure;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The tunnels of an event loop. A tunnel has no end of its own: when we stop it is closed,
 * one after the other, so that those who come back at once do not come back all at once. Event loop only.
 */
final class OpenTunnels {
    /** Ten thousand of them are closed within less than the usual grace, a hundred of them before anybody waits. */
    private static final long PACE_NANOS = Duration.ofMillis(20).toNanos();

    private final EventLoop loop;
    // In the order in which they began; the oldest goes first.
    private final Set<Exchange> tunnels = new LinkedHashSet<>();

    OpenTunnels(EventLoop loop) {
        this.loop = loop;
    }

    void begins(Exchange tunnel) {
        tunnels.add(tunnel);
    }

    void ends(Exchange tunnel) {
        tunnels.remove(tunnel);
    }

    /** Begins to close them, so that the last one is closed before {@code grace} is over. */
    void drain(Duration grace) {
        // A fifth is left for what is still on its way to slow clients.
        long window = grace.toNanos() / 5 * 4;
        closeNext(Math.min(PACE_NANOS, window / Math.max(1, tunnels.size())));
    }

    private void closeNext(long pace) {
        if (tunnels.isEmpty()) {
            // One may still begin: an exchange under way that its server upgrades.
            var unused = loop.schedule(() -> closeNext(pace), Math.max(pace, PACE_NANOS), TimeUnit.NANOSECONDS);
            return;
        }
        // Which takes it out of here.
        tunnels.iterator().next().endTunnel(Failure.ByEdge.SHUTTING_DOWN);
        var unused = loop.schedule(() -> closeNext(pace), pace, TimeUnit.NANOSECONDS);
    }
}
