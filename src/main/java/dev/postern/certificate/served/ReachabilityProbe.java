package dev.postern.certificate.served;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Shows that whoever answers under a name is this very Postern: to {@code postern-preflight-NONCE} on the side port it
 * answers with a MAC of the nonce, under a key that only the store has. Any thread; no state, so that a command beside
 * the daemon can ask, too.
 *
 * <p>A stranger who asks learns the MAC of a nonce, which is good for nothing: the key has no other use, and no CA has
 * tokens that begin so, let alone accepts a MAC for a key authorization.
 */
public final class ReachabilityProbe {
    private static final String PREFIX = "postern-preflight-";

    /** Base64url of 128 random bits. */
    private static final int NONCE_LENGTH = 22;

    private final SecretKeySpec key;

    /** @param key that only this store has: {@code ProbeKey} */
    public ReachabilityProbe(byte[] key) {
        this.key = new SecretKeySpec(key, "HmacSHA256");
    }

    /** A token that nobody has asked for yet. */
    public static String token(RandomGenerator random) {
        byte[] nonce = new byte[16];
        random.nextBytes(nonce);
        return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(nonce);
    }

    /** What the side port answers; null where the token is none of these. */
    public @Nullable String answer(String token) {
        if (!token.startsWith(PREFIX) || token.length() != PREFIX.length() + NONCE_LENGTH) {
            return null;
        }
        for (int i = PREFIX.length(); i < token.length(); i++) {
            char c = token.charAt(i);
            boolean plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!plain && c != '-' && c != '_') {
                return null;
            }
        }
        try {
            Mac mac = Mac.getInstance(key.getAlgorithm());
            mac.init(key);
            byte[] code = mac.doFinal(token.getBytes(StandardCharsets.US_ASCII));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(code);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Whether {@code body} is what we would have answered. */
    public boolean isOurs(String token, String body) {
        String answer = answer(token);
        return answer != null
                && MessageDigest.isEqual(
                        answer.getBytes(StandardCharsets.US_ASCII), body.trim().getBytes(StandardCharsets.UTF_8));
    }
}
