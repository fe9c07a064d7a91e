package dev.postern.balance;

import dev.postern.backend.Server;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Smooth weighted round robin, as nginx does it: weights 5, 1, 1 give a a b a c a a, not a a a a a b c. The sequence is
 * worked out once; choosing is one step of a counter that all event loops share, so that the order holds over all of
 * them.
 */
final class RoundRobin implements Selector {
    private final Server[] sequence;
    private final AtomicInteger next;

    /** @param start where in the sequence to begin; an unchanged list after a rebuild goes on where it was */
    RoundRobin(List<Server> servers, AtomicInteger start) {
        this.sequence = sequence(servers);
        this.next = start;
    }

    @Override
    public @Nullable Server select(Set<Server> tried) {
        // The counter wraps; floorMod keeps a negative one inside, and the search starts from there, clear of the seam.
        int start = Math.floorMod(next.getAndIncrement(), sequence.length);
        for (int i = 0; i < sequence.length; i++) {
            Server server = sequence[(start + i) % sequence.length];
            if (!tried.contains(server)) {
                return server;
            }
        }
        return null;
    }

    private static Server[] sequence(List<Server> servers) {
        int divisor = servers.stream().mapToInt(Server::weight).reduce(0, RoundRobin::gcd);
        int total = servers.stream().mapToInt(Server::weight).sum() / Math.max(1, divisor);
        Server[] sequence = new Server[total];
        int[] current = new int[servers.size()];
        for (int i = 0; i < total; i++) {
            int best = 0;
            for (int s = 0; s < current.length; s++) {
                current[s] += servers.get(s).weight() / divisor;
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
