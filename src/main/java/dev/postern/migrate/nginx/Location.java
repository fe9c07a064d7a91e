package dev.postern.migrate.nginx;

import dev.postern.migrate.Paths;
import dev.postern.migrate.SiteDraft;
import java.util.List;
import java.util.Set;

/** @param modifier empty, {@code =}, {@code ^~}, {@code ~}, {@code ~*} or {@code @} */
record Location(Scope scope, String modifier, String path) {
    /** Those of a block, and those inside of them. */
    static void collect(Scope scope, List<Location> locations) {
        scope.block().own("location").forEach(line -> {
            List<String> words = line.arguments();
            String first = line.word(1);
            String modifier = "";
            String path = first;
            if (words.size() == 2) {
                modifier = first;
                path = line.word(2);
            } else {
                for (String known : List.of("^~", "~*", "~", "=", "@")) {
                    if (first.startsWith(known)) {
                        modifier = known;
                        path = first.substring(known.length());
                        break;
                    }
                }
            }
            Scope inner = scope.in(line);
            locations.add(new Location(inner, modifier, path));
            collect(inner, locations);
        });
    }

    Directive line() {
        return scope.block();
    }

    boolean isPrefix() {
        return modifier.isEmpty() || isStraight();
    }

    boolean isRegex() {
        return modifier.startsWith("~");
    }

    /** Where it is the longest prefix, no regular expression is asked. */
    boolean isStraight() {
        return modifier.equals("^~");
    }

    /** Nobody may come, and nothing else is said. */
    boolean isClosed() {
        return line().own().stream()
                .allMatch(line -> line.is("deny") && line.word(1).equals("all"));
    }

    /** Where CAs ask for tokens. */
    boolean isChallenge() {
        return !isRegex() && Paths.covers(SiteDraft.CHALLENGES, path);
    }

    /** Whether it keeps somebody out whom a rewrite leads there. */
    boolean isGuardedWithin() {
        return isGuarded() && !line().has("internal");
    }

    /** Whether it keeps somebody out. */
    boolean isGuarded() {
        return line().all()
                .anyMatch(line -> Set.of("deny", "auth_basic", "auth_request", "limit_req", "internal", "limit_except")
                                .contains(line.name())
                        || (line.is("return") && line.word(1).matches("4[0-9]{2}")));
    }
}
