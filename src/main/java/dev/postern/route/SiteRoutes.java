package dev.postern.route;

import dev.postern.config.BackendName;
import dev.postern.config.ClientCertificates;
import dev.postern.config.Configuration;
import dev.postern.config.RouteConditions;
import dev.postern.config.Site;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The routes of one site, the most specific first: one for exactly the path before all others, a longer path before a
 * shorter one, of the same path the one with more conditions, then as in the file. Immutable.
 */
public final class SiteRoutes {
    @SuppressWarnings("ArrayRecordComponent") // Read only, never compared.
    private record Entry(
            byte[] path,
            boolean exact,
            HostCondition hosts,
            Set<String> methods,
            FieldCondition[] fields,
            Route route) {
        static Entry of(Site site, Configuration.Route route) {
            RouteConditions conditions = route.conditions();
            return new Entry(
                    route.path().getBytes(StandardCharsets.ISO_8859_1),
                    conditions.exact(),
                    new HostCondition(conditions.hosts()),
                    conditions.methods(),
                    conditions.headers().stream().map(FieldCondition::new).toArray(FieldCondition[]::new),
                    Route.of(site, route));
        }

        /** {@code /api} stands for itself and what lies below; {@code /api/} only for what lies below. Never for /apis. */
        boolean holds(byte[] bytes, int from, int to) {
            int length = to - from;
            return length >= path.length
                    && Arrays.equals(bytes, from, from + path.length, path, 0, path.length)
                    && (length == path.length
                            || (!exact && (path[path.length - 1] == '/' || bytes[from + path.length] == '/')));
        }

        boolean wants(RoutedRequest request) {
            if (!hosts.holds(request.host()) || (!methods.isEmpty() && !methods.contains(request.method()))) {
                return false;
            }
            for (FieldCondition field : fields) {
                if (!field.holds(request)) {
                    return false;
                }
            }
            return true;
        }

        int conditions() {
            return (hosts.isNone() ? 0 : 1) + (methods.isEmpty() ? 0 : 1) + fields.length;
        }
    }

    private static final byte[] ROOT = {'/'};

    private final String site;
    private final boolean plain;
    private final @Nullable ClientCertificates clientCertificates;
    private final @Nullable BackendName passthrough;
    private final Entry[] entries;
    private final Route none;

    SiteRoutes(Site site) {
        this.site = site.name();
        this.plain = site.isPlain();
        this.clientCertificates = site.settings().clientCertificates();
        this.passthrough = site.passthrough() == null ? null : BackendName.of(site.passthrough());
        this.none = Route.none(site);
        this.entries = site.routes().stream()
                .map(route -> Entry.of(site, route))
                .sorted(Comparator.comparing((Entry entry) -> !entry.exact)
                        .thenComparingInt(entry -> -entry.path.length)
                        .thenComparingInt(entry -> -entry.conditions()))
                .toArray(Entry[]::new);
    }

    /** What the site is called. */
    public String site() {
        return site;
    }

    /** What its clients are asked for in their handshake; null for nothing. */
    public @Nullable ClientCertificates clientCertificates() {
        return clientCertificates;
    }

    /** The backend that its connections over TLS are passed on to unopened; null where handshakes are made here. */
    public @Nullable BackendName passthrough() {
        return passthrough;
    }

    /** Whether it is served over HTTP only. */
    public boolean isPlain() {
        return plain;
    }

    /** The most specific route that takes the request, or {@link #none}. */
    public Route match(RoutedRequest request) {
        byte[] bytes = request.path();
        int from = request.pathFrom();
        int to = request.pathTo();
        if (from == to) {
            bytes = ROOT;
            from = 0;
            to = 1;
        }
        for (Entry entry : entries) {
            if (entry.holds(bytes, from, to) && entry.wants(request)) {
                return entry.route;
            }
        }
        return none;
    }

    /** For requests that no route takes: what the site says of all its answers stands for these, too. */
    public Route none() {
        return none;
    }
}
