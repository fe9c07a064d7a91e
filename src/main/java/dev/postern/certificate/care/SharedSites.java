package dev.postern.certificate.care;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.store.Generation;
import dev.postern.config.CertificateSource;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The sites that present what another site does. Where that has nothing for them yet, they present what they did before a
 * reload, as others do until they have their own. Any thread.
 */
final class SharedSites {
    private final CertificateTable table;

    // By the name of the site.
    @GuardedBy("this") private Map<String, Waiting> waiting = new HashMap<>();

    SharedSites(CertificateTable table) {
        this.table = table;
    }

    /** One of them, and what stands in until the other one has something for each of its names. */
    private static final class Waiting {
        final Site site;
        final StandIns standIns;
        private final CertificateTable table;
        private final Site other;
        private Map<String, Generation> lent;
        private CertificateTable.View others;

        Waiting(CertificateTable table, Site site, Site other, StandIns standIns, Instant now) {
            this.table = table;
            this.site = site;
            this.other = other;
            this.standIns = standIns;
            this.lent = standIns.at(now);
            this.others = share(table, site, other, lent);
        }

        /** False once there is nothing to wait for. */
        boolean follow(Instant now) {
            boolean isOver = site.servedNames().stream().allMatch(name -> others.find(name) != null);
            Map<String, Generation> next = isOver ? Map.of() : standIns.at(now);
            if (!next.equals(lent)) {
                lent = next;
                others = share(table, site, other, next);
            }
            return !next.isEmpty();
        }
    }

    private static CertificateTable.View share(
            CertificateTable table, Site site, Site other, Map<String, Generation> meanwhile) {
        Map<String, Certificate> shown = new HashMap<>();
        meanwhile.forEach((name, one) -> shown.put(name, one.certificate()));
        return table.of(site).share(site.name(), site.servedNames(), other.servedNames(), shown);
    }

    /** @param standIns for those sites that may need them */
    synchronized void present(List<Site> sites, Function<Site, StandIns> standIns, Instant now) {
        Map<String, Site> byName = new HashMap<>();
        sites.forEach(site -> byName.put(site.name(), site));
        Map<String, Waiting> next = new HashMap<>();
        for (Site site : sites) {
            Site other = site.certificate() instanceof CertificateSource.OfSite of ? byName.get(of.site()) : null;
            if (other == null) {
                continue;
            }
            StandIns its = standIns.apply(site);
            if (its.isNone()) {
                var unused = share(table, site, other, Map.of());
            } else {
                next.put(site.name(), new Waiting(table, site, other, its, now));
            }
        }
        waiting = next;
    }

    /** What stands in follows the dates, and ends once the other site has something. */
    synchronized void follow(Instant now) {
        waiting.values().removeIf(one -> !one.follow(now));
    }

    synchronized boolean isWaiting(Site site) {
        return waiting.containsKey(site.name());
    }

    /** What stands in just now. */
    synchronized List<Certificate> standIns(Instant now) {
        return waiting.values().stream()
                .flatMap(one -> one.standIns.at(now).values().stream())
                .map(Generation::certificate)
                .toList();
    }
}
