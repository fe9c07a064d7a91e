package dev.postern.backend;

import dev.postern.wire.Closed;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a health check finds of one address: once, within its time, and its connection is closed then. On the event loop. */
final class Verdict {
    private final Duration timeout;
    private final Consumer<@Nullable String> outcome;
    private @Nullable ScheduledFuture<?> timer;
    private boolean finished;

    /**
     * @param timeout from the connection to the end of the answer
     * @param outcome is told what is wrong; null where nothing is
     */
    Verdict(Duration timeout, Consumer<@Nullable String> outcome) {
        this.timeout = timeout;
        this.outcome = outcome;
    }

    /** The time begins. On the loop. */
    void limit(EventLoop loop, Channel channel) {
        timer = loop.schedule(
                () -> finish(channel, "health check: no answer within " + timeout.toMillis() + " ms"),
                timeout.toNanos(),
                TimeUnit.NANOSECONDS);
    }

    void finish(Channel channel, @Nullable String fault) {
        if (finished) {
            return;
        }
        finished = true;
        if (timer != null) {
            timer.cancel(false);
        }
        outcome.accept(fault);
        // One that could not even be made has nothing to close.
        if (channel.isRegistered()) {
            channel.close().addListener(Closed.OBSERVED);
        }
    }
}
