package dev.postern.config.read;

import dev.postern.config.Durations;
import dev.postern.config.RateLimit;
import dev.postern.config.Scalar;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads {@code rate-limit}. */
final class RateLimitReader {
    // A million a second is more than one client of any kind makes, and still a microsecond each.
    private static final int MOST = 1_000_000;
    private static final Scalar<Integer> NUMBER = Scalar.wholeNumber(1, MOST);

    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofDays(1);

    private RateLimitReader() {}

    /** {@code off}, or how many requests in which time; null for none. */
    static @Nullable RateLimit read(Section section, @Nullable RateLimit inherited) {
        return read(section, "requests", inherited);
    }

    /** {@code off}, or how many connections in which time; null for none. */
    static @Nullable RateLimit connections(Section section) {
        return read(section, "connections", null);
    }

    private static @Nullable RateLimit read(Section section, String what, @Nullable RateLimit inherited) {
        Value value = section.find("rate-limit");
        if (value == null) {
            return inherited;
        }
        if (value.isText("off")) {
            return null;
        }
        Section limit = Section.orOff(value, List.of(what, "per", "burst"));
        Integer requests = limit.require(what, NUMBER);
        Duration per = limit.get("per", Durations.POSITIVE, SHORTEST);
        if (per.compareTo(SHORTEST) < 0 || per.compareTo(LONGEST) > 0) {
            limit.place("per")
                    .problem(Durations.text(per) + " is too " + (per.compareTo(SHORTEST) < 0 ? "short" : "long")
                            + " (expected: from " + Durations.text(SHORTEST) + " to " + Durations.text(LONGEST) + ")");
        }
        Integer burst = limit.find("burst", NUMBER);
        if (requests == null) {
            return inherited;
        }
        return new RateLimit(value.path(), requests, per, burst == null ? requests : burst);
    }
}
