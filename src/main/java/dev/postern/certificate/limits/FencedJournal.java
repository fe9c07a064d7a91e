package dev.postern.certificate.limits;

import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.OrderJournal;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The journal of a site at one issuer, for as long as the run is not given up; what is written to it is charged to the
 * ledger: an order when there is one, a certificate from before it can be issued. Used by one thread.
 */
public final class FencedJournal implements OrderJournal {
    private final OrderJournal journal;
    private final BooleanSupplier abandoned;
    private final Ledger.Charge charge;
    private final InstantSource clock;
    private @Nullable OrderEntry order;
    private @Nullable String charged;

    public FencedJournal(OrderJournal journal, BooleanSupplier abandoned, Ledger.Charge charge, InstantSource clock) {
        this.journal = journal;
        this.abandoned = abandoned;
        this.charge = charge;
        this.clock = clock;
    }

    /** Charges the order that is about to be made, unless there is one to be resumed. */
    public void begin(List<String> names) {
        try {
            OrderEntry resumed = read().filter(
                            entry -> Set.copyOf(entry.names()).equals(Set.copyOf(names)))
                    .orElse(null);
            if (resumed != null) {
                charged = resumed.order();
                if (resumed.keyPem() != null) {
                    charge.alreadyCounted();
                }
                return;
            }
        } catch (IOException e) {
            // The issuer meets the same, and says so; what it makes of it counts.
        }
        charge.order(clock.instant());
    }

    /** The order that this run made or resumed; null where there was none. */
    @Nullable public OrderEntry order() {
        return order;
    }

    private void check() throws IOException {
        if (abandoned.getAsBoolean()) {
            throw new IOException("this attempt was given up");
        }
    }

    @Override
    public Optional<OrderEntry> read() throws IOException {
        check();
        Optional<OrderEntry> entry = journal.read();
        order = entry.orElse(null);
        return entry;
    }

    @Override
    public void write(OrderEntry entry) throws IOException {
        check();
        if (charged != null && !charged.equals(entry.order())) {
            // The order that was to be resumed was of no use: here is another.
            charge.order(clock.instant());
        }
        charged = entry.order();
        if (entry.keyPem() != null) {
            charge.certificate(clock.instant());
        }
        journal.write(entry);
        order = entry;
    }

    @Override
    public void clear() throws IOException {
        check();
        journal.clear();
        charge.orderIsDead(clock.instant());
    }
}
