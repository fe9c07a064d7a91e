package dev.postern.observe;

import dev.postern.http.exchange.ExchangeRecord;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The headers of requests that are logged; of those that tell a secret it is said that they were there. */
final class RequestHeaders {
    private static final String REDACTED = "redacted";

    /** What is in names of headers that carry secrets: Authorization, Cookie, X-Api-Key, X-CSRF-Token, … */
    private static final List<String> SECRET = List.of(
            "auth",
            "cookie",
            "token",
            "secret",
            "password",
            "passwd",
            "api-key",
            "apikey",
            "session",
            "signature",
            "credential",
            "jwt",
            "csrf");

    private final List<String> names;

    RequestHeaders(List<String> names) {
        this.names = names;
    }

    boolean isEmpty() {
        return names.isEmpty();
    }

    List<String> names() {
        return names;
    }

    /** Null where the request has none of this name. */
    static @Nullable String value(ExchangeRecord exchange, String lowerName) {
        String value = exchange.header(lowerName);
        return value == null ? null : isSecret(lowerName) ? REDACTED : value;
    }

    static boolean isSecret(String lowerName) {
        return SECRET.stream().anyMatch(lowerName::contains);
    }
}
