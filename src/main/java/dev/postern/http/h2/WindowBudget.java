package dev.postern.http.h2;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What the other ends of all HTTP/2 connections together may have under way to us beyond what every stream begins with. Any
 * thread.
 */
final class WindowBudget {
    /** Of the process: an eighth of the memory that buffers may take. */
    static final WindowBudget PROCESS = new WindowBudget(Runtime.getRuntime().maxMemory() / 8);

    /** Nobody gets more than this part of what is left, so that something is left for whoever comes next. */
    private static final int PART = 4;

    private final long max;
    private final AtomicLong granted = new AtomicLong();

    /** @param max bytes */
    WindowBudget(long max) {
        this.max = max;
    }

    /**
     * Takes {@code more} bytes; false where there is no room for that.
     *
     * @param own what whoever asks has of it
     */
    boolean take(long own, int more) {
        long before = granted.get();
        while (own + more <= (max - before) / PART) {
            if (granted.compareAndSet(before, before + more)) {
                return true;
            }
            before = granted.get();
        }
        return false;
    }

    /** Whether {@code own} is by now more than twice of what anybody would be given: little is left, and others want it. */
    boolean isTooMuch(long own) {
        return own > 2 * ((max - granted.get()) / PART);
    }

    void giveBack(long bytes) {
        granted.addAndGet(-bytes);
    }

    /** Bytes. */
    long granted() {
        return granted.get();
    }
}
