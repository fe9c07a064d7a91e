package dev.postern.certificate.issuer;

import dev.postern.config.KeyType;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is to be certified, and how it can be proven.
 *
 * @param names lower-case; the first one is the name of the site
 * @param solvers in order of preference; the next is tried where a validation by one before it failed
 * @param replaces the certificate that the new one takes the place of; null for the first one, and where the old one is
 *     expired or from another CA
 */
public record CertificateRequest(
        String site,
        List<String> names,
        KeyType keyType,
        List<ChallengeSolver> solvers,
        @Nullable Replaced replaces) {

    /**
     * @param account URL of the account that ordered it; the CA lets no other account say that it replaces it
     *     (<a href="https://datatracker.ietf.org/doc/html/rfc9773#section-5">RFC 9773 §5</a>)
     */
    public record Replaced(X509Certificate leaf, String account) {}
}
