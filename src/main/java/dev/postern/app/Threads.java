package dev.postern.app;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/** The only place where threads are made: named, and none keeps the process alive by itself. */
final class Threads {
    private Threads() {}

    /** {@code name-1}, {@code name-2}, … */
    static ThreadFactory named(String name) {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }
}
