package dev.postern.balance;

import dev.postern.backend.Server;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Every key has an order of all servers of its own, drawn by their weights, and gets the first of them that may be
 * taken. So a server that leaves gives its keys to all others and moves none of theirs, and has its own back when it
 * returns (weighted rendezvous hashing, <a href="https://dl.acm.org/doi/10.1145/278459.278463">Thaler and Ravishankar</a>).
 *
 * <p>Where the load is bounded, a server with too much under way is passed over like one that is down (<a
 * href="https://arxiv.org/abs/1608.01350">Mirrokni, Thorup and Zadimoghaddam</a>): a key that everybody asks for spreads
 * over as many servers as it needs.
 *
 * <p>One look at each server per choice: some 10 ns each, no memory, and exact weights; a ring would need thousands of
 * points for that.
 */
final class ConsistentHash implements Selector {
    /**
     * So many exchanges are no load for any server. Without it the second request of a quiet hour would already be over
     * the fair share, and keys would move for nothing.
     */
    private static final long NO_LOAD = 16;

    private final Server[] servers;
    private final long[] seeds;
    private final int[] shares;
    private final long totalShare;
    private final boolean uniform;
    private final HashKey key;
    private final int boundPercent;
    private final Selector withoutKey;

    /** @param withoutKey chooses for requests that do not have the key */
    ConsistentHash(List<Server> servers, HashKey key, OptionalInt boundPercent, Selector withoutKey) {
        this.servers = servers.toArray(Server[]::new);
        this.seeds =
                servers.stream().mapToLong(server -> Hash.of(server.name())).toArray();
        this.shares = servers.stream().mapToInt(Server::share).toArray();
        this.totalShare = servers.stream().mapToLong(Server::share).sum();
        this.uniform = servers.stream().mapToInt(Server::share).distinct().count() <= 1;
        this.key = key;
        this.boundPercent = boundPercent.orElse(0);
        this.withoutKey = withoutKey;
    }

    @Override
    public @Nullable Server select(Affinity affinity, Set<Server> tried) {
        OptionalLong hash = key.of(affinity);
        if (hash.isEmpty()) {
            return withoutKey.select(affinity, tried);
        }
        Server bounded = boundPercent == 0 ? null : first(hash.getAsLong(), tried, allowed());
        // Where all that are left have too much, the first of them that can take it at all.
        return bounded != null ? bounded : first(hash.getAsLong(), tried, Double.POSITIVE_INFINITY);
    }

    /** How much a server may have under way for each part of its share, this exchange included. */
    private double allowed() {
        long load = 1;
        for (Server server : servers) {
            load += server.inFlight();
        }
        return (double) load * boundPercent / 100 / totalShare;
    }

    private @Nullable Server first(long hash, Set<Server> tried, double allowed) {
        Server first = null;
        double best = Double.POSITIVE_INFINITY;
        for (int i = 0; i < servers.length; i++) {
            Server server = servers[i];
            if (!server.hasRoom() || tried.contains(server)) {
                continue;
            }
            long load = server.inFlight();
            if (load >= NO_LOAD && load >= Math.ceil(allowed * shares[i])) {
                continue;
            }
            // The arrival of a server: exponentially distributed, sooner the larger its share. The soonest of all is
            // this one with a probability of exactly its share.
            double fraction = Hash.fraction(Hash.mix(hash ^ seeds[i]));
            double arrival = uniform ? 1 - fraction : -Math.log(fraction) / shares[i];
            if (arrival < best) {
                best = arrival;
                first = server;
            }
        }
        return first;
    }
}
