package dev.postern.migrate.haproxy;

import dev.postern.migrate.Action;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Ranges;
import dev.postern.migrate.Tally;
import java.util.List;
import java.util.Optional;

/**
 * {@code tcp-request connection} with {@code accept-proxy}: HAProxy asks before it reads the PROXY header, so the rules are about the
 * balancers in front. {@code allow} and {@code deny} are about the clients that these name.
 */
final class Balancers {
    private Balancers() {}

    /** Whose PROXY headers are believed. What the rules do beyond that is told. */
    static List<String> believed(Section section, Tally tally, Mapping at) {
        List<Rules.Rule> rules = Rules.ofBalancers(section, new Acls(section, tally, at));
        Admission admission = new Admission(rules, tally);
        Optional<Edits> edits = admission.of(new View(null, isTls(section)));
        rules.stream()
                .filter(rule -> rule.action() instanceof Action.Accept)
                .forEach(rule -> tally.carried(rule.statement()));
        admission.lost("others come in as well, by their own address, where they send no PROXY header");
        admission.tell(at, "an address that only the balancers reach, or a firewall");
        return edits.map(them -> Ranges.minus(them.allow().isEmpty() ? Ranges.EVERYBODY : them.allow(), them.deny()))
                .orElse(List.of());
    }

    private static boolean isTls(Section section) {
        return section.all("bind").stream().anyMatch(bind -> bind.words().contains("ssl"));
    }
}
