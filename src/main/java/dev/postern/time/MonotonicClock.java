package dev.postern.time;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** What elapses, and waiting for it: no clock on a wall, ours or a CA's, has a say in it. */
public interface MonotonicClock {
    /** As {@link System#nanoTime}: only differences mean something. */
    long nanoTime();

    /** Returns when that much has elapsed. */
    void await(Duration wait) throws InterruptedException;

    /** The one of this machine. */
    MonotonicClock SYSTEM = new MonotonicClock() {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public void await(Duration wait) throws InterruptedException {
            long end = System.nanoTime() + wait.toNanos();
            for (long left = wait.toNanos(); left > 0; left = end - System.nanoTime()) {
                LockSupport.parkNanos(this, left);
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
        }
    };
}
