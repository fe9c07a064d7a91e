package dev.postern.route;

import dev.postern.config.Addresses;
import dev.postern.config.Configuration;
import dev.postern.config.Site;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Host → site → path → what to do. Immutable; replaced as a whole. Any thread. */
public final class RouteTable {
    private final Map<String, SiteRoutes> byName;
    private final @Nullable SiteRoutes byDefault;
    private final boolean servesUnnamed;

    private final Optional<Duration> shortestTimeout;
    /** Of the site by default, where handshakes are answered for it. */
    private final @Nullable String nameByDefault;

    private RouteTable(
            Map<String, SiteRoutes> byName, Optional<Duration> shortestTimeout, @Nullable String nameByDefault) {
        this.byName = Map.copyOf(byName);
        this.shortestTimeout = shortestTimeout;
        this.nameByDefault = nameByDefault;
        this.byDefault = byName.get(Site.ANY);
        this.servesUnnamed = byDefault != null || byName.keySet().stream().anyMatch(Addresses::isAddress);
    }

    public static RouteTable of(List<Site> sites) {
        Map<String, SiteRoutes> byName = new HashMap<>();
        for (Site site : sites) {
            SiteRoutes routes = new SiteRoutes(site);
            site.servedNames().forEach(name -> byName.put(name, routes));
        }
        Stream<Configuration.Route> routes = sites.stream().flatMap(site -> site.routes().stream());
        return new RouteTable(
                byName,
                routes.flatMap(route -> route.settings().timeouts().looked()).min(Comparator.naturalOrder()),
                sites.stream()
                        .filter(site -> site.byDefault() && site.isCertified())
                        .flatMap(site -> site.names().stream())
                        .filter(name -> !name.startsWith("*") && name.indexOf(':') < 0)
                        .findFirst()
                        .orElse(null));
    }

    /** Of those that routes have of their own. */
    public Optional<Duration> shortestTimeout() {
        return shortestTimeout;
    }

    /**
     * The site that answers for {@code host}: an exact name wins over a wildcard, which stands for one label, and that
     * over the site by default.
     *
     * @param host lower-case, without port and trailing dot; an IPv6 address in brackets
     */
    public @Nullable SiteRoutes site(String host) {
        SiteRoutes found = named(host);
        return found == null ? byDefault : found;
    }

    /** Whether no site has {@code host} among its names. */
    public boolean isByDefault(String host) {
        return named(host) == null;
    }

    /** By which of its names {@code found}, the site that answers for {@code host}, does so; by its first one where none is. */
    public String nameOf(String host, SiteRoutes found) {
        if (found.equals(byName.get(host))) {
            return host;
        }
        int dot = host.indexOf('.');
        String wildcard = dot <= 0 ? "" : "*" + host.substring(dot);
        return found.equals(byName.get(wildcard)) ? wildcard : found.site();
    }

    private @Nullable SiteRoutes named(String host) {
        SiteRoutes exact = byName.get(host);
        if (exact != null) {
            return exact;
        }
        int dot = host.indexOf('.');
        return host.startsWith("[") ? ofAddress(host) : dot <= 0 ? null : byName.get("*" + host.substring(dot));
    }

    private @Nullable SiteRoutes ofAddress(String inBrackets) {
        String address = HostCondition.address(inBrackets);
        return address == null ? null : byName.get(address);
    }

    /**
     * The host that a client over TLS means who says none.
     *
     * @param asked whom it named in its handshake, or the address it came to: not that of a site which is served over HTTP only
     */
    public String hostOverTls(String asked) {
        SiteRoutes found = site(asked);
        return found != null && found.isPlain() && nameByDefault != null ? nameByDefault : asked;
    }

    /** Whether there may be a site for who says no host: one by default, or one that is called by an address. */
    public boolean servesUnnamed() {
        return servesUnnamed;
    }
}
