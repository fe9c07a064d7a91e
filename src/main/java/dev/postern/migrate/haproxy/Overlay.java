package dev.postern.migrate.haproxy;

import dev.postern.migrate.Action;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Match;
import dev.postern.migrate.Routing;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is said of some requests beside what is done with them: of those that match, but not of the exceptions. */
record Overlay(Match match, List<Match> except, Edits edits) {
    // A split for each; more than these are not readable.
    private static final int MOST_PARTS = 64;

    /** Adds as many routes as the overlays make of one, the narrow ones first; false where these are not all. */
    static boolean split(Routing.Route route, List<Overlay> overlays, Routing routing) {
        Action action = route.action();
        List<Routing.Route> parts = List.of(route);
        boolean isWhole = true;
        for (Overlay overlay : overlays) {
            if (!(action instanceof Action.To) && overlay.edits().isForServers()) {
                continue;
            }
            List<Routing.Route> next = new ArrayList<>();
            for (Routing.Route part : parts) {
                Optional<Match> both = overlay.match().and(part.match());
                both.ifPresent(narrow -> {
                    overlay.except().stream()
                            .flatMap(one -> one.and(narrow).stream())
                            .forEach(one -> next.add(new Routing.Route(one, action, part.edits())));
                    next.add(new Routing.Route(narrow, action, part.edits().and(overlay.edits())));
                });
                if (!overlay.match().covers(part.match())) {
                    next.add(part);
                }
            }
            if (next.size() > MOST_PARTS) {
                isWhole = false;
                break;
            }
            parts = next;
        }
        parts.forEach(part -> routing.add(part.match(), part.action(), part.edits()));
        return isWhole;
    }
}
