package dev.postern.testing;

import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** The clock of event loops, which goes by itself and can be put forward. Any thread. */
final class MovedTicker implements Ticker {
    private static final long GOES = Long.MIN_VALUE;

    private final AtomicLong ahead = new AtomicLong();
    private volatile long stoodNanos = GOES;

    void forward(Duration time) {
        ahead.addAndGet(time.toNanos());
    }

    /** From now on it goes only where it is put forward. */
    void stand() {
        stoodNanos = Ticker.systemTicker().nanoTime();
    }

    @Override
    public long initialNanoTime() {
        // A loop takes it from System.nanoTime, to know how long it may sleep.
        return Ticker.systemTicker().initialNanoTime() - ahead.get();
    }

    @Override
    public long nanoTime() {
        if (stoodNanos == GOES) {
            return Ticker.systemTicker().nanoTime() + ahead.get();
        }
        // What is due in a nanosecond has to come.
        return stoodNanos + ahead.incrementAndGet();
    }

    /** Of nobody's use here. */
    @Override
    public void sleep(long delay, TimeUnit unit) {
        throw new UnsupportedOperationException("a ticker that is put forward");
    }
}
