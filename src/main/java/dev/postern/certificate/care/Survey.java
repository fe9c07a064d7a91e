package dev.postern.certificate.care;

import dev.postern.certificate.policy.SitePlan;
import dev.postern.config.Site;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/** What there is and what is going to happen, site by site, for who asks. Any thread; outside of any site. */
final class Survey {
    private final Sites sites;
    private final InstantSource time;
    private final ServedWatch watch;

    Survey(Sites sites, InstantSource time, ServedWatch watch) {
        this.sites = sites;
        this.time = time;
        this.watch = watch;
    }

    /** In the order of the configuration. */
    List<CertificateStatus> all() {
        Instant now = time.instant();
        List<CertificateStatus> all = new ArrayList<>();
        for (Site site : sites.configured()) {
            SiteRecord record = sites.issued(site.name());
            CertificateFiles files = sites.brought(site.name());
            if (record != null) {
                sites.read(record);
                all.add(of(record));
            } else if (files != null) {
                all.add(files.status(now).seen(watch.of(site.name(), files.certificate())));
            }
        }
        return CertificateStatus.withShared(all, sites.configured());
    }

    CertificateStatus of(SiteRecord record) {
        return record.within(
                its -> new Outlook(its, time.instant()).status().seen(watch.of(its.name(), its.certificate())));
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
