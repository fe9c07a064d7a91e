package dev.postern.http.exchange;

import java.util.function.BiPredicate;

/**
 * What the client of a TLS connection was shown.
 *
 * @param site the one it named, or the one for clients that name nobody's
 * @param serverName what it called that, in lower case; where it named none, the address it came to
 * @param alsoOf whether the same certificate is that of another site (the first one) and its host (the second one)
 */
public record CertificateShown(String site, String serverName, BiPredicate<String, String> alsoOf) {
    /** Whether requests for this host of this site belong on the connection. */
    public boolean isOf(String other, String host) {
        return site.equals(other) || alsoOf.test(other, host);
    }
}
