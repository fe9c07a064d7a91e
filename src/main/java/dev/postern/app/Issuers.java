package dev.postern.app;

import dev.postern.acme.AcmeIssuers;
import dev.postern.acme.Customer;
import dev.postern.ca.InternalCa;
import dev.postern.ca.InternalIssuer;
import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.served.ReachabilityProbe;
import dev.postern.certificate.store.Store;
import dev.postern.config.Acme;
import dev.postern.config.Configuration;
import dev.postern.config.Issuer;
import dev.postern.config.PublicCas;
import dev.postern.config.Site;
import dev.postern.dns.Lookup;
import dev.postern.preflight.CheckedIssuer;
import dev.postern.preflight.Preflight;
import dev.postern.time.Clocks;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The CAs that the sites need. One whose part of the configuration stays is the same object through every reload: orders
 * that it works on go on. Used by one thread at a time.
 */
final class Issuers {
    private static final Logger LOG = LoggerFactory.getLogger(Issuers.class);

    private final Store store;
    private final Clocks clocks;
    private final ReachabilityProbe probe;
    private final Function<String, @Nullable Site> sites;
    private final Executor works;

    private @Nullable InternalCa internal;
    /** Those of the configuration that is in force. */
    private @Nullable Made made;

    /** @param all also those that no site needs now */
    private record Made(Acme acme, AcmeIssuers cas, Map<Issuer, CertificateIssuer> all) {}

    /**
     * The CAs of a configuration.
     *
     * @param needed by some site, in order of preference
     */
    record Next(Made made, List<CertificateIssuer> needed) {}

    /**
     * @param sites those of the configuration that is in force, by name
     * @param works runs what may take long and what nobody waits for
     */
    Issuers(
            Store store,
            Clocks clocks,
            ReachabilityProbe probe,
            Function<String, @Nullable Site> sites,
            Executor works) {
        this.store = store;
        this.clocks = clocks;
        this.probe = probe;
        this.sites = sites;
        this.works = works;
    }

    /**
     * Those that some site of {@code config} needs. One that no site needs leaves no trace in the store: no account, and no
     * CA of our own. Asks no network.
     *
     * @throws IOException one line that names a file and what is wrong with it
     */
    Next next(Configuration config) throws IOException {
        Acme wanted = config.acme();
        Made before = made;
        boolean stay = before != null && isSame(before.acme, wanted);
        AcmeIssuers cas = before != null && stay
                ? before.cas
                : new AcmeIssuers(new Customer(wanted.email(), wanted.agreeToTerms(), store, clocks), wanted.issuers());
        Map<Issuer, CertificateIssuer> all = before != null && stay ? new HashMap<>(before.all) : new HashMap<>();
        List<CertificateIssuer> needed = new ArrayList<>();
        for (Issuer issuer : wanted.issuers()) {
            if (config.sites().stream().anyMatch(site -> wanted.issuersFor(site).contains(issuer))) {
                CertificateIssuer one = all.get(issuer);
                if (one == null) {
                    one = issuer instanceof Issuer.AcmeDirectory directory
                            ? checked(cas.at(directory), directory)
                            : internal(wanted, issuer, ConfiguredStore.internalCa(config));
                    all.put(issuer, one);
                }
                needed.add(one);
            }
        }
        return new Next(new Made(wanted, cas, all), List.copyOf(needed));
    }

    /** These are in force now. */
    void commit(Next next) {
        made = next.made;
    }

    /** Whether what an issuer depends on is the same; which key the certificates have is not its business. */
    private static boolean isSame(Acme before, Acme after) {
        return Objects.equals(before.email(), after.email())
                && before.agreeToTerms() == after.agreeToTerms()
                && before.issuers().equals(after.issuers());
    }

    /** Looks first, where the CA sees the same DNS as everybody: that of a private one is not ours to know. */
    private CertificateIssuer checked(CertificateIssuer issuer, Issuer.AcmeDirectory directory) throws IOException {
        if (!PublicCas.isPublic(directory.directory())) {
            return issuer;
        }
        Preflight preflight =
                new Preflight(Lookup.ofSystem(clocks.elapsed()), probe, clocks.wall(), new SecureRandom());
        return new CheckedIssuer(
                issuer, directory, preflight, site -> store.site(site).everHadCertificate(), sites, works);
    }

    private CertificateIssuer internal(Acme wanted, Issuer issuer, Path files) throws IOException {
        InternalCa ca = internal;
        if (ca == null) {
            ca = InternalCa.open(files, clocks.wall(), new SecureRandom());
            LOG.info(
                    "issuer internal: clients must trust its root, {}",
                    ca.rootFile().toAbsolutePath());
            internal = ca;
        }
        return new InternalIssuer(
                ca,
                InternalIssuer.DEFAULT_VALIDITY,
                site -> wanted.issuersFor(site).contains(issuer));
    }
}
