package dev.postern.config;

import dev.postern.config.Configuration.CertificateFiles;
import dev.postern.config.Configuration.Route;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Host names that share a certificate and routes.
 *
 * @param names lower-case ASCII (IDNA A-labels), no trailing dot, or IP addresses in the form of {@link
 *     Addresses#text}; the first one names the certificate. A name may be a wildcard, {@code *.example.com}, which
 *     stands for exactly one label, or {@link #ANY}.
 * @param byDefault whether it takes clients that name nobody's site
 * @param challenges how its names are proven, the preferred one first
 * @param dns01 null where {@code challenges} has no dns-01
 * @param settings those of its routes that say nothing, and of answers to requests that have no route
 * @param keepTogether whether its names are certified together or not at all; else one that cannot be proven is left
 *     out after a while
 * @param twin null where its certificate is the only one of the site
 */
public record Site(
        List<String> names,
        @InFile(key = "default") boolean byDefault,
        List<Route> routes,
        CertificateSource certificate,
        List<ChallengeType> challenges,
        @Nullable Dns01 dns01,
        @InFile(beside = true) RouteSettings settings,
        boolean keepTogether,
        @Nullable Twin twin) {
    /**
     * Which of two certificates of a site it is, with keys of two kinds; each has its own orders, renewals and entry in the store.
     *
     * @param second the one whose entry has another name than the site
     * @param keyType that is asked of issuers; null where an operator brings it
     */
    public record Twin(boolean second, @Nullable KeyType keyType) {
        /** Underscores are in no host name. */
        private String suffix() {
            return !second ? "" : SECOND + (keyType == null ? "2" : keyType.text());
        }
    }

    private static final char SECOND = '_';

    /** Stands for every name, and none: only of a site by default. */
    public static final String ANY = "*";

    /** HTTP-01, and TLS-ALPN-01 where that fails. */
    public static final List<ChallengeType> DEFAULT_CHALLENGES =
            List.of(ChallengeType.HTTP_01, ChallengeType.TLS_ALPN_01);

    /** @param certificate null where the certificate comes from an issuer */
    public Site(List<String> names, List<Route> routes, @Nullable CertificateFiles certificate) {
        this(
                names,
                false,
                routes,
                certificate == null ? CertificateSource.ISSUED : certificate,
                DEFAULT_CHALLENGES,
                null,
                RouteSettings.DEFAULT);
    }

    /** Where a name that cannot be proven may be left out. */
    public Site(
            List<String> names,
            boolean byDefault,
            List<Route> routes,
            CertificateSource certificate,
            List<ChallengeType> challenges,
            @Nullable Dns01 dns01,
            RouteSettings settings) {
        this(names, byDefault, routes, certificate, challenges, dns01, settings, false);
    }

    /** With one certificate. */
    public Site(
            List<String> names,
            boolean byDefault,
            List<Route> routes,
            CertificateSource certificate,
            List<ChallengeType> challenges,
            @Nullable Dns01 dns01,
            RouteSettings settings,
            boolean keepTogether) {
        this(names, byDefault, routes, certificate, challenges, dns01, settings, keepTogether, null);
    }

    public Site withRoutes(List<Route> other) {
        return new Site(names, byDefault, other, certificate, challenges, dns01, settings, keepTogether, twin);
    }

    /** The same where nobody comes to it who does not name it. */
    Site byOwnNames() {
        return byDefault
                ? new Site(names, false, routes, certificate, challenges, dns01, settings, keepTogether, twin)
                : this;
    }

    private Site as(Twin other, CertificateSource source) {
        return new Site(names, byDefault, routes, source, challenges, dns01, settings, keepTogether, other);
    }

    /**
     * These, and behind each that has two certificates what stands for its second one.
     *
     * @param second that issuers are asked for beside {@code first}; null where one is enough
     */
    static List<Site> withSeconds(List<Site> sites, KeyType first, @Nullable KeyType second) {
        Map<String, Site> seconds = new HashMap<>();
        for (Site site : sites) {
            Site its = site.second(second);
            if (its != null) {
                seconds.put(site.name(), its);
            }
        }
        for (Site site : sites) {
            Site other = site.certificate instanceof CertificateSource.OfSite of ? seconds.get(of.site()) : null;
            if (other != null) {
                seconds.put(site.name(), site.secondOf(other));
            }
        }
        return seconds.isEmpty()
                ? sites
                : sites.stream()
                        .flatMap(site -> {
                            Site its = seconds.get(site.name());
                            return its == null ? Stream.of(site) : Stream.of(site.first(first), its);
                        })
                        .toList();
    }

    /** What stands for the first one of its two certificates. */
    private Site first(KeyType keyType) {
        return as(new Twin(false, isIssued() ? keyType : null), certificate);
    }

    /** What stands for the second one; null where it has but one, or none of its own. */
    private @Nullable Site second(@Nullable KeyType keyType) {
        CertificateFiles files = files();
        if (files != null) {
            return files.second() == null ? null : as(new Twin(true, null), files.second());
        }
        return isIssued() && keyType != null ? as(new Twin(true, keyType), certificate) : null;
    }

    /** What stands for the second one where it has those of another site. */
    private Site secondOf(Site other) {
        return as(
                new Twin(true, other.twin == null ? null : other.twin.keyType()),
                new CertificateSource.OfSite(other.name()));
    }

    /** What the second certificate is called that an operator brings for it. */
    public static String secondOfFiles(Site first) {
        return first.name() + new Twin(true, null).suffix();
    }

    /** The site that a certificate is for, by what {@link #name} says of the one that stands for it. */
    public static String ofCertificate(String name) {
        int second = name.indexOf(SECOND);
        return second < 0 ? name : name.substring(0, second);
    }

    /** That is asked for; of two certificates each has its own. */
    public KeyType keyType(KeyType otherwise) {
        return twin == null || twin.keyType() == null ? otherwise : twin.keyType();
    }

    /** Whether it stands for the second one of two certificates of a site. */
    public boolean isSecond() {
        return twin != null && twin.second();
    }

    /** Whether {@code other} has the same names, and gets its certificate in the same way. */
    public boolean isCertifiedAs(Site other) {
        return names.equals(other.names)
                && byDefault == other.byDefault
                && certificate.equals(other.certificate)
                && challenges.equals(other.challenges)
                && Objects.equals(dns01, other.dns01)
                && keepTogether == other.keepTogether
                && Objects.equals(twin, other.twin);
    }

    /** The first name: what the site is called in the store, in logs and by commands. Its second certificate is called otherwise. */
    public String name() {
        return twin == null ? names.get(0) : names.get(0) + twin.suffix();
    }

    /** Those that its certificate has to cover. */
    public List<String> certifiedNames() {
        return names.contains(ANY)
                ? names.stream().filter(name -> !name.equals(ANY)).toList()
                : names;
    }

    /** Those that are looked up for clients, with {@link #ANY} where it takes those of nobody. */
    public List<String> servedNames() {
        if (!byDefault || names.contains(ANY)) {
            return names;
        }
        return Stream.concat(names.stream(), Stream.of(ANY)).toList();
    }

    /**
     * Those that handshakes are refused or answered for. Where it is served over HTTP only, none of its addresses: who comes
     * there and names nobody is whoever names nobody's site.
     */
    public List<String> handshakeNames() {
        return isPlain()
                ? servedNames().stream()
                        .filter(name -> !Addresses.isAddress(name))
                        .toList()
                : servedNames();
    }

    /** Whether an issuer is asked for its certificate. */
    public boolean isIssued() {
        return certificate instanceof CertificateSource.Issued;
    }

    /** Whether it is served over HTTP only. */
    public boolean isPlain() {
        return certificate instanceof CertificateSource.None;
    }

    /** The backend that its connections are passed on to unopened; null where handshakes are made here. */
    public @Nullable String passthrough() {
        return certificate instanceof CertificateSource.OfServers servers ? servers.backend() : null;
    }

    /** Whether it has a certificate here, of whichever source. */
    public boolean isCertified() {
        return !isPlain() && passthrough() == null;
    }

    /** What its operator brings; null where its certificate comes from somewhere else. */
    public @Nullable CertificateFiles files() {
        return certificate instanceof CertificateFiles files ? files : null;
    }
}
