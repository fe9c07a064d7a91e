package dev.postern.migrate.caddy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * The order in which directives are asked, wherever they stand (Caddy's documentation, "Directive order" and "Sorting algorithm"): by
 * their names, then the longer path first, then those with a matcher.
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
        return directives.stream()
                .filter(one -> knows(one.name()))
                .sorted(Comparator.comparingInt(
                                (Directive one) -> names.indexOf(ALIKE.getOrDefault(one.name(), one.name())))
                        .thenComparingInt(one -> -matchers.pathLength(one))
                        .thenComparing(one -> !matchers.has(one)))
                .toList();
    }
}
