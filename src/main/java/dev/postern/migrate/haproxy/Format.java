package dev.postern.migrate.haproxy;

import java.util.Map;
import java.util.Optional;

/** Texts with {@code %[…]} and {@code %x} in them (HAProxy's "Custom log format"), as texts with variables of Postern's. */
final class Format {
    /** Of headers. */
    static final Map<String, String> VARIABLES = Map.ofEntries(
            Map.entry("src", "{client}"),
            Map.entry("method", "{method}"),
            Map.entry("path", "{path}"),
            Map.entry("query", "{query}"),
            Map.entry("url", "{uri}"),
            Map.entry("pathq", "{uri}"),
            Map.entry("capture.req.uri", "{uri}"),
            Map.entry("unique-id", "{request-id}"),
            Map.entry("ssl_fc_protocol", "{tls-version}"),
            Map.entry("ssl_fc_cipher", "{tls-cipher}"),
            Map.entry("ci", "{client}"),
            Map.entry("HM", "{method}"),
            Map.entry("HU", "{uri}"),
            Map.entry("HP", "{path}"),
            Map.entry("ID", "{request-id}"),
            Map.entry("sslv", "{tls-version}"),
            Map.entry("sslc", "{tls-cipher}"));

    /** Of redirects, which have less to say. */
    static final Map<String, String> PLACES = Map.ofEntries(
            Map.entry("path", "{path}"),
            Map.entry("query", "{query}"),
            Map.entry("url", "{uri}"),
            Map.entry("pathq", "{uri}"),
            Map.entry("capture.req.uri", "{uri}"),
            Map.entry("HU", "{uri}"),
            Map.entry("HP", "{path}"));

    private Format() {}

    /** Empty where something in it has no counterpart. */
    static Optional<String> of(String text, Map<String, String> known) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '{') {
                return Optional.empty();
            }
            if (c != '%') {
                out.append(c);
                continue;
            }
            if (text.startsWith("%%", i)) {
                out.append('%');
                i++;
                continue;
            }
            int end;
            String inner;
            if (text.startsWith("%[", i)) {
                end = text.indexOf(']', i);
                inner = end < 0 ? "" : text.substring(i + 2, end);
            } else {
                end = i;
                while (end + 1 < text.length() && Character.isLetter(text.charAt(end + 1))) {
                    end++;
                }
                inner = text.substring(i + 1, end + 1);
            }
            Fetch fetch = Fetch.of(inner);
            String variable = fetch.isHost() && !fetch.isServerName()
                    ? "{host}"
                    : fetch.converters().isEmpty() && fetch.argument().isEmpty() ? known.get(fetch.name()) : null;
            if (variable == null) {
                return Optional.empty();
            }
            out.append(variable);
            i = end;
        }
        return Optional.of(out.toString());
    }
}
