package dev.postern.config;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who is told of what somebody should look at.
 *
 * @param about of what; never empty
 * @param perHour as many at most; what is beyond is told in one
 * @param mail null where none is sent
 */
public record Alerts(
        Set<About> about, int perHour, @Nullable Mail mail, List<Webhook> webhooks) {
    /** What there is to be told of. */
    public enum About {
        RENEWALS("renewals"),
        NAMES("names"),
        BACKENDS("backends"),
        LOGS("logs");

        private final String text;

        About(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    /** How a mail server is spoken to. */
    public enum MailTls {
        /** TLS or nothing. */
        STARTTLS("starttls"),
        /** From the first byte. */
        TLS("tls"),
        OFF("off");

        private final String text;

        MailTls(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    /**
     * @param user null where nobody has to say who it is
     * @param passwordFile null like the user
     * @param caFile whose servers are trusted, and no others; null for those that this Java trusts
     */
    public record Mail(
            String host,
            int port,
            MailTls tls,
            String from,
            List<String> to,
            @Nullable String user,
            @Nullable Path passwordFile,
            @Nullable Path caFile) {}

    /** What a receiver understands. */
    public enum Format {
        JSON("json"),
        SLACK("slack"),
        NTFY("ntfy");

        private final String text;

        Format(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    /**
     * @param url which may be a secret itself
     * @param tokenFile what is said of us as a bearer token; null where nothing is
     */
    public record Webhook(
            Secret url,
            Format format,
            @Nullable Path tokenFile,
            @Nullable Path caFile) {
        public URI uri() {
            return URI.create(url.text());
        }

        /** What it is called in messages: where it is, and no more of its URL. */
        @Override
        public String toString() {
            return uri().getHost();
        }
    }
}
