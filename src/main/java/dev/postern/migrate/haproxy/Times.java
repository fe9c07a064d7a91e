package dev.postern.migrate.haproxy;

import dev.postern.config.Durations;
import java.time.Duration;
import java.util.Optional;

/** Times as HAProxy writes them (its Configuration Manual, 2.5 "Time format"): without a unit they are milliseconds. */
final class Times {
    // Below a million days of anything nothing overflows.
    private static final int MOST_DIGITS = 12;

    private Times() {}

    /** As Postern writes it; {@code 0}, which is no limit, is "unlimited". Empty where it is no time. */
    static Optional<String> of(String text) {
        int digits = 0;
        while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
            digits++;
        }
        if (digits == 0 || digits > MOST_DIGITS) {
            return Optional.empty();
        }
        long count = Long.parseLong(text.substring(0, digits));
        Duration time;
        switch (text.substring(digits)) {
            case "us" -> time = Duration.ofMillis(count == 0 ? 0 : Math.max(1, count / 1000));
            case "", "ms" -> time = Duration.ofMillis(count);
            case "s" -> time = Duration.ofSeconds(count);
            case "m" -> time = Duration.ofMinutes(count);
            case "h" -> time = Duration.ofHours(count);
            case "d" -> time = Duration.ofDays(count);
            default -> {
                return Optional.empty();
            }
        }
        if (time.isZero()) {
            return Optional.of("unlimited");
        }
        String written = Durations.text(time);
        return Durations.read(written).map(read -> written);
    }

    /** The same where there has to be a limit. */
    static Optional<String> limited(String text) {
        return of(text).filter(time -> !time.equals("unlimited"));
    }
}
