package dev.postern.backend;

import io.netty.channel.Channel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many connections to servers there may be, so that descriptors are left for whoever comes in, and how many of them
 * may work for one client at a time. Counts those that are being made, that are in use, that are idle, and the health
 * checks. Any thread; nobody waits here.
 */
public final class ServerBudget {
    /** Clients whose networks fall into one place share it; there are places for more than will ever do at once. */
    private static final int PLACES = 1 << 16;

    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    /** More often would not make it any faster. */
    private static final long ASK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    // Replaced by a reload; read by any event loop.
    private volatile int max;
    private volatile int maxPerClient;
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicIntegerArray working = new AtomicIntegerArray(PLACES);
    private final AtomicInteger atWork = new AtomicInteger();
    private static final long NEVER = Long.MIN_VALUE;

    private final AtomicLong askedNanos = new AtomicLong(NEVER);
    private final LongAdder refused = new LongAdder();
    private final long seed;

    /** @param seed random, so that nobody can choose whose place to share */
    public ServerBudget(int max, int maxPerClient, long seed) {
        this.max = max;
        this.maxPerClient = maxPerClient;
        this.seed = seed;
    }

    /** From now on there may be so many; where there are more already, none of them is closed. */
    public void limit(int connections, int perClient) {
        max = connections;
        maxPerClient = perClient;
    }

    public int max() {
        return max;
    }

    public int maxPerClient() {
        return maxPerClient;
    }

    /** Connections to servers that are open now, or being made. */
    public int open() {
        return open.get();
    }

    /** How often there was no room for another, since the start. */
    public long refused() {
        return refused.sum();
    }

    /** Somebody was answered that there is no room. */
    public void refuses() {
        refused.increment();
    }

    /**
     * Whether there may be one more. Event loops that ask at the same moment are all told so: there may be one more for
     * each of them.
     */
    public boolean hasRoom() {
        return open.get() < max;
    }

    /** Whether the event loops should be asked to let idle connections go; they have just been where not. */
    public boolean asksOthers(long nowNanos) {
        long last = askedNanos.get();
        return (last == NEVER || nowNanos - last > ASK_NANOS) && askedNanos.compareAndSet(last, nowNanos);
    }

    /** Counts {@code connection} until it is closed. */
    public void count(Channel connection) {
        open.incrementAndGet();
        connection.closeFuture().addListener(closed -> open.decrementAndGet());
    }

    /** Whether one more connection may work for the client of {@code network}; counted until {@link #leaves}. */
    public boolean worksFor(long network) {
        int place = place(network);
        int mine = working.incrementAndGet(place);
        if (mine > 1 && mine > share(max - atWork.get())) {
            working.decrementAndGet(place);
            return false;
        }
        atWork.incrementAndGet();
        return true;
    }

    public void leaves(long network) {
        working.decrementAndGet(place(network));
        atWork.decrementAndGet();
    }

    /**
     * How many a client may have while {@code left} are not at work for anybody: its maximum where it is alone, and less the
     * more the others have, so that however many take what they can get there is some left for who comes next (dynamic
     * thresholds, as switches share their buffers).
     */
    private int share(int left) {
        int most = maxPerClient;
        int others = max - most;
        return others <= 0 ? most : (int) Math.min(most, (long) most * left / others);
    }

    private int place(long network) {
        return (int) (((network ^ seed) * GOLDEN) >>> 48);
    }

    /** Connections that work for any client now. */
    public int working() {
        return atWork.get();
    }
}
