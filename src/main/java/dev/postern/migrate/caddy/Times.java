package dev.postern.migrate.caddy;

import dev.postern.config.Durations;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times as Go and Caddy write them. */
final class Times {
    private static final Pattern PART = Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,3})?)(ns|us|µs|ms|s|m|h|d)");
    private static final Map<String, Double> MILLIS = Map.of(
            "ns",
            0.000001,
            "us",
            0.001,
            "µs",
            0.001,
            "ms",
            1.0,
            "s",
            1000.0,
            "m",
            60_000.0,
            "h",
            3_600_000.0,
            "d",
            86_400_000.0);

    private Times() {}

    /** As Postern writes it; empty where it is none. */
    static Optional<String> of(String text) {
        Matcher part = PART.matcher(text);
        double millis = 0;
        int at = 0;
        while (part.find() && part.start() == at) {
            millis += Double.parseDouble(part.group(1)) * MILLIS.getOrDefault(part.group(2), 0.0);
            at = part.end();
        }
        if (at == 0
                || at < text.length()
                || millis < 1
                || millis > Duration.ofDays(3650).toMillis()) {
            return Optional.empty();
        }
        return Optional.of(Durations.text(Duration.ofMillis((long) millis)));
    }
}
