package dev.postern.app;

import dev.postern.config.Durations;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waits for the last clients of an edge that accepts no more, and says how that goes. */
final class Drain {
    private static final Logger LOG = LoggerFactory.getLogger(Drain.class);

    /** How often it looks whether the last client has gone. */
    private static final Duration STEP = Duration.ofMillis(20);

    private final IntSupplier open;

    /** @param open how many connections there still are */
    Drain(IntSupplier open) {
        this.open = open;
    }

    /** Returns once there are none, after {@code grace}, or when the thread is interrupted. */
    void await(Duration grace) {
        int left = open.getAsInt();
        if (left > 0) {
            LOG.info("stopping: {} open; waiting up to {} for exchanges to end", text(left), Durations.text(grace));
        }
        long end = System.nanoTime() + grace.toNanos();
        while (left > 0 && System.nanoTime() < end && sleep(STEP)) {
            left = open.getAsInt();
        }
        if (left > 0) {
            LOG.warn("stopping: {} still open after {}; closed", text(left), Durations.text(grace));
        }
    }

    /**
     * Returns after {@code delay}, in which everybody is served as before.
     *
     * @param unready tells whoever asks that we are about to go
     */
    static void serveOn(Duration delay, Runnable unready) {
        if (!delay.isZero()) {
            unready.run();
            LOG.info("stopping: serving on for {}, and not ready for whoever asks", Durations.text(delay));
            var unused = sleep(delay);
        }
    }

    private static String text(int connections) {
        return connections + (connections == 1 ? " connection" : " connections");
    }

    /** False where the thread was interrupted, and is so still. */
    static boolean sleep(Duration time) {
        try {
            TimeUnit.NANOSECONDS.sleep(time.toNanos());
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
