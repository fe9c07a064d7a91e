package dev.postern.app;

import dev.postern.backend.ServerBudget;
import dev.postern.balance.LoadBalancer;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.http.exchange.Routing;
import dev.postern.http.exchange.TowardsServers;
import dev.postern.http.exchange.Worker;
import dev.postern.identity.ClientAuthorities;
import dev.postern.listener.ConnectionLimit;
import dev.postern.listener.ConnectionsPerClient;
import dev.postern.listener.Listener;
import dev.postern.machine.MemoryGuard;
import dev.postern.observe.Gauges;
import dev.postern.observe.RenewalCounts;
import io.netty.util.internal.PlatformDependent;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** What there is of the request path now. Any thread but an event loop. */
record PathGauges(
        AtomicReference<Routing> routing,
        Supplier<Stream<Listener>> listeners,
        ConnectionLimit limit,
        ConnectionsPerClient perClient,
        MemoryGuard memory,
        ServerBudget servers,
        LongSupplier tickets,
        ClientAuthorities clients,
        Collection<Worker> workers,
        CertificateCare care)
        implements Gauges {
    @Override
    public Collection<LoadBalancer> backends() {
        return routing.get().backends().values();
    }

    @Override
    public List<CertificateStatus> certificates() {
        return care.status();
    }

    @Override
    public Map<String, Connections> connections() {
        Map<String, Connections> all = new LinkedHashMap<>();
        listeners
                .get()
                .forEach(listener -> all.put(
                        listener.name(),
                        new Connections(
                                listener.openConnections(),
                                listener.acceptedConnections(),
                                listener.acceptFailures())));
        return all;
    }

    @Override
    public int maxConnections() {
        return limit.max();
    }

    @Override
    public long connectionLimitReached() {
        return limit.reached();
    }

    @Override
    public Map<String, Integer> busiestClients(int most) {
        return perClient.busiest(most);
    }

    @Override
    public long refusedPerClient() {
        return perClient.refused();
    }

    @Override
    public long connectionsRefusedForMemory() {
        return memory.refusedConnections();
    }

    @Override
    public long connectionsClosedForMemory() {
        return memory.closedConnections();
    }

    @Override
    public long requestsRefusedForMemory() {
        return memory.refusedRequests();
    }

    @Override
    public ServerBudget servers() {
        return servers;
    }

    @Override
    public List<TowardsServers.Count> toServers() {
        return workers.stream().map(worker -> worker.servers().count()).toList();
    }

    @Override
    public long ticketsOpened() {
        return tickets.getAsLong();
    }

    @Override
    public RenewalCounts renewals() {
        return care.renewalCounts();
    }

    @Override
    public Map<String, Instant> revocationListsEnd() {
        return clients.listsEnd();
    }

    @Override
    public long directMemory() {
        return Math.max(0, PlatformDependent.usedDirectMemory());
    }
}
