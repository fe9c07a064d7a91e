package dev.postern.tunnel;

import dev.postern.wire.Failure;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Two connections joined: what comes from one goes to the other, byte by byte. Says when that is to end; the bytes are moved,
 * and both connections closed, by its {@link Ends}. Event loop only.
 */
public final class Tunnel {
    /** How long one end may take for the last bytes once the other has closed. */
    private static final long HALF_CLOSED_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** Both connections. */
    public interface Ends {
        /** Closes both; what is on its way gets there, if it is taken. */
        void close(Failure why);
    }

    private final Ends ends;
    private final long idleNanos;
    private final Consumer<Tunnel> over;

    /**
     * @param idle for how long nothing may move: {@code timeouts.tunnel}, an hour unless configured
     * @param over is told of its end
     */
    Tunnel(Ends ends, Duration idle, Consumer<Tunnel> over) {
        this.ends = ends;
        this.idleNanos = idle.toNanos();
        this.over = over;
    }

    /**
     * Why it has to end now; null where it goes on.
     *
     * @param movedNanos when a byte last moved, in either direction
     * @param halfClosed the client sends no more
     */
    public @Nullable Failure check(long nowNanos, long movedNanos, boolean halfClosed) {
        if (nowNanos - movedNanos > idleNanos) {
            return Failure.ByEdge.TUNNEL_IDLE;
        }
        return halfClosed && nowNanos - movedNanos > HALF_CLOSED_NANOS ? Failure.ByClient.GONE : null;
    }

    /** How long one end has for what is still on its way, once the other has gone. */
    public long lastBytesNanos() {
        return Math.min(HALF_CLOSED_NANOS, idleNanos);
    }

    /** It is over: both ends are closed, or closing. */
    public void ended() {
        over.accept(this);
    }

    void close(Failure why) {
        ends.close(why);
    }
}
