package dev.postern.testing;

import dev.postern.time.MonotonicClock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A monotonic clock on which a wait is over at once. */
public final class PatientClock implements MonotonicClock {
    private final AtomicLong skipped = new AtomicLong();

    @Override
    public long nanoTime() {
        return System.nanoTime() + skipped.get();
    }

    @Override
    public void await(Duration wait) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        skipped.addAndGet(wait.toNanos());
    }

    /** How much was waited. */
    public Duration waited() {
        return Duration.ofNanos(skipped.get());
    }
}
