package dev.postern.route;

import dev.postern.config.Configuration;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/** The routes of one site, longest path first. Immutable. */
public final class SiteRoutes {
    @SuppressWarnings("ArrayRecordComponent") // Read only, never compared.
    private record Entry(byte[] path, Route route) {
        /** {@code /api} stands for itself and what lies below; {@code /api/} only for what lies below. Never for /apis. */
        boolean matches(byte[] bytes, int from, int to) {
            int length = to - from;
            return length >= path.length
                    && Arrays.equals(bytes, from, from + path.length, path, 0, path.length)
                    && (length == path.length || path[path.length - 1] == '/' || bytes[from + path.length] == '/');
        }
    }

    private static final byte[] ROOT = {'/'};

    private final String site;
    private final Entry[] entries;

    SiteRoutes(Configuration.Site site) {
        this.site = site.name();
        this.entries = site.routes().stream()
                .map(route -> new Entry(
                        route.path().getBytes(StandardCharsets.ISO_8859_1),
                        new Route(site.name(), route.path(), RouteAction.of(route.action()))))
                .sorted(Comparator.comparingInt(entry -> -entry.path.length))
                .toArray(Entry[]::new);
    }

    /** What the site is called. */
    public String site() {
        return site;
    }

    /**
     * The longest route that holds the path, or null where there is none.
     *
     * @param bytes the path, without query, lies in {@code [from, to)}; empty means {@code /}
     */
    public @Nullable Route match(byte[] bytes, int from, int to) {
        if (from == to) {
            return match(ROOT, 0, 1);
        }
        for (Entry entry : entries) {
            if (entry.matches(bytes, from, to)) {
                return entry.route;
            }
        }
        return null;
    }
}
