package dev.postern.migrate.nginx;

import dev.postern.migrate.Headers;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Texts with variables of nginx as Postern has them, as far as it has. */
final class Variables {
    private static final Pattern FORM = Pattern.compile("\\$(?:\\{([a-zA-Z0-9_]+)}|([a-zA-Z0-9_]+))");

    private static final Map<String, String> OF_FIELDS = Map.ofEntries(
            Map.entry("remote_addr", "{client}"),
            Map.entry("host", "{host}"),
            Map.entry("request_method", "{method}"),
            Map.entry("uri", "{path}"),
            Map.entry("document_uri", "{path}"),
            Map.entry("args", "{query}"),
            Map.entry("query_string", "{query}"),
            Map.entry("request_uri", "{uri}"),
            Map.entry("scheme", "{scheme}"),
            Map.entry("server_name", "{site}"),
            Map.entry("request_id", "{request-id}"),
            Map.entry("ssl_protocol", "{tls-version}"),
            Map.entry("ssl_cipher", "{tls-cipher}"));

    private final Map<String, String> constants = new HashMap<>();

    /** What {@code set} gives variables in a block, or around it, that have one value only. */
    Variables(Scope scope) {
        for (Scope each = scope; each != null; each = each.outer()) {
            each.block().own("set").forEach(set -> {
                String name = set.word(1).startsWith("$") ? set.word(1).substring(1) : "";
                String value = set.word(2);
                boolean isAgain = constants.containsKey(name);
                constants.put(name, isAgain || value.indexOf('$') >= 0 ? "$" + name : value);
            });
        }
    }

    /** With the values of those that are known. */
    String plain(String text) {
        return replaced(text, name -> Optional.ofNullable(constants.get(name)).or(() -> Optional.of("$" + name)))
                .orElse(text);
    }

    /** The value of a header; empty where Postern cannot say it. */
    Optional<String> field(String text) {
        String plain = plain(text);
        if (plain.indexOf('{') >= 0 && !plain.contains("${")) {
            return Optional.empty();
        }
        return replaced(plain, name -> Optional.ofNullable(OF_FIELDS.get(name))).filter(Headers::isValue);
    }

    /**
     * Where a redirect leads; empty where Postern cannot say it.
     *
     * @param scheme that clients of the site come with
     * @param site its first name
     */
    Optional<String> location(String text, String scheme, String site) {
        String plain = plain(text).replace("$is_args$args", "?$args").replace("$is_args$query_string", "?$args");
        if (plain.indexOf('{') >= 0 && !plain.contains("${")) {
            return Optional.empty();
        }
        return replaced(plain, name -> switch (name) {
            case "host", "http_host" -> Optional.of("{host}");
            case "request_uri" -> Optional.of("{uri}");
            case "uri", "document_uri" -> Optional.of("{path}");
            case "args", "query_string" -> Optional.of("{query}");
            case "scheme" -> Optional.of(scheme);
            case "server_name" -> site.isEmpty() ? Optional.empty() : Optional.of(site);
            default -> Optional.empty();
        });
    }

    private static Optional<String> replaced(String text, Function<String, Optional<String>> values) {
        StringBuilder replaced = new StringBuilder();
        Matcher variable = FORM.matcher(text);
        int at = 0;
        while (variable.find()) {
            String name = variable.group(1) == null ? variable.group(2) : variable.group(1);
            Optional<String> value = values.apply(name);
            if (value.isEmpty()) {
                return Optional.empty();
            }
            replaced.append(text, at, variable.start()).append(value.get());
            at = variable.end();
        }
        return Optional.of(replaced.append(text.substring(at)).toString());
    }
}
