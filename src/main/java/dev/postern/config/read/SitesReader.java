package dev.postern.config.read;

import dev.postern.config.CertificateSource;
import dev.postern.config.Configuration;
import dev.postern.config.Configuration.CertificateFiles;
import dev.postern.config.Configuration.Route;
import dev.postern.config.HostName;
import dev.postern.config.Quoted;
import dev.postern.config.RouteSettings;
import dev.postern.config.Scalar;
import dev.postern.config.Site;
import dev.postern.config.TcpService;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads {@code sites}. */
final class SitesReader {
    private static final List<String> KEYS = Section.keys(
            List.of(
                    "names",
                    "default",
                    "plain",
                    "passthrough",
                    "share",
                    "backend",
                    "routes",
                    "certificate",
                    "challenges",
                    "dns-01",
                    "keep-together"),
            RouteSettingsReader.SITE_KEYS);
    private static final List<String> OF_CERTIFICATES =
            List.of("certificate", "challenges", "dns-01", "keep-together", "hsts", "client-certificates");
    /** What is of no use where nothing is opened here. */
    private static final List<String> OF_TERMINATION = Section.keys(OF_CERTIFICATES, List.of("plain", "share", "auth"));

    private static final String TWO_CERTIFICATES =
            "one, or two of which one has a key of RSA, such as [{chain: FILE, key: FILE}, {chain: FILE, key: FILE}]";

    private static final String NAMES = "a list such as [example.com, www.example.com]";

    /**
     * A site as far as it was understood, and where it stands, for checks that need more than the site itself.
     *
     * @param byDefaultAt where it says that it takes clients that name nobody's site; null where it does not
     * @param shares whether it would rather have the certificate of another site
     */
    record Entry(
            Value at,
            List<Name> names,
            @Nullable Value byDefaultAt,
            List<Route> routes,
            CertificateSource certificate,
            boolean shares,
            Value certificateAt,
            ProofReader.Proof proof,
            RouteSettings settings,
            boolean keepTogether) {
        Entry with(CertificateSource other) {
            return new Entry(
                    at, names, byDefaultAt, routes, other, shares, certificateAt, proof, settings, keepTogether);
        }

        /** Those that its certificate has to cover. */
        List<String> certifiedNames() {
            return names.stream()
                    .map(Name::name)
                    .filter(name -> !name.equals(Site.ANY))
                    .toList();
        }

        /** Whether it has a certificate here, of whichever source. */
        boolean isCertified() {
            return !(certificate instanceof CertificateSource.None)
                    && !(certificate instanceof CertificateSource.OfServers);
        }

        /** Whether an issuer is asked for its certificate. */
        boolean isIssued() {
            return certificate instanceof CertificateSource.Issued;
        }

        Site site() {
            return new Site(
                    names.stream().map(Name::name).toList(),
                    byDefaultAt != null,
                    routes,
                    certificate,
                    proof.challenges(),
                    proof.dns01(),
                    settings,
                    keepTogether);
        }
    }

    record Name(Value at, String name) {}

    private final Map<String, Configuration.Backend> backends;
    private final RoutesReader routesReader;
    private final ProofReader proofReader;
    private final Map<String, Value> taken = new HashMap<>();
    /** Those with neither backend nor routes. */
    private final Set<Value> bare = new HashSet<>();

    /** @param listeners those that sites are served at, by name */
    SitesReader(Map<String, Configuration.Backend> backends, ProofReader proofReader, List<String> listeners) {
        this.backends = backends;
        this.proofReader = proofReader;
        this.routesReader = new RoutesReader(backends, new ConditionsReader(listeners));
    }

    List<Entry> read(@Nullable Value sites) {
        List<Entry> entries = new ArrayList<>();
        if (sites != null) {
            for (Value item : sites.items("a list of sites")) {
                entries.add(site(Section.of(item, KEYS)));
            }
        }
        return new SharedCertificates(entries).resolved();
    }

    /**
     * A site that does nothing with requests is there for its certificate, or a mistake.
     *
     * @param all the sites, and
     * @param tcp the services, that may have its certificate
     */
    void requireUse(List<Entry> all, List<TcpService> tcp) {
        for (Entry site : all) {
            if (bare.contains(site.at()) && !(site.certificate() instanceof CertificateSource.OfServers)) {
                String name = site.names().isEmpty() ? "" : site.names().get(0).name();
                CertificateSource its = new CertificateSource.OfSite(name);
                if (all.stream().noneMatch(other -> other.certificate().equals(its))
                        && tcp.stream().noneMatch(service -> name.equals(service.tls()))) {
                    site.at()
                            .problem(
                                    "has neither backend nor routes (expected: one of them, or another site, or a tcp service,"
                                            + " that has its certificate)");
                }
            }
        }
    }

    private Entry site(Section site) {
        List<Name> names = names(site);
        RouteSettings settings = RouteSettingsReader.ofSite(site, backends);
        CertificateSource certificate =
                certificate(site, names.stream().map(Name::name).toList());
        boolean isIssued = certificate instanceof CertificateSource.Issued;
        boolean shares = (isIssued || site.has("share")) && site.get("share", Scalar.BOOLEAN, false);
        if (shares && !isIssued) {
            site.place("share").problem("has no meaning beside plain or certificate (expected: no such key)");
        }
        Value of = site.has("certificate") ? site.place("certificate") : site.at();
        Value byDefault = byDefault(site, names, certificate);
        List<String> hosts = new ArrayList<>(names.stream().map(Name::name).toList());
        if (byDefault != null) {
            hosts.add(Site.ANY);
        }
        List<Route> routes = routesReader.read(site, hosts, settings);
        if (!site.has("backend") && !site.has("routes") && site.at().isMapping()) {
            bare.add(site.at());
        }
        ProofReader.Proof proof = proofReader.read(site, isIssued);
        boolean keepTogether =
                (isIssued || site.has("keep-together")) && site.get("keep-together", Scalar.BOOLEAN, false);
        return new Entry(site.at(), names, byDefault, routes, certificate, shares, of, proof, settings, keepTogether);
    }

    /** Where it says that it takes clients that name nobody's site, itself or by one of its names. */
    private static @Nullable Value byDefault(Section site, List<Name> names, CertificateSource certificate) {
        Value any = names.stream()
                .filter(name -> name.name().equals(Site.ANY))
                .map(Name::at)
                .findFirst()
                .orElse(null);
        if (any != null && certificate instanceof CertificateSource.Issued) {
            any.problem(
                    "\"*\" stands for every name, and no CA certifies that (expected: default: true beside the names"
                            + " that the certificate is for, plain: true, or a certificate of your own)");
        }
        return site.get("default", Scalar.BOOLEAN, false) ? site.place("default") : any;
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
                item.problem(Quoted.of(name) + " is taken by " + first.path() + " " + first.seenFrom(item)
                        + " (expected: every name once)");
            }
        }
        return names;
    }

    private CertificateSource certificate(Section site, List<String> hosts) {
        if (site.has("passthrough")) {
            for (String key : OF_TERMINATION) {
                if (site.has(key)) {
                    site.place(key).problem("has no meaning beside passthrough (expected: no such key)");
                }
            }
            String backend = BackendsReader.namedForConnections(site.place("passthrough"), backends, hosts);
            return new CertificateSource.OfServers(backend == null ? "" : backend);
        }
        if (site.get("plain", Scalar.BOOLEAN, false)) {
            for (String key : OF_CERTIFICATES) {
                if (site.has(key)) {
                    site.place(key).problem("has no meaning beside plain: true (expected: no such key)");
                }
            }
            return CertificateSource.NONE;
        }
        if (!site.has("certificate")) {
            return CertificateSource.ISSUED;
        }
        Value at = site.place("certificate");
        if (at.isList()) {
            return twoFiles(at);
        }
        Section certificate = site.section("certificate", List.of("chain", "key", "of"));
        if (certificate.has("of")) {
            for (String key : List.of("chain", "key")) {
                if (certificate.has(key)) {
                    certificate.place(key).problem("has no meaning beside of (expected: no such key)");
                }
            }
            String of = certificate.find("of", HostName.SITE);
            return of == null ? CertificateSource.NONE : new CertificateSource.OfSite(of);
        }
        return files(certificate);
    }

    /** Where one is missing nothing comes of it, and no issuer is to be blamed for that. */
    private static CertificateSource files(Section certificate) {
        Path chain = certificate.require("chain", FilePath.READABLE);
        Path key = certificate.require("key", FilePath.READABLE);
        return chain == null || key == null ? CertificateSource.NONE : new CertificateFiles(chain, key);
    }

    /** Of whose keys one is of RSA and one is not, which shows when they are read. */
    private static CertificateSource twoFiles(Value at) {
        List<CertificateSource> all = new ArrayList<>();
        for (Value item : at.items(TWO_CERTIFICATES)) {
            all.add(files(Section.of(item, List.of("chain", "key"))));
        }
        if (all.size() > 2) {
            at.problem("has " + all.size() + " certificates (expected: " + TWO_CERTIFICATES + ")");
        }
        if (all.size() == 1) {
            return all.get(0);
        }
        return all.size() == 2
                        && all.get(0) instanceof CertificateFiles first
                        && all.get(1) instanceof CertificateFiles second
                ? new CertificateFiles(first.chain(), first.key(), second)
                : CertificateSource.NONE;
    }
}
