package dev.postern.migrate.nginx;

import dev.postern.migrate.Mapping;
import dev.postern.migrate.Tally;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Rewrites that lead to another location, whose guards routes do not ask. */
final class Detours {
    private final List<Location> locations;
    private final Tally tally;
    private final Mapping at;

    Detours(List<Location> locations, Tally tally, Mapping at) {
        this.locations = locations;
        this.tally = tally;
        this.at = at;
    }

    /** Those of locations. */
    void tell() {
        locations.forEach(one -> one.line().own("rewrite").forEach(this::tell));
    }

    /** Those of a server that became no rules. */
    void tellBut(List<Rewriting.Rule> rules, Directive server) {
        server.own("rewrite")
                .filter(line -> rules.stream().noneMatch(rule -> rule.line().equals(line)))
                .forEach(this::tell);
    }

    /** Whether there is something to tell. */
    boolean tell(Directive line) {
        if (!leadsToGuards(line)) {
            return false;
        }
        tally.guard(
                at,
                line,
                "it leads to a location that keeps somebody out, which is not asked here",
                "allow, deny or auth of the route");
        return true;
    }

    /** Whether nginx looks for a location again behind a rewrite, and may find one that keeps somebody out. */
    private boolean leadsToGuards(Directive line) {
        String target = line.word(2);
        if (Set.of("break", "redirect", "permanent").contains(line.word(3)) || target.contains("://")) {
            return false;
        }
        int query = target.indexOf('?');
        String path = query < 0 ? target : target.substring(0, query);
        int variable = path.indexOf('$');
        String plain = variable < 0 ? path : path.substring(0, variable);
        Optional<Location> longest = locations.stream()
                .filter(one -> one.isPrefix() && plain.startsWith(one.path()))
                .max(Comparator.comparingInt(one -> one.path().length()));
        return Stream.concat(
                        longest.stream(),
                        locations.stream()
                                .filter(one -> !one.isRegex()
                                        && (variable < 0
                                                ? one.path().equals(plain)
                                                : one.path().startsWith(plain))))
                .anyMatch(one -> one.isGuardedWithin() && !one.line().own().contains(line));
    }
}
