package dev.postern.schedule;

import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Work under way: each at most once at a time. Any thread. */
final class ScheduledRuns {
    private static final Logger LOG = LoggerFactory.getLogger(ScheduledRuns.class);

    private final Map<ScheduledWork, Runnable> works;
    private final Executor executor;
    private final Set<ScheduledWork> running = EnumSet.noneOf(ScheduledWork.class);

    ScheduledRuns(Map<ScheduledWork, Runnable> works, Executor executor) {
        this.works = Map.copyOf(works);
        this.executor = executor;
    }

    /** Returns at once where the executor does. */
    void begin(ScheduledWork work) {
        Runnable action = works.get(work);
        if (action == null) {
            return;
        }
        synchronized (running) {
            if (!running.add(work)) {
                LOG.warn(
                        "{}: the last one still runs, this one is left out; {} may come too often",
                        work.word(),
                        work.property());
                return;
            }
        }
        try {
            executor.execute(() -> run(work, action));
        } catch (RejectedExecutionException e) {
            ended(work);
            LOG.debug("{}: not begun, shutting down", work.word(), e);
        }
    }

    private void run(ScheduledWork work, Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            LOG.error("{}: a bug: {}; done again when {} says", work.word(), e.toString(), work.property(), e);
        } finally {
            ended(work);
        }
    }

    private void ended(ScheduledWork work) {
        synchronized (running) {
            running.remove(work);
        }
    }
}
