package dev.postern.migrate.caddy;

import dev.postern.migrate.Action;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Match;
import dev.postern.migrate.Routing;
import java.util.ArrayList;
import java.util.List;

/** What is said of some requests beside what is done with them. Immutable. */
record Overlays(List<Overlay> all) {
    static final Overlays NONE = new Overlays(List.of());

    // A split for each; more than these are not readable.
    private static final int MOST_PARTS = 64;

    record Overlay(Match match, Edits edits) {}

    Overlays and(Match match, Edits edits) {
        List<Overlay> more = new ArrayList<>(all);
        more.add(new Overlay(match, edits));
        return new Overlays(List.copyOf(more));
    }

    /** Adds as many routes as they make of one, the narrow ones first; false where there are too many. */
    boolean add(Match match, Action action, Routing routing) {
        boolean isWhole = true;
        List<Routing.Route> parts = List.of(new Routing.Route(match, action, Edits.NONE));
        for (Overlay overlay : all) {
            if (!(action instanceof Action.To) && isForServers(overlay.edits())) {
                continue;
            }
            List<Routing.Route> next = new ArrayList<>();
            for (Routing.Route part : parts) {
                Edits both = part.edits().and(overlay.edits());
                if (overlay.match().covers(part.match())) {
                    next.add(new Routing.Route(part.match(), action, both));
                } else {
                    overlay.match()
                            .and(part.match())
                            .ifPresent(narrow -> next.add(new Routing.Route(narrow, action, both)));
                    next.add(part);
                }
            }
            if (next.size() > MOST_PARTS) {
                isWhole = false;
                break;
            }
            parts = next;
        }
        parts.forEach(part ->
                routing.add(part.match(), action.at(match.path(), part.match().path()), part.edits()));
        return isWhole;
    }

    private static boolean isForServers(Edits edits) {
        return edits.allow().isEmpty()
                && edits.deny().isEmpty()
                && edits.headers().stream().allMatch(Action.Header::toServer)
                && edits.more().keySet().stream().allMatch(key -> key.equals("limits") || key.equals("compression"));
    }
}
