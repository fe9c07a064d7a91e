package dev.postern.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A line of the access log as an operator writes it: texts, and fields in braces. */
public record LogPattern(List<Part> parts) {
    /** A text, or a field. */
    public sealed interface Part {}

    /** As it is. */
    public record Text(String text) implements Part {}

    /** One of {@link #KNOWN}. */
    public record Field(String name) implements Part {}

    /** A header of the request, by its lower-case name. */
    public record Header(String name) implements Part {}

    /** The fields of {@code json}, as they are called there, and the path. */
    public static final List<String> KNOWN = List.of(
            "time",
            "id",
            "trace_id",
            "client",
            "method",
            "host",
            "target",
            "path",
            "protocol",
            "tls",
            "cipher",
            "client_verification",
            "client_subject",
            "client_fingerprint",
            "status",
            "bytes_in",
            "bytes_out",
            "site",
            "route",
            "service",
            "port",
            "sni",
            "backend",
            "server",
            "retries",
            "reused",
            "auth_backend",
            "auth_status",
            "auth_ms",
            "state",
            "ended_by",
            "phase",
            "reason",
            "head_ms",
            "queue_ms",
            "connect_ms",
            "response_ms",
            "total_ms",
            "referer",
            "user_agent");

    private static final Pattern FIELD = Pattern.compile("\\{([^{}]*)}");
    private static final String HEADER = "header:";

    /** @throws NotUnderstood where a field is not known, or the line would not be one */
    public static LogPattern parse(String text) throws NotUnderstood {
        if (!text.chars().allMatch(c -> c == '\t' || (c >= 0x20 && c < 0x7f))) {
            throw new NotUnderstood("has control characters, or characters outside ASCII");
        }
        List<Part> parts = new ArrayList<>();
        Matcher field = FIELD.matcher(text);
        int from = 0;
        while (field.find()) {
            text(parts, text.substring(from, field.start()));
            String name = field.group(1);
            if (name.startsWith(HEADER) && name.length() > HEADER.length()) {
                parts.add(new Header(name.substring(HEADER.length()).toLowerCase(Locale.ROOT)));
            } else if (KNOWN.contains(name)) {
                parts.add(new Field(name));
            } else {
                throw new NotUnderstood("has a field that does not exist, {" + name + "} (known: header:NAME, "
                        + String.join(", ", KNOWN) + ")");
            }
            from = field.end();
        }
        text(parts, text.substring(from));
        return new LogPattern(List.copyOf(parts));
    }

    private static void text(List<Part> parts, String text) throws NotUnderstood {
        if (text.indexOf('{') >= 0) {
            throw new NotUnderstood("has a { without its }");
        }
        if (!text.isEmpty()) {
            parts.add(new Text(text));
        }
    }
}
