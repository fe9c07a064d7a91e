package dev.postern.certificate.issuer;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The journal of an order that nobody resumes: a rehearsal. */
public final class TransientJournal implements OrderJournal {
    private @Nullable OrderEntry entry;

    @Override
    public synchronized Optional<OrderEntry> read() {
        return Optional.ofNullable(entry);
    }

    @Override
    public synchronized void write(OrderEntry next) {
        entry = next;
    }

    @Override
    public synchronized void clear() {
        entry = null;
    }
}
