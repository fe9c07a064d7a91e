package dev.postern.app;

import dev.postern.machine.MachineErrors;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The only place where threads are made: named, and none keeps the process alive by itself. Those of executors keep no
 * error of the machine to themselves: what a task throws would otherwise be in its {@link Future}, where nobody looks.
 */
final class Threads {
    /** As long as {@code Executors.newCachedThreadPool} keeps a thread that has nothing to do. */
    private static final long KEEP_SECONDS = 60;

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

    /**
     * The same for event loops: Netty keeps the memory of buffers, and the objects that it uses again, by thread, and only for
     * threads of its own kind; for others it makes them anew, or shares them.
     */
    static ThreadFactory ofLoops(String name) {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread = new FastThreadLocalThread(task, name + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /** One thread, for what is due later. */
    static ScheduledExecutorService timer(String name) {
        return new ScheduledThreadPoolExecutor(1, named(name)) {
            @Override
            protected void afterExecute(Runnable task, @Nullable Throwable thrown) {
                check(task, thrown);
            }
        };
    }

    /** As many threads as there is work. */
    static ExecutorService unlimited(String name) {
        return new Pool(0, Integer.MAX_VALUE, new SynchronousQueue<>(), named(name));
    }

    /** So many threads, once there is work for them. */
    static ExecutorService fixed(int threads, String name) {
        return new Pool(threads, threads, new LinkedBlockingQueue<>(), named(name));
    }

    /** The same; where so much work waits, more is {@linkplain java.util.concurrent.RejectedExecutionException refused}. */
    static ExecutorService fixed(int threads, int waiting, String name) {
        return new Pool(threads, threads, new LinkedBlockingQueue<>(waiting), named(name));
    }

    private static final class Pool extends ThreadPoolExecutor {
        Pool(int least, int most, BlockingQueue<Runnable> queue, ThreadFactory threads) {
            super(least, most, KEEP_SECONDS, TimeUnit.SECONDS, queue, threads);
        }

        @Override
        protected void afterExecute(Runnable task, @Nullable Throwable thrown) {
            check(task, thrown);
        }
    }

    private static void check(Runnable task, @Nullable Throwable thrown) {
        MachineErrors.check(thrown);
        if (task instanceof Future<?> ended && ended.isDone()) {
            try {
                ended.get();
            } catch (ExecutionException e) {
                MachineErrors.check(e);
            } catch (CancellationException e) {
                // Whoever cancelled it knows.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
