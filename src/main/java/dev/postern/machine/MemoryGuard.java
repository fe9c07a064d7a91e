package dev.postern.machine;

import com.sun.management.GarbageCollectionNotificationInfo;
import io.netty.util.internal.PlatformDependent;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import javax.management.ListenerNotFoundException;
import javax.management.Notification;
import javax.management.NotificationEmitter;
import javax.management.NotificationListener;
import javax.management.openmbean.CompositeData;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows when memory is short, while there is still some left: then nothing more is begun, neither connections nor requests,
 * and what is under way can end. Whatever it is that clients make us hold (unfinished ClientHellos and heads, state of
 * HTTP/2, tables of HPACK, bodies, PROXY headers) counts alike, because what is looked at is what is used.
 *
 * <p>Of the heap, only a collection of all of it can tell what is used from what is garbage. Each one that the JVM does by
 * itself is heard of; where most of the heap is full and there was none for a while, one is asked for. Any thread.
 */
public final class MemoryGuard implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MemoryGuard.class);

    /** Of the heap, what may be in use before nothing more is begun; the rest is for what is under way. */
    private static final double FULL_HEAP = 0.80;

    /** Below that it is not short any more, garbage or not. */
    private static final double ROOMY_HEAP = 0.70;

    /** Of the memory for buffers outside the heap. The allocator takes it in pieces of megabytes. */
    private static final double FULL_DIRECT = 0.75;

    /** Between two collections that we ask for: this, or so many times what the last one took. */
    private static final long COLLECT_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final int COLLECT_SHARE = 50;

    private static final long TOLD_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** How long there was no collection where there is nothing to do, and how often to look. */
    public static final Duration QUIET = Duration.ofMinutes(1);

    /** What the JVM says of a collection that was asked for. */
    private static final String ASKED_FOR = "System.gc()";

    /** What refuses: is told of and counted apart. */
    public enum Refused {
        CONNECTION,
        REQUEST,
        /** One that was there already, and held some. */
        HELD
    }

    private final Executor collector;
    private final long maxHeap = Runtime.getRuntime().maxMemory();
    private final long maxDirect = PlatformDependent.maxDirectMemory();
    private final @Nullable BufferPoolMXBean direct = directPool();
    private final Set<String> heapPools = ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP)
            .map(MemoryPoolMXBean::getName)
            .collect(Collectors.toUnmodifiableSet());
    private final NotificationListener listener = this::collected;
    private final LongAdder connections = new LongAdder();
    private final LongAdder requests = new LongAdder();
    private final LongAdder held = new LongAdder();
    private final AtomicLong toldNanos = new AtomicLong(System.nanoTime() - TOLD_NANOS);
    private final AtomicLong mayCollectNanos = new AtomicLong(System.nanoTime());

    // Written by the thread that tells of collections, and by who finds that there is room; read by any thread.
    private volatile boolean heapIsFull;
    /** Whether the JVM had to collect since the last time that memory was given back, and when. */
    private volatile boolean spent;

    private volatile long collectedNanos = System.nanoTime();
    private volatile boolean closed;

    /** @param collector has the heap collected, which takes its time */
    public MemoryGuard(Executor collector) {
        this.collector = collector;
        for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) {
            if (bean instanceof NotificationEmitter emitter) {
                emitter.addNotificationListener(listener, null, null);
            }
        }
    }

    // ---- is there room?

    /** Quick: for each connection, and each request. */
    public boolean isShort() {
        return isDirectShort() || (heapIsFull && isHeapShort());
    }

    private boolean isDirectShort() {
        return usedDirect() > maxDirect * FULL_DIRECT;
    }

    private long usedDirect() {
        long counted = PlatformDependent.usedDirectMemory();
        // Netty leaves it to the JDK where it may not use memory of its own.
        return counted >= 0 || direct == null ? counted : direct.getMemoryUsed();
    }

    private boolean isHeapShort() {
        if (usedHeap() < maxHeap * ROOMY_HEAP) {
            heapIsFull = false;
            return false;
        }
        // What was held may have been given back since: nothing tells but a collection.
        collectSoon();
        return true;
    }

    /** Garbage included. */
    private static long usedHeap() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static @Nullable BufferPoolMXBean directPool() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .findFirst()
                .orElse(null);
    }

    // ---- no

    private LongAdder counter(Refused what) {
        return switch (what) {
            case CONNECTION -> connections;
            case REQUEST -> requests;
            case HELD -> held;
        };
    }

    /** Counts one that was refused, or put out, because {@link #isShort}, and tells the operator once a minute. */
    public void refused(Refused what) {
        counter(what).increment();
        long last = toldNanos.get();
        long now = System.nanoTime();
        if (now - last >= TOLD_NANOS && toldNanos.compareAndSet(last, now)) {
            LOG.warn(
                    "memory is short: heap {} of {} MiB, buffers {} of {} MiB; connections and requests are refused, and idle"
                            + " ones closed, until some is free ({} connections, {} requests, {} idle since the start; -Xmx"
                            + " gives more)",
                    usedHeap() >> 20,
                    maxHeap >> 20,
                    Math.max(0, usedDirect()) >> 20,
                    maxDirect >> 20,
                    connections.sum(),
                    requests.sum(),
                    held.sum());
        }
    }

    /** Connections that were closed at once, since the start. */
    public long refusedConnections() {
        return connections.sum();
    }

    /** Connections that were idle, or on their way to a request, and closed, since the start. */
    public long closedConnections() {
        return held.sum();
    }

    /** Requests that were answered 503, since the start. */
    public long refusedRequests() {
        return requests.sum();
    }

    // ---- collections

    private void collected(Notification notification, @Nullable Object unused) {
        if (closed
                || !notification.getType().equals(GarbageCollectionNotificationInfo.GARBAGE_COLLECTION_NOTIFICATION)) {
            return;
        }
        GarbageCollectionNotificationInfo info =
                GarbageCollectionNotificationInfo.from((CompositeData) notification.getUserData());
        long left = 0;
        for (Map.Entry<String, MemoryUsage> pool :
                info.getGcInfo().getMemoryUsageAfterGc().entrySet()) {
            if (heapPools.contains(pool.getKey())) {
                left += pool.getValue().getUsed();
            }
        }
        if (!info.getGcCause().equals(ASKED_FOR)) {
            collectedNanos = System.nanoTime();
            spent = true;
        }
        boolean full = left > maxHeap * FULL_HEAP;
        if (isOfEverything(info)) {
            heapIsFull = full;
            long rest = Math.max(
                    COLLECT_NANOS,
                    TimeUnit.MILLISECONDS.toNanos(info.getGcInfo().getDuration()) * COLLECT_SHARE);
            mayCollectNanos.set(System.nanoTime() + rest);
        } else if (full) {
            collectSoon();
        }
    }

    /** "End of major GC" of Serial, Parallel and G1; "end of GC cycle" of Shenandoah and ZGC, but for the young generation. */
    private static boolean isOfEverything(GarbageCollectionNotificationInfo info) {
        String action = info.getGcAction();
        return action.equals("end of major GC")
                || (action.equals("end of GC cycle") && !info.getGcName().contains("Minor"));
    }

    /**
     * To be called every {@link #QUIET}: after a burst, once nothing is done any more that takes memory, the heap is collected as a
     * whole, so that the JVM gives back to the machine what it does not need. By itself it would keep it: without work there is no
     * collection.
     *
     * @param quiet how long there was none
     * @return whether it was so
     */
    public boolean giveBack(Duration quiet) {
        if (closed || !spent || System.nanoTime() - collectedNanos < quiet.toNanos()) {
            return false;
        }
        spent = false;
        collector.execute(System::gc);
        return true;
    }

    /** What there is at most, in one line. */
    public String text() {
        return "heap " + (maxHeap >> 20) + " MiB, buffers " + (maxDirect >> 20)
                + " MiB at most; nothing more is begun from " + ((long) (maxHeap * FULL_HEAP) >> 20) + " and "
                + ((long) (maxDirect * FULL_DIRECT) >> 20) + " MiB on";
    }

    private void collectSoon() {
        long due = mayCollectNanos.get();
        long now = System.nanoTime();
        if (now - due >= 0 && mayCollectNanos.compareAndSet(due, now + COLLECT_NANOS)) {
            collector.execute(System::gc);
        }
    }

    @Override
    public void close() {
        closed = true;
        for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) {
            if (bean instanceof NotificationEmitter emitter) {
                try {
                    emitter.removeNotificationListener(listener);
                } catch (ListenerNotFoundException e) {
                    LOG.debug("collections of the heap: {}", e.toString());
                }
            }
        }
    }
}
