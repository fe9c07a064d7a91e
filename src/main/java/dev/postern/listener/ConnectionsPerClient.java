package dev.postern.listener;

import dev.postern.wire.ClientNetwork;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many connections each client has open, tunnels included; no more entries than there are connections. Any thread.
 */
public final class ConnectionsPerClient {
    private final ConcurrentHashMap<Long, Integer> open = new ConcurrentHashMap<>();
    private final LongAdder refused = new LongAdder();

    /** Counts {@code channel} until it is closed, or says no: its client has {@code max} already. */
    boolean admit(Channel channel, InetAddress client, int max) {
        Long network = ClientNetwork.of(client);
        int count = open.merge(network, 1, Integer::sum);
        if (count > max) {
            leave(network);
            refused.increment();
            return false;
        }
        channel.closeFuture().addListener(closed -> leave(network));
        return true;
    }

    private void leave(Long network) {
        var unused = open.computeIfPresent(network, (same, count) -> count == 1 ? null : count - 1);
    }

    /** The clients that have most open, by address or /64, with how many; the one with most first. */
    public Map<String, Integer> busiest(int most) {
        Map<String, Integer> busiest = new LinkedHashMap<>();
        open.entrySet().stream()
                .map(one -> Map.entry(one.getKey(), one.getValue()))
                .sorted(Map.Entry.<Long, Integer>comparingByValue().reversed())
                .limit(most)
                .forEach(one -> busiest.put(ClientNetwork.text(one.getKey()), one.getValue()));
        return busiest;
    }

    /** Connections that were closed because their client had too many, since the start. */
    public long refused() {
        return refused.sum();
    }
}
