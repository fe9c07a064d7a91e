package dev.postern.config.read;

import dev.postern.config.Compression;
import dev.postern.config.Compression.Encoding;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Scalar;
import dev.postern.config.Sizes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads {@code compression}. */
final class CompressionReader {
    private static final List<String> KEYS = List.of("encodings", "types", "min-size");

    private static final Scalar<Encoding> ENCODING = Scalar.oneOf(List.of(Encoding.values()), Encoding::text);

    // RFC 6838 §4.2, and a star for the second half.
    private static final Pattern FORM = Pattern.compile("[a-z0-9][a-z0-9!#$&^_.+-]*/([a-z0-9][a-z0-9!#$&^_.+-]*|\\*)");
    private static final Scalar<String> TYPE = new Scalar<>("a media type such as text/html or text/*", text -> {
        String type = text.toLowerCase(Locale.ROOT);
        if (!FORM.matcher(type).matches()) {
            throw new NotUnderstood("");
        }
        return type;
    });

    // What fits into one packet anyway gains nothing.
    private static final int MIN_SIZE = 1 << 10;
    private static final Scalar<Integer> SIZE = Sizes.between(1, 1 << 30);

    private CompressionReader() {}

    /** {@code off}, or what is compressed and how; null for nothing. */
    static @Nullable Compression read(Section section, @Nullable Compression inherited) {
        Value value = section.find("compression");
        if (value == null) {
            return inherited;
        }
        if (value.isText("off")) {
            return null;
        }
        Section compression = Section.orOff(value, KEYS);
        return new Compression(
                list(
                        compression.find(
                                "encodings",
                                Stream.of(Encoding.values()).map(Encoding::text).toList()),
                        "a list such as [zstd, br, gzip]",
                        ENCODING,
                        List.of(Encoding.values())),
                list(
                        compression.find("types", Compression.DEFAULT_TYPES),
                        "a list such as [text/html, application/json]",
                        TYPE,
                        Compression.DEFAULT_TYPES),
                compression.get("min-size", SIZE, MIN_SIZE));
    }

    private static <T> List<T> list(@Nullable Value value, String expected, Scalar<T> kind, List<T> otherwise) {
        if (value == null) {
            return otherwise;
        }
        List<T> list = new ArrayList<>();
        for (Value item : value.items(expected)) {
            T one = item.read(kind);
            if (one != null && list.contains(one)) {
                item.problem("is there twice (expected: each one once)");
            } else if (one != null) {
                list.add(one);
            }
        }
        return List.copyOf(list);
    }
}
