package dev.postern.ca.acme;

import java.security.PublicKey;
import java.util.Map;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.lang.HashUtil;
import org.jose4j.lang.JoseException;

/**
 * The public key of an account, or of a certificate that asks for its own revocation.
 *
 * @param jwk the members of the public key as the client sent them
 * @param thumbprint <a href="https://datatracker.ietf.org/doc/html/rfc7638">RFC 7638</a>, SHA-256; tells keys apart
 */
record AccountKey(PublicKey publicKey, Map<String, Object> jwk, String thumbprint) {
    static AccountKey parse(Map<String, Object> jwk) throws AcmeRefusal {
        try {
            if (!(JsonWebKey.Factory.newJwk(jwk) instanceof PublicJsonWebKey key)) {
                throw AcmeRefusal.because(ProblemType.BAD_PUBLIC_KEY, "jwk: not a public key");
            }
            // Never keep more than the public half, should a client send the other one too.
            Map<String, Object> publicHalf = key.toParams(JsonWebKey.OutputControlLevel.PUBLIC_ONLY);
            if (!KeyPolicy.accepts(key.getPublicKey())) {
                throw AcmeRefusal.because(
                        ProblemType.BAD_PUBLIC_KEY,
                        "jwk: unsupported key (expected: RSA of 2048 to 4096 bits, P-256 or P-384)");
            }
            return new AccountKey(
                    key.getPublicKey(), publicHalf, key.calculateBase64urlEncodedThumbprint(HashUtil.SHA_256));
        } catch (JoseException e) {
            throw AcmeRefusal.because(ProblemType.BAD_PUBLIC_KEY, "jwk: " + e.getMessage());
        }
    }

    static AccountKey parse(String jwk) throws AcmeRefusal {
        try {
            return parse(JsonUtil.parseJson(jwk));
        } catch (JoseException e) {
            throw AcmeRefusal.because(ProblemType.BAD_PUBLIC_KEY, "jwk: " + e.getMessage());
        }
    }

    boolean isSameAs(AccountKey other) {
        return thumbprint.equals(other.thumbprint);
    }
}
