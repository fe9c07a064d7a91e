package dev.postern.route;

import dev.postern.config.Variable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Matcher;
import org.jspecify.annotations.Nullable;

/** The value of a field that has variables in it. Immutable. */
final class FieldTemplate {
    /** What stands before a variable, and the variable. */
    private record Part(String before, Variable variable) {}

    private final List<Part> parts;
    /** What stands behind the last one. */
    private final String rest;

    private FieldTemplate(List<Part> parts, String rest) {
        this.parts = parts;
        this.rest = rest;
    }

    /** Null where there is none in it. */
    static @Nullable FieldTemplate of(String value) {
        List<Part> parts = new ArrayList<>();
        Matcher matcher = Variable.FORM.matcher(value);
        int from = 0;
        while (matcher.find()) {
            Variable variable = Objects.requireNonNull(Variable.named(matcher.group(1)), matcher.group());
            parts.add(new Part(value.substring(from, matcher.start()), variable));
            from = matcher.end();
        }
        return parts.isEmpty() ? null : new FieldTemplate(parts, value.substring(from));
    }

    byte[] filled(Function<Variable, String> request) {
        StringBuilder value = new StringBuilder();
        for (Part part : parts) {
            value.append(part.before).append(request.apply(part.variable));
        }
        // White space at its ends is not part of a value (RFC 9110 §5.5), and HTTP/2 allows none.
        return value.append(rest).toString().strip().getBytes(StandardCharsets.ISO_8859_1);
    }
}
