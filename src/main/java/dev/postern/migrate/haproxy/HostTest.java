package dev.postern.migrate.haproxy;

import java.util.List;

/**
 * How HAProxy compares hosts.
 *
 * @param way {@code str}, {@code end} or {@code dom}
 * @param values in small letters
 */
record HostTest(String way, List<String> values) {
    boolean holds(String host) {
        return values.stream().anyMatch(value -> switch (way) {
            case "end" -> host.endsWith(value);
            case "dom" -> ("." + host + ".").contains("." + strip(value) + ".");
            default -> host.equals(value);
        });
    }

    private static String strip(String value) {
        int from = value.startsWith(".") ? 1 : 0;
        return value.substring(
                from, value.length() > from && value.endsWith(".") ? value.length() - 1 : value.length());
    }
}
