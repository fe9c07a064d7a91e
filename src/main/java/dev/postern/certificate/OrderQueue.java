package dev.postern.certificate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The sites whose order is due, and which of them goes next: those without a certificate first, then the one that
 * expires soonest. Keeps the pace that CAs ask of their clients. Safe for several threads.
 */
final class OrderQueue {
    /** Orders in flight at once: enough that one slow name does not hold up the rest. */
    private static final int IN_FLIGHT = 4;

    /**
     * New orders per {@link #WINDOW} and account, as certmagic does: a pace, not a budget. Thousands of sites at once
     * may still meet Let's Encrypt's 300 in 3 hours, and then wait as it says.
     */
    private static final int ORDERS_PER_WINDOW = 10;

    private static final Duration WINDOW = Duration.ofSeconds(10);

    /** @param urgency the end of the certificate it has; {@link Instant#MIN} where it has none */
    private record Due(SiteRecord record, Instant urgency, List<String> issuers) {}

    /** What {@link #next} found. */
    sealed interface Next {
        record Start(SiteRecord record) implements Next {}

        /** The pace does not allow any of those waiting before {@code at}. */
        record Later(SiteRecord record, Instant at) implements Next {}

        record Nothing() implements Next {}
    }

    private final PriorityQueue<Due> waiting = new PriorityQueue<>(Comparator.comparing(Due::urgency));
    private final Set<SiteRecord> queued = new HashSet<>();
    private final Map<String, Deque<Instant>> begun = new HashMap<>();
    private final Map<String, Instant> held = new HashMap<>();
    private final Set<OrderRun> running = new HashSet<>();
    private int reserved;

    /** @param anyIssuer whether the next issuer is asked where the preferred one does not want to hear of us */
    synchronized void offer(SiteRecord record, @Nullable Certificate has, boolean anyIssuer) {
        if (queued.add(record)) {
            waiting.add(new Due(
                    record,
                    has == null ? Instant.MIN : has.notAfter(),
                    record.issuers().stream()
                            .limit(anyIssuer ? Long.MAX_VALUE : 1)
                            .map(CertificateIssuer::name)
                            .toList()));
        }
    }

    /** Takes the next site that may begin; its place is taken until {@link #began} and {@link #ended}. */
    synchronized Next next(Instant now) {
        if (running.size() + reserved >= IN_FLIGHT) {
            return new Next.Nothing();
        }
        List<Due> tooSoon = new ArrayList<>();
        Next result = new Next.Nothing();
        for (Due due = waiting.poll(); due != null; due = waiting.poll()) {
            Deque<Instant> starts = begun.computeIfAbsent(due.issuers().get(0), name -> new ArrayDeque<>());
            Instant free = later(freeAt(starts, now), heldUntil(due.issuers(), now));
            if (!free.isAfter(now)) {
                starts.addLast(now);
                queued.remove(due.record());
                reserved++;
                result = new Next.Start(due.record());
                break;
            }
            tooSoon.add(due);
            if (result instanceof Next.Nothing) {
                result = new Next.Later(due.record(), free);
            }
        }
        waiting.addAll(tooSoon);
        return result;
    }

    /** The CA wants to hear nothing from our account before {@code until}: no site is sent there. */
    synchronized void hold(String issuer, Instant until) {
        held.merge(issuer, until, OrderQueue::later);
    }

    synchronized boolean isHeld(String issuer, Instant now) {
        return heldUntil(List.of(issuer), now).isAfter(now);
    }

    private Instant heldUntil(List<String> issuers, Instant now) {
        Instant first = Instant.MAX;
        for (String issuer : issuers) {
            Instant until = held.getOrDefault(issuer, Instant.MIN);
            // Ended; or set by a clock that was wrong then.
            if (!until.isAfter(now) || until.isAfter(now.plus(RenewalPolicy.LONGEST_PAUSE))) {
                held.remove(issuer);
                return Instant.MIN;
            }
            first = until.isBefore(first) ? until : first;
        }
        return first;
    }

    private static Instant later(Instant a, Instant b) {
        return a.isAfter(b) ? a : b;
    }

    private static Instant freeAt(Deque<Instant> starts, Instant now) {
        // A start in the future was dated by a clock that was wrong then.
        starts.removeIf(at -> at.isAfter(now) || !at.plus(WINDOW).isAfter(now));
        return starts.size() < ORDERS_PER_WINDOW ? now : starts.getFirst().plus(WINDOW);
    }

    /** Turns the place that {@link #next} took into a run; null gives it back. */
    synchronized void began(@Nullable OrderRun run) {
        reserved--;
        if (run != null) {
            running.add(run);
        }
        notifyAll();
    }

    synchronized void ended(OrderRun run) {
        running.remove(run);
        notifyAll();
    }

    synchronized List<OrderRun> running() {
        return List.copyOf(running);
    }

    /** Returns when nothing runs any more, or after {@code longest}. */
    synchronized void awaitIdle(Duration longest) throws InterruptedException {
        long end = System.nanoTime() + longest.toNanos();
        while (!running.isEmpty() || reserved > 0) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return;
            }
            wait(left);
        }
    }
}
