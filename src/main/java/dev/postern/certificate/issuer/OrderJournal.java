package dev.postern.certificate.issuer;

import java.io.IOException;
import java.util.Optional;

/** The order in flight of one site, on disk: {@code certs/<site>/order.json} and the key it was finalized with. */
public interface OrderJournal {
    Optional<OrderEntry> read() throws IOException;

    /** On disk, synced, before this returns: the next step is taken only then. */
    void write(OrderEntry entry) throws IOException;

    /** Forgets the order: installed, or of no more use. */
    void clear() throws IOException;
}
