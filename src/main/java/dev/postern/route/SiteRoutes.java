package dev.postern.route;

import dev.postern.config.BackendName;
import dev.postern.config.ClientCertificates;
import dev.postern.config.Configuration;
import dev.postern.config.RouteConditions;
import dev.postern.config.Site;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
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

        /** Why it does not take the request; null where it does. */
        @Nullable String lost(RoutedRequest request, byte[] bytes, int from, int to) {
            if (!holds(bytes, from, to)) {
                return exact ? "it is for exactly that path" : "the path is not under it";
            }
            if (!hosts.holds(request.host())) {
                return "when.host: " + String.join(", ", hosts.names());
            }
            if (!methods.isEmpty() && !methods.contains(request.method())) {
                return "when.methods: " + String.join(", ", methods);
            }
            for (FieldCondition field : fields) {
                if (!field.holds(request)) {
                    return "when.headers: " + field.name();
                }
            }
            return null;
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

    /**
     * A route, and what became of it.
     *
     * @param path as in the file
     * @param lost why it does not take the request; null where it does
     */
    public record Considered(
            String path, boolean exact, @Nullable String lost) {}

    /** All of them in the order in which they are asked, the one that {@link #match} returns is the first that has not lost. */
    public List<Considered> consider(RoutedRequest request) {
        boolean isRoot = request.pathFrom() == request.pathTo();
        byte[] bytes = isRoot ? ROOT : request.path();
        int from = isRoot ? 0 : request.pathFrom();
        int to = isRoot ? 1 : request.pathTo();
        return Arrays.stream(entries)
                .map(entry -> new Considered(entry.route.path(), entry.exact, entry.lost(request, bytes, from, to)))
                .toList();
    }

    /** For requests that no route takes: what the site says of all its answers stands for these, too. */
    public Route none() {
        return none;
    }
}
