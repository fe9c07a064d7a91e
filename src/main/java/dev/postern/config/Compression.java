package dev.postern.config;

import java.util.List;

/**
 * Which responses are compressed, and how. Each is described in config/postern.yaml.
 *
 * @param encodings the preferred one first, where a client likes several alike
 * @param types lower-case media types, without parameters; {@code text/*} stands for all that begin so
 * @param minSize bytes; a response that is known to be smaller stays as it is
 */
public record Compression(
        List<Encoding> encodings,
        List<String> types,
        @InFile(size = true) int minSize) {
    /** What nginx, Caddy and the CDNs compress between them: text by any name, and formats that are not compressed already. */
    public static final List<String> DEFAULT_TYPES = List.of(
            "text/*",
            "application/javascript",
            "application/json",
            "application/ld+json",
            "application/geo+json",
            "application/graphql-response+json",
            "application/manifest+json",
            "application/problem+json",
            "application/vnd.api+json",
            "application/x-ndjson",
            "application/xml",
            "application/atom+xml",
            "application/rss+xml",
            "application/xhtml+xml",
            "application/wasm",
            "application/vnd.ms-fontobject",
            "font/otf",
            "font/ttf",
            "image/svg+xml",
            "image/bmp",
            "image/x-icon");

    /** Content codings, <a href="https://datatracker.ietf.org/doc/html/rfc9110#section-8.4.1">RFC 9110 §8.4.1</a>. */
    public enum Encoding {
        ZSTD("zstd"),
        BR("br"),
        GZIP("gzip");

        private final String text;

        Encoding(String text) {
            this.text = text;
        }

        /** As in the file, and as HTTP calls it. */
        public String text() {
            return text;
        }
    }

    /** Whether responses of this type are compressed; {@code type} is lower-case and has no parameters. */
    public boolean covers(String type) {
        for (String known : types) {
            if (known.endsWith("/*") ? type.startsWith(known.substring(0, known.length() - 1)) : type.equals(known)) {
                return true;
            }
        }
        return false;
    }
}
