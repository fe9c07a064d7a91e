package dev.postern.certificate.care;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.certificate.limits.Ledger;
import dev.postern.certificate.limits.Ledgers;
import dev.postern.certificate.limits.Pace;
import dev.postern.certificate.policy.Opening;
import dev.postern.pki.Certificate;
import dev.postern.time.MonotonicClock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The sites whose order is due, and which of them goes next: those without a certificate first, then the one that
 * expires soonest. Keeps the pace that CAs ask of their clients, and sends nothing to an account that a CA or its limit on
 * orders keeps away. Safe for several threads.
 *
 * <p>Sites that may ask the same issuers wait in one lane: where its first one may not begin, none of it may, so that
 * thousands that wait cost nothing.
 */
final class OrderQueue {
    /** Orders in flight at once: enough that one slow name does not hold up the rest. */
    private static final int IN_FLIGHT = 4;

    /**
     * An issuer that may be asked for a site.
     *
     * @param kind what the order would be to its limits
     * @param insists whether it is asked even where it, or its limits, keep our account away
     */
    record Ask(String issuer, Ledger.Kind kind, boolean insists) {}

    /**
     * @param urgency the end of the certificate it has; {@link Instant#MIN} where it has none
     * @param number of its arrival
     */
    private record Due(SiteRecord record, Instant urgency, long number, List<Ask> lane) {}

    /** What {@link #next} found. */
    sealed interface Next {
        /** @param issuer to be asked first */
        record Start(SiteRecord record, String issuer) implements Next {}

        /** None of those waiting may begin before {@code at}; {@code record} goes first then. */
        record Later(SiteRecord record, Instant at) implements Next {}

        record Nothing() implements Next {}
    }

    /** @param at when {@code issuer} may be asked next */
    private record Gate(String issuer, Instant at) {}

    private static final Comparator<Due> BY_PAIN =
            Comparator.comparing(Due::urgency).thenComparingLong(Due::number);

    private final Ledgers ledgers;
    private final MonotonicClock elapsed;

    @GuardedBy("this") private final Map<List<Ask>, PriorityQueue<Due>> lanes = new LinkedHashMap<>();

    @GuardedBy("this") private final Map<SiteRecord, Due> queued = new HashMap<>();

    @GuardedBy("this") private final Map<String, Pace> paces = new HashMap<>();

    @GuardedBy("this") private final Set<Attempt> running = new LinkedHashSet<>();

    /** Orders that were let through and are not in the ledger yet: issuer → how many. */
    @GuardedBy("this") private final Map<String, Integer> coming = new HashMap<>();

    /** Those whose turn it is, and which do not run yet. */
    @GuardedBy("this") private final Set<SiteRecord> starting = new HashSet<>();

    @GuardedBy("this") private long arrivals;

    OrderQueue(Ledgers ledgers, MonotonicClock elapsed) {
        this.ledgers = ledgers;
        this.elapsed = elapsed;
    }

    /** @param issuers in order of preference; the next one is asked where a CA or its limits keep us from one before it */
    synchronized void offer(SiteRecord record, @Nullable Certificate has, List<Ask> issuers) {
        Due before = queued.get(record);
        if (issuers.isEmpty() || (before != null && before.lane().equals(issuers))) {
            return;
        }
        if (before != null) {
            remove(before);
        }
        Instant urgency = has == null ? Instant.MIN : has.notAfter();
        long number = before == null ? arrivals++ : before.number();
        Due due = new Due(record, urgency, number, List.copyOf(issuers));
        queued.put(record, due);
        lanes.computeIfAbsent(due.lane(), lane -> new PriorityQueue<>(BY_PAIN)).add(due);
    }

    /** Its order is not due any more. */
    synchronized void forget(SiteRecord record) {
        Due due = queued.get(record);
        if (due != null) {
            remove(due);
        }
    }

    @GuardedBy("this") private void remove(Due due) {
        queued.remove(due.record());
        PriorityQueue<Due> lane = lanes.get(due.lane());
        if (lane != null && lane.remove(due) && lane.isEmpty()) {
            lanes.remove(due.lane());
        }
    }

    /** Takes the next site that may begin; its place is taken until {@link #began} and {@link #ended}. */
    synchronized Next next(Instant now) {
        if (running.size() + starting.size() >= IN_FLIGHT) {
            return new Next.Nothing();
        }
        Due first = null;
        Gate gate = null;
        for (Map.Entry<List<Ask>, PriorityQueue<Due>> lane : lanes.entrySet()) {
            Due head = lane.getValue().element();
            Gate its = gate(lane.getKey(), now);
            boolean better = first == null
                    || gate == null
                    || its.at().isBefore(gate.at())
                    || (its.at().equals(gate.at()) && BY_PAIN.compare(head, first) < 0);
            if (better) {
                first = head;
                gate = its;
            }
        }
        if (first == null || gate == null) {
            return new Next.Nothing();
        }
        if (gate.at().isAfter(now)) {
            return new Next.Later(first.record(), gate.at());
        }
        remove(first);
        letThrough(gate.issuer(), now);
        starting.add(first.record());
        return new Next.Start(first.record(), gate.issuer());
    }

    /** The first issuer that is not closed to us, when its pace allows; else the first to open. Never before now. */
    @GuardedBy("this") private Gate gate(List<Ask> lane, Instant now) {
        Gate first = null;
        for (Ask ask : lane) {
            Opening account = account(ask, now);
            if (account.isOpen(now)) {
                return new Gate(ask.issuer(), pace(ask.issuer()).freeAt(now));
            }
            if (first == null || account.at().isBefore(first.at())) {
                first = new Gate(ask.issuer(), account.at());
            }
        }
        if (first == null) {
            throw new IllegalStateException("a site in the queue that may ask nobody");
        }
        return first;
    }

    @GuardedBy("this") private Opening account(Ask ask, Instant now) {
        return ask.insists()
                ? Opening.NOW
                : ledgers.of(ask.issuer()).account(ask.kind(), coming.getOrDefault(ask.issuer(), 0), now);
    }

    @GuardedBy("this") private void letThrough(String issuer, Instant now) {
        pace(issuer).begin(now);
        coming.merge(issuer, 1, Integer::sum);
    }

    /** An order that was let through is in the ledger now, or is not sent. */
    synchronized void charged(String issuer) {
        coming.computeIfPresent(issuer, (name, count) -> count > 1 ? count - 1 : null);
    }

    @GuardedBy("this") private Pace pace(String issuer) {
        Pace pace = Pace.of(ledgers.of(issuer).isLimited());
        Pace known = paces.putIfAbsent(issuer, pace);
        return known == null ? pace : known;
    }

    /** Whether a run may ask one more issuer now; counts it where it may. */
    synchronized boolean mayAsk(Ask ask, Instant now) {
        boolean may =
                account(ask, now).isOpen(now) && !pace(ask.issuer()).freeAt(now).isAfter(now);
        if (may) {
            letThrough(ask.issuer(), now);
        }
        return may;
    }

    /** Turns the place that {@link #next} took into a run; null gives it back. */
    synchronized void began(Next.Start start, @Nullable Attempt run) {
        starting.remove(start.record());
        if (run != null) {
            running.add(run);
        } else {
            pace(start.issuer()).takeBack();
            charged(start.issuer());
        }
        notifyAll();
    }

    synchronized void ended(Attempt run) {
        run.charged();
        running.remove(run);
        notifyAll();
    }

    synchronized List<Attempt> running() {
        return List.copyOf(running);
    }

    /** Whether its order runs, or waits for its turn. */
    synchronized boolean isAtWork(SiteRecord record) {
        return queued.containsKey(record)
                || starting.contains(record)
                || running.stream().anyMatch(run -> run.record().equals(record));
    }

    /** Returns when nothing runs any more, or when nothing has ended for {@code longest}. */
    synchronized void awaitIdle(Duration longest) throws InterruptedException {
        long end = elapsed.nanoTime() + longest.toNanos();
        for (int busy = running.size() + starting.size(); busy > 0; ) {
            long left = (end - elapsed.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return;
            }
            wait(left);
            int now = running.size() + starting.size();
            if (now == busy) {
                return;
            }
            busy = now;
        }
    }
}
