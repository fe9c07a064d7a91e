package dev.postern.app;

import dev.postern.backend.Backend;
import dev.postern.balance.LoadBalancer;
import dev.postern.certificate.CertificateStatus;
import dev.postern.http.Routing;
import dev.postern.http.Worker;
import dev.postern.listener.ConnectionLimit;
import dev.postern.listener.Listener;
import dev.postern.observe.Gauges;
import io.netty.util.internal.PlatformDependent;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/** What there is of the request path now. Any thread but an event loop. */
record PathGauges(
        AtomicReference<Routing> routing,
        List<Listener> listeners,
        ConnectionLimit limit,
        Collection<Worker> workers,
        CertificateCare care)
        implements Gauges {
    @Override
    public Collection<Backend> backends() {
        return routing.get().backends().values().stream()
                .map(LoadBalancer::backend)
                .toList();
    }

    @Override
    public List<CertificateStatus> certificates() {
        return care.status();
    }

    @Override
    public Map<String, Connections> connections() {
        Map<String, Connections> all = new LinkedHashMap<>();
        listeners.forEach(listener ->
                all.put(listener.name(), new Connections(listener.openConnections(), listener.acceptedConnections())));
        return all;
    }

    @Override
    public int maxConnections() {
        return limit.max();
    }

    @Override
    public long idleServerConnections() {
        return workers.stream().mapToLong(Worker::idleServerConnections).sum();
    }

    @Override
    public long directMemory() {
        return Math.max(0, PlatformDependent.usedDirectMemory());
    }
}
