package dev.postern.route;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;

/** Names of header fields, to look up those of a message in. Immutable. */
final class FieldNames {
    static final FieldNames NONE = new FieldNames(List.of());

    private final byte[][] names;

    /** @param lower in lower case */
    FieldNames(Collection<String> lower) {
        this.names = lower.stream()
                .distinct()
                .map(name -> name.getBytes(StandardCharsets.ISO_8859_1))
                .toArray(byte[][]::new);
    }

    /** Whether there is the name that lies in {@code [from, to)}, in whatever case. */
    boolean contains(byte[] b, int from, int to) {
        for (byte[] name : names) {
            if (name.length == to - from && isSame(name, b, from)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isSame(byte[] lower, byte[] b, int from) {
        for (int i = 0; i < lower.length; i++) {
            byte c = b[from + i];
            if (lower[i] != (c >= 'A' && c <= 'Z' ? c + 32 : c)) {
                return false;
            }
        }
        return true;
    }
}
