package dev.postern.migrate.caddy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The order in which directives are asked, wherever they stand (Caddy's documentation, "Directive order" and "Sorting algorithm"): by
 * their names, then of two that ask for one path
 * each the longer one first, else the one with a matcher.
 */
final class Order {
    private static final List<String> NAMES = List.of(
            "tracing",
            "map",
            "vars",
            "fs",
            "root",
            "log_append",
            "skip_log",
            "log_skip",
            "log_name",
            "header",
            "copy_response_headers",
            "request_body",
            "redir",
            "method",
            "rewrite",
            "uri",
            "try_files",
            "basicauth",
            "basic_auth",
            "forward_auth",
            "request_header",
            "encode",
            "push",
            "intercept",
            "templates",
            "invoke",
            "handle",
            "handle_path",
            "route",
            "abort",
            "error",
            "copy_response",
            "respond",
            "metrics",
            "reverse_proxy",
            "php_fastcgi",
            "file_server",
            "acme_server");
    private static final Map<String, String> ALIKE =
            Map.of("handle_path", "handle", "basic_auth", "basicauth", "log_skip", "skip_log");

    private final List<String> names = new ArrayList<>(NAMES);

    /** As {@code order NAME first|last|before NAME|after NAME} of the global options says. */
    boolean change(Directive line) {
        String name = line.word(1);
        String where = line.word(2);
        int other = names.indexOf(line.word(3));
        if (name.isEmpty()
                || (where.matches("before|after") && other < 0)
                || !where.matches("first|last|before|after")) {
            return false;
        }
        names.remove(name);
        int anchor = names.indexOf(line.word(3));
        switch (where) {
            case "first" -> names.add(0, name);
            case "last" -> names.add(name);
            case "before" -> names.add(Math.max(0, anchor), name);
            default -> names.add(anchor + 1, name);
        }
        return true;
    }

    boolean knows(String name) {
        return names.contains(name);
    }

    /** Those that are asked, in that order. */
    List<Directive> sorted(List<Directive> directives, Matchers matchers) {
        List<Directive> sorted = new ArrayList<>();
        for (Directive one : directives) {
            if (!knows(one.name())) {
                continue;
            }
            // One goes as far forward as each of those before it lets it, which is not by any order of them all.
            int at = sorted.size();
            while (at > 0 && goesBefore(one, sorted.get(at - 1), matchers)) {
                at--;
            }
            sorted.add(at, one);
        }
        return sorted;
    }

    private boolean goesBefore(Directive one, Directive other, Matchers matchers) {
        int place = place(one);
        if (place != place(other)) {
            return place < place(other);
        }
        int length = matchers.pathLength(one);
        int otherLength = matchers.pathLength(other);
        if (length == 0 || otherLength == 0) {
            return matchers.has(one) && !matchers.has(other);
        }
        return length > otherLength;
    }

    private int place(Directive one) {
        return names.indexOf(ALIKE.getOrDefault(one.name(), one.name()));
    }
}
