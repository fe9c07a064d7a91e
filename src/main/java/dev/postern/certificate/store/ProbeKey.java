package dev.postern.certificate.store;

import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * 32 random bytes that only this store has, so that a command beside the daemon can tell whether the daemon is who answers.
 * Immutable; it is read and written by the store.
 */
public final class ProbeKey {
    private static final int BYTES = 32;

    private final byte[] key;

    private ProbeKey(byte[] key) {
        this.key = key;
    }

    /** One that nobody knows yet. */
    public static ProbeKey make(RandomGenerator random) {
        byte[] key = new byte[BYTES];
        random.nextBytes(key);
        return new ProbeKey(key);
    }

    /** Empty where these bytes are none. */
    public static Optional<ProbeKey> of(byte[] kept) {
        return kept.length == BYTES ? Optional.of(new ProbeKey(kept.clone())) : Optional.empty();
    }

    public byte[] bytes() {
        return key.clone();
    }
}
