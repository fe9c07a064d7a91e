package dev.postern.migrate.haproxy;

import java.util.ArrayList;
import java.util.List;

/**
 * Routes of which the most specific one is taken, made of rules of which the first one is. Where a later rule is more specific
 * than an earlier one that takes some of the same requests, a route for just those is added which does what the earlier says.
 */
final class Routing {
    // More than a reader can follow.
    private static final int MOST = 200;

    record Route(Match match, Action action, Edits edits) {}

    private final List<Route> routes = new ArrayList<>();
    private boolean isFull;

    /** Behind all that were added before. */
    void add(Match match, Action action, Edits edits) {
        List<Route> between = new ArrayList<>();
        for (Route earlier : routes) {
            if (earlier.match().covers(match)) {
                return;
            }
            if (match.goesBefore(earlier.match())) {
                earlier.match()
                        .and(match)
                        .map(both -> new Route(both, earlier.action(), earlier.edits()))
                        .ifPresent(between::add);
            }
        }
        if (routes.size() + between.size() >= MOST) {
            isFull = true;
            return;
        }
        for (Route both : between) {
            if (routes.stream().noneMatch(route -> route.match().equals(both.match()))) {
                routes.add(both);
            }
        }
        routes.add(new Route(match, action, edits));
    }

    List<Route> routes() {
        return routes;
    }

    boolean isFull() {
        return isFull;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Routing routing && routing.routes.equals(routes);
    }

    @Override
    public int hashCode() {
        return routes.hashCode();
    }
}
