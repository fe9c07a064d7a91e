package dev.postern.migrate;

import dev.postern.config.Addresses;
import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import java.util.Optional;

/**
 * Where a server is, as other programs write it.
 *
 * @param host a name, an address without brackets, or {@code unix:PATH}
 * @param port 0 of a socket
 */
public record Authority(String host, int port) {
    private static final String UNIX = "unix:";

    /** @param otherwise the port where it says none; 0 where it has to */
    public static Optional<Authority> of(String text, int otherwise) {
        if (text.startsWith(UNIX)) {
            boolean isGood = text.startsWith("/", UNIX.length())
                    && text.chars().allMatch(c -> c > 0x20 && c < 0x7f && c != '{' && c != '$');
            return isGood ? Optional.of(new Authority(text, 0)) : Optional.empty();
        }
        int colon = text.lastIndexOf(':');
        boolean hasPort =
                colon >= 0 && text.indexOf(']', colon) < 0 && (colon == text.indexOf(':') || text.startsWith("["));
        String port = hasPort ? text.substring(colon + 1) : Integer.toString(otherwise);
        String host = hasPort ? text.substring(0, colon) : text;
        if (!Numbers.isBetween(port, 1, Addresses.LAST_PORT)) {
            return Optional.empty();
        }
        boolean isBracketed = host.startsWith("[") && host.endsWith("]");
        String bare = isBracketed ? host.substring(1, host.length() - 1) : host;
        if (Addresses.literal(bare) != null) {
            return Optional.of(new Authority(bare, Integer.parseInt(port)));
        }
        try {
            return isBracketed
                    ? Optional.empty()
                    : Optional.of(new Authority(HostName.server(bare), Integer.parseInt(port)));
        } catch (NotUnderstood e) {
            return Optional.empty();
        }
    }

    /** As Postern writes it. */
    public String text() {
        return port == 0 ? host : (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
