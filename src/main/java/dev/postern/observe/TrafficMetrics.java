package dev.postern.observe;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the event loops counted, added up. */
final class TrafficMetrics implements MultiCollector {
    private static final String[] CODES = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};

    private final List<LoopObserver> loops;

    TrafficMetrics(List<LoopObserver> loops) {
        this.loops = List.copyOf(loops);
    }

    /** The counters of one name, of all loops together. */
    private static final class Sum {
        private final long[] sums = Counters.sums();
        private final Map<String, Long> failures = new TreeMap<>();
        private final List<Counters.Example> examples = new ArrayList<>();

        void add(Counters more) {
            more.addTo(sums, failures);
            Counters.Example example = more.example();
            if (example != null) {
                examples.add(example);
            }
        }
    }

    @Override
    public MetricSnapshots collect() {
        Map<String, Sum> sites = new TreeMap<>();
        Map<String, Sum> services = new TreeMap<>();
        Map<String, Map<String, Sum>> servers = new TreeMap<>();
        for (LoopObserver loop : loops) {
            loop.counters()
                    .bySite()
                    .forEach((name, counters) ->
                            sites.computeIfAbsent(name, n -> new Sum()).add(counters));
            loop.counters()
                    .byService()
                    .forEach((name, counters) ->
                            services.computeIfAbsent(name, n -> new Sum()).add(counters));
            loop.counters().byServer().forEach((backend, byName) -> {
                Map<String, Sum> ofBackend = servers.computeIfAbsent(backend, b -> new TreeMap<>());
                byName.forEach((name, counted) ->
                        ofBackend.computeIfAbsent(name, n -> new Sum()).add(counted.counters()));
            });
        }
        Families families = new Families();
        sites.forEach((name, sum) -> site(families, name, sum));
        services.forEach((name, sum) -> service(families, name, sum));
        servers.forEach((backend, byName) -> byName.forEach((name, sum) -> server(families, backend, name, sum)));
        loops(families);
        return families.all();
    }

    private static void site(Families families, String site, Sum sum) {
        for (int i = 0; i < CODES.length; i++) {
            families.counter(
                    "postern_requests",
                    "Requests by the class of the status they were answered with; none: the client was told nothing",
                    sum.sums[i],
                    "site",
                    site,
                    "code",
                    CODES[i]);
        }
        families.counter(
                "postern_request_body_bytes",
                "Bytes of request bodies, and through tunnels from clients",
                sum.sums[Counters.BYTES_IN],
                "site",
                site);
        families.counter(
                "postern_response_body_bytes",
                "Bytes of response bodies, and through tunnels to clients",
                sum.sums[Counters.BYTES_OUT],
                "site",
                site);
        families.counter(
                "postern_request_headers_left_out",
                "Headers of clients that did not reach a server for their names alone; keep-header-names lets them through",
                sum.sums[Counters.LEFT_OUT],
                "site",
                site);
        families.histogram(
                "postern_request_duration_seconds",
                "From the first byte of a request to the last of its response; without tunnels",
                sum.sums,
                sum.examples,
                "site",
                site);
        sum.failures.forEach((reason, count) -> families.counter(
                "postern_failures",
                "Exchanges that did not end well, by the reason that log and Proxy-Status have too",
                count,
                "site",
                site,
                "reason",
                reason));
    }

    private static void service(Families families, String service, Sum sum) {
        String[] labels = {"service", service};
        families.counter(
                "postern_tcp_connections",
                "Connections of a service of layer 4 that have ended, those included that it did not let in",
                sum.sums[0],
                labels);
        families.counter("postern_tcp_received_bytes", "Bytes from clients", sum.sums[Counters.BYTES_IN], labels);
        families.counter("postern_tcp_sent_bytes", "Bytes to clients", sum.sums[Counters.BYTES_OUT], labels);
        families.counter(
                "postern_tcp_retries",
                "Attempts beyond the first to find a server",
                sum.sums[Counters.RETRIES],
                labels);
        families.histogram(
                "postern_tcp_duration_seconds", "From accept to the end of both connections", sum.sums, labels);
        sum.failures.forEach((reason, count) -> families.counter(
                "postern_tcp_failures",
                "Connections that did not end well, by the reason that the log has too",
                count,
                "service",
                service,
                "reason",
                reason));
    }

    private static void server(Families families, String backend, String server, Sum sum) {
        String[] labels = {"backend", backend, "server", server};
        for (int i = 0; i < CODES.length; i++) {
            families.counter(
                    "postern_server_requests",
                    "Requests whose last server this was, by the class of the status they were answered with",
                    sum.sums[i],
                    "backend",
                    backend,
                    "server",
                    server,
                    "code",
                    CODES[i]);
        }
        families.counter(
                "postern_server_retries",
                "Attempts beyond the first of requests whose last server this was",
                sum.sums[Counters.RETRIES],
                labels);
        families.counter(
                "postern_server_reused_connections",
                "Requests that went out on a connection used before",
                sum.sums[Counters.REUSED],
                labels);
        families.histogram(
                "postern_server_response_seconds",
                "From having a connection to the head of the response",
                sum.sums,
                labels);
        sum.failures.forEach((reason, count) -> families.counter(
                "postern_server_failures",
                "Exchanges that did not end well for what the last server they were tried with did",
                count,
                "backend",
                backend,
                "server",
                server,
                "reason",
                reason));
    }

    private void loops(Families families) {
        for (int i = 0; i < LoopCounters.PROTOCOLS.length; i++) {
            long count = 0;
            for (LoopObserver loop : loops) {
                count += loop.counters().protocolCount(i);
            }
            families.counter(
                    "postern_requests_by_protocol",
                    "Requests by the version of HTTP they came in; -: their head could not be read",
                    count,
                    "protocol",
                    LoopCounters.PROTOCOLS[i]);
        }
        for (int i = 0; i < loops.size(); i++) {
            long[] sums = Counters.sums();
            loops.get(i).counters().late().addTo(sums, new TreeMap<>());
            families.histogram(
                    "postern_event_loop_delay_seconds",
                    "How much later than due an event loop did what it does regularly: what requests wait for as well",
                    sums,
                    "loop",
                    Integer.toString(i));
        }
    }
}
