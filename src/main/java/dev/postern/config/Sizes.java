package dev.postern.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes in bytes, each with its unit: {@code 512B}, {@code 8KiB}, {@code 1MiB}, {@code 2GiB}. */
public final class Sizes {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,10})(B|KiB|MiB|GiB)");

    private Sizes() {}

    /** From {@code least} to {@code most} bytes. */
    public static Scalar<Integer> between(int least, int most) {
        Scalar<Long> size = between((long) least, (long) most);
        return new Scalar<Integer>(size.expected(), text -> Math.toIntExact(size.parse(text)))
                .spelled(Spelling.form(FORM.pattern(), bytes -> text(bytes)));
    }

    public static Scalar<Long> between(long least, long most) {
        String range = "from " + text(least) + " to " + text(most);
        return new Scalar<Long>("a size " + range + ", such as 8KiB", text -> {
                    if (text.matches("[0-9]+")) {
                        throw new NotUnderstood("has no unit");
                    }
                    Matcher form = FORM.matcher(text);
                    if (!form.matches()) {
                        throw new NotUnderstood("");
                    }
                    long unit = switch (form.group(2)) {
                        case "B" -> 1;
                        case "KiB" -> 1 << 10;
                        case "MiB" -> 1 << 20;
                        default -> 1 << 30;
                    };
                    long bytes = Long.parseLong(form.group(1)) * unit;
                    if (bytes < least || bytes > most) {
                        throw new NotUnderstood("");
                    }
                    return bytes;
                })
                .spelled(Spelling.form(FORM.pattern(), Sizes::text));
    }

    public static String text(long bytes) {
        if (bytes % (1 << 30) == 0) {
            return (bytes >> 30) + "GiB";
        }
        if (bytes % (1 << 20) == 0) {
            return (bytes >> 20) + "MiB";
        }
        return bytes % (1 << 10) == 0 ? (bytes >> 10) + "KiB" : bytes + "B";
    }
}
