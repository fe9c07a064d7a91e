package dev.postern.migrate.haproxy;

import dev.postern.migrate.Action;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Tally;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** {@code tcp-request connection|session|content accept|reject} of a section: whose connections are taken. */
final class Admission {
    private final List<Rules.Rule> rules;
    private final Tally tally;
    private final Set<Statement> held = new LinkedHashSet<>();
    private final Map<Statement, String> missing = new LinkedHashMap<>();

    /** @param rules of the section, others too */
    Admission(List<Rules.Rule> rules, Tally tally) {
        this.rules = rules.stream()
                .filter(rule -> rule.statement().begins("tcp-request"))
                .toList();
        this.tally = tally;
    }

    /** As {@code allow} and {@code deny} say it; empty where nobody is taken. */
    Optional<Edits> of(View view) {
        Edits edits = Edits.NONE;
        boolean isNobody = false;
        for (Rules.Rule rule : rules) {
            if (!(rule.action() instanceof Action.Deny)) {
                continue;
            }
            View.Ways ways = view.of(rule.condition());
            if (!ways.more().isEmpty()) {
                missing.put(rule.statement(), "more would be kept out: " + ways.more());
                continue;
            }
            if (!ways.inexact().isEmpty()) {
                missing.put(rule.statement(), ways.inexact());
            }
            for (View.Way way : ways.ways()) {
                if (!way.isAll()) {
                    missing.put(rule.statement(), "allow and deny ask for the address of a client, and nothing else");
                } else {
                    held.add(rule.statement());
                    isNobody = isNobody || way.isFromAnywhere();
                    edits = edits.and(way.from().isEmpty() ? Edits.allowing(way.notFrom()) : Edits.denying(way.from()));
                }
            }
        }
        return isNobody ? Optional.empty() : Optional.of(edits);
    }

    /** Whoever they kept out is let in all the same. */
    void lost(String why) {
        held.forEach(line -> missing.put(line, why));
        held.clear();
    }

    /** What became of the lines, once all names were asked about. */
    void tell(Mapping at) {
        tell(at, "allow or deny, by address");
    }

    /** @param then what keeps them out here */
    void tell(Mapping at, String then) {
        for (Rules.Rule rule : rules) {
            Statement line = rule.statement();
            if (!(rule.action() instanceof Action.Deny)) {
                if (held.stream().anyMatch(later -> later.line() > line.line())) {
                    tally.carried(line);
                }
                continue;
            }
            String why = missing.get(line);
            if (held.contains(line)) {
                tally.carried(line);
            }
            if (why != null) {
                tally.guard(at, line, (held.contains(line) ? "not in all cases: " : "") + why, then);
            } else if (!held.contains(line)) {
                tally.note(at, line, "it never holds, or an earlier rule accepts what it is about", "");
            }
        }
    }
}
