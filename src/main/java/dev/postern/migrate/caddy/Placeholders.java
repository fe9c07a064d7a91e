package dev.postern.migrate.caddy;

import dev.postern.migrate.Headers;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Texts with placeholders of Caddy as Postern has them, as far as it has ("Caddyfile Concepts", Placeholders). */
final class Placeholders {
    private static final Pattern FORM = Pattern.compile("\\{([a-zA-Z0-9_.>:$-]+)}");

    private static final Map<String, String> SHORT = Map.ofEntries(
            Map.entry("host", "http.request.host"),
            Map.entry("hostport", "http.request.hostport"),
            Map.entry("port", "http.request.port"),
            Map.entry("method", "http.request.method"),
            Map.entry("path", "http.request.uri.path"),
            Map.entry("query", "http.request.uri.query"),
            Map.entry("uri", "http.request.uri"),
            Map.entry("remote", "http.request.remote"),
            Map.entry("remote_host", "http.request.remote.host"),
            Map.entry("client_ip", "http.request.remote.host"),
            Map.entry("scheme", "http.request.scheme"),
            Map.entry("tls_version", "http.request.tls.version"),
            Map.entry("tls_cipher", "http.request.tls.cipher_suite"));

    private static final Map<String, String> OF_FIELDS = Map.of(
            "http.request.host", "{host}",
            "http.request.hostport", "{host}",
            "http.request.method", "{method}",
            "http.request.uri.path", "{path}",
            "http.request.uri.query", "{query}",
            "http.request.uri", "{uri}",
            "http.request.remote.host", "{client}",
            "http.request.scheme", "{scheme}",
            "http.request.tls.version", "{tls-version}",
            "http.request.tls.cipher_suite", "{tls-cipher}");

    private final Map<String, String> environment;

    Placeholders(Map<String, String> environment) {
        this.environment = environment;
    }

    /** The value of a header; empty where Postern cannot say it. */
    Optional<String> field(String text) {
        return replaced(
                        text,
                        name -> Optional.ofNullable(
                                name.equals("http.request.uuid") ? "{request-id}" : OF_FIELDS.get(name)))
                .filter(Headers::isValue);
    }

    /**
     * Where a redirect leads; empty where Postern cannot say it.
     *
     * @param scheme that clients come with
     */
    Optional<String> location(String text, String scheme) {
        return replaced(text, name -> switch (name) {
            case "http.request.host", "http.request.hostport" -> Optional.of("{host}");
            case "http.request.uri" -> Optional.of("{uri}");
            case "http.request.uri.path" -> Optional.of("{path}");
            case "http.request.uri.query" -> Optional.of("{query}");
            case "http.request.scheme" -> Optional.of(scheme);
            default -> Optional.empty();
        });
    }

    /** A text that is the same for everybody; empty where it is not. */
    Optional<String> fixed(String text) {
        return replaced(text, name -> Optional.empty());
    }

    private Optional<String> replaced(String text, Function<String, Optional<String>> values) {
        StringBuilder replaced = new StringBuilder();
        Matcher form = FORM.matcher(text);
        int at = 0;
        while (form.find()) {
            String name = SHORT.getOrDefault(form.group(1), form.group(1));
            Optional<String> value = name.startsWith("env.")
                    ? Optional.of(environment.getOrDefault(name.substring(4), ""))
                    : values.apply(name);
            if (value.isEmpty()) {
                return Optional.empty();
            }
            replaced.append(text, at, form.start()).append(value.get());
            at = form.end();
        }
        return Optional.of(replaced.append(text.substring(at)).toString());
    }
}
