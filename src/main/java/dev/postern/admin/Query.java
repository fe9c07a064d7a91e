package dev.postern.admin;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** What stands behind the question mark: names and values, as forms write them. */
record Query(Map<String, String> values) {
    /** What cannot be read is taken as it is. */
    static Query of(String text) {
        Map<String, String> values = new HashMap<>();
        for (String pair : text.split("&", -1)) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                values.put(decoded(pair.substring(0, equals)), decoded(pair.substring(equals + 1)));
            }
        }
        return new Query(Map.copyOf(values));
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return text;
        }
    }

    /** Empty where there is none. */
    String text(String name) {
        return values.getOrDefault(name, "");
    }

    /** At least 1, and that where there is none. */
    int number(String name) {
        try {
            return Math.max(1, Integer.parseInt(text(name)));
        } catch (NumberFormatException e) {
            return 1;
        }
    }

    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
