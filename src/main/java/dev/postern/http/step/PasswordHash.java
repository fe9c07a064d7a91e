package dev.postern.http.step;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import org.apache.commons.codec.digest.Md5Crypt;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;

/**
 * A password as htpasswd keeps it: bcrypt; or apr1 (a thousand rounds of MD5) and {SHA} (one of SHA-1, without salt), which
 * anybody who has the file turns back into passwords, for those who have users by the hundred in them. Pure functions.
 */
final class PasswordHash {
    private static final String APR1 = "$apr1$";
    private static final String SHA = "{SHA}";

    /** The least that bcrypt takes. */
    static final int LEAST_COST = 4;

    private PasswordHash() {}

    /** Whether it takes so little to look at that bcrypt would be told from it. */
    static boolean isQuick(String hash) {
        return hash.startsWith(APR1) || hash.startsWith(SHA);
    }

    /** {@code $2y$12$…}: each step doubles the work. One less than the least where it is none of bcrypt. */
    static int cost(String hash) {
        return isQuick(hash) ? LEAST_COST - 1 : 10 * (hash.charAt(4) - '0') + hash.charAt(5) - '0';
    }

    /** The same of bcrypt, but for what it costs. */
    static String withCost(String hash, int cost) {
        return hash.substring(0, 4) + cost / 10 + cost % 10 + hash.substring(6);
    }

    static boolean matches(String hash, byte[] password) {
        if (hash.startsWith(APR1)) {
            return isSame(hash, Md5Crypt.apr1Crypt(password.clone(), hash));
        }
        if (hash.startsWith(SHA)) {
            return isSame(hash, SHA + Base64.getEncoder().encodeToString(sha1(password)));
        }
        return OpenBSDBCrypt.checkPassword(hash, password);
    }

    private static boolean isSame(String expected, String made) {
        return MessageDigest.isEqual(
                expected.getBytes(StandardCharsets.US_ASCII), made.getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] sha1(byte[] password) {
        try {
            return MessageDigest.getInstance("SHA-1").digest(password);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
