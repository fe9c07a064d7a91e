package dev.postern.ca.acme;

import java.security.cert.X509Certificate;
import java.util.Base64;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;

/** How ARI names a certificate, <a href="https://datatracker.ietf.org/doc/html/rfc9773#section-4.1">RFC 9773 §4.1</a>. */
final class CertificateId {
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

    private CertificateId() {}

    /** Empty where it has no authority key identifier: then it is none of ours. */
    static String of(X509Certificate certificate) {
        byte[] extension = certificate.getExtensionValue("2.5.29.35");
        if (extension == null) {
            return "";
        }
        byte[] authority = AuthorityKeyIdentifier.getInstance(
                        ASN1OctetString.getInstance(extension).getOctets())
                .getKeyIdentifierOctets();
        return authority == null
                ? ""
                : BASE64.encodeToString(authority) + "."
                        + BASE64.encodeToString(certificate.getSerialNumber().toByteArray());
    }
}
