package dev.postern.http.message;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What can be read of a head that is refused, for the log and for nothing else: whoever looks for the request finds it.
 * Nothing is decided by it.
 *
 * @param method null where it did not come, or is none; so with the others
 * @param target up to the first octet that no target has
 * @param host of the first {@code Host} that is one
 */
public record Legible(
        @Nullable String method,
        @Nullable String target,
        @Nullable String host) {
    public static final Legible NOTHING = new Legible(null, null, null);

    private static final String HOST = "host:";

    /** @param head as far as it came, in {@code [0, to)} */
    public static Legible of(byte[] head, int to) {
        int from = to > 1 && head[0] == '\r' && head[1] == '\n' ? 2 : 0;
        int methodTo = from;
        while (methodTo < to && Ascii.isToken(head[methodTo])) {
            methodTo++;
        }
        if (methodTo == from || methodTo == to || head[methodTo] != ' ') {
            return NOTHING;
        }
        int targetFrom = methodTo + 1;
        int targetTo = targetFrom;
        while (targetTo < to && Ascii.isTarget(head[targetTo])) {
            targetTo++;
        }
        return new Legible(
                text(head, from, methodTo),
                targetTo == targetFrom ? null : text(head, targetFrom, targetTo),
                host(head, targetTo, to));
    }

    /** Of a head that comes in pieces. */
    public static Legible of(
            @Nullable CharSequence method, @Nullable CharSequence path, @Nullable CharSequence authority) {
        byte[] line = bytes((method == null ? "" : method) + " " + (path == null ? "" : path));
        Legible legible = of(line, line.length);
        byte[] host = bytes(authority == null ? "" : authority);
        return new Legible(legible.method, legible.target, host(host, 0, host.length, true));
    }

    private static byte[] bytes(CharSequence text) {
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static @Nullable String host(byte[] head, int from, int to) {
        int line = from;
        while (true) {
            while (line < to && head[line] != '\n') {
                line++;
            }
            if (++line + HOST.length() > to) {
                return null;
            }
            if (FieldName.is(head, line, HOST)) {
                return host(head, line + HOST.length(), to, false);
            }
        }
    }

    /** @param ends whether the last octet is that of the value; else the end of the line has to be there */
    private static @Nullable String host(byte[] head, int from, int to, boolean ends) {
        int valueFrom = from;
        while (valueFrom < to && (head[valueFrom] == ' ' || head[valueFrom] == '\t')) {
            valueFrom++;
        }
        int end = valueFrom;
        while (end < to && head[end] > ' ') {
            end++;
        }
        int rest = end;
        while (rest < to && (head[rest] == ' ' || head[rest] == '\t')) {
            rest++;
        }
        if (rest == to ? !ends : head[rest] != '\r' && head[rest] != '\n') {
            return null;
        }
        try {
            return Authority.parse(head, valueFrom, end).host();
        } catch (BadMessage none) {
            return null;
        }
    }

    private static String text(byte[] head, int from, int to) {
        return new String(head, from, to - from, StandardCharsets.US_ASCII);
    }
}
