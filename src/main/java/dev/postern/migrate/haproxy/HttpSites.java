package dev.postern.migrate.haproxy;

import dev.postern.config.Site;
import dev.postern.migrate.Action;
import dev.postern.migrate.Certificates;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Headers;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Match;
import dev.postern.migrate.Routing;
import dev.postern.migrate.SiteDraft;
import dev.postern.migrate.Tally;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The sites of one section in HTTP mode: one for all hosts that its rules treat alike, and one for all others. */
final class HttpSites {
    // A split for each; more than these are not readable.
    private static final int MOST_PARTS = 64;

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

    private final Section section;
    private final Map<String, Section> backends;
    private final Tally tally;
    private final Mapping at;
    private final Acls acls;
    private final List<Rules.Rule> rules;
    private final Map<String, List<Rules.Rule>> rulesOfBackends = new LinkedHashMap<>();
    private final Set<Statement> held = new LinkedHashSet<>();
    private final Map<Statement, String> missing = new LinkedHashMap<>();
    /** How the plain listener redirects; 0 where it does not. */
    private int redirect;

    /**
     * @param backends all, as HAProxy calls them
     * @param at where its notes belong
     */
    HttpSites(Section section, Map<String, Section> backends, Tally tally, Mapping at) {
        this.section = section;
        this.backends = backends;
        this.tally = tally;
        this.at = at;
        this.acls = new Acls(section, tally, at);
        this.rules = Rules.of(section, acls, backends.keySet());
    }

    /** How everybody who comes over HTTP is sent to HTTPS; 0 where not everybody is. */
    int redirectsAll() {
        View plain = new View(null, false);
        for (Rules.Rule rule : rules) {
            if (rule.action() instanceof Action.ToHttps to) {
                View.Ways ways = plain.of(rule.condition());
                if (ways.ways().stream().anyMatch(way -> way.match().isAll() && way.isFromAnywhere())) {
                    held.add(rule.statement());
                    redirect = to.status();
                }
            }
        }
        return redirect;
    }

    /**
     * @param tls whether its clients speak TLS; null where the same sites are there for both
     * @param certificates of its TLS
     */
    List<SiteDraft> drafts(@Nullable Boolean tls, boolean isPlain, Certificates certificates) {
        List<SiteDraft> drafts = new ArrayList<>();
        for (String host : hosts()) {
            Routing routing = routing(new View(host, tls));
            if (!routing.routes().isEmpty()) {
                drafts.add(new SiteDraft(
                        List.of(host), routing, common(new View(host, tls)), isPlain, certificate(host, certificates)));
            }
        }
        View others = new View(null, tls);
        Routing routing = routing(others);
        if (!routing.routes().isEmpty()) {
            rest(drafts, routing, common(others), isPlain, certificates);
        }
        tell();
        return together(drafts);
    }

    private static Certificates.@Nullable Found certificate(String host, Certificates certificates) {
        return certificates.found().stream()
                .filter(found -> found.covers(host))
                .findFirst()
                .orElse(null);
    }

    /** All hosts that no rule names. */
    private static void rest(
            List<SiteDraft> drafts, Routing routing, Edits edits, boolean isPlain, Certificates certificates) {
        Set<String> taken = new LinkedHashSet<>();
        drafts.forEach(draft -> taken.addAll(draft.names));
        if (isPlain || !certificates.found().isEmpty()) {
            // The first one is shown to whoever asks for no other.
            for (int i = 1; i < certificates.found().size(); i++) {
                Certificates.Found more = certificates.found().get(i);
                List<String> names = more.names().stream().filter(taken::add).toList();
                if (!names.isEmpty()) {
                    drafts.add(new SiteDraft(names, routing, edits, isPlain, more));
                }
            }
            Certificates.Found first =
                    certificates.found().isEmpty() ? null : certificates.found().get(0);
            drafts.add(new SiteDraft(List.of(Site.ANY), routing, edits, isPlain, first));
            return;
        }
        List<String> names =
                certificates.guesses().stream().filter(taken::add).distinct().toList();
        SiteDraft draft = new SiteDraft(names.isEmpty() ? List.of("localhost") : names, routing, edits, false, null);
        draft.isDefault = true;
        draft.remarks.add(
                names.isEmpty()
                        ? "No rule says for which names this is: put yours in the place of localhost."
                        : "The names are those of the certificate files: see whether they are all.");
        drafts.add(draft);
    }

    /** Sites that differ in nothing but their names are one. */
    private static List<SiteDraft> together(List<SiteDraft> drafts) {
        List<SiteDraft> together = new ArrayList<>();
        for (SiteDraft draft : drafts) {
            Optional<SiteDraft> like =
                    together.stream().filter(other -> other.isLike(draft)).findFirst();
            if (like.isPresent()) {
                like.get().names.addAll(draft.names);
            } else {
                together.add(draft);
            }
        }
        return together;
    }

    private Set<String> hosts() {
        Set<String> hosts = new LinkedHashSet<>();
        for (Rules.Rule rule : rules) {
            rule.condition()
                    .anyOf()
                    .forEach(terms -> terms.forEach(term -> term.anyOf().forEach(question -> {
                        if (question instanceof Question.Host host) {
                            hosts.addAll(host.names());
                        }
                    })));
        }
        return hosts;
    }

    private Routing routing(View view) {
        Routing routing = new Routing();
        List<Overlay> overlays = overlays(rules, view, false);
        for (Rules.Rule rule : rules) {
            if (!(rule.action() instanceof Action.Header)) {
                add(rule, view, overlays, routing);
            }
        }
        section.setting("default_backend")
                .ifPresentOrElse(
                        line -> {
                            tally.carried(line);
                            forward(Match.ALL, line.word(1), view, overlays, routing);
                        },
                        () -> {
                            if (section.kind().equals("listen")
                                    && !section.all("server").isEmpty()) {
                                forward(Match.ALL, section.name(), view, overlays, routing);
                            }
                        });
        if (routing.isFull()) {
            at.remark("Too many rules overlap: not all of " + section.name() + " became routes. Look at it by hand.");
        }
        return routing;
    }

    private void add(Rules.Rule rule, View view, List<Overlay> overlays, Routing routing) {
        if (rule.action() instanceof Action.ToHttps && (redirect > 0 || Boolean.TRUE.equals(view.tls()))) {
            held.add(rule.statement());
            return;
        }
        View.Ways ways = ways(rule, view);
        for (View.Way way : ways.ways()) {
            if (way.isFromAnywhere()) {
                if (rule.action() instanceof Action.To to) {
                    forward(way.match(), to.backend(), view, overlays, routing);
                } else {
                    split(way.match(), rule.action(), overlays, routing);
                }
                held.add(rule.statement());
            } else if (rule.action() instanceof Action.Deny
                    && (way.from().isEmpty() || way.notFrom().isEmpty())) {
                // Part of the overlays.
                held.add(rule.statement());
            } else {
                missing.put(rule.statement(), "routes do not ask for the address of the client");
            }
        }
    }

    private View.Ways ways(Rules.Rule rule, View view) {
        View.Ways ways = view.of(rule.condition());
        if (!ways.missing().isEmpty()) {
            missing.put(rule.statement(), ways.missing());
        }
        return ways;
    }

    /** What a backend does before it asks a server comes first. */
    private void forward(Match match, String name, View view, List<Overlay> overlays, Routing routing) {
        Section backend = backends.get(name);
        List<Overlay> all = new ArrayList<>(overlays);
        if (backend != null && !backend.equals(section)) {
            List<Rules.Rule> its = rulesOfBackends.computeIfAbsent(
                    name, key -> Rules.of(backend, new Acls(backend, tally, at), Set.of()));
            for (Rules.Rule rule : its) {
                if (rule.action() instanceof Action.Header || rule.action() instanceof Action.To) {
                    continue;
                }
                for (View.Way way : ways(rule, view).ways()) {
                    if (way.isFromAnywhere()) {
                        way.match().and(match).ifPresent(both -> split(both, rule.action(), overlays, routing));
                        held.add(rule.statement());
                    } else if (!(rule.action() instanceof Action.Deny)) {
                        missing.put(rule.statement(), "routes do not ask for the address of the client");
                    }
                }
            }
            all.addAll(overlays(its, view, true));
        }
        split(match, new Action.To(name), all, routing);
    }

    /** What is said of some requests beside what is done with them. */
    private record Overlay(Match match, Edits edits) {}

    /** @param whole whether those of all requests too; of a site they stand at the site */
    private List<Overlay> overlays(List<Rules.Rule> from, View view, boolean whole) {
        List<Overlay> overlays = new ArrayList<>();
        for (Rules.Rule rule : from) {
            for (View.Way way : ways(rule, view).ways()) {
                if (whole || !way.match().isAll()) {
                    edits(rule, way).ifPresent(edits -> overlays.add(new Overlay(way.match(), edits)));
                }
            }
        }
        return overlays;
    }

    private Edits common(View view) {
        Edits edits = Edits.NONE;
        for (Rules.Rule rule : rules) {
            for (View.Way way : view.of(rule.condition()).ways()) {
                if (way.match().isAll()) {
                    edits = edits.and(edits(rule, way).orElse(Edits.NONE));
                }
            }
        }
        return edits;
    }

    private Optional<Edits> edits(Rules.Rule rule, View.Way way) {
        if (rule.action() instanceof Action.Header header) {
            if (!way.isFromAnywhere()) {
                missing.put(rule.statement(), "routes do not ask for the address of the client");
                return Optional.empty();
            }
            held.add(rule.statement());
            // What Postern writes for servers it writes by itself, and right.
            return Headers.isOurs(header.name()) && header.toServer()
                    ? Optional.empty()
                    : Optional.of(Edits.of(header));
        }
        boolean isDeny = rule.action() instanceof Action.Deny;
        if (!isDeny
                || way.isFromAnywhere()
                || (!way.from().isEmpty() && !way.notFrom().isEmpty())) {
            return Optional.empty();
        }
        held.add(rule.statement());
        return Optional.of(way.from().isEmpty() ? Edits.allowing(way.notFrom()) : Edits.denying(way.from()));
    }

    /** As many routes as the overlays make of one, the narrow ones first. */
    private void split(Match match, Action action, List<Overlay> overlays, Routing routing) {
        List<Routing.Route> parts = List.of(new Routing.Route(match, action, Edits.NONE));
        for (Overlay overlay : overlays) {
            if (!(action instanceof Action.To) && overlay.edits().isForServers()) {
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
                at.remark(
                        "Too many conditions on headers and addresses overlap: not all became routes. Look at them by hand.");
                break;
            }
            parts = next;
        }
        parts.forEach(part -> routing.add(part.match(), part.action(), part.edits()));
    }

    /** What became of the rules, once all sites were looked at. */
    private void tell() {
        List<Rules.Rule> all = new ArrayList<>(rules);
        rulesOfBackends.values().forEach(all::addAll);
        held.forEach(tally::carried);
        for (Rules.Rule rule : all) {
            Statement line = rule.statement();
            String why = missing.get(line);
            if (why != null && rule.action() instanceof Action.Deny) {
                tally.guard(at, line, why, "allow, deny or respond of a route");
            } else if (why != null) {
                tally.note(
                        at, line, (held.contains(line) ? "not in all cases: " : "") + why, "see routes in README.md");
            } else if (!held.contains(line)) {
                tally.note(at, line, "it never holds, or an earlier rule always does", "");
            }
            if (held.contains(line)
                    && rule.action() instanceof Action.Header header
                    && header.toServer()
                    && Headers.isOurs(header.name())) {
                ours(line, header);
            } else if (held.contains(line)
                    && rule.action() instanceof Action.Deny deny
                    && deny.status() != 403
                    && line.words().contains("src")) {
                tally.note(at, line, "who is not let in is answered 403", "");
            }
        }
    }

    private void ours(Statement line, Action.Header header) {
        boolean isWhatPosternSays = header.how().equals("remove") || WHAT_POSTERN_SAYS.contains(header.value());
        if (!isWhatPosternSays) {
            tally.note(at, line, "Postern writes " + header.name() + " by itself, of what it knows", "another header");
        }
    }
}
