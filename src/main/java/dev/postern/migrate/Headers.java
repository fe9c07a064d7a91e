package dev.postern.migrate;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Which headers the configuration has no business with; whoever reads the result has the rule in full. */
public final class Headers {
    private static final Set<String> FRAMING = Set.of(
            "connection",
            "keep-alive",
            "proxy-connection",
            "transfer-encoding",
            "content-length",
            "te",
            "trailer",
            "expect",
            "proxy-authorization",
            "upgrade",
            "proxy",
            "host",
            "x-rewrite-url",
            "client-ip",
            "x-client-ip",
            "true-client-ip",
            "x-cluster-client-ip");

    /** What Postern writes for servers by itself → values that mean the same. */
    private static final List<String> OURS = List.of("forwarded", "x-real-ip", "via");

    private Headers() {}

    public static boolean isOurs(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return OURS.contains(lower)
                || (lower.startsWith("x-forwarded-") && !lower.equals("x-forwarded-prefix"))
                || lower.startsWith("x-original-");
    }

    public static boolean isFraming(String name) {
        return FRAMING.contains(name.toLowerCase(Locale.ROOT));
    }

    /** Whether what comes for clients may be called so. */
    public static boolean isForClients(String name) {
        return isName(name) && !isFraming(name) && !name.equalsIgnoreCase("date");
    }

    public static boolean isForServers(String name) {
        return isName(name) && !isFraming(name) && !isOurs(name) && name.indexOf('_') < 0 && name.indexOf('.') < 0;
    }

    private static boolean isName(String name) {
        return !name.isEmpty()
                && name.chars()
                        .allMatch(c -> (c < 0x80 && Character.isLetterOrDigit(c)) || "-_.!#$%&'*+^`|~".indexOf(c) >= 0);
    }

    /** Whether a text has nothing that a value may not have, nor what could be taken for a variable. */
    public static boolean isLiteral(String text) {
        return isValue(text) && text.indexOf('{') < 0;
    }

    public static boolean isValue(String text) {
        return text.equals(text.strip()) && text.chars().allMatch(c -> c >= 0x20 && c < 0x7f);
    }
}
