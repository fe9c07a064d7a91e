package dev.postern.http.exchange;

import org.jspecify.annotations.Nullable;

/**
 * Is told of every exchange at its end, whatever the end, and of requests that were refused before they became one. Each
 * event loop has an observer of its own, which is called on that loop only: it must be quick, must not block, and must
 * not keep what it is given.
 */
public interface ExchangeObserver {
    /** Watches nothing. */
    ExchangeObserver NONE = new ExchangeObserver() {
        @Override
        public void ended(ExchangeRecord exchange) {}
    };

    /** How requests are traced; null where they are not. */
    default @Nullable Sampling sampling() {
        return null;
    }

    /** Called once for each exchange; that of an upgraded connection ends with its tunnel. */
    void ended(ExchangeRecord exchange);

    /**
     * Called whenever the loop looks after its timeouts, every half second or more often.
     *
     * @param lateNanos how much later than due: what the loop was busy with instead
     */
    default void swept(long lateNanos) {}
}
