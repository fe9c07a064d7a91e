package dev.postern.app;

import dev.postern.certificate.store.Store;
import dev.postern.config.Configuration;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the values of sticky cookies are made with, so that they mean the same after a restart: kept in the store, made
 * when it is needed for the first time. Several Posterns with the same secret know each other's cookies. Blocks; used by
 * one thread at a time.
 */
public final class StickySecret implements Supplier<byte[]> {
    private final Store store;
    private final SecureRandom random;
    private byte @Nullable [] secret;

    StickySecret(Store store, SecureRandom random) {
        this.store = store;
        this.random = random;
    }

    /** Why it could not be made where a backend wants one and there is none; one line each. Leaves no trace. */
    public static List<String> problems(Configuration config) {
        return isWanted(config) && !ConfiguredStore.reading(config).hasStickySecret()
                ? ConfiguredStore.problems(config, List.of())
                : List.of();
    }

    static boolean isWanted(Configuration config) {
        return config.backends().values().stream().anyMatch(backend -> backend.sticky() != null);
    }

    /** @throws IllegalArgumentException where it can be neither read nor made */
    @Override
    public synchronized byte[] get() {
        byte[] known = secret;
        if (known == null) {
            try {
                known = store.stickySecret(random);
            } catch (IOException e) {
                throw new IllegalArgumentException(e.getMessage(), e);
            }
            secret = known;
        }
        return known;
    }
}
