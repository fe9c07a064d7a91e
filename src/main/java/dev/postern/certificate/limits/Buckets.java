package dev.postern.certificate.limits;

import dev.postern.certificate.policy.RateLimit;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** What was used of the limits of one account, and what is about to be. Part of its {@link Ledger}, and used with its lock. */
final class Buckets {
    /** A bucket that is full says nothing; kept a little longer, should the clock be set back. */
    private static final Duration FORGET = Duration.ofDays(1);

    /** Which limit, and whose. */
    record Bucket(RateLimit limit, String of) {}

    private final Map<Bucket, Instant> full = new HashMap<>();
    // In memory only: a certificate that was never finalized was never issued.
    private final Map<Bucket, Integer> reserved = new HashMap<>();

    /** When the bucket is full again; what is reserved counts as used. */
    Instant used(Bucket bucket, Instant now) {
        return used(bucket, reserved.getOrDefault(bucket, 0), now);
    }

    /** @param coming what counts besides */
    Instant used(Bucket bucket, int coming, Instant now) {
        Instant kept = believable(bucket, now);
        for (int i = coming; i > 0; i--) {
            kept = bucket.limit().charged(kept, now);
        }
        return kept;
    }

    private Instant believable(Bucket bucket, Instant now) {
        Instant kept = full.get(bucket);
        if (kept == null) {
            return Instant.EPOCH;
        }
        Instant cut = bucket.limit().believable(kept, now);
        if (!cut.equals(kept)) {
            // Kept cut, or it would move on with the time for ever.
            full.put(bucket, cut);
        }
        return cut;
    }

    void charge(Bucket bucket, Instant now) {
        full.put(bucket, bucket.limit().charged(believable(bucket, now), now));
    }

    void refund(Bucket bucket) {
        full.computeIfPresent(bucket, (key, at) -> key.limit().refunded(at));
    }

    void reserve(Bucket bucket) {
        reserved.merge(bucket, 1, Integer::sum);
    }

    void release(Bucket bucket) {
        reserved.computeIfPresent(bucket, (key, n) -> n > 1 ? n - 1 : null);
    }

    /** When each is full again. */
    Map<Bucket, Instant> full() {
        return Map.copyOf(full);
    }

    /** Takes over what is known of a bucket, unless the bucket is known to be fuller. */
    void learn(Bucket bucket, Instant at) {
        full.merge(bucket, at, (a, b) -> a.isAfter(b) ? a : b);
    }

    /** Those that have been full for long. */
    void forget(Instant now) {
        full.values().removeIf(at -> !at.isAfter(now.minus(FORGET)));
    }
}
