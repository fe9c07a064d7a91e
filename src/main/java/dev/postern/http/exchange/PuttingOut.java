package dev.postern.http.exchange;

import dev.postern.machine.MemoryGuard;
import dev.postern.wire.ClientConnection;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who has to go while memory is short: whoever holds some of it and gets nothing done. Connections that are idle first,
 * which cost their clients least, as nginx has it; then those whose head, and then those whose ClientHello, does not come to
 * its end. Of each kind those that have waited longest, and few enough at a time that there may be room again before the
 * rest. Event loop only.
 */
public final class PuttingOut {
    private static final Logger LOG = LoggerFactory.getLogger(PuttingOut.class);

    /** Of the connections of the event loop, at each sweep; there are two in a second at least. */
    private static final int SHARE = 8;

    private static final int LEAST = 16;

    /** Who has been silent for less may be about to speak. */
    private static final long SILENT_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final MemoryGuard memory;
    private final Ticker ticker;
    // In the order in which they came.
    private final Map<Channel, Long> arriving = new LinkedHashMap<>();

    PuttingOut(MemoryGuard memory, Ticker ticker) {
        this.memory = memory;
        this.ticker = ticker;
    }

    /**
     * {@code client} has yet to say whom it wants; until {@link #arrived}, or until it is gone. Closed before that where
     * memory is short and it takes its time.
     */
    public void arrives(Channel client) {
        arriving.put(client, ticker.nanoTime());
        client.closeFuture().addListener(gone -> arriving.remove(client));
    }

    public void arrived(Channel client) {
        arriving.remove(client);
    }

    boolean isDue() {
        return memory.isShort();
    }

    /** @param saidBefore what was said before this has been read */
    void sweep(Collection<ClientConnection> connections, long saidBefore) {
        if (!isDue()) {
            return;
        }
        int left = Math.max(LEAST, (connections.size() + arriving.size()) / SHARE);
        left = putOut(connections.stream().filter(ClientConnection::isIdle).toList(), left, saidBefore);
        left = putOut(connections.stream().filter(ClientConnection::isInHead).toList(), left, saidBefore);
        List<Channel> late = new ArrayList<>();
        for (Iterator<Map.Entry<Channel, Long>> oldest = arriving.entrySet().iterator();
                late.size() < left && oldest.hasNext(); ) {
            Map.Entry<Channel, Long> next = oldest.next();
            if (saidBefore - next.getValue() <= SILENT_NANOS) {
                break;
            }
            late.add(next.getKey());
        }
        late.forEach(client -> {
            memory.refused(MemoryGuard.Refused.HELD);
            LOG.debug("client {}: memory is short: closed before the end of its handshake", client.remoteAddress());
            close(client);
        });
    }

    /** Those that have not {@linkplain #arrived arrived}, all of them. */
    void closeArriving() {
        List.copyOf(arriving.keySet()).forEach(PuttingOut::close);
    }

    private int putOut(List<ClientConnection> some, int most, long saidBefore) {
        List<ClientConnection> silent = some.stream()
                .filter(one -> one.idleNanos(saidBefore) > SILENT_NANOS)
                .sorted(Comparator.comparingLong((ClientConnection one) -> one.idleNanos(saidBefore))
                        .reversed())
                .limit(most)
                .toList();
        for (ClientConnection one : silent) {
            memory.refused(MemoryGuard.Refused.HELD);
            one.putOut();
        }
        return most - silent.size();
    }

    private static void close(Channel client) {
        client.close().addListener(closed -> {
            if (!closed.isSuccess()) {
                LOG.debug("client {}: close failed", client.remoteAddress(), closed.cause());
            }
        });
    }
}
