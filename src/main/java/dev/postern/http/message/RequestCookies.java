package dev.postern.http.message;

import org.jspecify.annotations.Nullable;

/** The cookies of a request, <a href="https://datatracker.ietf.org/doc/html/rfc6265#section-5.4">RFC 6265 §5.4</a>. */
public final class RequestCookies {
    private static final String FIELD = "cookie";

    private RequestCookies() {}

    /** The value of the first cookie of this name; null where there is none. */
    public static @Nullable String find(Fields fields, String name) {
        for (int i = fields.find(FIELD, 0); i >= 0; i = fields.find(FIELD, i + 1)) {
            String value = fields.value(i);
            for (int from = 0; from < value.length(); ) {
                int to = end(value, from);
                if (isNamed(value, from, to, name)) {
                    return value.substring(value.indexOf('=', from) + 1, to).strip();
                }
                from = to + 1;
            }
        }
        return null;
    }

    /** Without all cookies of this name; a field that holds no other is left out. The same where there is none. */
    static Fields without(Fields fields, String name) {
        Fields rest = fields;
        for (int i = rest.find(FIELD, 0); i >= 0; i = rest.find(FIELD, i + 1)) {
            String value = rest.value(i);
            String kept = without(value, name);
            if (kept.isEmpty()) {
                rest = rest.without(i--);
            } else if (!kept.equals(value)) {
                rest = rest.withValue(i, kept);
            }
        }
        return rest;
    }

    private static String without(String value, String name) {
        StringBuilder kept = new StringBuilder();
        boolean found = false;
        for (int from = 0; from < value.length(); ) {
            int to = end(value, from);
            if (isNamed(value, from, to, name)) {
                found = true;
            } else {
                kept.append(kept.isEmpty() ? "" : "; ")
                        .append(value.substring(from, to).strip());
            }
            from = to + 1;
        }
        return found ? kept.toString() : value;
    }

    private static int end(String value, int from) {
        int end = value.indexOf(';', from);
        return end < 0 ? value.length() : end;
    }

    private static boolean isNamed(String value, int from, int to, String name) {
        // Looked for no further than to the end of this cookie: a field of semicolons alone has thousands of them.
        int equals = from;
        while (equals < to && value.charAt(equals) != '=') {
            equals++;
        }
        return equals < to && value.substring(from, equals).strip().equals(name);
    }
}
