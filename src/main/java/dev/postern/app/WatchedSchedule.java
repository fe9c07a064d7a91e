package dev.postern.app;

import dev.postern.schedule.Schedule;
import java.time.Duration;

/** The clockwork of the certificates, as {@link LoopWatch} sees it. */
record WatchedSchedule(Schedule schedule) implements LoopWatch.Watched {
    /**
     * It writes to a disk, which may hang for a while; certificates have weeks, and those who are served by the event loops
     * hear nothing of it.
     */
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private static final StackTraceElement[] UNKNOWN = {};

    @Override
    public String name() {
        return schedule.threadName();
    }

    @Override
    public Duration patience() {
        return PATIENCE;
    }

    @Override
    public void ask(Runnable answer) {
        schedule.ask(answer);
    }

    @Override
    public boolean hasEnded() {
        Thread thread = schedule.thread();
        return thread != null && !thread.isAlive();
    }

    @Override
    public StackTraceElement[] stackTrace() {
        Thread thread = schedule.thread();
        return thread == null ? UNKNOWN : thread.getStackTrace();
    }
}
