package dev.postern.config;

import dev.postern.config.Configuration.CertificateFiles;
import dev.postern.config.Configuration.Route;
import dev.postern.config.Configuration.Site;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads {@code sites}. */
final class SitesReader {
    private static final List<String> KEYS = Section.keys(
            List.of("names", "backend", "routes", "certificate", "challenges", "dns-01"),
            RouteSettingsReader.SITE_KEYS);
    private static final String NAMES = "a list such as [example.com, www.example.com]";

    /** A site as far as it was understood, and where it stands, for checks that need more than the site itself. */
    record Entry(
            Value at,
            List<Name> names,
            List<Route> routes,
            @Nullable CertificateFiles certificate,
            boolean bringsCertificate,
            ProofReader.Proof proof,
            RouteSettings settings) {
        Site site() {
            return new Site(
                    names.stream().map(Name::name).toList(),
                    routes,
                    certificate,
                    proof.challenges(),
                    proof.dns01(),
                    settings);
        }
    }

    record Name(Value at, String name) {}

    private final RoutesReader routesReader;
    private final ProofReader proofReader;
    private final Map<String, Value> taken = new HashMap<>();

    SitesReader(Set<String> backends, ProofReader proofReader) {
        this.proofReader = proofReader;
        this.routesReader = new RoutesReader(backends);
    }

    List<Entry> read(@Nullable Value sites) {
        List<Entry> entries = new ArrayList<>();
        if (sites != null) {
            for (Value item : sites.items("a list of sites")) {
                entries.add(site(Section.of(item, KEYS)));
            }
        }
        return entries;
    }

    private Entry site(Section site) {
        List<Name> names = names(site);
        RouteSettings settings = RouteSettingsReader.ofSite(site);
        List<Route> routes = routesReader.read(site, settings);
        return new Entry(
                site.at(), names, routes, certificate(site), site.has("certificate"), proofReader.read(site), settings);
    }

    private List<Name> names(Section site) {
        List<Name> names = new ArrayList<>();
        Value value = site.require("names", NAMES);
        if (value == null) {
            return names;
        }
        for (Value item : value.items(NAMES)) {
            String name = item.read(HostName.SITE);
            if (name == null) {
                continue;
            }
            Value first = taken.putIfAbsent(name, item);
            if (first == null) {
                names.add(new Name(item, name));
            } else {
                item.problem(Quoted.of(name) + " is taken by " + first.path() + " on line " + first.line()
                        + " (expected: every name once)");
            }
        }
        return names;
    }

    private static @Nullable CertificateFiles certificate(Section site) {
        if (!site.has("certificate")) {
            return null;
        }
        Section certificate = site.section("certificate", List.of("chain", "key"));
        Path chain = certificate.require("chain", FilePath.READABLE);
        Path key = certificate.require("key", FilePath.READABLE);
        return chain == null || key == null ? null : new CertificateFiles(chain, key);
    }
}
