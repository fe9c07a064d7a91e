package dev.postern.app;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;

/** An event loop, as {@link LoopWatch} sees it. */
record WatchedLoop(EventLoop loop) implements LoopWatch.Watched {
    private static final StackTraceElement[] UNKNOWN = {};

    @Override
    public String name() {
        return loop instanceof SingleThreadEventExecutor thread
                ? thread.threadProperties().name()
                : loop.toString();
    }

    @Override
    public Duration patience() {
        return LoopWatch.PATIENCE;
    }

    @Override
    public void ask(Runnable answer) {
        try {
            loop.execute(answer);
        } catch (RejectedExecutionException e) {
            // It has ended: seen at the next step.
        }
    }

    @Override
    public boolean hasEnded() {
        return loop.isShuttingDown();
    }

    @Override
    public StackTraceElement[] stackTrace() {
        return loop instanceof SingleThreadEventExecutor thread && !loop.isTerminated()
                ? thread.threadProperties().stackTrace()
                : UNKNOWN;
    }
}
