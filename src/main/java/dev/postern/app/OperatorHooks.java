package dev.postern.app;

import dev.postern.certificate.store.ToldRenewal;
import dev.postern.config.Configuration;
import dev.postern.config.Durations;
import dev.postern.hook.Hooks;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The hooks and the thread that runs them, which a stop lets finish for as long as {@code grace} allows. */
final class OperatorHooks implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OperatorHooks.class);

    /** A person at a terminal wonders after that. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /** A program that is ended has two seconds for its last words, then it is killed. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(3);

    private final ExecutorService runs = Threads.fixed(1, "hook");
    private final Hooks hooks;
    // Replaced by a reload; read by whoever stops.
    private volatile Duration grace;
    private long graceBegun = System.nanoTime();

    OperatorHooks(
            Configuration.Hooks hooks,
            Function<String, ToldRenewal> told,
            Duration grace,
            ScheduledExecutorService background) {
        this.grace = grace;
        this.hooks = new Hooks(hooks, told, runs, (wait, task) -> {
            var unused = background.schedule(task, wait.toMillis(), TimeUnit.MILLISECONDS);
        });
    }

    Hooks events() {
        return hooks;
    }

    /** From now on runs these. */
    void follow(Configuration.Hooks next, Duration nextGrace) {
        grace = nextGrace;
        hooks.follow(next);
    }

    /** Waits for what runs and what waits for its turn, each for as long as it may take; nothing is repeated any more. */
    void await(Consumer<String> progress) throws InterruptedException {
        Future<Void> end = hooks.finish();
        if (!isDone(end, PATIENCE)) {
            progress.accept("waiting for hooks");
            boolean done = false;
            while (!done) {
                // However long: each of them has its own limit.
                done = isDone(end, Duration.ofHours(1));
            }
        }
    }

    /** From now on {@code grace} runs. */
    void stop() {
        graceBegun = System.nanoTime();
        if (!hooks.finish().isDone()) {
            LOG.info("stopping: waiting up to {} for hooks", Durations.text(grace));
        }
    }

    /** Waits for what is left of {@code grace}, then ends what runs. */
    @Override
    public void close() {
        try {
            Duration left = grace.minusNanos(System.nanoTime() - graceBegun);
            Future<Void> end = hooks.finish();
            if (!left.isNegative()) {
                isDone(end, left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        hooks.close();
        runs.shutdownNow();
        try {
            if (!runs.awaitTermination(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("stopping: a hook does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isDone(Future<Void> end, Duration wait) throws InterruptedException {
        try {
            end.get(wait.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
