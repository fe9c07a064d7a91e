package dev.postern.listener;

import io.netty.channel.Channel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many client connections there may be at once. At the limit nothing more is accepted: newcomers wait in the
 * kernel's queue, and are served as soon as others leave. An acceptor that waits for its next connection when the limit
 * is reached still accepts that one, so there may be one more for every event loop and address. Any thread.
 */
public final class ConnectionLimit {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectionLimit.class);

    private static final long TOLD_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

    // Replaced by a reload; read by any event loop.
    private volatile int max;
    private final AtomicInteger open = new AtomicInteger();
    private final Set<Acceptor> acceptors = ConcurrentHashMap.newKeySet();
    // Changed under the monitor; read by any event loop.
    private volatile boolean accepting = true;
    private final LongAdder reached = new LongAdder();
    // Under the monitor.
    private long toldNanos = System.nanoTime() - TOLD_EVERY_NANOS;

    private final String setting;

    public ConnectionLimit(int max) {
        this("limits.connections", max);
    }

    /** @param setting of the configuration, for the log */
    public ConnectionLimit(String setting, int max) {
        this.setting = setting;
        this.max = max;
    }

    public int max() {
        return max;
    }

    /** From now on there may be so many; where there are more already, none of them is closed. */
    public void max(int next) {
        max = next;
        settle();
    }

    /** Client connections open now, tunnels included. */
    public int open() {
        return open.get();
    }

    /** How often there was no room for more, since the start. */
    public long reached() {
        return reached.sum();
    }

    /** Lets {@code acceptor} accept, as long as there is room. */
    synchronized void open(Acceptor acceptor) {
        acceptors.add(acceptor);
        acceptor.onClose(() -> acceptors.remove(acceptor));
        if (!accepting) {
            acceptor.hold();
        }
    }

    /** Counts {@code client} until it is closed. */
    void admit(Channel client) {
        client.closeFuture().addListener(closed -> {
            if (open.decrementAndGet() < max && !accepting) {
                settle();
            }
        });
        if (open.incrementAndGet() >= max && accepting) {
            settle();
        }
    }

    private synchronized void settle() {
        // Looked at again after each change: whoever counted meanwhile may have seen the state before it, and left it
        // at that.
        for (boolean room = open.get() < max; room != accepting; room = open.get() < max) {
            accepting = room;
            boolean accept = room;
            if (!accept) {
                reached.increment();
                tell();
            }
            acceptors.forEach(accept ? Acceptor::letGo : Acceptor::hold);
        }
    }

    /** Where clients come and go at the limit it is reached with each of them: once a minute will do. */
    private void tell() {
        long now = System.nanoTime();
        if (now - toldNanos >= TOLD_EVERY_NANOS) {
            toldNanos = now;
            LOG.warn("{}: {} connections are open; no more are accepted until some close", setting, max);
        }
    }
}
