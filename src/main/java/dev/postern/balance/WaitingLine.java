package dev.postern.balance;

import dev.postern.backend.Server;
import dev.postern.config.ServerQueue;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Those who wait for room on a server, over all event loops, first come first served. Whoever frees a place looks at one
 * number, and takes the lock only where somebody waits.
 */
final class WaitingLine {
    /** A place in the line. */
    record Place(Set<Server> tried, @Nullable Server wanted) {}

    private record Grant(Waiter waiter, Lease lease) {}

    private final Map<Waiter, Place> places = new LinkedHashMap<>();
    // Written under the monitor; read by anybody. Whoever waits writes it before it looks for room once more, whoever
    // frees a place reads it after that: one of them sees the other.
    private volatile int waiting;
    private final LongAdder refused = new LongAdder();
    private final LongAdder timedOut = new LongAdder();

    boolean isEmpty() {
        return waiting == 0;
    }

    int length() {
        return waiting;
    }

    /** False where the line is as long as it may be. */
    synchronized boolean join(Waiter waiter, Place place, ServerQueue limits) {
        if (places.size() >= limits.length()) {
            refused.increment();
            return false;
        }
        places.put(waiter, place);
        waiting = places.size();
        return true;
    }

    /** False where its turn has come already. */
    synchronized boolean leave(Waiter waiter) {
        boolean waited = places.remove(waiter) != null;
        waiting = places.size();
        return waited;
    }

    /** As {@link #leave}, because it waited too long. */
    boolean timesOut(Waiter waiter) {
        boolean waited = leave(waiter);
        if (waited) {
            timedOut.increment();
        }
        return waited;
    }

    long refused() {
        return refused.sum();
    }

    long timedOut() {
        return timedOut.sum();
    }

    /** @param seize takes room on a server for such a place, if there is any */
    void serve(Function<Place, Optional<Lease>> seize) {
        List<Grant> grants = new ArrayList<>();
        synchronized (this) {
            Iterator<Map.Entry<Waiter, Place>> all = places.entrySet().iterator();
            boolean room = true;
            while (room && all.hasNext()) {
                Map.Entry<Waiter, Place> next = all.next();
                Place place = next.getValue();
                Optional<Lease> lease = seize.apply(place);
                if (lease.isPresent()) {
                    grants.add(new Grant(next.getKey(), lease.get()));
                    all.remove();
                } else {
                    // Where there is none for somebody who takes any, there is none for those behind either.
                    room = place.wanted != null || !place.tried.isEmpty();
                }
            }
            waiting = places.size();
        }
        grants.forEach(grant -> grant.waiter.granted(grant.lease));
    }
}
