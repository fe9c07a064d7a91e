package dev.postern.acme;

import dev.postern.time.MonotonicClock;
import java.time.Duration;

/**
 * Who uses an account: many orders at once, or one change of its key alone, for what a challenge shows depends on the
 * key. Whoever has to wait does so on the monotonic clock.
 */
final class AccountUse {
    /** Between looks at whether it is our turn: of no weight beside an exchange with a CA. */
    private static final Duration LOOK = Duration.ofMillis(20);

    private final MonotonicClock elapsed;
    private int orders;
    private boolean changing;
    private boolean busy;

    AccountUse(MonotonicClock elapsed) {
        this.elapsed = elapsed;
    }

    void beginOrder() throws InterruptedException {
        while (!tryBeginOrder()) {
            elapsed.await(LOOK);
        }
    }

    private synchronized boolean tryBeginOrder() {
        if (changing) {
            return false;
        }
        orders++;
        return true;
    }

    synchronized void endOrder() {
        orders--;
    }

    /** Keeps new orders from beginning, and waits for the end of those that have. */
    void beginChange() throws InterruptedException {
        while (!tryBeginChange()) {
            elapsed.await(LOOK);
        }
        try {
            while (ordersLeft()) {
                elapsed.await(LOOK);
            }
        } catch (InterruptedException e) {
            endChange();
            throw e;
        }
    }

    private synchronized boolean tryBeginChange() {
        if (changing) {
            return false;
        }
        changing = true;
        return true;
    }

    private synchronized boolean ordersLeft() {
        return orders > 0;
    }

    synchronized void endChange() {
        changing = false;
    }

    /** For a moment: several orders begin at once, but there is one account to register. */
    void beginLogin() throws InterruptedException {
        while (!tryBeginLogin()) {
            elapsed.await(LOOK);
        }
    }

    private synchronized boolean tryBeginLogin() {
        if (busy) {
            return false;
        }
        busy = true;
        return true;
    }

    synchronized void endLogin() {
        busy = false;
    }
}
