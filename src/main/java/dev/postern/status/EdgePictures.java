package dev.postern.status;

import dev.postern.observe.EndedExchange;
import dev.postern.observe.Gauges;
import dev.postern.observe.LoopObserver;
import dev.postern.observe.Traffic;
import dev.postern.status.EdgePicture.Recent;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes pictures of the edge. Rates need two looks: what was counted at the looks of the last seconds is kept, so that whoever
 * looks again and again sees them, and nothing is done while nobody looks. Any thread but an event loop, one at a time.
 */
public final class EdgePictures {
    /** What there is to look at. Each method may take its time. */
    public interface Subject {
        RunningEdge edge();

        Gauges gauges();

        /** Whether requests are counted. */
        boolean counts();

        Traffic traffic();

        /** The last that failed through no fault of their clients, the oldest first. */
        List<EndedExchange> failures();

        /** The last of each event loop, the oldest first. */
        List<List<EndedExchange>> recent();
    }

    /** A rate over less would jump. */
    private static final Duration SHORTEST = Duration.ofSeconds(1);

    /** A rate over more would be no news. */
    private static final Duration LONGEST = Duration.ofSeconds(30);

    /** Of ten thousand sites each look takes megabytes: few are kept. */
    private static final Duration APART = Duration.ofSeconds(5);

    private record Look(long nanos, Traffic traffic) {}

    private final Subject subject;
    private final InstantSource clock;
    private final LongSupplier nanoTime;
    /** The oldest first. */
    private final Deque<Look> looks = new ArrayDeque<>();

    /** @param nanoTime by which rates are measured */
    public EdgePictures(Subject subject, InstantSource clock, LongSupplier nanoTime) {
        this.subject = subject;
        this.clock = clock;
        this.nanoTime = nanoTime;
    }

    public synchronized EdgePicture take() {
        Traffic traffic = subject.traffic();
        Recent recent = recent(traffic);
        Gauges gauges = subject.gauges();
        return new EdgePicture(
                clock.instant(),
                subject.edge(),
                subject.counts(),
                gauges.connections(),
                traffic,
                gauges.ticketsOpened(),
                recent,
                gauges.certificates(),
                BackendPicture.of(gauges.backends(), traffic, recent == null ? null : recent.traffic()),
                subject.failures().stream()
                        .sorted(Comparator.comparingLong(EndedExchange::endedMillis)
                                .reversed())
                        .limit(LoopObserver.FAILURES_KEPT)
                        .map(FailedRequest::of)
                        .toList());
    }

    private @Nullable Recent recent(Traffic now) {
        long nanos = nanoTime.getAsLong();
        looks.removeIf(look -> nanos - look.nanos > LONGEST.toNanos());
        Look before = null;
        for (Look look : looks) {
            boolean isEnough = nanos - look.nanos >= SHORTEST.toNanos();
            // The youngest that is old enough for its rate to be steady, or else the oldest.
            if (isEnough && (before == null || nanos - look.nanos >= APART.toNanos())) {
                before = look;
            }
        }
        Look last = looks.peekLast();
        if (last == null || nanos - last.nanos >= APART.toNanos()) {
            looks.addLast(new Look(nanos, now));
        }
        return before == null ? null : new Recent(Duration.ofNanos(nanos - before.nanos), now.since(before.traffic));
    }
}
