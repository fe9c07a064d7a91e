package dev.postern.migrate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What all routes of a site say stands at the site, once. */
public final class CommonEdits {
    /** Of no meaning where no server is asked. */
    private static final Set<String> FOR_SERVERS = Set.of("timeouts", "limits", "compression");

    private CommonEdits() {}

    public static Edits of(Routing routing) {
        List<Routing.Route> all = routing.routes();
        List<Routing.Route> asked = all.stream()
                .filter(route -> route.action() instanceof Action.To)
                .toList();
        if (all.isEmpty()) {
            return Edits.NONE;
        }
        List<Action.Header> headers = new ArrayList<>();
        Map<String, Value> more = new LinkedHashMap<>();
        List<Routing.Route> candidates = asked.isEmpty() ? all : asked;
        Edits first = candidates.get(0).edits();
        for (Action.Header header : first.headers()) {
            if ((header.toServer() ? asked : all)
                    .stream().allMatch(route -> route.edits().headers().contains(header))) {
                headers.add(header);
            }
        }
        first.more().forEach((key, value) -> {
            List<Routing.Route> whose = FOR_SERVERS.contains(key) ? asked : all;
            if (!whose.isEmpty()
                    && whose.stream()
                            .allMatch(route -> value.equals(route.edits().more().get(key)))) {
                more.put(key, value);
            }
        });
        boolean isForTheSame = all.stream()
                .allMatch(route -> route.edits().allow().equals(first.allow())
                        && route.edits().deny().equals(first.deny()));
        return new Edits(
                isForTheSame ? first.allow() : List.of(),
                isForTheSame ? first.deny() : List.of(),
                List.copyOf(headers),
                more);
    }

    /** What is left of it beside what the site says. */
    public static Edits without(Edits edits, Edits common) {
        Map<String, Value> more = new LinkedHashMap<>(edits.more());
        more.keySet().removeAll(common.more().keySet());
        return new Edits(
                common.allow().isEmpty() ? edits.allow() : List.of(),
                common.deny().isEmpty() ? edits.deny() : List.of(),
                edits.headers().stream()
                        .filter(header -> !common.headers().contains(header))
                        .toList(),
                more);
    }
}
