package dev.postern.http;

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
record LocalResponse(int status, Map<String, String> headers, byte[] body) {
    private static final String TEXT = "text/plain; charset=utf-8";

    static LocalResponse text(int status, String body) {
        return new LocalResponse(status, Map.of("Content-Type", TEXT), body.getBytes(StandardCharsets.UTF_8));
    }

    static LocalResponse page(int status, Page page) {
        return new LocalResponse(status, Map.of("Content-Type", page.contentType()), page.bytes());
    }

    static LocalResponse redirect(int status, String location) {
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
