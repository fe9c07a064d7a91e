package dev.postern.balance;

import dev.postern.backend.Server;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Smooth weighted round robin, as nginx does it: weights 5, 1, 1 give a a b a c a a, not a a a a a b c. The sequence is
 * worked out once; choosing is one step of a counter that all event loops share, so that the order holds over all of
 * them.
 */
final class RoundRobin implements Selector {
    /** Working a sequence out takes its length times the servers: some 10 ms at most. Longer ones are rounded to this. */
    private static final int LONGEST = 1 << 15;

    private final Server[] sequence;
    private final AtomicInteger next;

    /**
     * @param share what part of the exchanges a server gets
     * @param start where in the sequence to begin; an unchanged list after a rebuild goes on where it was
     */
    RoundRobin(List<Server> servers, ToIntFunction<Server> share, AtomicInteger start) {
        this.sequence =
                sequence(servers, shortened(servers.stream().mapToInt(share).toArray()));
        this.next = start;
    }

    @Override
    public @Nullable Server select(Affinity affinity, Set<Server> tried) {
        // The counter wraps; floorMod keeps a negative one inside, and the search starts from there, clear of the seam.
        int start = Math.floorMod(next.getAndIncrement(), sequence.length);
        for (int i = 0; i < sequence.length; i++) {
            Server server = sequence[(start + i) % sequence.length];
            if (server.hasRoom() && !tried.contains(server)) {
                return server;
            }
        }
        return null;
    }

    private static int[] shortened(int[] shares) {
        int divisor = 0;
        long total = 0;
        for (int share : shares) {
            divisor = gcd(divisor, share);
            total += share;
        }
        double scale = Math.min(1.0 / Math.max(1, divisor), (double) LONGEST / Math.max(1, total));
        int[] shortened = new int[shares.length];
        for (int i = 0; i < shares.length; i++) {
            shortened[i] = (int) Math.max(1, Math.round(shares[i] * scale));
        }
        return shortened;
    }

    private static Server[] sequence(List<Server> servers, int[] shares) {
        int total = 0;
        for (int share : shares) {
            total += share;
        }
        Server[] sequence = new Server[total];
        int[] current = new int[shares.length];
        for (int i = 0; i < total; i++) {
            int best = 0;
            for (int s = 0; s < current.length; s++) {
                current[s] += shares[s];
                if (current[s] > current[best]) {
                    best = s;
                }
            }
            current[best] -= total;
            sequence[i] = servers.get(best);
        }
        return sequence;
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }
}
