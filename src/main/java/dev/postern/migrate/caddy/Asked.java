package dev.postern.migrate.caddy;

import dev.postern.migrate.Match;
import java.util.List;

/**
 * What a matcher takes, as far as a route can ask for it: one of these ways.
 *
 * @param missing why it may also take others; empty where these are all
 */
record Asked(List<Way> ways, String missing) {
    static final Asked ALL = new Asked(List.of(Way.ANY), "");

    /** A match, from one of some addresses, or from none of others. */
    record Way(Match match, List<String> from, List<String> notFrom) {
        static final Way ANY = new Way(Match.ALL, List.of(), List.of());

        boolean isFromAnywhere() {
            return from.isEmpty() && notFrom.isEmpty();
        }
    }

    boolean isAll() {
        return missing.isEmpty() && ways.stream().anyMatch(way -> way.match().isAll() && way.isFromAnywhere());
    }
}
