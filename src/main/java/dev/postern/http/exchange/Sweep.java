package dev.postern.http.exchange;

import dev.postern.machine.MachineErrors;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import io.netty.util.concurrent.Ticker;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The look that one event loop takes every now and then at all it has, to fire timeouts. Event loop only. */
final class Sweep {
    private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);

    private final EventLoop loop;
    private final Ticker ticker;
    private final LongConsumer work;
    private @Nullable ScheduledFuture<?> timer;
    private long periodNanos;
    private long nextNanos;
    /** When the last one began. */
    private long sweptNanos;
    /** When the one before began. */
    private long beforeNanos;

    /** @param work is given the time */
    Sweep(EventLoop loop, LongConsumer work) {
        this.loop = loop;
        this.ticker = loop.ticker();
        this.work = work;
        this.sweptNanos = ticker.nanoTime();
        this.beforeNanos = sweptNanos;
    }

    /** From now on; on whatever thread for the first time. */
    void every(long nanos) {
        if (timer != null) {
            timer.cancel(false);
        }
        periodNanos = nanos;
        nextNanos = ticker.nanoTime() + nanos;
        timer = loop.scheduleWithFixedDelay(this::run, nanos, nanos, TimeUnit.NANOSECONDS);
    }

    /** When the one before this began: whatever had come by then has been read. */
    long beforeNanos() {
        return beforeNanos;
    }

    /** How much later than due this one is. */
    long lateNanos() {
        return Math.max(0, sweptNanos - nextNanos);
    }

    private void run() {
        try {
            beforeNanos = sweptNanos;
            sweptNanos = ticker.nanoTime();
            work.accept(sweptNanos);
        } catch (RuntimeException | Error e) {
            // Whatever it was: without the sweep no timeout of this loop would ever fire again.
            MachineErrors.check(e);
            LOG.error("timeouts: bug", e);
        }
        nextNanos = ticker.nanoTime() + periodNanos;
    }
}
