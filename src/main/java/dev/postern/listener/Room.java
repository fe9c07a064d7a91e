package dev.postern.listener;

import dev.postern.http.h1.Http1ClientConnection;
import dev.postern.wire.Failure;
import io.netty.channel.Channel;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * For a listener that a few programs use: there is always room for one more. Where all places are taken, the connection
 * goes that has been silent longest; one that is being answered stays as long as there are others. Of one address and
 * event loop; event loop only.
 */
final class Room {
    private static final Logger LOG = LoggerFactory.getLogger(Room.class);

    private static final long TOLD_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final String listener;
    private final int places;
    private final Set<Http1ClientConnection> taken = new LinkedHashSet<>();
    private long toldNanos = System.nanoTime() - TOLD_EVERY_NANOS;

    /** @param listener as in the configuration, for messages */
    Room(String listener, int places) {
        this.listener = listener;
        this.places = places;
    }

    void admit(Channel channel, Http1ClientConnection newcomer) {
        if (taken.size() >= places) {
            makeRoom();
        }
        taken.add(newcomer);
        channel.closeFuture().addListener(closed -> taken.remove(newcomer));
    }

    private void makeRoom() {
        long now = System.nanoTime();
        if (now - toldNanos >= TOLD_EVERY_NANOS) {
            toldNanos = now;
            LOG.warn(
                    "listener {}: {} connections are open; for each one more, that is closed which was silent longest",
                    listener,
                    places);
        }
        taken.stream()
                .max(Comparator.comparing((Http1ClientConnection one) -> !one.isInExchange())
                        .thenComparingLong(one -> one.idleNanos(now)))
                .ifPresent(silent -> silent.closeNow(Failure.ByEdge.OUT_OF_RESOURCES));
    }
}
