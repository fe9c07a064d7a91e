package dev.postern.certificate;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How far an order has come, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.1.6">RFC 8555 §7.1.6</a>.
 *
 * @param account URL of the account that owns the order
 * @param order URL of the order
 * @param keyPem the key of the coming certificate, PKCS#8; present from before the order is finalized, so that a
 *     certificate whose delivery was interrupted can still be used
 */
public record OrderEntry(
        String issuer,
        String account,
        List<String> names,
        String order,
        @Nullable String keyPem) {}
