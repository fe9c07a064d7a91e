package dev.postern.observe;

import dev.postern.backend.Server;
import dev.postern.http.exchange.ExchangeRecord;
import dev.postern.http.exchange.Trace;
import dev.postern.tunnel.PassageRecord;
import dev.postern.wire.Failure;
import dev.postern.wire.Failure.ByServer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * What one event loop counts. Only the loop writes, so that no two cores fight over a counter; whoever asks adds the
 * loops up. Names come from the configuration and the DNS alone: no client can make them grow.
 */
final class LoopCounters {
    /** Of what belongs to no site: refused before it was known, or asked for by a name that is none of ours. */
    static final String NO_SITE = "-";

    private static final int SWITCHING_PROTOCOLS = 101;
    private static final long NANOS_PER_MICRO = 1000;

    /** What was counted of a server. */
    record Counted(Server server, Counters counters) {}

    /** The versions that a request may come in; what could not be read has none. */
    static final String[] PROTOCOLS = {"HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "-"};

    // Replaced by the loop whenever a name is new; read by whoever asks.
    private volatile Map<String, Counters> bySite = Map.of();
    private volatile Map<String, Counters> byService = Map.of();
    private volatile Map<String, Map<String, Counted>> byServer = Map.of();

    // Of the exchange before: the next one is mostly of the same site, and went to one of a few servers.
    private String lastSite = NO_SITE;
    private @Nullable Counters ofLastSite;
    private String lastBackend = "";
    private @Nullable Server lastServer;
    private @Nullable Counters ofLastServer;

    private final AtomicLongArray protocols = new AtomicLongArray(PROTOCOLS.length);
    private final Counters late = new Counters();

    /** Counts an exchange. On the loop. */
    void add(ExchangeRecord exchange) {
        int status = exchange.status();
        // A tunnel lasts as long as people like; of how fast we are it says nothing.
        boolean timed = status != SWITCHING_PROTOCOLS;
        Failure failure = exchange.failure();
        Counters site = site(exchange.site());
        site.answered(status);
        site.add(Counters.BYTES_IN, exchange.bytesIn());
        site.add(Counters.BYTES_OUT, exchange.bytesOut());
        site.add(Counters.LEFT_OUT, exchange.leftOut());
        if (timed) {
            site.took(exchange.totalTime() / NANOS_PER_MICRO);
            Trace trace = exchange.trace();
            if (trace != null && trace.isSampled()) {
                site.exemplified(
                        new Counters.Example(trace.traceId(), trace.spanId(), exchange.totalTime() / NANOS_PER_MICRO));
            }
        }
        if (failure != null) {
            site.failed(failure);
        }
        increment(protocols, protocol(exchange.protocol()));
        String backend = exchange.backend();
        if (backend == null || exchange.server() == null) {
            return;
        }
        Counters server = server(backend, exchange.server());
        server.answered(status);
        server.add(Counters.RETRIES, exchange.retries());
        server.add(exchange.reusedConnection() ? Counters.REUSED : Counters.NEW, 1);
        if (exchange.responseTime() != ExchangeRecord.NEVER) {
            server.took(exchange.responseTime() / NANOS_PER_MICRO);
        }
        if (failure != null && isOfServer(failure)) {
            server.failed(failure);
        }
    }

    /** Counts a passage. On the loop. */
    void add(PassageRecord passage) {
        Failure failure = passage.failure();
        Counters service = byService.get(passage.service());
        if (service == null) {
            service = new Counters();
            byService = with(byService, passage.service(), service);
        }
        // Every passage is answered alike: by nothing of ours.
        service.answered(0);
        service.add(Counters.BYTES_IN, passage.bytesIn());
        service.add(Counters.BYTES_OUT, passage.bytesOut());
        service.add(Counters.RETRIES, passage.retries());
        service.took(passage.totalTime() / NANOS_PER_MICRO);
        if (failure != null) {
            service.failed(failure);
        }
    }

    /** Neither clients' faults nor ours; nor that no server had room, when one had been tried before. */
    private static boolean isOfServer(Failure failure) {
        return failure.fault() == Failure.Fault.BACKEND
                && failure != ByServer.NONE_AVAILABLE
                && failure != ByServer.QUEUE_FULL
                && failure != ByServer.QUEUE_TIMEOUT;
    }

    /** Counts how late the loop was. On the loop. */
    void swept(long lateNanos) {
        late.took(lateNanos / NANOS_PER_MICRO);
    }

    private static int protocol(@Nullable String protocol) {
        for (int i = 0; i < PROTOCOLS.length - 1; i++) {
            if (PROTOCOLS[i].equals(protocol)) {
                return i;
            }
        }
        return PROTOCOLS.length - 1;
    }

    private Counters site(@Nullable String name) {
        String key = name == null ? NO_SITE : name;
        Counters found = ofLastSite;
        if (found != null && lastSite.equals(key)) {
            return found;
        }
        found = bySite.get(key);
        if (found == null) {
            found = new Counters();
            bySite = with(bySite, key, found);
        }
        lastSite = key;
        ofLastSite = found;
        return found;
    }

    private Counters server(String backend, Server server) {
        Counters found = ofLastServer;
        if (found == null || !server.equals(lastServer) || !backend.equals(lastBackend)) {
            found = serverOf(backend, server);
            lastBackend = backend;
            lastServer = server;
            ofLastServer = found;
        }
        return found;
    }

    /** What is new takes the place of what has left: where names move, addresses come and go for ever. */
    private Counters serverOf(String backend, Server server) {
        Map<String, Counted> servers = byServer.getOrDefault(backend, Map.of());
        Counted known = servers.get(server.name());
        if (known != null && known.server.equals(server)) {
            return known.counters;
        }
        Map<String, Counted> next = new HashMap<>(servers);
        next.values().removeIf(other -> other.server.isRetired());
        Counters counters = known == null ? new Counters() : known.counters;
        next.put(server.name(), new Counted(server, counters));
        byServer = with(byServer, backend, next);
        return counters;
    }

    private static <V> Map<String, V> with(Map<String, V> map, String key, V value) {
        Map<String, V> next = new HashMap<>(map);
        next.put(key, value);
        return next;
    }

    static void increment(AtomicLongArray counts, int index) {
        // One writer: no need for a locked addition.
        counts.setRelease(index, counts.getPlain(index) + 1);
    }

    // ---- for whoever asks

    Map<String, Counters> bySite() {
        return bySite;
    }

    Map<String, Counters> byService() {
        return byService;
    }

    Map<String, Map<String, Counted>> byServer() {
        return byServer;
    }

    long protocolCount(int index) {
        return protocols.getAcquire(index);
    }

    Counters late() {
        return late;
    }
}
