package dev.postern.alert;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.config.Alerts;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends messages by all receivers, one after the other; what does not get there is sent again a few times, then given up with a
 * word in the log. Only so many go out in an hour: what is beyond is counted, and told in one once there is room. Any thread.
 */
public final class Delivery {
    private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);

    /** A mail server that is being restarted is back after the first, a line that is down after the last. */
    static final List<Duration> RETRIES =
            List.of(Duration.ofSeconds(30), Duration.ofMinutes(5), Duration.ofMinutes(30));

    /** More than that waiting means that a receiver hangs. */
    private static final int MOST_WAITING = 1000;

    private static final Duration HOUR = Duration.ofHours(1);

    /** Calls back later. */
    @FunctionalInterface
    public interface Timer {
        /** Runs {@code task}, which returns at once, when that much has elapsed; never where it ends before. */
        void after(Duration wait, Runnable task);
    }

    private final Executor executor;
    private final Timer timer;
    private final InstantSource clock;
    private final String host;

    @GuardedBy("this") private final Deque<Instant> sent = new ArrayDeque<>();

    @GuardedBy("this") private int held;

    @GuardedBy("this") private int waiting;

    @GuardedBy("this") private int perHour = 1;

    @GuardedBy("this") private List<Receiver> receivers = List.of();

    /**
     * @param executor one thread, which may be busy for long
     * @param host which we are
     */
    public Delivery(Executor executor, Timer timer, InstantSource clock, String host) {
        this.executor = executor;
        this.timer = timer;
        this.clock = clock;
        this.host = host;
    }

    /** @param alerts null where nobody is told any more */
    synchronized void follow(@Nullable Alerts alerts) {
        receivers = alerts == null ? List.of() : Receivers.of(alerts);
        perHour = alerts == null ? 1 : alerts.perHour();
    }

    String host() {
        return host;
    }

    /** Returns at once. */
    void tell(Message message) {
        List<Receiver> to;
        synchronized (this) {
            if (!hasRoom()) {
                held++;
                return;
            }
            sent.addLast(clock.instant());
            to = receivers;
        }
        to.forEach(receiver -> send(receiver, message, 0));
    }

    /** To be called now and then: tells of what was too much. */
    void look() {
        int more;
        synchronized (this) {
            if (held == 0 || !hasRoom()) {
                return;
            }
            more = held;
            held = 0;
        }
        tell(new Message(
                Message.State.SUMMARY,
                "more_alerts",
                "postern",
                more + " more alerts that were not sent",
                "alerts.per-hour was reached; the service log has all of them.",
                host(),
                clock.instant()));
    }

    @GuardedBy("this") private boolean hasRoom() {
        Instant before = clock.instant().minus(HOUR);
        while (!sent.isEmpty() && !sent.peekFirst().isAfter(before)) {
            sent.removeFirst();
        }
        return sent.size() < perHour;
    }

    private void send(Receiver receiver, Message message, int attempt) {
        synchronized (this) {
            if (waiting >= MOST_WAITING) {
                LOG.warn("alerts: {}: {} wait already; not told: {}", receiver.name(), waiting, message.headline());
                return;
            }
            waiting++;
        }
        try {
            executor.execute(() -> sendNow(receiver, message, attempt));
        } catch (RejectedExecutionException e) {
            LOG.debug("alerts: {}: stopping; not told: {}", receiver.name(), message.headline());
        }
    }

    private void sendNow(Receiver receiver, Message message, int attempt) {
        String fault;
        try {
            receiver.send(message);
            LOG.info("alerts: {}: told: {}", receiver.name(), message.headline());
            return;
        } catch (IOException e) {
            fault = String.valueOf(e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        } catch (RuntimeException e) {
            fault = "bug: " + e;
        } finally {
            synchronized (this) {
                waiting--;
            }
        }
        if (attempt == RETRIES.size()) {
            LOG.error("alerts: {}: {}; given up: {}", receiver.name(), fault, message.headline());
            return;
        }
        LOG.warn("alerts: {}: {}; tried again: {}", receiver.name(), fault, message.headline());
        timer.after(RETRIES.get(attempt), () -> send(receiver, message, attempt + 1));
    }
}
