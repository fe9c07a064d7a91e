package dev.postern.route;

import dev.postern.config.RouteConditions.Check;
import dev.postern.config.RouteConditions.HeaderCondition;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A header field that a route wants. Immutable. */
public final class FieldCondition {
    private final String name;
    private final Check check;
    private final byte[] value;

    FieldCondition(HeaderCondition condition) {
        this.name = condition.name();
        this.check = condition.check();
        this.value = condition.value().text().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Lower-case. */
    public String name() {
        return name;
    }

    /** Whether the value of such a field, in {@code [from, to)}, is one that counts. */
    public boolean counts(byte[] b, int from, int to) {
        return switch (check) {
            case PRESENT, ABSENT -> true;
            case EQUALS -> Arrays.equals(b, from, to, value, 0, value.length);
            case PREFIX ->
                to - from >= value.length && Arrays.equals(b, from, from + value.length, value, 0, value.length);
        };
    }

    boolean holds(RoutedRequest request) {
        return request.hasField(this) != (check == Check.ABSENT);
    }
}
