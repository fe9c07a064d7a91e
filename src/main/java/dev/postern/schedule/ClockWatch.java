package dev.postern.schedule;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** Tells by a timer that nobody can set whether somebody set the clock. Used by one thread. */
final class ClockWatch {
    private final InstantSource clock;
    private Instant lastSeen;
    private long lastNanos;

    ClockWatch(InstantSource clock) {
        this.clock = clock;
        this.lastSeen = clock.instant();
        this.lastNanos = System.nanoTime();
    }

    Instant now() {
        return clock.instant();
    }

    /** Whether the clock went on by more or less than the time that passed since it was asked last. */
    boolean wasSet(Duration tolerance) {
        Instant now = clock.instant();
        long nanos = System.nanoTime();
        Duration off = Duration.between(lastSeen, now).minusNanos(nanos - lastNanos);
        lastSeen = now;
        lastNanos = nanos;
        return off.abs().compareTo(tolerance) > 0;
    }
}
