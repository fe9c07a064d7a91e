package dev.postern.ca.acme;

import java.security.SecureRandom;
import java.util.Base64;

/** Unguessable names, of letters, digits, {@code -} and {@code _}. */
final class Tokens {
    /**
     * Challenge tokens must carry at least 128 bits of entropy, <a
     * href="https://datatracker.ietf.org/doc/html/rfc8555#section-8.3">RFC 8555 §8.3</a>; 144 encode without padding.
     */
    private static final int BYTES = 18;

    private final SecureRandom random;

    Tokens(SecureRandom random) {
        this.random = random;
    }

    String next() {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
