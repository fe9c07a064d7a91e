package dev.postern.ca;

import java.util.Locale;
import java.util.regex.Pattern;
import org.bouncycastle.util.IPAddress;

/** Which strings name a server: host names of letters, digits and hyphens, and IP literals. */
public final class ServerName {
    private static final Pattern LABEL = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

    private ServerName() {}

    public static boolean isIpLiteral(String name) {
        return IPAddress.isValid(name);
    }

    public static boolean isWildcard(String name) {
        return name.startsWith("*.");
    }

    /** Lower-case, at most 253 characters, labels of at most 63, no trailing dot; no wildcard, no IP literal. */
    public static boolean isHostName(String name) {
        if (name.isEmpty() || name.length() > 253 || isIpLiteral(name)) {
            return false;
        }
        for (String label : name.split("\\.", -1)) {
            if (!LABEL.matcher(label).matches()) {
                return false;
            }
        }
        return true;
    }

    static boolean isCertifiable(String name) {
        return isIpLiteral(name) || isHostName(isWildcard(name) ? name.substring(2) : name);
    }

    public static String canonical(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
