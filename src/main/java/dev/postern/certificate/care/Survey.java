package dev.postern.certificate.care;

import dev.postern.certificate.policy.SitePlan;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.config.Site;
import dev.postern.time.CaTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What there is and what is going to happen, site by site, for who asks. Any thread; outside of any site. */
final class Survey {
    private final Sites sites;
    private final CertificateTable table;
    private final CaTime time;
    private final ServedWatch watch;

    Survey(Sites sites, CertificateTable table, CaTime time, ServedWatch watch) {
        this.sites = sites;
        this.table = table;
        this.time = time;
        this.watch = watch;
    }

    /** In the order of the configuration. */
    List<CertificateStatus> all() {
        Instant now = time.instant();
        List<CertificateStatus> all = new ArrayList<>();
        Map<String, Site> configured = new HashMap<>();
        for (Site site : sites.configured()) {
            configured.put(site.name(), site);
            SiteRecord record = sites.issued(site.name());
            CertificateFiles files = sites.brought(site.name());
            if (record != null) {
                sites.read(record);
                all.add(of(record));
            } else if (files != null) {
                all.add(files.status(now).seen(watch.of(site.name(), files.certificate())));
            }
        }
        return CertificateStatus.withShared(all, sites.configured()).stream()
                .map(status -> shown(status, Objects.requireNonNull(configured.get(status.site()), "site")))
                .toList();
    }

    private CertificateStatus shown(CertificateStatus status, Site site) {
        return status.shown(Shown.of(site, status.notAfter() != null, table, time));
    }

    CertificateStatus of(SiteRecord record) {
        CertificateStatus status = record.within(
                its -> new Outlook(its, time.instant()).status().seen(watch.of(its.name(), its.certificate())));
        return shown(status, record.site());
    }

    /** For each site whose certificate comes from an issuer. */
    List<SitePlan> plans() {
        Instant now = time.instant();
        List<SitePlan> plans = new ArrayList<>();
        for (SiteRecord record : sites.issued()) {
            sites.read(record);
            plans.add(record.within(its -> new Outlook(its, now).sitePlan()));
        }
        return plans;
    }
}
