package dev.postern.migrate.caddy;

import dev.postern.migrate.Mapping;
import dev.postern.migrate.Match;
import dev.postern.migrate.Tally;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Which directives keep somebody out. */
final class Guards {
    private static final Set<String> ANSWERS = Set.of(
            "handle",
            "handle_path",
            "route",
            "redir",
            "respond",
            "abort",
            "error",
            "reverse_proxy",
            "php_fastcgi",
            "file_server");

    private final Matchers matchers;
    private final Order order;
    private final Tally tally;
    private final Mapping at;

    Guards(Matchers matchers, Order order, Tally tally, Mapping at) {
        this.matchers = matchers;
        this.order = order;
        this.tally = tally;
        this.at = at;
    }

    /** Whether it answers requests, or has others inside that do. */
    static boolean answers(Directive line) {
        return ANSWERS.contains(line.name());
    }

    /** Whether it keeps somebody out. */
    boolean isGuarded(Directive line) {
        return denies(line) > 0
                || line.all()
                        .anyMatch(one -> Set.of("basicauth", "basic_auth", "forward_auth")
                                .contains(one.name()));
    }

    /** The status with which it keeps everybody out; 0 where it does not. */
    int denies(Directive line) {
        switch (line.name()) {
            case "abort" -> {
                return 403;
            }
            case "error", "respond" -> {
                List<String> words = matchers.arguments(line);
                String status = line.is("error") && words.isEmpty()
                        ? "500"
                        : words.stream()
                                .filter(word -> word.matches("[45][0-9]{2}"))
                                .findFirst()
                                .orElse("");
                return status.isEmpty() ? 0 : Integer.parseInt(status);
            }
            case "handle", "handle_path", "route" -> {
                List<Directive> inner = line.is("route") ? line.own() : order.sorted(line.own(), matchers);
                return inner.size() == 1 && !matchers.has(inner.get(0)) ? denies(inner.get(0)) : 0;
            }
            default -> {
                return 0;
            }
        }
    }

    /** Those that can be said: by address only where all others are kept out behind it. */
    List<Asked.Way> ways(Directive line, Asked asked, Stage context, Chain rest) {
        List<Asked.Way> ways = new ArrayList<>();
        for (Asked.Way way : asked.ways()) {
            if (way.isFromAnywhere() || isDeniedBehind(way.match(), rest, context)) {
                ways.add(way);
                if (!way.isFromAnywhere()) {
                    tally.note(at, line, "others are answered 403", "");
                }
            } else {
                tally.note(at, line, "routes do not ask for the address of the client", "allow and deny of routes");
                line.all().skip(1).forEach(one -> tally.within(at, line, one));
            }
        }
        return ways;
    }

    private boolean isDeniedBehind(Match match, Chain rest, Stage context) {
        for (Chain chain = rest; chain != null; chain = chain.next()) {
            for (Directive line : chain.directives()) {
                if (!answers(line)) {
                    continue;
                }
                boolean takesAll = matchers.of(line, context.cut()).ways().stream()
                        .anyMatch(way -> way.isFromAnywhere() && way.match().covers(match));
                boolean takesSome = matchers.of(line, context.cut()).ways().stream()
                        .anyMatch(way -> way.match().and(match).isPresent());
                if (takesAll) {
                    return denies(line) > 0;
                }
                if (takesSome && denies(line) == 0) {
                    return false;
                }
            }
        }
        return true;
    }
}
