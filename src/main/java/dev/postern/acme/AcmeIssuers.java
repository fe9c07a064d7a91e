package dev.postern.acme;

import dev.postern.certificate.store.Store;
import dev.postern.config.Acme;
import dev.postern.config.Issuer;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.time.ClockSkew;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The CAs of a configuration, one object for each account folder: the staging directory of one CA may be configured as
 * another, and two that register in one folder would each have a key of their own. Used by one thread.
 */
public final class AcmeIssuers {
    private final Acme acme;
    private final Store store;
    private final InstantSource clock;
    private final MonotonicClock elapsed;
    private final ClockSkew skew;
    private final Map<String, AcmeIssuer> made = new HashMap<>();

    /** @param clock the CAs' time as far as it is known: waits that they ask for end by it */
    public AcmeIssuers(Acme acme, Store store, InstantSource clock, MonotonicClock elapsed, ClockSkew skew) {
        this.acme = acme;
        this.store = store;
        this.clock = clock;
        this.elapsed = elapsed;
        this.skew = skew;
    }

    /**
     * The issuer at this directory. Asks no network.
     *
     * @throws IOException one line that names the {@code ca-file} and what is wrong with it
     */
    public AcmeIssuer at(AcmeDirectory directory) throws IOException {
        AcmeIssuer before = made.get(directory.name());
        if (before != null) {
            return before;
        }
        AcmeIssuer issuer = new AcmeIssuer(
                directory,
                staging(directory),
                acme.email(),
                acme.agreeToTerms(),
                store,
                clock,
                elapsed,
                skew,
                new HttpTransport(directory.caFile()));
        made.put(directory.name(), issuer);
        return issuer;
    }

    private @Nullable AcmeIssuer staging(AcmeDirectory directory) throws IOException {
        Optional<AcmeDirectory> staging = AcmeIssuer.staging(directory);
        if (staging.isEmpty()) {
            return null;
        }
        for (Issuer issuer : acme.issuers()) {
            if (issuer instanceof AcmeDirectory configured
                    && configured.name().equals(staging.get().name())) {
                // As the operator configured it, with a profile or an external account of its own.
                return at(configured);
            }
        }
        return at(staging.get());
    }
}
