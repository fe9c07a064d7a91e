package dev.postern.http.message;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * The {@code Date} of what is said now (<a href="https://datatracker.ietf.org/doc/html/rfc9110#section-6.6.1">RFC 9110
 * §6.6.1</a>), written once a second. One event loop only.
 */
public final class HttpDate {
    // RFC 9110 §5.6.7: two-digit day, English names.
    private static final DateTimeFormatter IMF_FIXDATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    private final InstantSource clock;
    private long second = -1;
    private byte[] text = {};

    public HttpDate(InstantSource clock) {
        this.clock = clock;
    }

    public byte[] now() {
        long now = Math.floorDiv(clock.millis(), 1000);
        if (now != second) {
            second = now;
            text = IMF_FIXDATE.format(Instant.ofEpochSecond(now)).getBytes(StandardCharsets.US_ASCII);
        }
        return text;
    }
}
