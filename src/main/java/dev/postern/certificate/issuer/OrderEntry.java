package dev.postern.certificate.issuer;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How far an order has come, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.1.6">RFC 8555 §7.1.6</a>.
 *
 * @param account URL of the account that owns the order
 * @param order URL of the order
 * @param keyPem the key of the coming certificate, PKCS#8; present from before the order is finalized, so that a
 *     certificate whose delivery was interrupted can still be used
 * @param replaces serial of the certificate that this order replaces, as the CA was told; null where it was not told
 */
public record OrderEntry(
        String issuer,
        String account,
        List<String> names,
        String order,
        @Nullable String keyPem,
        @Nullable String replaces) {
    /** The same order, from before it is finalized with this key. */
    public OrderEntry with(String key) {
        return new OrderEntry(issuer, account, names, order, key, replaces);
    }
}
