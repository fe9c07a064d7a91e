package dev.postern.observe;

import dev.postern.backend.ServerBudget;
import dev.postern.balance.LoadBalancer;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.http.exchange.TowardsServers;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** What there is now, for metrics: asked for each time, by a thread that may take its time. */
public interface Gauges {
    Collection<LoadBalancer> backends();

    /** What there is and what is due, site by site. */
    List<CertificateStatus> certificates();

    /** How often certificates were got, and how often that failed. */
    RenewalCounts renewals();

    /** Client connections by listener: open now, and accepted so far. */
    Map<String, Connections> connections();

    /** How many client connections there may be at once. */
    int maxConnections();

    /** How often there were as many, so that no more were accepted. */
    long connectionLimitReached();

    /** The clients that have most connections open, the one with most first; none where nobody limits how many. */
    Map<String, Integer> busiestClients(int most);

    /** Client connections that were closed because their client had too many. */
    long refusedPerClient();

    /** Client connections that were closed at once because memory was short. */
    long connectionsRefusedForMemory();

    /** Client connections that were idle, or on their way to a request, and closed because memory was short. */
    long connectionsClosedForMemory();

    /** Requests that were answered 503 because memory was short. */
    long requestsRefusedForMemory();

    /** All connections to servers, and how many there may be. */
    ServerBudget servers();

    /** Connections to servers, of one event loop each. */
    List<TowardsServers.Count> toServers();

    /** Session tickets that clients brought and that could be opened. */
    long ticketsOpened();

    /** When the first of the lists of revoked certificates ends that a site looks into, by site. */
    Map<String, Instant> revocationListsEnd();

    /** Memory outside the heap that buffers take, bytes. */
    long directMemory();

    /**
     * @param open now
     * @param acceptFailures how often the system could not hand one over
     */
    record Connections(long open, long accepted, long acceptFailures) {}
}
