package dev.postern.http.exchange;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.config.RateLimit;
import dev.postern.wire.ClientNetwork;
import java.net.InetAddress;
import java.util.random.RandomGenerator;

/**
 * Counts requests per client and limit. Each client has a bucket that fills evenly, kept as one number: the time at which
 * it will be full again (GCRA, the "virtual scheduling" of ITU-T I.371).
 *
 * <p>The table has a fixed size, however many clients come. A client's place is one of {@link #WAYS} in a set that a keyed
 * hash chooses, so that nobody can aim at it; where the set is full the newcomer takes the place of the bucket that is the
 * fullest, which loses least by being forgotten. So whoever is limited stays so until it has waited, and nobody is refused
 * because others are many: to make room by force one has to be limited oneself, with more addresses than a set has places,
 * in every set.
 *
 * <p>Any thread. A set belongs to one of {@link #STRIPES} monitors, which is held for a few comparisons.
 */
public final class RateLimiter {
    private static final int WAYS = 8;
    private static final int STRIPES = 64;
    /** With {@link #WAYS} and {@link #STRIPES}, 65,536 buckets in 1 MiB; half of a stripe would do for most. */
    private static final int SETS_PER_STRIPE = 128;

    private final Stripe[] stripes = new Stripe[STRIPES];
    private final long key0;
    private final long key1;

    /** @param random for the key of the hash */
    public RateLimiter(RandomGenerator random) {
        this.key0 = random.nextLong();
        this.key1 = random.nextLong();
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new Stripe();
        }
    }

    /**
     * Takes one request from the bucket of {@code client}.
     *
     * @param nowNanos of the clock of the event loops
     * @return 0 where there was one to take; else how long, in nanoseconds, until there is one
     */
    public long take(RateLimit limit, InetAddress client, long nowNanos) {
        long hash = hash(limit.scope().hashCode(), ClientNetwork.of(client));
        long interval = limit.intervalNanos();
        return stripes[(int) (hash >>> 58)].take(
                (int) (hash >>> 51) & (SETS_PER_STRIPE - 1),
                hash | 1,
                interval,
                interval * (limit.burst() - 1),
                nowNanos);
    }

    private static final class Stripe {
        // Made when the first request is counted here. A key of 0 is a place that is free.
        @GuardedBy("this") private long[] keys = {};

        @GuardedBy("this") private long[] full = {};

        synchronized long take(int set, long key, long interval, long tolerance, long now) {
            if (keys.length == 0) {
                keys = new long[SETS_PER_STRIPE * WAYS];
                full = new long[SETS_PER_STRIPE * WAYS];
            }
            int place = place(set * WAYS, key, now);
            // Clamped for limits that a reload has made narrower: nobody waits for longer than the new one makes them.
            long missing = keys[place] == key ? Math.min(Math.max(full[place] - now, 0), tolerance + interval) : 0;
            if (missing > tolerance) {
                return missing - tolerance;
            }
            keys[place] = key;
            full[place] = now + missing + interval;
            return 0;
        }

        /** Where the key is; else where it may be put: a free place, or that of the fullest bucket. */
        @GuardedBy("this") private int place(int from, long key, long now) {
            int best = from;
            long least = Long.MAX_VALUE;
            for (int i = from; i < from + WAYS; i++) {
                if (keys[i] == key) {
                    return i;
                }
                long missing = keys[i] == 0 ? Long.MIN_VALUE : full[i] - now;
                if (missing < least) {
                    least = missing;
                    best = i;
                }
            }
            return best;
        }
    }

    /** SipHash-2-4 of two words, <a href="https://www.aumasson.jp/siphash/siphash.pdf">Aumasson and Bernstein</a>. */
    private long hash(long scope, long network) {
        long v0 = key0 ^ 0x736f6d6570736575L;
        long v1 = key1 ^ 0x646f72616e646f6dL;
        long v2 = key0 ^ 0x6c7967656e657261L;
        long v3 = key1 ^ 0x7465646279746573L;
        for (int word = 0; word < 4; word++) {
            long m = word == 0 ? scope : word == 1 ? network : word == 2 ? 16L << 56 : 0;
            if (word == 3) {
                v2 ^= 0xff;
            }
            v3 ^= m;
            for (int round = 0; round < (word == 3 ? 4 : 2); round++) {
                v0 += v1;
                v1 = Long.rotateLeft(v1, 13) ^ v0;
                v0 = Long.rotateLeft(v0, 32);
                v2 += v3;
                v3 = Long.rotateLeft(v3, 16) ^ v2;
                v0 += v3;
                v3 = Long.rotateLeft(v3, 21) ^ v0;
                v2 += v1;
                v1 = Long.rotateLeft(v1, 17) ^ v2;
                v2 = Long.rotateLeft(v2, 32);
            }
            v0 ^= m;
        }
        return v0 ^ v1 ^ v2 ^ v3;
    }
}
