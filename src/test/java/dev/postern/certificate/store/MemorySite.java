package dev.postern.certificate.store;

import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.pki.Certificate;
import dev.postern.pki.Keys;
import dev.postern.pki.Pem;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What there is of one site in a {@link MemoryStore}: what all holders see, and by {@link #of} how one of them does. */
final class MemorySite {
    final MemoryStore.Place place;
    private final String subject;
    private final MemoryGenerations.Content generations = new MemoryGenerations.Content();
    private final Map<String, OrderEntry> orders = new TreeMap<>();
    private RenewalHistory history = RenewalHistory.NONE;
    private boolean expected;
    private @Nullable String told;

    MemorySite(String site, MemoryStore.Place place) {
        this.subject = "site " + site;
        this.place = place;
    }

    /** As after a crash between writing the newest generation and making it current. */
    void crashBeforeCurrent() {
        generations.current--;
    }

    SiteStore of(MemoryStore holder) {
        return new View(holder);
    }

    private final class View implements SiteStore {
        private final MemoryStore holder;
        private final MemoryGenerations view;

        private View(MemoryStore holder) {
            this.holder = holder;
            this.view = new MemoryGenerations(generations, () -> holder.writes(subject));
        }

        @Override
        public Lease lead() throws NotLeader {
            return holder.lead(subject);
        }

        @Override
        public Generations generations() {
            return view;
        }

        @Override
        public ToldRenewal told() {
            return new Told();
        }

        @Override
        public void requireReadable() {}

        @Override
        public boolean everHadCertificate() {
            return !generations.all.isEmpty();
        }

        @Override
        public boolean wasRemoved() {
            return false;
        }

        @Override
        public OrderJournal journal(String issuer) {
            return new OrderJournal() {
                @Override
                public Optional<OrderEntry> read() {
                    return Optional.ofNullable(orders.get(issuer));
                }

                @Override
                public void write(OrderEntry entry) throws IOException {
                    holder.writes(subject);
                    orders.put(issuer, entry);
                }

                @Override
                public void clear() throws IOException {
                    holder.writes(subject);
                    orders.remove(issuer);
                }
            };
        }

        @Override
        public void forgetOrders() throws IOException {
            holder.writes(subject);
            orders.clear();
        }

        @Override
        public void forget(@Nullable OrderEntry order) {
            if (order == null) {
                return;
            }
            try {
                holder.writes(subject);
                OrderEntry kept = orders.get(order.issuer());
                if (kept != null
                        && (kept.order().equals(order.order()) || place.has(MemoryStore.Defect.ANY_ORDER_IS_CLEARED))) {
                    orders.remove(order.issuer());
                }
            } catch (NotLeader e) {
                // It is for who leads to forget.
            }
        }

        @Override
        public void finishInstallation() throws IOException {
            int newest = generations.newest();
            if (newest == 0 || place.has(MemoryStore.Defect.CRASH_IS_NOT_MADE_GOOD)) {
                return;
            }
            Certificate certificate =
                    Objects.requireNonNull(generations.all.get(newest)).certificate();
            for (OrderEntry order : List.copyOf(orders.values())) {
                if (order.keyPem() != null
                        && Keys.fit(
                                Pem.readKey(order.keyPem()), certificate.leaf().getPublicKey())) {
                    holder.writes(subject);
                    generations.current = newest;
                    forget(order);
                }
            }
        }

        @Override
        public Attempts attempts() {
            return new Attempts(history, null);
        }

        @Override
        public RenewalHistory history() {
            return history;
        }

        @Override
        public void write(RenewalHistory next) throws IOException {
            holder.writes(subject);
            history = next;
        }
    }

    private final class Told implements ToldRenewal {
        @Override
        public void expect() {
            expected = true;
        }

        @Override
        public void told(String serial) {
            expected = true;
            told = serial;
        }

        @Override
        public Optional<Untold> missed() {
            MemoryGenerations.Stored current = generations.all.get(generations.current);
            if (!expected || current == null || current.revoked() != null) {
                return Optional.empty();
            }
            Certificate certificate = current.certificate();
            return certificate.serialText().equals(told)
                    ? Optional.empty()
                    : Optional.of(new Untold(
                            certificate.issuer(),
                            certificate.serialText(),
                            certificate.notBefore(),
                            certificate.notAfter(),
                            subject + ": " + generations.current));
        }
    }
}
