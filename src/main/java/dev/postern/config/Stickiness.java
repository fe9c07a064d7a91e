package dev.postern.config;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A cookie that brings a client back to its server.
 *
 * @param cookie its name
 * @param maxAge null for as long as the browser is open
 * @param path below which it is sent
 */
public record Stickiness(String cookie, @Nullable Duration maxAge, SameSite sameSite, String path) {
    /** <a href="https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-5.6.7">SameSite</a>. */
    public enum SameSite {
        LAX("Lax"),
        STRICT("Strict"),
        NONE("None");

        private final String text;

        SameSite(String text) {
            this.text = text;
        }

        /** As in the cookie. */
        public String text() {
            return text;
        }
    }
}
