package dev.postern.certificate.issuer;

import dev.postern.config.ChallengeType;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a CA gave.
 *
 * @param chain leaf first, without the root
 * @param challenge what proved the names; null where nothing had to be proven
 * @param replaced whether the CA took it as the replacement of the one before, which counts against no rate limit
 * @param invalid the names whose validation failed before another way succeeded, one for each time: CAs count them
 */
public record IssuedCertificate(
        String issuer,
        PrivateKey key,
        List<X509Certificate> chain,
        @Nullable ChallengeType challenge,
        boolean replaced,
        List<String> invalid) {
    public IssuedCertificate(String issuer, PrivateKey key, List<X509Certificate> chain) {
        this(issuer, key, chain, null, false);
    }

    public IssuedCertificate(
            String issuer,
            PrivateKey key,
            List<X509Certificate> chain,
            @Nullable ChallengeType challenge,
            boolean replaced) {
        this(issuer, key, chain, challenge, replaced, List.of());
    }
}
