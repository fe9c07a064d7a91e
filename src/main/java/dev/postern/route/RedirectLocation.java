package dev.postern.route;

import dev.postern.config.Placeholder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;

/** Where a redirect leads: a text, or one with parts of the request in it. Immutable. */
public final class RedirectLocation {
    /** What stands before a placeholder, and the placeholder. */
    private record Part(String before, Placeholder placeholder) {}

    private final String text;
    private final List<Part> parts;
    /** What stands behind the last placeholder. */
    private final String rest;

    RedirectLocation(String text) {
        this.text = text;
        List<Part> found = new ArrayList<>();
        Matcher matcher = Placeholder.FORM.matcher(text);
        int from = 0;
        while (matcher.find()) {
            found.add(new Part(
                    text.substring(from, matcher.start()),
                    Placeholder.valueOf(matcher.group(1).toUpperCase(Locale.ROOT))));
            from = matcher.end();
        }
        this.parts = List.copyOf(found);
        this.rest = text.substring(from);
    }

    /** With what the placeholders stand for in one request. */
    public String of(Function<Placeholder, String> request) {
        if (parts.isEmpty()) {
            return text;
        }
        StringBuilder location = new StringBuilder();
        for (Part part : parts) {
            String value = request.apply(part.placeholder);
            boolean idle = part.placeholder == Placeholder.QUERY && value.isEmpty() && part.before.endsWith("?");
            location.append(part.before, 0, part.before.length() - (idle ? 1 : 0))
                    .append(value);
        }
        location.append(rest);
        return location.isEmpty() ? "/" : location.toString();
    }

    @Override
    public String toString() {
        return text;
    }
}
