package dev.postern.observe;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** When an exchange began, as text; what is the same for a whole second is kept. Event loop only. */
final class Moment {
    /** RFC 3339 up to the second. */
    static final DateTimeFormatter RFC_3339 = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss", Locale.ENGLISH);

    /** That of the common log format, in UTC. */
    static final DateTimeFormatter COMMON = DateTimeFormatter.ofPattern("dd/MMM/uuuu:HH:mm:ss '+0000'", Locale.ENGLISH);

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final InstantSource clock;
    private final DateTimeFormatter format;
    private long keptSecond = Long.MIN_VALUE;
    private byte[] kept = {};
    private int millis;

    Moment(InstantSource clock, DateTimeFormatter format) {
        this.clock = clock;
        this.format = format.withZone(ZoneOffset.UTC);
    }

    /** The second that was {@code agoNanos} ago; the milliseconds within it are in {@link #millis}. */
    byte[] second(long agoNanos) {
        long epochMillis = clock.millis() - agoNanos / NANOS_PER_MILLI;
        long second = Math.floorDiv(epochMillis, 1000L);
        millis = (int) Math.floorMod(epochMillis, 1000L);
        // Exchanges end in another order than they begin: a few seconds may take turns.
        if (second != keptSecond) {
            keptSecond = second;
            kept = format.format(Instant.ofEpochSecond(second)).getBytes(StandardCharsets.US_ASCII);
        }
        return kept;
    }

    int millis() {
        return millis;
    }
}
