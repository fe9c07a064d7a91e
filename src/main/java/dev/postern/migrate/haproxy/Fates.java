package dev.postern.migrate.haproxy;

import dev.postern.migrate.Action;
import dev.postern.migrate.Headers;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Tally;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What became of each rule of a section, over all sites that it was asked about for. */
final class Fates {
    private static final Set<String> WHAT_POSTERN_SAYS = Set.of(
            "https",
            "http",
            "%[src]",
            "%ci",
            "%[dst_port]",
            "%[req.hdr(host)]",
            "%[req.hdr(Host)]",
            "%[hdr(host)]",
            "%[ssl_fc,iif(https,http)]");

    private final Tally tally;
    private final Mapping at;
    private final Set<Statement> held = new LinkedHashSet<>();
    /** Redirects to HTTPS of those who speak it already. */
    private final Set<Statement> moot = new HashSet<>();

    private final Map<Statement, String> missing = new LinkedHashMap<>();
    private boolean isCut;

    Fates(Tally tally, Mapping at) {
        this.tally = tally;
        this.at = at;
    }

    /** Something of it is carried over. */
    void held(Rules.Rule rule) {
        held.add(rule.statement());
        moot.remove(rule.statement());
    }

    /** It does nothing, and is none the worse for it. */
    void moot(Rules.Rule rule) {
        if (held.add(rule.statement())) {
            moot.add(rule.statement());
        }
    }

    /** Something of it is not. */
    void missing(Rules.Rule rule, String why) {
        missing.put(rule.statement(), why);
    }

    /** There are more cases than are followed: none of them can be relied upon. */
    void cut() {
        isCut = true;
    }

    /**
     * Tells what became of the rules, once all sites were looked at.
     *
     * @param redirection what redirects everybody to HTTPS
     */
    void tell(List<Rules.Rule> rules, @Nullable Statement redirection) {
        held.forEach(tally::carried);
        for (Rules.Rule rule : rules) {
            Statement line = rule.statement();
            if (isCut) {
                missing.putIfAbsent(line, "too many rules overlap: not all became routes");
            }
            String why = missing.get(line);
            String part = held.contains(line) ? "not in all cases: " : "";
            if (why != null && held.contains(line) && isForPasswords(rule)) {
                part = "nobody gets in, with a password or without, but " + part;
            }
            if (why != null && rule.action() instanceof Action.Deny) {
                tally.guard(at, line, part + why, "allow, deny or respond of a route");
            } else if (held.contains(line) && isForPasswords(rule)) {
                tally.closed(
                        at,
                        line,
                        "passwords are bcrypt hashes here",
                        "auth: { users: … } of the site or route, in the place of what keeps everybody out");
            } else if (why != null) {
                tally.note(at, line, part + why, "see docs/routes.md");
            } else if (!held.contains(line)) {
                tally.note(at, line, "it never holds, or an earlier rule always does", "");
            } else {
                differently(rule, rules, redirection);
            }
        }
    }

    private static boolean isForPasswords(Rules.Rule rule) {
        return rule.action() instanceof Action.Deny
                && (rule.condition().asksForPassword() || rule.statement().begins("http-request", "auth"));
    }

    /** What is carried over, but not to the letter. */
    private void differently(Rules.Rule rule, List<Rules.Rule> rules, @Nullable Statement redirection) {
        Statement line = rule.statement();
        if (moot.contains(line) && line != redirection) {
            tally.itself(line);
        } else if (rule.action() instanceof Action.Header header
                && header.toServer()
                && Headers.isOurs(header.name())) {
            ours(line, header);
        } else if (rule.action() instanceof Action.Accept) {
            boolean isLast = rules.stream()
                    .filter(other -> other.statement().line() > line.line())
                    .noneMatch(other -> other.statement().word(0).equals(line.word(0)));
            if (isLast) {
                tally.note(at, line, "it ends the rules, and none follows", "");
            }
        } else if (rule.action() instanceof Action.Deny deny) {
            boolean isByAddress = rule.condition().asksForAddress();
            boolean isClosed = !line.word(1).equals("deny") && !line.word(0).equals("block");
            if (isClosed || (isByAddress && deny.status() != 403)) {
                tally.note(at, line, "who is not let in is answered 403", "");
            } else if (Rules.hasBody(line)) {
                tally.note(at, line, "who is not let in is told the status, and no more", "error-pages of the site");
            }
        }
    }

    private void ours(Statement line, Action.Header header) {
        boolean isWhatPosternSays = header.how().equals("remove") || WHAT_POSTERN_SAYS.contains(header.value());
        if (isWhatPosternSays) {
            tally.itself(line);
        } else {
            tally.note(at, line, "Postern writes " + header.name() + " by itself, of what it knows", "another header");
        }
    }
}
