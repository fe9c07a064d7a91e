package dev.postern.acme;

import dev.postern.config.Issuer;
import dev.postern.config.Issuer.AcmeDirectory;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The CAs of a configuration, one object for each account folder: the staging directory of one CA may be configured as
 * another, and two that register in one folder would each have a key of their own. Used by one thread.
 */
public final class AcmeIssuers {
    /** How the CA at a directory is reached. */
    public interface Transports {
        /** @throws IOException one line that names the {@code ca-file} and what is wrong with it */
        CaTransport to(AcmeDirectory directory) throws IOException;
    }

    private final Customer customer;
    private final List<Issuer> configured;
    private final Transports transports;
    private final Map<String, AcmeIssuer> made = new HashMap<>();

    /** Over the network. */
    public AcmeIssuers(Customer customer, List<Issuer> configured) {
        this(customer, configured, directory -> new HttpTransport(directory.caFile()));
    }

    public AcmeIssuers(Customer customer, List<Issuer> configured, Transports transports) {
        this.customer = customer;
        this.configured = List.copyOf(configured);
        this.transports = transports;
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
        AcmeIssuer issuer = new AcmeIssuer(directory, staging(directory), customer, transports.to(directory));
        made.put(directory.name(), issuer);
        return issuer;
    }

    private @Nullable AcmeIssuer staging(AcmeDirectory directory) throws IOException {
        Optional<AcmeDirectory> staging = AcmeIssuer.staging(directory);
        if (staging.isEmpty()) {
            return null;
        }
        for (Issuer issuer : configured) {
            if (issuer instanceof AcmeDirectory other
                    && other.name().equals(staging.get().name())) {
                // As the operator configured it, with a profile or an external account of its own.
                return at(other);
            }
        }
        return at(staging.get());
    }
}
