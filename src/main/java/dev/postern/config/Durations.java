package dev.postern.config;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations, each with its unit: {@code 200ms}, {@code 5s}, {@code 10m}, {@code 1h}, {@code 365d}. */
public final class Durations {
    private static final String EXPECTED = "a duration such as 200ms, 5s, 10m, 1h or 365d";
    private static final Pattern FORM = Pattern.compile("([0-9]+)(ms|s|m|h|d)");
    private static final Spelling<Duration> SPELLING = Spelling.form("[0-9]+(ms|s|m|h|d)", Durations::text);
    // Beyond any use, and far inside what a timer's 64 bits of nanoseconds can hold.
    private static final Duration LONGEST = Duration.ofDays(3650);

    /** Longer than anything lasts, and still in nanoseconds. */
    public static final Duration UNLIMITED = Duration.ofDays(36_500);

    /** Longer than nothing. */
    public static final Scalar<Duration> POSITIVE = new Scalar<Duration>(EXPECTED, text -> {
                Duration duration = text.equals("0") ? Duration.ZERO : parse(text);
                if (duration.isZero()) {
                    throw new NotUnderstood("is no time at all");
                }
                return duration;
            })
            .spelled(SPELLING);

    /** A bare {@code 0} needs no unit. */
    public static final Scalar<Duration> POSITIVE_OR_ZERO = new Scalar<Duration>(
                    EXPECTED + ", or 0", text -> text.equals("0") ? Duration.ZERO : parse(text))
            .spelled(SPELLING.or("0", Duration.ZERO));

    public static final Scalar<Duration> POSITIVE_OR_UNLIMITED = new Scalar<Duration>(
                    "unlimited, or " + EXPECTED, text -> text.equals("unlimited") ? UNLIMITED : POSITIVE.parse(text))
            .spelled(SPELLING.or("unlimited", UNLIMITED));

    private Durations() {}

    /** As an operator writes it, in the largest unit that leaves no fraction. */
    public static String text(Duration duration) {
        if (duration.equals(UNLIMITED)) {
            return "unlimited";
        }
        long millis = duration.toMillis();
        if (millis % 86_400_000 == 0) {
            return millis / 86_400_000 + "d";
        } else if (millis % 3_600_000 == 0) {
            return millis / 3_600_000 + "h";
        } else if (millis % 60_000 == 0) {
            return millis / 60_000 + "m";
        }
        return millis % 1000 == 0 ? millis / 1000 + "s" : millis + "ms";
    }

    /** The same for the command line; empty where it is no duration, or none at all. */
    public static Optional<Duration> read(String text) {
        try {
            return Optional.of(parse(text)).filter(duration -> !duration.isZero());
        } catch (NotUnderstood e) {
            return Optional.empty();
        }
    }

    private static Duration parse(String text) throws NotUnderstood {
        if (text.matches("[0-9]+")) {
            throw new NotUnderstood("has no unit");
        }
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new NotUnderstood("");
        }
        String digits = form.group(1);
        // 12 digits of days fit into a Duration, so that the comparison below can refuse them.
        if (digits.length() > 12) {
            throw new NotUnderstood("is longer than " + text(LONGEST));
        }
        long count = Long.parseLong(digits);
        Duration duration = switch (form.group(2)) {
            case "ms" -> Duration.ofMillis(count);
            case "s" -> Duration.ofSeconds(count);
            case "m" -> Duration.ofMinutes(count);
            case "h" -> Duration.ofHours(count);
            default -> Duration.ofDays(count);
        };
        if (duration.compareTo(LONGEST) > 0) {
            throw new NotUnderstood("is longer than " + text(LONGEST));
        }
        return duration;
    }
}
