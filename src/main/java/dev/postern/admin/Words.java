package dev.postern.admin;

import dev.postern.time.TimeText;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/** Numbers and times as people read them on the status page. */
final class Words {
    private static final double THOUSAND = 1000;
    private static final String[] UNITS = {"", "k", "M", "G", "T", "P"};
    private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    private static final double TEN = 10;
    private static final double HUNDRED = 100;

    private Words() {}

    /** {@code 12.3k}; below a thousand as it is. */
    static String count(long number) {
        if (number < THOUSAND) {
            return Long.toString(number);
        }
        return scaled((double) number, THOUSAND, UNITS);
    }

    static String bytes(long bytes) {
        return bytes < 1024 ? bytes + " B" : spaced((double) bytes);
    }

    private static String spaced(double bytes) {
        double left = bytes;
        int unit = 0;
        while (left >= 1024 && unit < BINARY.length - 1) {
            left /= 1024;
            unit++;
        }
        return digits(left) + " " + BINARY[unit];
    }

    private static String scaled(double number, double step, String[] units) {
        double left = number;
        int unit = 0;
        while (left >= step && unit < units.length - 1) {
            left /= step;
            unit++;
        }
        return digits(left) + units[unit];
    }

    private static String digits(double value) {
        return String.format(Locale.ROOT, value < TEN ? "%.1f" : "%.0f", value);
    }

    /** A second. */
    static String rate(double perSecond) {
        if (perSecond == 0) {
            return "0/s";
        }
        if (perSecond >= THOUSAND) {
            return scaled(perSecond, THOUSAND, UNITS) + "/s";
        }
        return String.format(
                Locale.ROOT, perSecond < 1 ? "%.2f/s" : perSecond < HUNDRED ? "%.1f/s" : "%.0f/s", perSecond);
    }

    /** NaN is nothing. */
    static String millis(double millis) {
        if (Double.isNaN(millis)) {
            return "–";
        }
        return millis >= THOUSAND
                ? String.format(Locale.ROOT, "%.1f s", millis / THOUSAND)
                : String.format(Locale.ROOT, millis < TEN ? "%.1f ms" : "%.0f ms", millis);
    }

    static String share(double part) {
        return String.format(Locale.ROOT, "%.0f %%", part * HUNDRED);
    }

    /** How far away: {@code in 21d 4h}, {@code 3m ago}. */
    static String away(Instant when, Instant now) {
        Duration until = Duration.between(now, when);
        return until.isNegative() ? ago(until.negated()) : "in " + TimeText.of(until);
    }

    static String ago(Duration span) {
        return span.compareTo(Duration.ofSeconds(1)) < 0 ? "just now" : TimeText.of(span) + " ago";
    }

    static String number(long count, String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }
}
