package dev.postern.http.exchange;

import dev.postern.config.Page;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A response that the edge makes itself.
 *
 * @param headers without Date, Content-Length and Connection, which whoever writes it adds
 */
@SuppressWarnings("ArrayRecordComponent") // Written once, never compared.
public record LocalResponse(int status, Map<String, String> headers, byte[] body) {
    private static final String TEXT = "text/plain; charset=utf-8";

    private static final String HTML = "text/html; charset=utf-8";

    public static LocalResponse text(int status, String body) {
        return new LocalResponse(status, Map.of("Content-Type", TEXT), body.getBytes(StandardCharsets.UTF_8));
    }

    /** A small page, which needs nothing else. All that is in it is HTML already. */
    static LocalResponse html(int status, String title, String words, String requestId) {
        return new LocalResponse(status, Map.of("Content-Type", HTML), """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>%s</title>
            <style>body { font: 1em/1.5 system-ui, sans-serif; margin: 15vh auto; max-width: 32em; padding: 0 1em; color-scheme: light dark }
            small { opacity: .6 }</style>
            </head>
            <body>
            <h1>%s</h1>
            %s<p><small>request %s</small></p>
            </body>
            </html>
            """.formatted(title, title, words, requestId)
                .getBytes(StandardCharsets.UTF_8));
    }

    public static LocalResponse page(int status, Page page) {
        return new LocalResponse(status, Map.of("Content-Type", page.contentType()), page.bytes());
    }

    public static LocalResponse redirect(int status, String location) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Location", location);
        headers.put("Content-Type", TEXT);
        return new LocalResponse(status, headers, (location + "\n").getBytes(StandardCharsets.UTF_8));
    }

    LocalResponse with(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(headers);
        all.putAll(more);
        return new LocalResponse(status, all, body);
    }
}
