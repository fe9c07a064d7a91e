package dev.postern.migrate.nginx;

import dev.postern.migrate.Action;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Match;
import dev.postern.migrate.Paths;
import dev.postern.migrate.Routing;
import dev.postern.migrate.Tally;
import dev.postern.migrate.Value;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The routes of a server, in the order in which nginx asks ("Module ngx_http_core_module", location): what the server says of all
 * requests, exact paths, the longest prefix where it says {@code ^~}, regular expressions, the longest prefix.
 */
final class Locations {
    private static final Set<String> STATIC = Set.of(
            "root",
            "alias",
            "try_files",
            "index",
            "autoindex",
            "fastcgi_pass",
            "uwsgi_pass",
            "scgi_pass",
            "memcached_pass",
            "stub_status",
            "empty_gif",
            "dav_methods",
            "content_by_lua_block");

    private final Server server;
    private final @Nullable String host;
    private final String scheme;
    private final Passing passing;
    private final Settings settings;
    private final Access access;
    private final Tally tally;
    private final Mapping at;
    private final Routing routing = new Routing();
    private final List<Location> locations = new ArrayList<>();

    /** Of locations with regular expressions that say no more than a prefix. */
    private final List<Routing.Route> regexes = new ArrayList<>();

    /** @param host that all clients ask for; null where no condition names it */
    Locations(
            Server server,
            @Nullable String host,
            boolean isTls,
            Passing passing,
            Settings settings,
            Access access,
            Tally tally) {
        this.server = server;
        this.host = host;
        this.scheme = isTls ? "https" : "http";
        this.passing = passing;
        this.settings = settings;
        this.access = access;
        this.tally = tally;
        this.at = server.at();
        Location.collect(server.scope(), locations);
    }

    /** How everybody is sent to the same over HTTPS; 0 where not everybody is, but for the tokens of CAs. */
    int redirectsAll() {
        Rewriting rewriting = new Rewriting(server.scope(), "https", server.name(), host, tally, at);
        int status = rewriting.toHttps(server.names());
        boolean isRest = locations.stream().allMatch(one -> one.isChallenge() || toHttps(one) != 0 || one.isClosed());
        if (status == 0 && isRest) {
            status = locations.stream()
                    .filter(one -> one.path().equals("/") && one.isPrefix())
                    .mapToInt(this::toHttps)
                    .findFirst()
                    .orElse(0);
        }
        return status;
    }

    private int toHttps(Location one) {
        return new Rewriting(one.scope(), "https", server.name(), host, tally, at).toHttps(server.names());
    }

    /** Those that nothing has to be said of where all are redirected. */
    void carriedByRedirect() {
        tally.carried(server.scope().block());
        server.scope().block().all().forEach(line -> {
            if (Set.of("return", "rewrite", "if", "location", "root", "allow", "default_type", "deny")
                    .contains(line.name())) {
                tally.carried(line);
            }
        });
    }

    Routing routing() {
        Detours detours = new Detours(locations, tally, at);
        detours.tell();
        Rewriting rewriting = new Rewriting(server.scope(), scheme, server.name(), host, tally, at);
        List<Rewriting.Rule> rules = rewriting.rules();
        detours.tellBut(rules, server.scope().block());
        for (Rewriting.Rule rule : rules) {
            if (rule.action() instanceof Action.To to) {
                inside(rule, to.rewrite());
            } else {
                add(rule.match(), rule.action(), settings.ofResponses(server.scope(), at));
            }
        }
        if (rewriting.isEnd()) {
            return routing;
        }
        exact();
        locations.stream().filter(Location::isPrefix).forEach(this::withoutSlash);
        locations.stream().filter(Location::isRegex).forEach(this::regex);
        locations.stream()
                .filter(Location::isPrefix)
                .sorted(Comparator.comparingInt((Location one) -> -one.path().length()))
                .forEach(this::prefix);
        regexes.forEach(this::add);
        if (routing.routes().isEmpty()) {
            tally.note(at, server.scope().block(), "Postern serves no files: answered 404 here", "a backend");
            add(Match.ALL, new Action.Deny(404), Edits.NONE);
        }
        if (routing.isFull()) {
            at.remark("Too many locations overlap: not all became routes. Look at them by hand.");
        }
        return routing;
    }

    private void add(Match match, Action action, Edits edits) {
        routing.add(match, action, edits);
    }

    private void add(Routing.Route route) {
        routing.add(route.match(), route.action(), route.edits());
    }

    private void exact() {
        for (Location one : locations) {
            if (one.modifier().equals("=") && isGood(one)) {
                outcome(one, true, one.path()).forEach(this::add);
            }
        }
    }

    private static Match match(boolean exact, String path) {
        return new Match(exact, path, Set.of(), Map.of());
    }

    private boolean isGood(Location one) {
        if (Paths.isGood(one.path())) {
            return true;
        }
        lost(one, "routes have no such paths");
        return false;
    }

    /** Where nginx passes on what is below a path, it sends whoever asks for that without a slash there, before it looks at anything else. */
    private void withoutSlash(Location one) {
        String path = one.path();
        String bare = path.endsWith("/") ? path.substring(0, path.length() - 1) : "";
        if (!bare.isEmpty()
                && Paths.isGood(path)
                && passing.target(one.scope()).isPresent()
                && locations.stream()
                        .noneMatch(other -> !other.isRegex() && other.path().equals(bare))) {
            add(
                    match(true, bare),
                    one.line().has("internal") ? new Action.Deny(404) : new Action.Redirect(path + "?{query}", 301),
                    settings.ofResponses(one.scope(), at));
        }
    }

    private void prefix(Location one) {
        if (one.isChallenge() && passing.target(one.scope()).isEmpty()) {
            // Postern answers them by itself.
            one.line().all().forEach(tally::carried);
            return;
        }
        if (!isGood(one)) {
            return;
        }
        if (!one.isStraight()) {
            // Of what it is the longest prefix of, regular expressions have the first word.
            regexes.forEach(route -> route.match()
                    .and(match(false, one.path()))
                    .ifPresent(both -> add(both, route.action().at(route.match().path(), both.path()), route.edits())));
        }
        outcome(one, false, one.path()).forEach(this::add);
        if (!one.path().endsWith("/")) {
            String what = "paths are taken by whole segments: not " + one.path() + "x, which goes where the rest does";
            if (one.isGuarded()) {
                tally.guard(at, one.line(), what, "a route for each");
            } else {
                tally.note(at, one.line(), what, "");
            }
        }
    }

    private void regex(Location one) {
        Optional<List<Patterns.Literal>> literals =
                one.modifier().equals("~") ? Patterns.of(one.path()) : Optional.empty();
        if (literals.isEmpty()) {
            lost(one, "there are no regular expressions: what it takes goes where it would without it");
            return;
        }
        for (Patterns.Literal literal : literals.get()) {
            regexes.addAll(outcome(one, literal.exact(), literal.path()));
            if (!literal.exact() && !literal.path().endsWith("/")) {
                String what = "paths are taken by whole segments: not " + literal.path() + "x";
                if (one.isGuarded()) {
                    tally.guard(at, one.line(), what, "a route for each");
                } else {
                    tally.note(at, one.line(), what, "");
                }
            }
        }
    }

    private void lost(Location one, String why) {
        if (one.isGuarded()) {
            tally.guard(at, one.line(), why, "a route for each path that it is about");
        } else {
            tally.note(at, one.line(), why, "a route for each path that it is about");
        }
        one.line().all().skip(1).forEach(line -> tally.within(at, one.line(), line));
    }

    private List<Routing.Route> outcome(Location one, boolean exact, String prefix) {
        Edits missing = one.scope().blocks().stream()
                .filter(block -> block.is("location"))
                .map(block -> access.missing(block, at))
                .reduce(Edits.NONE, Edits::and);
        return taken(one, exact, prefix).stream()
                .map(route -> missing.equals(Edits.NONE)
                        ? route
                        : new Routing.Route(
                                route.match(), route.action(), route.edits().and(missing)))
                .toList();
    }

    /**
     * What is done with requests that a location takes: where something more is asked of them first, and then of all.
     *
     * @param prefix what of the path the location is about
     */
    private List<Routing.Route> taken(Location one, boolean exact, String prefix) {
        Scope scope = one.scope();
        Match all = match(exact, prefix);
        if (one.line().has("internal")) {
            tally.carried(one.line());
            one.line().own("internal").forEach(tally::carried);
            return List.of(new Routing.Route(all, new Action.Deny(404), settings.ofResponses(scope, at)));
        }
        List<Routing.Route> routes = new ArrayList<>();
        Rewriting rewriting = new Rewriting(scope, scheme, server.name(), host, tally, at);
        String rewrite = "";
        for (Rewriting.Rule rule : rewriting.rules()) {
            if (rule.action() instanceof Action.To to) {
                if (!rule.match().path().equals(prefix) || rule.match().exact() != exact) {
                    tally.note(at, rule.line(), "routes have one path to cut off, their own", "a route of its own");
                    continue;
                }
                rewrite = to.rewrite();
            } else {
                rule.match()
                        .and(all)
                        .ifPresent(both ->
                                routes.add(new Routing.Route(both, rule.action(), settings.ofResponses(scope, at))));
                if (rule.match().isAll()) {
                    tally.carried(one.line());
                    return routes;
                }
            }
        }
        tally.carried(one.line());
        Optional<Scope> passed = passed(scope);
        if (passed.isPresent()) {
            Optional<Action> to = passing.action(passed.get(), prefix, rewrite, at);
            Edits edits = settings.ofResponses(passed.get(), at);
            if (to.isEmpty()) {
                routes.add(new Routing.Route(all, new Action.Deny(503), edits));
                return routes;
            }
            Edits who = access.of(scope, at);
            Edits there = passed.get().equals(scope) ? who : access.of(passed.get(), at);
            routes.add(new Routing.Route(
                    all,
                    to.get(),
                    edits.and(settings.ofRequests(passed.get(), at))
                            .and(
                                    who.equals(there)
                                            ? who
                                            : who.equals(Edits.NONE)
                                                    ? there
                                                    : there.equals(Edits.NONE) ? who : Edits.NOBODY)
                            .and(methods(scope))));
            return routes;
        }
        if (one.isClosed() && !one.line().own().isEmpty()) {
            one.line().own().forEach(tally::carried);
            routes.add(new Routing.Route(all, new Action.Deny(403), settings.ofResponses(scope, at)));
            return routes;
        }
        Directive what = one.line().own().stream()
                .filter(line -> STATIC.contains(line.name()))
                .findFirst()
                .orElse(one.line());
        tally.note(
                at,
                what,
                "Postern serves no files: answered 404 here",
                "a server that has them, as backend of the route");
        routes.add(new Routing.Route(
                all, new Action.Deny(404), settings.ofResponses(scope, at).and(access.of(scope, at))));
        return routes;
    }

    /** Where requests are passed on: in the location itself, or in the one that files are looked for in front of. */
    private Optional<Scope> passed(Scope scope) {
        if (passing.target(scope).isPresent()) {
            return Optional.of(scope);
        }
        Optional<Directive> tried = scope.block().own("try_files").findFirst();
        if (tried.isEmpty()) {
            return Optional.empty();
        }
        String last = tried.get().word(tried.get().words().size() - 1);
        Optional<Scope> named = locations.stream()
                .filter(one -> (one.modifier() + one.path()).equals(last) && last.startsWith("@"))
                .map(Location::scope)
                .filter(one -> passing.target(one).isPresent())
                .findFirst();
        named.ifPresent(one -> {
            tally.carried(one.block());
            tally.note(at, tried.get(), "no files are looked for: everything is asked for from the server", "");
        });
        return named;
    }

    private Edits methods(Scope scope) {
        Edits edits = Edits.NONE;
        for (Directive line : scope.block().own("limit_except").toList()) {
            boolean isDenied = line.own().stream()
                            .anyMatch(one -> one.is("deny") && one.word(1).equals("all"))
                    && line.own().size() == 1
                    && line.arguments().stream().allMatch(one -> one.matches("[A-Z]+") && !one.equals("CONNECT"));
            if (isDenied) {
                line.all().forEach(tally::carried);
                edits = Edits.saying("allow-methods", Value.of(line.arguments()));
                tally.note(at, line, "other methods are answered 405", "");
            } else {
                tally.closed(at, line, "who may ask is not told by methods", "allow, auth and allow-methods of routes");
                return Edits.NOBODY;
            }
        }
        return edits;
    }

    /** A rewrite of the server's that goes on to a location. */
    private void inside(Rewriting.Rule rule, String target) {
        Optional<Location> to = locations.stream()
                .filter(Location::isPrefix)
                .filter(one -> target.startsWith(one.path()))
                .max(Comparator.comparingInt(one -> one.path().length()));
        boolean isCut = to.isEmpty()
                || (!to.get().isStraight() && locations.stream().anyMatch(Location::isRegex))
                || locations.stream()
                        .anyMatch(other -> !other.isRegex()
                                && !other.equals(to.get())
                                && other.path().startsWith(target));
        List<Routing.Route> outcome =
                isCut ? List.of() : outcome(to.get(), false, to.get().path());
        if (outcome.size() == 1 && outcome.get(0).action() instanceof Action.To there) {
            String rewrite = there.rewrite().isEmpty()
                    ? target
                    : join(there.rewrite(), target.substring(to.get().path().length()));
            tally.carried(rule.line());
            add(
                    rule.match(),
                    new Action.To(there.backend(), rewrite),
                    outcome.get(0).edits());
        } else if (!new Detours(locations, tally, at).tell(rule.line())) {
            tally.note(at, rule.line(), "it leads to no single route", "a route with rewrite");
        }
    }

    private static String join(String path, String rest) {
        return Stream.of(path.endsWith("/") ? path : path + "/", rest.startsWith("/") ? rest.substring(1) : rest)
                .reduce("", String::concat);
    }
}
