package dev.postern.time;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Time as an operator reads it. */
public final class TimeText {
    private TimeText() {}

    /** Everywhere the same, and whole seconds: {@code 2026-01-31T12:00:00Z}. */
    public static String at(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** The two largest units, {@code 21d 4h}. */
    public static String of(Duration span) {
        long seconds = Math.max(0, span.plusMillis(999).toSeconds());
        long[] amounts = {seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60};
        String[] units = {"d", "h", "m", "s"};
        for (int i = 0; i < amounts.length; i++) {
            if (amounts[i] > 0) {
                boolean more = i + 1 < amounts.length && amounts[i + 1] > 0;
                return amounts[i] + units[i] + (more ? " " + amounts[i + 1] + units[i + 1] : "");
            }
        }
        return "0s";
    }
}
