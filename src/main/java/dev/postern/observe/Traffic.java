package dev.postern.observe;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What all event loops have counted since the start, added up. Immutable.
 *
 * @param sites by name; {@code -} for what belongs to none
 * @param services of layer 4, by name
 * @param servers by backend, then by name
 * @param handshakes completed, by version
 * @param failedHandshakes by reason
 */
public record Traffic(
        Map<String, Count> sites,
        Map<String, Count> services,
        Map<String, Map<String, Count>> servers,
        Map<String, Long> handshakes,
        Map<String, Long> failedHandshakes) {

    /** Adds up what is being counted. Any thread but an event loop. */
    public static Traffic of(List<LoopObserver> loops, Handshakes handshakes) {
        Map<String, Sum> sites = new TreeMap<>();
        Map<String, Sum> services = new TreeMap<>();
        Map<String, Map<String, Sum>> servers = new TreeMap<>();
        for (LoopObserver loop : loops) {
            LoopCounters counted = loop.counters();
            counted.bySite()
                    .forEach((name, counters) ->
                            sites.computeIfAbsent(name, n -> new Sum()).add(counters));
            counted.byService()
                    .forEach((name, counters) ->
                            services.computeIfAbsent(name, n -> new Sum()).add(counters));
            counted.byServer().forEach((backend, byName) -> {
                Map<String, Sum> ofBackend = servers.computeIfAbsent(backend, b -> new TreeMap<>());
                byName.forEach((name, one) ->
                        ofBackend.computeIfAbsent(name, n -> new Sum()).add(one.counters()));
            });
        }
        Map<String, Map<String, Count>> counts = new TreeMap<>();
        servers.forEach((backend, byName) -> counts.put(backend, counts(byName)));
        Map<String, Long> completed = new TreeMap<>();
        handshakes.completed().forEach((version, count) -> completed.put(version, count.sum()));
        Map<String, Long> failed = new TreeMap<>();
        handshakes.failed().forEach((why, count) -> failed.put(why.reason(), count.sum()));
        return new Traffic(counts(sites), counts(services), counts, completed, failed);
    }

    private static final class Sum {
        private final long[] sums = Counters.sums();
        private final Map<String, Long> failures = new TreeMap<>();

        void add(Counters more) {
            more.addTo(sums, failures);
        }
    }

    private static Map<String, Count> counts(Map<String, Sum> sums) {
        Map<String, Count> counts = new LinkedHashMap<>();
        sums.forEach((name, sum) -> counts.put(name, new Count(sum.sums, sum.failures)));
        return counts;
    }

    public Count site(String name) {
        return sites.getOrDefault(name, Count.nothing());
    }

    public Count server(String backend, String name) {
        return servers.getOrDefault(backend, Map.of()).getOrDefault(name, Count.nothing());
    }

    /** What has come since {@code earlier}; of handshakes as well. */
    public Traffic since(Traffic earlier) {
        Map<String, Map<String, Count>> byServer = new TreeMap<>();
        servers.forEach((backend, now) ->
                byServer.put(backend, since(now, earlier.servers.getOrDefault(backend, Map.of()))));
        return new Traffic(
                since(sites, earlier.sites),
                since(services, earlier.services),
                byServer,
                more(handshakes, earlier.handshakes),
                more(failedHandshakes, earlier.failedHandshakes));
    }

    private static Map<String, Count> since(Map<String, Count> now, Map<String, Count> earlier) {
        Map<String, Count> since = new LinkedHashMap<>();
        now.forEach((name, count) -> since.put(name, count.since(earlier.getOrDefault(name, Count.nothing()))));
        return since;
    }

    private static Map<String, Long> more(Map<String, Long> now, Map<String, Long> earlier) {
        Map<String, Long> more = new TreeMap<>();
        now.forEach((what, count) -> more.put(what, count - earlier.getOrDefault(what, 0L)));
        return more;
    }
}
