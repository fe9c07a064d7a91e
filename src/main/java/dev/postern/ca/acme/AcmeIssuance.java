package dev.postern.ca.acme;

import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A certificate that was given out.
 *
 * @param account its URL
 * @param profile null where the CA has none
 * @param replaces the ARI id of the one it replaced; null where its order named none
 */
public record AcmeIssuance(
        BigInteger serial,
        List<String> names,
        String account,
        Instant at,
        Instant notAfter,
        @Nullable String profile,
        @Nullable String replaces) {}
