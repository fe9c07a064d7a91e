package dev.postern.pki;

import java.security.cert.X509Certificate;

/**
 * What certificates call keys, <a href="https://datatracker.ietf.org/doc/html/rfc5280#section-4.2.1.1">RFC 5280 §4.2.1.1</a>
 * and 4.2.1.2; empty where they do not.
 */
final class KeyIdentifiers {
    private static final String OF_SIGNER = "2.5.29.35";
    private static final String OF_SUBJECT = "2.5.29.14";
    /** {@code [0]} of what is said of the signer. */
    private static final int KEY_IDENTIFIER = 0x80;

    private static final byte[] NONE = {};

    private KeyIdentifiers() {}

    /** The key that has signed it. */
    static byte[] ofSigner(X509Certificate certificate) {
        byte[] value = certificate.getExtensionValue(OF_SIGNER);
        if (value == null) {
            return NONE;
        }
        try {
            Der authority = Der.of(value).enter(Der.OCTET_STRING).enter(Der.SEQUENCE);
            return authority.is(KEY_IDENTIFIER)
                    ? authority.enter(KEY_IDENTIFIER).rest()
                    : NONE;
        } catch (IllegalArgumentException e) {
            return NONE;
        }
    }

    /** Its own key. */
    static byte[] of(X509Certificate certificate) {
        byte[] value = certificate.getExtensionValue(OF_SUBJECT);
        try {
            return value == null
                    ? NONE
                    : Der.of(value)
                            .enter(Der.OCTET_STRING)
                            .enter(Der.OCTET_STRING)
                            .rest();
        } catch (IllegalArgumentException e) {
            return NONE;
        }
    }
}
