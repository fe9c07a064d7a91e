package dev.postern.http.exchange;

import dev.postern.config.ClientCertificates;
import dev.postern.wire.ClientCertificate;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the client of a TLS connection was shown, and has shown.
 *
 * @param site the one it named, or the one for clients that name nobody's
 * @param serverName what it called that, in lower case; where it named none, the address it came to
 * @param alsoOf whether the same certificate is that of another site (the first one) and its host (the second one)
 * @param asked whether the client was asked for a certificate as is said here: null for one that is asked for none
 * @param certificate what it has shown, looked at again where that is due; null where it was not asked for any
 */
public record CertificateShown(
        String site,
        String serverName,
        BiPredicate<String, String> alsoOf,
        Predicate<@Nullable ClientCertificates> asked,
        Supplier<@Nullable ClientCertificate> certificate) {
    /** To a client that was asked for nothing. */
    public CertificateShown(String site, String serverName, BiPredicate<String, String> alsoOf) {
        this(site, serverName, alsoOf, policy -> policy == null, () -> null);
    }

    /** Whether requests for this host of this site belong on the connection. */
    public boolean isOf(String other, String host) {
        return site.equals(other) || alsoOf.test(other, host);
    }
}
