package dev.postern.wire;

import org.jspecify.annotations.Nullable;

/**
 * What a client that was asked for a certificate has shown, in printable ASCII: nothing in it can end a field of a header, or
 * a value in it. Null for what there is not.
 *
 * @param verification {@code success}, {@code none}, or {@code failed:} and why
 * @param subject as <a href="https://datatracker.ietf.org/doc/html/rfc4514">RFC 4514</a> has it; what is no printable ASCII is
 *     escaped as bytes of UTF-8
 * @param issuer as {@code subject}
 * @param san {@code DNS:a.example, email:a@example, URI:…, IP:192.0.2.1}, escaped as {@code subject}, commas as well
 * @param serial hexadecimal, two digits a byte, in capitals
 * @param fingerprint hexadecimal, the SHA-256 of the certificate
 * @param certificate a byte sequence, <a href="https://datatracker.ietf.org/doc/html/rfc9440#section-2.2">RFC 9440 §2.2</a>
 * @param chain a list of those, <a href="https://datatracker.ietf.org/doc/html/rfc9440#section-2.3">RFC 9440 §2.3</a>; null where
 *     the CA itself has signed the certificate
 */
public record ClientCertificate(
        String verification,
        @Nullable String subject,
        @Nullable String issuer,
        @Nullable String san,
        @Nullable String serial,
        @Nullable String fingerprint,
        @Nullable String certificate,
        @Nullable String chain) {
    private static final String SUCCESS = "success";

    public static final ClientCertificate NONE =
            new ClientCertificate("none", null, null, null, null, null, null, null);

    /** Whether there is one. */
    public boolean isShown() {
        return fingerprint != null;
    }

    /** Whether there is one, and it is good. */
    public boolean isVerified() {
        return verification.equals(SUCCESS);
    }
}
