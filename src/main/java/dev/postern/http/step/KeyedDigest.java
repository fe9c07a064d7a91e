package dev.postern.http.step;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What stands in memory for what somebody knows: a hash with a key that nobody has, new at each start. Any thread. */
final class KeyedDigest {
    private static final String ALGORITHM = "HmacSHA256";

    private final SecretKeySpec key;
    private final ThreadLocal<Mac> mac = ThreadLocal.withInitial(this::newMac);

    KeyedDigest(SecureRandom random) {
        byte[] secret = new byte[32];
        random.nextBytes(secret);
        this.key = new SecretKeySpec(secret, ALGORITHM);
    }

    /** @param what without zero characters */
    String of(String what, byte[] secret) {
        Mac hmac = mac.get();
        hmac.update(what.getBytes(StandardCharsets.UTF_8));
        hmac.update((byte) 0);
        return HexFormat.of().formatHex(hmac.doFinal(secret));
    }

    private Mac newMac() {
        try {
            Mac made = Mac.getInstance(ALGORITHM);
            made.init(key);
            return made;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
