package dev.postern.config;

import dev.postern.config.RouteSettings.DuplicateSlashes;
import dev.postern.config.RouteSettings.EncodedSlashes;
import java.util.List;

/** Reads the keys that a site and a route have in common. */
final class RouteSettingsReader {
    static final List<String> KEYS = List.of("encoded-slashes", "duplicate-slashes");

    private static final Scalar<EncodedSlashes> ENCODED_SLASHES =
            Scalar.oneOf(List.of(EncodedSlashes.values()), EncodedSlashes::text);
    private static final Scalar<DuplicateSlashes> DUPLICATE_SLASHES =
            Scalar.oneOf(List.of(DuplicateSlashes.values()), DuplicateSlashes::text);

    private RouteSettingsReader() {}

    /** @param inherited what stands where the section says nothing */
    static RouteSettings read(Section section, RouteSettings inherited) {
        return new RouteSettings(
                section.get("encoded-slashes", ENCODED_SLASHES, inherited.encodedSlashes()),
                section.get("duplicate-slashes", DUPLICATE_SLASHES, inherited.duplicateSlashes()));
    }
}
