package dev.postern.app;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Notices a thread that everything hangs on and that has ended, or answers no more: asks each of them, at every step,
 * whether it is there. Steps are counted, and no clock is looked at: where the machine slept, or all of the process was
 * stopped or had no processor, this one had none either, and a long step is one step.
 */
final class LoopWatch implements AutoCloseable {
    /** One that takes a task or two per step and is very busy answers within a small part of this. */
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Duration STEP = Duration.ofSeconds(1);

    /** A thread that must not stop, for it serves all others. */
    interface Watched {
        String name();

        /** How long it may say nothing. */
        Duration patience();

        /** Runs {@code answer} there, as soon as it comes to it. */
        void ask(Runnable answer);

        boolean hasEnded();

        /** Where it is; empty where that is not known. */
        StackTraceElement[] stackTrace();
    }

    private static final class Asked {
        private final Watched watched;
        private final Runnable answer = this::answered;
        private final long patience;
        // Written by the thread that is asked, read by the one that asks.
        private volatile boolean answered = true;
        private long silent;

        Asked(Watched watched, Duration step) {
            this.watched = watched;
            this.patience = Math.max(2, watched.patience().dividedBy(step));
        }

        private void answered() {
            answered = true;
        }

        /** False where it has ended, or been silent for too long. */
        boolean lives() {
            if (watched.hasEnded()) {
                return false;
            }
            if (!answered) {
                silent++;
                return silent < patience;
            }
            silent = 0;
            answered = false;
            watched.ask(answer);
            return true;
        }

        String obituary(Duration step) {
            String what = watched.hasEnded()
                    ? "has ended"
                    : "has not answered for " + step.multipliedBy(silent).toSeconds() + " s";
            String stack = Arrays.stream(watched.stackTrace())
                    .map(frame -> "\n\tat " + frame)
                    .collect(Collectors.joining());
            return "thread " + watched.name() + " " + what + (stack.isEmpty() ? "" : "; it is" + stack + "\n");
        }
    }

    private final List<Asked> all = new ArrayList<>();
    private final Duration step;
    private final Runnable healthy;
    private final Consumer<String> failed;
    private final CountDownLatch closed = new CountDownLatch(1);

    /**
     * @param healthy called after each step at which nobody has been silent for half of its patience
     * @param failed told who is gone, and where it is
     */
    LoopWatch(List<Watched> watched, Duration step, Runnable healthy, Consumer<String> failed) {
        this.step = step;
        this.healthy = healthy;
        this.failed = failed;
        watched.forEach(one -> all.add(new Asked(one, step)));
    }

    /**
     * Watches from now on, on a thread of its own.
     *
     * @param healthyEvery how often at least {@code healthy} is to be called while all is well
     */
    static LoopWatch start(List<Watched> watched, Duration healthyEvery, Runnable healthy, Consumer<String> failed) {
        Duration step = healthyEvery.compareTo(STEP) < 0 ? healthyEvery : STEP;
        LoopWatch watch = new LoopWatch(watched, step, healthy, failed);
        Threads.named("watch").newThread(watch::run).start();
        return watch;
    }

    private void run() {
        try {
            while (!closed.await(step.toMillis(), TimeUnit.MILLISECONDS)) {
                step();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void step() {
        boolean quick = true;
        for (int i = 0; i < all.size(); i++) {
            Asked one = all.get(i);
            if (!one.lives()) {
                if (closed.getCount() > 0) {
                    failed.accept(one.obituary(step));
                }
                return;
            }
            quick &= one.silent * 2 < one.patience;
        }
        if (quick) {
            healthy.run();
        }
    }

    /** Looks no more: from now on threads may end. */
    @Override
    public void close() {
        closed.countDown();
    }
}
