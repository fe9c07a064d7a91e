package dev.postern.wire;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** The clients' connections of one event loop, in the order in which they came. Event loop only, but for {@link #count}. */
public final class OpenConnections {
    private final Set<ClientConnection> open = new LinkedHashSet<>();
    // Written on the loop, read by any thread.
    private volatile int count;

    public void join(ClientConnection connection) {
        open.add(connection);
        count = open.size();
    }

    public void leave(ClientConnection connection) {
        open.remove(connection);
        count = open.size();
    }

    /** Any thread. */
    public int count() {
        return count;
    }

    /** A view of those that are open now. */
    public Collection<ClientConnection> all() {
        return Collections.unmodifiableCollection(open);
    }

    /** Whoever is looked at may leave, and others with it: those are looked at no more. */
    public void forEach(Consumer<ClientConnection> look) {
        for (ClientConnection connection : List.copyOf(open)) {
            if (open.contains(connection)) {
                look.accept(connection);
            }
        }
    }
}
