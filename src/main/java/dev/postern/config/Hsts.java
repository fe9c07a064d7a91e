package dev.postern.config;

import java.time.Duration;

/** {@code Strict-Transport-Security}, <a href="https://datatracker.ietf.org/doc/html/rfc6797#section-6.1">RFC 6797 §6.1</a>. */
public record Hsts(Duration maxAge, boolean includeSubdomains, boolean preload) {
    /** The value of the header. */
    public String text() {
        return "max-age=" + maxAge.toSeconds() + (includeSubdomains ? "; includeSubDomains" : "")
                + (preload ? "; preload" : "");
    }
}
