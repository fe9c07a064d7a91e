package dev.postern.certificate;

import java.security.cert.X509Certificate;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.jspecify.annotations.Nullable;

/**
 * What certificates call keys, <a href="https://datatracker.ietf.org/doc/html/rfc5280#section-4.2.1.1">RFC 5280 §4.2.1.1</a>
 * and 4.2.1.2; empty where they do not.
 */
final class KeyIdentifiers {
    private static final String OF_SIGNER = "2.5.29.35";
    private static final String OF_SUBJECT = "2.5.29.14";
    private static final byte[] NONE = {};

    private KeyIdentifiers() {}

    /** The key that has signed it. */
    static byte[] ofSigner(X509Certificate certificate) {
        byte[] value = certificate.getExtensionValue(OF_SIGNER);
        try {
            return value == null
                    ? NONE
                    : orNone(AuthorityKeyIdentifier.getInstance(octets(value)).getKeyIdentifierOctets());
        } catch (IllegalArgumentException e) {
            return NONE;
        }
    }

    /** Its own key. */
    static byte[] of(X509Certificate certificate) {
        byte[] value = certificate.getExtensionValue(OF_SUBJECT);
        try {
            return value == null ? NONE : octets(octets(value));
        } catch (IllegalArgumentException e) {
            return NONE;
        }
    }

    private static byte[] octets(byte[] der) {
        return ASN1OctetString.getInstance(der).getOctets();
    }

    private static byte[] orNone(byte @Nullable [] bytes) {
        return bytes == null ? NONE : bytes;
    }
}
