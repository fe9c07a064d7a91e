package dev.postern.observe;

import dev.postern.http.ExchangeObserver;
import dev.postern.http.ExchangeRecord;
import org.jspecify.annotations.Nullable;

/** What watches one event loop, and what is switched on of it. */
public final class LoopObserver implements ExchangeObserver {
    // Replaced on the loop, see log(); read there.
    private @Nullable LogLines log;

    /** Writes lines there from now on, or none; what the log before was given goes out. On the event loop. */
    public void log(@Nullable AccessLog next) {
        if (log != null) {
            log.handOver();
        }
        log = next == null ? null : next.lines();
    }

    @Override
    public void ended(ExchangeRecord exchange) {
        if (log != null) {
            log.add(exchange);
        }
    }

    @Override
    public void swept(long lateNanos) {
        if (log != null) {
            log.handOver();
        }
    }
}
