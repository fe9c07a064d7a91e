package dev.postern.certificate;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The ledger of each account: those of the issuers, and those of their staging directories. Immutable. */
final class Ledgers {
    private final Map<String, Ledger> byIssuer = new TreeMap<>();

    Ledgers(CertificateStore store, List<CertificateIssuer> issuers) {
        for (CertificateIssuer issuer : issuers) {
            add(store, issuer);
            issuer.staging().ifPresent(staging -> add(store, staging));
        }
    }

    private void add(CertificateStore store, CertificateIssuer issuer) {
        byIssuer.computeIfAbsent(
                issuer.name(), name -> new Ledger(name, issuer.limits(), new LedgerFile(name, store.account(name))));
    }

    /** Writes what could not be written when it came. */
    void saveUnwritten(Instant now) {
        byIssuer.values().forEach(ledger -> ledger.saveUnwritten(now));
    }

    /** Takes over what those of the same accounts know. */
    void inherit(Ledgers before) {
        byIssuer.forEach((issuer, ledger) -> {
            Ledger known = before.byIssuer.get(issuer);
            if (known != null) {
                ledger.inherit(known);
            }
        });
    }

    Ledger of(String issuer) {
        Ledger ledger = byIssuer.get(issuer);
        if (ledger == null) {
            throw new IllegalArgumentException(issuer + ": no such issuer");
        }
        return ledger;
    }
}
