package dev.postern.balance;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * Keeps retries a small part of the exchanges of a backend: what is overloaded must not get twice the load for it. Every
 * exchange earns a part of a retry; {@link #FIRST} may be made on credit, so that a quiet backend has some, too.
 */
final class RetryBudget {
    private static final int RETRY = 100;

    /** So many retries before anything was earned. */
    static final int FIRST = 10;

    /** More than so many are not saved up: yesterday's quiet is no reason for a storm today. */
    private static final int MOST = 100;

    // In hundredths of a retry.
    private final AtomicInteger saved = new AtomicInteger(FIRST * RETRY);
    private final LongAdder refused = new LongAdder();

    /** One exchange; costs a read where everything is well. */
    void earn(int percent) {
        if (saved.get() < MOST * RETRY) {
            saved.addAndGet(percent);
        }
    }

    /** Whether there is one left; it is then taken. */
    boolean spend() {
        for (int now = saved.get(); now >= RETRY; now = saved.get()) {
            if (saved.compareAndSet(now, now - RETRY)) {
                return true;
            }
        }
        refused.increment();
        return false;
    }

    /** How often there was none left. */
    long refused() {
        return refused.sum();
    }

    void giveBack() {
        saved.addAndGet(RETRY);
    }
}
