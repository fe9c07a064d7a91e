package dev.postern.observe;

import dev.postern.backend.Backend;
import dev.postern.backend.Server;
import dev.postern.balance.LoadBalancer;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.http.exchange.TowardsServers;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** How things are now: connections, servers, certificates, the access log. */
final class StateMetrics implements MultiCollector {
    /** Half of what is left at the usual time of a renewal, two thirds of the life: as {@code cert check} has it. */
    private static final int OVERDUE_PART_OF_LIFE = 6;

    private final Handshakes handshakes;
    private final Gauges gauges;
    private final Supplier<AccessLogs> log;
    private final Supplier<@Nullable Traces> traces;
    private final InstantSource clock;

    StateMetrics(
            Handshakes handshakes,
            Gauges gauges,
            Supplier<AccessLogs> log,
            Supplier<@Nullable Traces> traces,
            InstantSource clock) {
        this.handshakes = handshakes;
        this.gauges = gauges;
        this.log = log;
        this.traces = traces;
        this.clock = clock;
    }

    @Override
    public MetricSnapshots collect() {
        Families families = new Families();
        connections(families);
        gauges.backends().forEach(backend -> backend(families, backend));
        Instant now = clock.instant();
        gauges.certificates().forEach(certificate -> certificate(families, certificate, now));
        gauges.revocationListsEnd()
                .forEach((site, ends) -> families.gauge(
                        "postern_client_certificate_revocation_list_ends_timestamp_seconds",
                        "When the first list of revoked certificates ends that clients of the site are looked up in",
                        ends.getEpochSecond(),
                        "site",
                        site));
        AccessLogs current = log.get();
        if (current.all().findAny().isPresent()) {
            families.counter("postern_access_log_lines", "Lines written", current.linesWritten());
            families.counter(
                    "postern_access_log_dropped_lines",
                    "Lines that could not be written fast enough, or at all",
                    current.linesDropped());
        }
        Traces traced = traces.get();
        if (traced != null) {
            families.counter(
                    "postern_traces",
                    "Requests whose spans a collector has taken",
                    traced.spans().linesWritten());
            families.counter(
                    "postern_traces_dropped",
                    "Requests whose spans no collector has taken, or not fast enough",
                    traced.spans().linesDropped());
        }
        return families.all();
    }

    private void connections(Families families) {
        gauges.connections().forEach((listener, connections) -> {
            families.gauge(
                    "postern_connections",
                    "Client connections open now, tunnels included",
                    connections.open(),
                    "listener",
                    listener);
            families.counter(
                    "postern_connections_accepted", "Client connections", connections.accepted(), "listener", listener);
            families.counter(
                    "postern_accept_failures",
                    "How often the system could not hand over a connection, for want of descriptors mostly",
                    connections.acceptFailures(),
                    "listener",
                    listener);
        });
        families.gauge(
                "postern_connections_limit", "How many client connections there may be", gauges.maxConnections());
        families.counter(
                "postern_connections_limit_reached",
                "How often there were as many, so that newcomers had to wait",
                gauges.connectionLimitReached());
        families.counter(
                "postern_connections_refused_per_client",
                "Client connections closed at once because their client had as many as it may",
                gauges.refusedPerClient());
        families.counter(
                "postern_connections_refused_for_memory",
                "Client connections closed at once because memory was short",
                gauges.connectionsRefusedForMemory());
        families.counter(
                "postern_connections_closed_for_memory",
                "Client connections that were idle, or on their way to a request, and closed because memory was short",
                gauges.connectionsClosedForMemory());
        families.counter(
                "postern_requests_refused_for_memory",
                "Requests answered 503 because memory was short",
                gauges.requestsRefusedForMemory());
        toServers(families);
        families.gauge(
                "postern_direct_memory_bytes", "Memory outside the heap that buffers take", gauges.directMemory());
        families.counter(
                "postern_tls_tickets_opened",
                "Session tickets that clients brought and that could be opened: sessions resumed",
                gauges.ticketsOpened());
        handshakes
                .completed()
                .forEach((tls, count) -> families.counter(
                        "postern_tls_handshakes", "Handshakes completed", count.sum(), "version", tls));
        handshakes
                .failed()
                .forEach((why, count) -> families.counter(
                        "postern_tls_handshake_failures",
                        "Handshakes that failed",
                        count.sum(),
                        "reason",
                        why.reason()));
    }

    private void toServers(Families families) {
        List<TowardsServers.Count> all = gauges.toServers();
        families.gauge(
                "postern_server_connections",
                "Connections to servers: being made, in use, idle, and of health checks",
                gauges.servers().open());
        families.gauge(
                "postern_server_connections_limit",
                "How many there may be",
                gauges.servers().max());
        families.counter(
                "postern_server_connections_refused",
                "Requests that were refused because there was no room for another connection to a server",
                gauges.servers().refused());
        families.gauge(
                "postern_idle_server_connections",
                "Connections to servers that wait for their next request",
                all.stream().mapToLong(TowardsServers.Count::idle).sum());
        families.gauge(
                "postern_http2_server_connections",
                "HTTP/2 connections to servers",
                all.stream().mapToLong(TowardsServers.Count::http2).sum());
        families.gauge(
                "postern_http2_server_streams",
                "Requests under way on HTTP/2 connections to servers",
                all.stream().mapToLong(TowardsServers.Count::streams).sum());
    }

    private static void backend(Families families, LoadBalancer balancer) {
        Backend backend = balancer.backend();
        String[] name = {"backend", backend.name()};
        families.gauge("postern_backend_queue", "Requests that wait for room on a server", balancer.waiting(), name);
        families.counter(
                "postern_backend_queue_refusals",
                "Requests that could not wait because too many did",
                balancer.queueRefusals(),
                name);
        families.counter(
                "postern_backend_queue_timeouts",
                "Requests that waited for room for too long",
                balancer.queueTimeouts(),
                name);
        families.counter(
                "postern_backend_retries_refused",
                "Retries that the budget did not allow",
                balancer.retriesRefused(),
                name);
        for (Server server : backend.servers()) {
            String[] labels = {"backend", backend.name(), "server", server.name()};
            families.gauge(
                    "postern_server_up",
                    "1 where the server gets requests as usual",
                    server.state() == Server.State.UP ? 1 : 0,
                    labels);
            families.gauge("postern_server_requests_in_flight", "Requests under way", server.inFlight(), labels);
            families.gauge(
                    "postern_server_draining", "1 where it gets no new sessions", server.isDraining() ? 1 : 0, labels);
            families.gauge(
                    "postern_server_override",
                    "1 where an operator has said so at run time, and not the configuration",
                    server.override().isNothing() ? 0 : 1,
                    labels);
            families.gauge(
                    "postern_server_weight",
                    "How much of the requests it gets, compared with the others",
                    server.weight(),
                    labels);
            families.gauge(
                    "postern_server_slow_start",
                    "1 where it gets less than its share because it came back a moment ago",
                    server.isWarm() ? 0 : 1,
                    labels);
            Instant ends = server.certificateEnds();
            if (ends != null) {
                families.gauge(
                        "postern_server_certificate_not_after_timestamp_seconds",
                        "When the certificate ends that the server has shown last",
                        ends.getEpochSecond(),
                        labels);
            }
            for (Server.State state : Server.State.values()) {
                families.gauge(
                        "postern_server_state",
                        "1 for the state the server is in",
                        server.state() == state ? 1 : 0,
                        "backend",
                        backend.name(),
                        "server",
                        server.name(),
                        "state",
                        state.name().toLowerCase(Locale.ROOT));
            }
        }
    }

    private void certificate(Families families, CertificateStatus status, Instant now) {
        String[] site = {"site", status.site()};
        RenewalCounts renewals = gauges.renewals();
        families.counter(
                "postern_certificate_renewals",
                "Certificates got from a CA, the first one included",
                renewals.renewed(status.site()),
                site);
        families.counter(
                "postern_certificate_renewal_failures",
                "Attempts to get a certificate that failed",
                renewals.failed(status.site()),
                site);
        Instant begins = status.begins();
        Instant ends = status.ends();
        families.gauge(
                "postern_certificate_not_after_timestamp_seconds",
                "When the certificate of a site ends, or what stands in for it; 0 where there is nothing",
                ends == null ? 0 : ends.getEpochSecond(),
                site);
        families.gauge(
                "postern_certificate_renewal_failing",
                "1 where the last attempt to renew failed",
                status.lastFailure() == null ? 0 : 1,
                site);
        families.gauge(
                "postern_certificate_names_left_out",
                "Names of the site that its certificate does without, because they cannot be proven",
                status.leftOut().size(),
                site);
        families.gauge(
                "postern_certificate_names_refused",
                "Names of the site whose clients are refused, because no certificate is served for them",
                status.shown() == null ? 0 : status.shown().refusedNames().size(),
                site);
        families.gauge(
                "postern_certificate_overdue",
                "1 where there is no certificate, or it should have been renewed long ago",
                isOverdue(begins, ends, now) ? 1 : 0,
                site);
    }

    static boolean isOverdue(@Nullable Instant notBefore, @Nullable Instant notAfter, Instant now) {
        if (notBefore == null || notAfter == null) {
            return true;
        }
        Duration left = Duration.between(now, notAfter);
        return left.multipliedBy(OVERDUE_PART_OF_LIFE).compareTo(Duration.between(notBefore, notAfter)) < 0;
    }
}
