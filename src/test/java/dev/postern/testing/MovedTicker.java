package dev.postern.testing;

import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** The clock of event loops, which goes by itself and can be put forward. Any thread. */
final class MovedTicker implements Ticker {
    private final AtomicLong ahead = new AtomicLong();

    void forward(Duration time) {
        ahead.addAndGet(time.toNanos());
    }

    @Override
    public long initialNanoTime() {
        // A loop takes it from System.nanoTime, to know how long it may sleep.
        return Ticker.systemTicker().initialNanoTime() - ahead.get();
    }

    @Override
    public long nanoTime() {
        return Ticker.systemTicker().nanoTime() + ahead.get();
    }

    /** Of nobody's use here. */
    @Override
    public void sleep(long delay, TimeUnit unit) {
        throw new UnsupportedOperationException("a ticker that is put forward");
    }
}
