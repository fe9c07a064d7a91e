package dev.postern.migrate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Routes of which the most specific one is taken, made of rules of which the first one is. Where a later rule is more specific
 * than an earlier one that takes some of the same requests, a route for just those is added which does what the earlier says.
 */
public final class Routing {
    // More than a reader can follow.
    private static final int MOST = 200;

    public record Route(Match match, Action action, Edits edits) {}

    private final List<Route> routes = new ArrayList<>();
    private boolean isFull;

    /** Behind all that were added before. */
    public void add(Match match, Action action, Edits edits) {
        add(new Route(match, action, edits), routes.size());
    }

    /** In front of all others. */
    public void addFirst(Route route) {
        List<Route> rest = List.copyOf(routes);
        routes.clear();
        add(route, 0);
        rest.forEach(one -> add(one, routes.size()));
    }

    /** @param before how many of those that there are go before it, by the order of their rules */
    private void add(Route route, int before) {
        for (int i = 0; i < before; i++) {
            if (routes.get(i).match().covers(route.match())) {
                return;
            }
        }
        for (int i = 0; i < before; i++) {
            Route earlier = routes.get(i);
            if (route.match().goesBefore(earlier.match())) {
                // It goes before what is between the two rules as well, and so it is for those before the earlier to
                // say.
                Optional<Match> both = earlier.match().and(route.match());
                if (both.isPresent() && !isFull) {
                    Action action = earlier.action()
                            .at(earlier.match().path(), both.get().path());
                    add(new Route(both.get(), action, earlier.edits()), i);
                }
            }
        }
        if (routes.size() >= MOST) {
            isFull = true;
        } else if (routes.stream().noneMatch(one -> one.match().equals(route.match()))) {
            routes.add(route);
        }
    }

    public List<Route> routes() {
        return routes;
    }

    /** The same routes, of which each says what is made of it. */
    public Routing with(UnaryOperator<Edits> said) {
        Routing other = new Routing();
        routes.forEach(route -> other.routes.add(new Route(route.match(), route.action(), said.apply(route.edits()))));
        other.isFull = isFull;
        return other;
    }

    public boolean isFull() {
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
