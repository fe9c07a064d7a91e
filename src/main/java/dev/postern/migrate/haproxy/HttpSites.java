package dev.postern.migrate.haproxy;

import dev.postern.migrate.Action;
import dev.postern.migrate.Certificates;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Headers;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Match;
import dev.postern.migrate.Paths;
import dev.postern.migrate.Routing;
import dev.postern.migrate.SiteDraft;
import dev.postern.migrate.Tally;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The sites of one section in HTTP mode: one for all hosts that its rules treat alike, and one for all others. */
final class HttpSites {
    // Exceptions from exceptions: nobody writes more.
    private static final int MOST_EXCEPTIONS = 6;
    // Of these each goes through all rules; a second for a file that nobody would write.
    private static final int MOST_STEPS = 100;

    private static final String ADDRESSES = "routes do not ask for the address of the client";

    private final Section section;
    private final Map<String, Section> backends;
    private final Tally tally;
    private final Mapping at;
    private final Acls acls;
    private final List<Rules.Rule> rules;
    private final Map<String, List<Rules.Rule>> rulesOfBackends = new LinkedHashMap<>();
    private final List<Acls> aclsOfBackends = new ArrayList<>();
    private final Fates fates;
    /** How the plain listener redirects; 0 where it does not. */
    private int redirect;

    private @Nullable Statement redirection;
    private boolean hasExceptions;
    private int steps;

    /**
     * @param backends all, as HAProxy calls them
     * @param at where its notes belong
     */
    HttpSites(Section section, Map<String, Section> backends, Tally tally, Mapping at) {
        this.section = section;
        this.backends = backends;
        this.tally = tally;
        this.at = at;
        this.fates = new Fates(tally, at);
        this.acls = new Acls(section, tally, at);
        this.rules = Rules.of(section, acls, backends.keySet());
    }

    /** How everybody who comes over HTTP is sent to HTTPS, tokens of CAs aside; 0 where not everybody is. */
    int redirectsAll() {
        View plain = new View(null, false);
        for (Rules.Rule rule : rules) {
            if (rule.action() instanceof Action.ToHttps to) {
                for (View.Way way : plain.of(rule.condition()).ways()) {
                    boolean isForTokens = way.except().stream().allMatch(HttpSites::isForTokens);
                    if (way.match().isAll() && way.isFromAnywhere() && isForTokens) {
                        fates.held(rule);
                        redirect = to.status();
                        redirection = rule.statement();
                        hasExceptions = !way.except().isEmpty();
                    }
                }
            }
        }
        return redirect;
    }

    private static boolean isForTokens(Match match) {
        return Paths.covers(SiteDraft.CHALLENGES, match.path())
                && match.methods().isEmpty();
    }

    /** What there is to say of {@link #redirectsAll}. */
    Optional<String> exceptions() {
        Statement line = redirection;
        return line == null || !hasExceptions
                ? Optional.empty()
                : Optional.of(tally.where(line) + ": tokens under " + SiteDraft.CHALLENGES
                        + "/ are answered, or passed on, before anybody is redirected.");
    }

    /** Of a section that does nothing else: where tokens of CAs go. */
    List<Routing.Route> tokens() {
        List<Routing.Route> tokens = routing(new View(null, false)).routes().stream()
                .filter(route -> isForTokens(route.match()) && route.action() instanceof Action.To)
                .toList();
        Set<String> to = new HashSet<>();
        tokens.forEach(route -> to.add(((Action.To) route.action()).backend()));
        for (Rules.Rule rule : rules) {
            boolean isTheirs = rule.action() instanceof Action.To its && to.contains(its.backend());
            if (rule.action() instanceof Action.ToHttps || isTheirs) {
                tally.carried(rule.statement());
            } else {
                tally.note(at, rule.statement(), "over plain HTTP everybody is redirected first", "");
            }
        }
        section.ownSetting("default_backend")
                .filter(line -> !to.contains(line.word(1)))
                .ifPresent(line ->
                        tally.note(at, line, "over plain HTTP everybody is redirected", "listeners: http: redirect"));
        acls.tell(tally, at);
        return tokens;
    }

    /**
     * @param tls whether its clients speak TLS; null where the same sites are there for both
     * @param certificates of its TLS
     */
    List<SiteDraft> drafts(@Nullable Boolean tls, boolean isPlain, Certificates certificates) {
        Rules.tellMadeNames(rules, tally, at);
        List<SiteDraft> drafts = new ArrayList<>();
        for (String host : hosts()) {
            Edits edits = editsOf(new View(host, tls));
            Routing routing = routing(new View(host, tls)).with(said -> said.inside(edits));
            if (!routing.routes().isEmpty()) {
                drafts.add(new SiteDraft(
                        List.of(host),
                        routing,
                        editsOf(new View(host, tls)),
                        isPlain,
                        certificate(host, certificates)));
            }
        }
        View others = new View(null, tls);
        Edits edits = editsOf(others);
        Routing routing = routing(others).with(said -> said.inside(edits));
        if (!routing.routes().isEmpty()) {
            Drafts.rest(drafts, routing, edits, isPlain, certificates);
        }
        List<Rules.Rule> all = new ArrayList<>(rules);
        rulesOfBackends.values().forEach(all::addAll);
        fates.tell(all, redirection);
        acls.tell(tally, at);
        aclsOfBackends.forEach(its -> its.tell(tally, at));
        drafts.forEach(draft -> draft.passesTokens = hasExceptions);
        return Drafts.together(drafts);
    }

    private static Certificates.@Nullable Found certificate(String host, Certificates certificates) {
        return certificates.found().stream()
                .filter(found -> found.covers(host))
                .findFirst()
                .orElse(null);
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
        steps = 0;
        resolve(0, 0, Match.ALL, List.of(), view, routing, 0);
        if (routing.isFull()) {
            fates.cut();
        }
        return routing;
    }

    /**
     * Adds routes for what the rules from there on do with some of the requests.
     *
     * @param way from which of its ways on the first of these is asked about
     * @param before what was said of them already
     */
    private void resolve(int from, int way, Match region, List<Overlay> before, View view, Routing routing, int depth) {
        if (depth > MOST_EXCEPTIONS || ++steps > MOST_STEPS || routing.isFull()) {
            fates.cut();
            return;
        }
        List<Overlay> overlays = new ArrayList<>(before);
        Set<Rules.Rule> common = common(view);
        for (int i = from; i < rules.size(); i++) {
            Rules.Rule rule = rules.get(i);
            if (rule.action() instanceof Action.ToHttps && (redirect > 0 || Boolean.TRUE.equals(view.tls()))) {
                fates.moot(rule);
                continue;
            }
            if (rule.action() instanceof Action.Accept) {
                ways(rule, view);
                fates.held(rule);
                continue;
            }
            List<View.Way> ways = ways(rule, view);
            boolean isHeader = rule.action() instanceof Action.Header;
            for (int w = i == from ? way : 0; w < ways.size(); w++) {
                View.Way one = ways.get(w);
                Optional<Edits> edits = edits(rule, one);
                if (edits.isPresent()) {
                    if (!common.contains(rule)) {
                        overlays.add(new Overlay(one.match(), one.except(), edits.get()));
                    }
                } else if (!isHeader && !one.isFromAnywhere()) {
                    fates.missing(rule, ADDRESSES);
                } else if (!isHeader) {
                    fates.held(rule);
                    Optional<Match> both = one.match().and(region);
                    if (both.isPresent()) {
                        int at = i;
                        int next = w + 1;
                        one.except().stream()
                                .flatMap(except -> except.and(both.get()).stream())
                                .forEach(rest -> resolve(at, next, rest, overlays, view, routing, depth + 1));
                        act(both.get(), rule.action(), view, overlays, routing);
                    }
                }
            }
        }
        Optional<Statement> last = section.setting("default_backend");
        last.ifPresent(tally::carried);
        String name = last.map(line -> line.word(1))
                .orElse(
                        section.kind().equals("listen")
                                        && !section.all("server").isEmpty()
                                ? section.name()
                                : "");
        if (!name.isEmpty()) {
            forward(region, name, view, overlays, routing);
        } else if (depth > 0) {
            // Nobody is there for them, whatever the rule says that they are no part of.
            routing.add(region, new Action.Respond(503, "", ""), Edits.NONE);
        }
    }

    private void act(Match match, Action action, View view, List<Overlay> overlays, Routing routing) {
        if (action instanceof Action.To to) {
            forward(match, to.backend(), view, overlays, routing);
        } else {
            split(new Routing.Route(match, action, Edits.NONE), overlays, routing);
        }
    }

    /** Those that it is carried over for; what is left of it is remembered. */
    private List<View.Way> ways(Rules.Rule rule, View view) {
        View.Ways ways = view.of(rule.condition());
        boolean isDeny = rule.action() instanceof Action.Deny;
        if (isDeny && !ways.more().isEmpty()) {
            // Rather told than kept out as well.
            fates.missing(rule, "a route would keep out more: " + ways.more());
            return List.of();
        }
        if (!ways.inexact().isEmpty()) {
            fates.missing(rule, ways.inexact());
        }
        return ways.ways();
    }

    /** What a backend does before it asks a server comes first. */
    private void forward(Match match, String name, View view, List<Overlay> overlays, Routing routing) {
        Section backend = backends.get(name);
        List<Overlay> all = new ArrayList<>(overlays);
        if (backend != null && !backend.equals(section)) {
            for (Rules.Rule rule : rulesOf(name, backend)) {
                if (rule.action() instanceof Action.To) {
                    continue;
                }
                if (rule.action() instanceof Action.Accept) {
                    ways(rule, view);
                    fates.held(rule);
                    continue;
                }
                boolean isHeader = rule.action() instanceof Action.Header;
                for (View.Way way : ways(rule, view)) {
                    Optional<Edits> edits = edits(rule, way);
                    if (edits.isPresent()) {
                        all.add(new Overlay(way.match(), way.except(), edits.get()));
                    } else if (!isHeader
                            && (!way.isFromAnywhere() || !way.except().isEmpty())) {
                        fates.missing(
                                rule,
                                way.isFromAnywhere() ? "routes say what they take, not what they do not" : ADDRESSES);
                    } else if (!isHeader) {
                        way.match()
                                .and(match)
                                .ifPresent(both ->
                                        split(new Routing.Route(both, rule.action(), Edits.NONE), all, routing));
                        fates.held(rule);
                    }
                }
            }
        }
        split(new Routing.Route(match, new Action.To(name), Edits.NONE), all, routing);
    }

    private List<Rules.Rule> rulesOf(String name, Section backend) {
        return rulesOfBackends.computeIfAbsent(name, key -> {
            Acls its = new Acls(backend, tally, at);
            List<Rules.Rule> all =
                    Rules.of(backend, its, Set.of(), section.own().stream().anyMatch(Rules::setsSource));
            aclsOfBackends.add(its);
            return all;
        });
    }

    /** The rules that hold for all of a site, and are said there. Addresses are not where an earlier rule has answered some. */
    private Set<Rules.Rule> common(View view) {
        Set<Rules.Rule> common = new LinkedHashSet<>();
        Set<String> someOnly = new HashSet<>();
        boolean isAnswered = false;
        for (Rules.Rule rule : rules) {
            List<View.Way> ways = view.of(rule.condition()).ways();
            boolean isWhole = ways.size() == 1 && ways.get(0).isAll();
            if (rule.action() instanceof Action.Header header) {
                // One that comes later goes before it; of the two a route goes before its site.
                String name = header.section() + " " + header.name().toLowerCase(Locale.ROOT);
                if (isWhole && ways.get(0).isFromAnywhere() && !someOnly.contains(name)) {
                    common.add(rule);
                } else {
                    someOnly.add(name);
                }
            } else if (rule.action() instanceof Action.Deny) {
                if (isWhole && !isAnswered && !ways.get(0).isFromAnywhere()) {
                    common.add(rule);
                }
            } else if (!ways.isEmpty()) {
                isAnswered = isAnswered
                        || rule.action() instanceof Action.Respond
                        || rule.action() instanceof Action.Redirect
                        || rule.action() instanceof Action.ToHttps;
            }
        }
        return common;
    }

    private Edits editsOf(View view) {
        Edits edits = Edits.NONE;
        for (Rules.Rule rule : common(view)) {
            for (View.Way way : ways(rule, view)) {
                edits = edits.and(edits(rule, way).orElse(Edits.NONE));
            }
        }
        return edits;
    }

    private Optional<Edits> edits(Rules.Rule rule, View.Way way) {
        if (rule.action() instanceof Action.Header header) {
            if (!way.isFromAnywhere()) {
                fates.missing(rule, ADDRESSES);
                return Optional.empty();
            }
            fates.held(rule);
            // What Postern writes for servers it writes by itself, and right.
            return Headers.isOurs(header.name()) && header.toServer()
                    ? Optional.empty()
                    : Optional.of(Edits.of(header));
        }
        boolean isDeny = rule.action() instanceof Action.Deny;
        if (!isDeny || way.isFromAnywhere()) {
            return Optional.empty();
        }
        fates.held(rule);
        return Optional.of(way.from().isEmpty() ? Edits.allowing(way.notFrom()) : Edits.denying(way.from()));
    }

    private void split(Routing.Route route, List<Overlay> overlays, Routing routing) {
        if (!Overlay.split(route, overlays, routing)) {
            fates.cut();
        }
    }
}
