package dev.postern.observe;

import dev.postern.wire.Failure;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/** The counters of one site, or of one server, on one event loop: written there only, read by any thread. */
final class Counters {
    /** By the first digit of the status; 0 where the client was told nothing. */
    static final int STATUS_CLASSES = 6;

    static final int BYTES_IN = STATUS_CLASSES;
    static final int BYTES_OUT = BYTES_IN + 1;
    static final int RETRIES = BYTES_OUT + 1;
    static final int REUSED = RETRIES + 1;
    static final int NEW = REUSED + 1;
    static final int LEFT_OUT = NEW + 1;
    static final int MICROS = LEFT_OUT + 1;
    static final int BUCKETS = MICROS + 1;

    /** Upper bounds of the buckets, microseconds: from what Postern alone takes to what a timeout takes. */
    static final long[] BOUNDS = {
        500,
        1_000,
        2_500,
        5_000,
        10_000,
        25_000,
        50_000,
        100_000,
        250_000,
        500_000,
        1_000_000,
        2_500_000,
        5_000_000,
        10_000_000,
        30_000_000,
        60_000_000
    };

    /** One of those that were timed, by the trace that has more of it. */
    record Example(String traceId, String spanId, long micros) {}

    // Replaced by the loop; read by any thread.
    private volatile @Nullable Example last;

    private final AtomicLongArray counts = new AtomicLongArray(BUCKETS + BOUNDS.length + 1);

    // Replaced by the loop when a reason is new.
    private volatile Map<Failure, AtomicLongArray> failures = Map.of();

    void answered(int status) {
        LoopCounters.increment(counts, Math.min(status / 100, STATUS_CLASSES - 1));
    }

    void add(int counter, long more) {
        if (more != 0) {
            counts.setRelease(counter, counts.getPlain(counter) + more);
        }
    }

    void took(long micros) {
        int bucket = 0;
        while (bucket < BOUNDS.length && micros > BOUNDS[bucket]) {
            bucket++;
        }
        LoopCounters.increment(counts, BUCKETS + bucket);
        add(MICROS, micros);
    }

    /** Is timed, and told a collector of traces. */
    void exemplified(Example example) {
        last = example;
    }

    /** The last one; null where there is none. */
    @Nullable Example example() {
        return last;
    }

    void failed(Failure why) {
        AtomicLongArray count = failures.get(why);
        if (count == null) {
            Map<Failure, AtomicLongArray> next = new HashMap<>(failures);
            count = new AtomicLongArray(1);
            next.put(why, count);
            failures = next;
        }
        LoopCounters.increment(count, 0);
    }

    /** Adds everything to {@code sums}, and the failures by reason. Any thread. */
    void addTo(long[] sums, Map<String, Long> reasons) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += counts.getAcquire(i);
        }
        failures.forEach((why, count) -> reasons.merge(why.reason(), count.getAcquire(0), Long::sum));
    }

    static long[] sums() {
        return new long[BUCKETS + BOUNDS.length + 1];
    }
}
