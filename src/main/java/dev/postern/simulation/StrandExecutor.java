package dev.postern.simulation;

import dev.postern.simulation.World.Strand;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The threads of one simulated process, each a {@link Strand} of the world. */
final class StrandExecutor extends AbstractExecutorService {
    private final World world;
    private final Runnable afterEach;
    private final List<Strand> strands = new ArrayList<>();
    private boolean shutDown;
    private int waiting;

    /** @param afterEach called in the world when a task has ended */
    StrandExecutor(World world, Runnable afterEach) {
        this.world = world;
        this.afterEach = afterEach;
    }

    /** A future whose cancellation is noticed at once by whoever waits in the time of the world. */
    private static final class Task<T> extends FutureTask<T> {
        private @Nullable Strand strand;

        Task(Callable<T> callable) {
            super(callable);
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            boolean cancelled = super.cancel(mayInterruptIfRunning);
            if (strand != null && mayInterruptIfRunning) {
                strand.wake();
            }
            return cancelled;
        }
    }

    @Override
    protected <T> RunnableFuture<T> newTaskFor(Callable<T> callable) {
        return new Task<>(callable);
    }

    @Override
    protected <T> RunnableFuture<T> newTaskFor(Runnable runnable, T value) {
        return new Task<>(() -> {
            runnable.run();
            return value;
        });
    }

    @Override
    public void execute(Runnable command) {
        if (shutDown) {
            throw new RejectedExecutionException("the process is ending");
        }
        waiting++;
        world.after(Duration.ZERO, () -> {
            waiting--;
            if (shutDown) {
                return;
            }
            Strand strand = world.new Strand(() -> {
                try {
                    command.run();
                } catch (ProcessDied e) {
                    // In the midst of it; the world knows.
                    return;
                }
                if (!shutDown) {
                    afterEach.run();
                }
            });
            if (command instanceof Task<?> task) {
                task.strand = strand;
            }
            strands.removeIf(Strand::isEnded);
            strands.add(strand);
            world.begin(strand);
        });
    }

    /** Whether any task has not ended. */
    boolean isBusy() {
        strands.removeIf(Strand::isEnded);
        return waiting > 0 || !strands.isEmpty();
    }

    /** The process is dead: its threads end at whatever they do next. Called by an event. */
    void reap() {
        shutDown = true;
        List.copyOf(strands).forEach(Strand::end);
    }

    @Override
    public void shutdown() {
        shutDown = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
        shutDown = true;
        return List.of();
    }

    @Override
    public boolean isShutdown() {
        return shutDown;
    }

    @Override
    public boolean isTerminated() {
        return shutDown && !isBusy();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return isTerminated();
    }
}
