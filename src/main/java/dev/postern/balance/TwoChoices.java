package dev.postern.balance;

import dev.postern.backend.Server;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Draws two servers by their weights and takes the less busy one: nearly as even as least-connections, and many Posterns
 * that do not know of each other do not all run to the same idle server.
 */
final class TwoChoices implements Selector {
    private final Server[] servers;
    /** {@code ends[i]}: the sum of the shares up to and with server i. */
    private final int[] ends;

    private final AtomicInteger draws;
    private final long seed;
    private final Selector leastBusy;

    /** @param draws which draw of the sequence of {@code seed} is next */
    TwoChoices(List<Server> servers, AtomicInteger draws, long seed) {
        this.servers = servers.toArray(Server[]::new);
        this.ends = new int[this.servers.length];
        int end = 0;
        for (int i = 0; i < ends.length; i++) {
            end += this.servers[i].share();
            ends[i] = end;
        }
        this.draws = draws;
        this.seed = seed;
        this.leastBusy = new LeastConnections(servers, draws);
    }

    @Override
    public @Nullable Server select(Affinity affinity, Set<Server> tried) {
        // One counter for all loops, and its hash for chance.
        long chance = Hash.mix(seed + draws.getAndIncrement() * 0x9e3779b97f4a7c15L);
        int first = draw(Hash.fraction(chance), -1);
        int second = servers.length == 1 ? first : draw(Hash.fraction(Hash.mix(chance)), first);
        // Compared crosswise by load / share. Of equals the first one: idle servers are drawn by their weights alone.
        boolean busier = (long) servers[first].inFlight() * servers[second].share()
                > (long) servers[second].inFlight() * servers[first].share();
        Server better = servers[busier ? second : first];
        Server other = servers[busier ? first : second];
        if (better.hasRoom() && !tried.contains(better)) {
            return better;
        }
        return other.hasRoom() && !tried.contains(other) ? other : leastBusy.select(affinity, tried);
    }

    /** @param without the server that is left out; -1 for none */
    private int draw(double fraction, int without) {
        int total = ends[ends.length - 1];
        int from = without <= 0 ? 0 : ends[without - 1];
        int share = without < 0 ? 0 : ends[without] - from;
        int point = (int) (fraction * (total - share));
        return at(without < 0 || point < from ? point : point + share);
    }

    private int at(int point) {
        int low = 0;
        int high = ends.length - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (ends[middle] > point) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }
}
