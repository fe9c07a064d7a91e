package dev.postern.certificate.limits;

import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.store.Store;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The ledger of each account: those of the issuers, and those of their staging directories. One map, which a reload
 * replaces; ledgers that were there before stay, and so do those of issuers that are asked no more.
 */
public final class Ledgers {
    private final Store store;
    // Replaced by one thread at a time; read by any thread.
    private volatile Map<String, Ledger> byIssuer = Map.of();

    public Ledgers(Store store, List<CertificateIssuer> issuers) {
        this.store = store;
        follow(issuers);
    }

    /** From now on there is a ledger for each of these as well. */
    public void follow(List<CertificateIssuer> issuers) {
        Map<String, Ledger> needed = new TreeMap<>();
        for (CertificateIssuer issuer : issuers) {
            needed.computeIfAbsent(issuer.name(), name -> ledger(issuer));
            issuer.staging().ifPresent(staging -> needed.computeIfAbsent(staging.name(), name -> ledger(staging)));
        }
        Map<String, Ledger> next = new TreeMap<>(byIssuer);
        next.putAll(needed);
        byIssuer = Collections.unmodifiableMap(next);
    }

    private Ledger ledger(CertificateIssuer issuer) {
        String name = issuer.name();
        Ledger known = byIssuer.get(name);
        if (known != null && known.isKeptTo(issuer.limits())) {
            return known;
        }
        Ledger ledger = new Ledger(name, issuer.limits(), new StoredLedger(name, store.account(name)));
        if (known != null) {
            ledger.inherit(known);
        }
        return ledger;
    }

    /** Writes what could not be written when it came. */
    public void saveUnwritten(Instant now) {
        byIssuer.values().forEach(ledger -> ledger.saveUnwritten(now));
    }

    public Ledger of(String issuer) {
        Ledger ledger = byIssuer.get(issuer);
        if (ledger == null) {
            throw new IllegalArgumentException(issuer + ": no such issuer");
        }
        return ledger;
    }
}
