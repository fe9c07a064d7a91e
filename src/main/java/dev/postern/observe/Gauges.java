package dev.postern.observe;

import dev.postern.backend.Backend;
import dev.postern.certificate.CertificateStatus;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** What there is now, for metrics: asked for each time, by a thread that may take its time. */
public interface Gauges {
    Collection<Backend> backends();

    /** What there is and what is due, site by site. */
    List<CertificateStatus> certificates();

    /** Client connections by listener: open now, and accepted so far. */
    Map<String, Connections> connections();

    /** How many client connections there may be at once. */
    int maxConnections();

    /** Connections to servers that wait for their next exchange. */
    long idleServerConnections();

    /** Memory outside the heap that buffers take, bytes. */
    long directMemory();

    /** @param open now */
    record Connections(long open, long accepted) {}
}
