package dev.postern.http.step;

import dev.postern.http.message.FieldName;
import dev.postern.http.message.Fields;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** A user and a password that a client says it has, <a href="https://datatracker.ietf.org/doc/html/rfc7617">RFC 7617</a>. */
@SuppressWarnings("ArrayRecordComponent") // Read only, never compared.
record Credentials(String user, byte[] password) {
    private static final String BASIC = "basic ";
    private static final String BEARER = "bearer ";

    /** Null where there are none that could be right. */
    static @Nullable Credentials of(Fields fields) {
        String text = after(fields, BASIC);
        if (text == null) {
            return null;
        }
        byte[] pair;
        try {
            pair = Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
        int colon = 0;
        while (colon < pair.length && pair[colon] != ':') {
            colon++;
        }
        return colon == pair.length
                ? null
                : new Credentials(
                        new String(pair, 0, colon, StandardCharsets.UTF_8),
                        Arrays.copyOfRange(pair, colon + 1, pair.length));
    }

    /** A token instead, <a href="https://datatracker.ietf.org/doc/html/rfc6750#section-2.1">RFC 6750 §2.1</a>; null for none. */
    static @Nullable String bearer(Fields fields) {
        return after(fields, BEARER);
    }

    private static @Nullable String after(Fields fields, String scheme) {
        int field = fields.find(FieldName.AUTHORIZATION);
        if (field < 0) {
            return null;
        }
        for (int i = field + 1; i < fields.count(); i++) {
            if (fields.name(i) == FieldName.AUTHORIZATION) {
                // A server behind us might believe the other one.
                return null;
            }
        }
        int from = fields.valueFrom(field);
        int to = fields.valueTo(field);
        return to - from <= scheme.length() || !FieldName.is(fields.bytes(), from, scheme)
                ? null
                : fields.text(from + scheme.length(), to).strip();
    }
}
