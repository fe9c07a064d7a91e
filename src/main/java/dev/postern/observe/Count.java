package dev.postern.observe;

import java.util.Map;
import java.util.TreeMap;

/** What was counted of one site, server or service, over all event loops. Immutable. */
public final class Count {
    private static final double MICROS_PER_MILLI = 1000;

    private static final Count NOTHING = new Count(Counters.sums(), Map.of());

    private final long[] sums;
    private final Map<String, Long> failures;

    Count(long[] sums, Map<String, Long> failures) {
        this.sums = sums;
        this.failures = failures;
    }

    static Count nothing() {
        return NOTHING;
    }

    /** How many have ended. */
    public long all() {
        long all = 0;
        for (int i = 0; i < Counters.STATUS_CLASSES; i++) {
            all += sums[i];
        }
        return all;
    }

    /** @param firstDigit of the status; 0 for those whose client was told nothing */
    public long answered(int firstDigit) {
        return sums[firstDigit];
    }

    /** Of bodies, and through tunnels, from clients. */
    public long bytesIn() {
        return sums[Counters.BYTES_IN];
    }

    public long bytesOut() {
        return sums[Counters.BYTES_OUT];
    }

    public long retries() {
        return sums[Counters.RETRIES];
    }

    /** How many went over a connection that was there already. */
    public long onOpenConnections() {
        return sums[Counters.REUSED];
    }

    /** Failures by reason, in the order of the alphabet. */
    public Map<String, Long> failures() {
        return failures;
    }

    public long failed() {
        return failures.values().stream().mapToLong(Long::longValue).sum();
    }

    /**
     * Milliseconds within which {@code part} of those that were timed had their answer: within a bucket of the histogram
     * they are taken to be spread evenly. NaN where none was timed.
     */
    public double quantile(double part) {
        long timed = 0;
        for (int i = 0; i <= Counters.BOUNDS.length; i++) {
            timed += sums[Counters.BUCKETS + i];
        }
        double wanted = part * timed;
        double before = 0;
        for (int i = 0; i < Counters.BOUNDS.length && timed > 0; i++) {
            long here = sums[Counters.BUCKETS + i];
            if (here > 0 && before + here >= wanted) {
                double from = i == 0 ? 0 : Counters.BOUNDS[i - 1];
                return (from + (Counters.BOUNDS[i] - from) * (wanted - before) / here) / MICROS_PER_MILLI;
            }
            before += here;
        }
        // Above the last bound nobody knows more than that.
        return timed == 0 ? Double.NaN : Counters.BOUNDS[Counters.BOUNDS.length - 1] / MICROS_PER_MILLI;
    }

    /** What has come since {@code earlier}. */
    Count since(Count earlier) {
        long[] more = new long[sums.length];
        for (int i = 0; i < more.length; i++) {
            more[i] = Math.max(0, sums[i] - earlier.sums[i]);
        }
        Map<String, Long> reasons = new TreeMap<>();
        failures.forEach((why, count) -> {
            long since = count - earlier.failures.getOrDefault(why, 0L);
            if (since > 0) {
                reasons.put(why, since);
            }
        });
        return new Count(more, Map.copyOf(reasons));
    }
}
