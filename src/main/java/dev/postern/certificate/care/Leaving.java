package dev.postern.certificate.care;

import dev.postern.certificate.served.CertificateTable;
import dev.postern.config.CertificateSource;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The certificates of sites that a reload takes away or changes: they go to those that come in their place. Used by one
 * thread, and before the table is changed: what it shows now is what clients were shown.
 */
final class Leaving {
    private final CertificateTable table;
    private final Instant now;
    private final Set<Certificate> stored = new HashSet<>();
    private final List<Certificate> all = new ArrayList<>();
    // A reload may take away thousands.
    private final Map<String, List<Certificate>> byName = new HashMap<>();
    // Name → the site whose certificate it was shown, and which is there still.
    private final Map<String, Site> sharing = new HashMap<>();

    Leaving(CertificateTable table, List<Site> before, List<Site> after, Instant now) {
        this.table = table;
        this.now = now;
        Map<String, Site> stay = new HashMap<>();
        after.forEach(site -> stay.put(site.name(), site));
        for (Site site : before) {
            Site other = site.certificate() instanceof CertificateSource.OfSite of ? stay.get(of.site()) : null;
            if (other != null) {
                site.servedNames().forEach(name -> sharing.put(name, other));
            }
        }
    }

    void retire(SiteRecord record) {
        record.change(its -> {
            its.save(now);
            List<Certificate> good = its.held().good(now);
            stored.addAll(good);
            good.forEach(this::add);
            its.publication().standIns().at(now).values().forEach(one -> add(one.certificate()));
            its.publication().retire();
        });
    }

    void retire(CertificateFiles files) {
        Certificate shown = files.certificate();
        if (shown != null) {
            add(shown);
        }
        files.retire();
    }

    void add(Certificate one) {
        all.add(one);
        one.names()
                .forEach(name ->
                        byName.computeIfAbsent(name, first -> new ArrayList<>()).add(one));
    }

    private Stream<Certificate> covering(String name) {
        int dot = name.indexOf('.');
        Stream<Certificate> exact = byName.getOrDefault(name, List.of()).stream();
        return dot <= 0
                ? exact
                : Stream.concat(exact, byName.getOrDefault("*" + name.substring(dot), List.of()).stream())
                        .distinct();
    }

    /** One from the store of another site that is for every name of this one. */
    Optional<Certificate> forAll(Site site) {
        return covering(site.name())
                .filter(one -> stored.contains(one) && site.names().stream().allMatch(one::covers))
                .findFirst();
    }

    /** What this site may be served with, name by name, as long as it has nothing of its own. */
    StandIns standIns(Site site) {
        Map<String, CertificateTable.View> views = new HashMap<>();
        Map<Certificate, Certificate> own = new HashMap<>();
        Map<String, List<StandIns.Candidate>> byName = new HashMap<>();
        for (String name : site.servedNames()) {
            List<StandIns.Candidate> candidates = new ArrayList<>();
            Site other = sharing.get(name);
            if (other != null && !site.certificate().equals(new CertificateSource.OfSite(other.name()))) {
                CertificateTable.View view = views.computeIfAbsent(
                        other.name(), first -> table.of(other).view(site.name(), other.servedNames()));
                candidates.add(() -> view.find(name));
            }
            for (Certificate one : left(table.of(site).find(name), name)) {
                Certificate its = own.computeIfAbsent(one, first -> first.forSite(site.name()));
                candidates.add(() -> its);
            }
            if (!candidates.isEmpty()) {
                byName.put(name, List.copyOf(candidates));
            }
        }
        if (site.byDefault()) {
            forNobody(site, byName);
        }
        return new StandIns(byName);
    }

    /** Who names nobody's site is shown what such clients were, and else whatever its own are: the operator has said so. */
    private static void forNobody(Site site, Map<String, List<StandIns.Candidate>> byName) {
        Set<StandIns.Candidate> all = new LinkedHashSet<>(byName.getOrDefault(Site.ANY, List.of()));
        site.certifiedNames().forEach(name -> all.addAll(byName.getOrDefault(name, List.of())));
        if (!all.isEmpty()) {
            byName.put(Site.ANY, List.copyOf(all));
        }
    }

    /** Those that are for this name: what it was shown, and then the newest. Who names nobody is shown the same, or nothing. */
    private List<Certificate> left(@Nullable Certificate shown, String name) {
        Stream<Certificate> candidates =
                name.equals(Site.ANY) ? all.stream().filter(one -> isSame(one, shown)) : covering(name);
        return candidates
                .sorted(Comparator.comparing((Certificate one) -> isSame(one, shown))
                        .thenComparing(Certificate::notBefore)
                        .reversed())
                .toList();
    }

    private static boolean isSame(Certificate one, @Nullable Certificate shown) {
        return shown != null && one.isSame(shown);
    }
}
