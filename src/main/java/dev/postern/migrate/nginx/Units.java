package dev.postern.migrate.nginx;

import dev.postern.config.Durations;
import dev.postern.config.Sizes;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times and sizes as nginx writes them (its "Configuration file measurement units"): seconds and bytes without a unit. */
final class Units {
    private static final Pattern PART = Pattern.compile("([0-9]{1,9})(ms|s|m|h|d|w|M|y)? ?");
    private static final Map<String, Duration> TIMES = Map.of(
            "ms", Duration.ofMillis(1),
            "s", Duration.ofSeconds(1),
            "m", Duration.ofMinutes(1),
            "h", Duration.ofHours(1),
            "d", Duration.ofDays(1),
            "w", Duration.ofDays(7),
            "M", Duration.ofDays(30),
            "y", Duration.ofDays(365));
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,10})([kKmMgG]?)");
    private static final long MOST_BYTES = 1L << 40;

    private Units() {}

    /** Empty where it is no time. */
    static Optional<Duration> duration(String text) {
        Matcher part = PART.matcher(text);
        Duration sum = Duration.ZERO;
        int at = 0;
        while (part.find() && part.start() == at) {
            sum = sum.plus(TIMES.getOrDefault(part.group(2) == null ? "s" : part.group(2), Duration.ZERO)
                    .multipliedBy(Long.parseLong(part.group(1))));
            at = part.end();
        }
        return at == 0 || at < text.length() ? Optional.empty() : Optional.of(sum);
    }

    /** As Postern writes it; empty where it is no time, or none at all. */
    static Optional<String> time(String text) {
        return duration(text)
                .filter(time -> !time.isZero())
                .map(Durations::text)
                .filter(written -> Durations.read(written).isPresent());
    }

    /** As Postern writes it, 0 for {@code unlimited}; empty where it is no size. */
    static Optional<String> size(String text) {
        Matcher size = SIZE.matcher(text);
        if (!size.matches()) {
            return Optional.empty();
        }
        long unit = switch (size.group(2).toLowerCase(Locale.ROOT)) {
            case "k" -> 1L << 10;
            case "m" -> 1L << 20;
            case "g" -> 1L << 30;
            default -> 1L;
        };
        long bytes = Long.parseLong(size.group(1)) * unit;
        return bytes == 0 || bytes > MOST_BYTES ? Optional.of("unlimited") : Optional.of(Sizes.text(bytes));
    }
}
