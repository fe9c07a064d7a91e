package dev.postern.migrate.caddy;

import dev.postern.config.Sizes;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as Caddy writes them: {@code 10MB} is ten million bytes, {@code 10MiB} is not. */
final class Bytes {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,3})?) ?([kmgt]?i?b?)");
    private static final Map<String, Long> UNITS = Map.of(
            "",
            1L,
            "k",
            1_000L,
            "m",
            1_000_000L,
            "g",
            1_000_000_000L,
            "t",
            1_000_000_000_000L,
            "ki",
            1L << 10,
            "mi",
            1L << 20,
            "gi",
            1L << 30,
            "ti",
            1L << 40);
    private static final long MOST = 1L << 40;
    // Below, bytes have no more digits than Postern takes.
    private static final long IN_BYTES = 1_000_000_000L;

    private Bytes() {}

    /** As Postern writes it; empty where it is no size. */
    static Optional<String> of(String text) {
        Matcher form = FORM.matcher(text.toLowerCase(Locale.ROOT));
        if (!form.matches()) {
            return Optional.empty();
        }
        long unit = UNITS.getOrDefault(form.group(2).replaceFirst("b$", ""), 0L);
        long bytes = (long) (Double.parseDouble(form.group(1)) * unit);
        if (bytes <= 0 || bytes > MOST) {
            return bytes > MOST ? Optional.of("unlimited") : Optional.empty();
        }
        return Optional.of(Sizes.text(bytes < IN_BYTES ? bytes : bytes / 1024 * 1024));
    }
}
