package dev.postern.simulation;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The unbroken times in which nothing of the world kept a site from a certificate. */
final class FavourableTimes {
    private final List<Span> past = new ArrayList<>();
    private @Nullable Instant since;

    /** From when to when. */
    record Span(Instant from, Instant to) {
        Duration length() {
            return Duration.between(from, to);
        }
    }

    /**
     * @param forgotten nobody asks for what ended before this
     * @return whether one began
     */
    boolean are(boolean favourable, Instant now, Instant forgotten) {
        Instant begun = since;
        if (favourable && begun == null) {
            since = now;
            return true;
        }
        if (!favourable && begun != null) {
            past.add(new Span(begun, now));
            since = null;
            past.removeIf(span -> span.to().isBefore(forgotten));
        }
        return false;
    }

    /** Since when they are; null where they are not. */
    @Nullable Instant since() {
        return since;
    }

    /** Those between two instants, cut off at both. */
    List<Span> between(Instant from, Instant to) {
        List<Span> all = new ArrayList<>(past);
        if (since != null) {
            all.add(new Span(since, to));
        }
        return all.stream()
                .map(span -> new Span(
                        span.from().isBefore(from) ? from : span.from(),
                        span.to().isAfter(to) ? to : span.to()))
                .filter(span -> span.from().isBefore(span.to()))
                .toList();
    }
}
