package dev.postern.migrate.caddy;

import dev.postern.migrate.Action;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Match;
import dev.postern.migrate.Paths;
import dev.postern.migrate.Routing;
import dev.postern.migrate.Tally;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The routes of a site. Directives are asked in Caddy's order, and what answers ends that: routes are added so that the first one
 * counts. What says something of requests only ({@code header}, {@code basic_auth}) holds for all that is behind it.
 */
final class SiteRoutes {
    // More than any site has; what goes on without end ends here.
    private static final int MOST_STEPS = 5_000;

    private final Matchers matchers;
    private final Order order;
    private final Fields fields;
    private final Answers answers;
    private final Filters filters;
    private final Guards guards;
    private final ReverseProxy proxy;
    private final Tally tally;
    private final Mapping at;
    private final Routing routing = new Routing();
    private int steps;

    SiteRoutes(
            Matchers matchers,
            Order order,
            Placeholders placeholders,
            ReverseProxy proxy,
            boolean isTls,
            Tally tally,
            Mapping at) {
        this.matchers = matchers;
        this.order = order;
        this.proxy = proxy;
        this.tally = tally;
        this.at = at;
        this.fields = new Fields(placeholders, tally, at);
        this.answers = new Answers(placeholders, isTls ? "https" : "http", tally, at);
        this.filters = new Filters(tally, at);
        this.guards = new Guards(matchers, order, tally, at);
    }

    /** @param path of the address of the site; {@code /} for all */
    Routing of(Directive site, Match path) {
        Stage context = new Stage(path, "", "", Overlays.NONE);
        ask(new Chain(order.sorted(site.own(), matchers), null), context);
        if (routing.isFull() || steps > MOST_STEPS) {
            at.remark("Too many directives overlap: not all became routes. Look at them by hand.");
        }
        return routing;
    }

    private void ask(@Nullable Chain from, Stage start) {
        Chain chain = from;
        Stage context = start;
        while (true) {
            while (chain != null && chain.directives().isEmpty()) {
                chain = chain.next();
            }
            if (chain == null || ++steps > MOST_STEPS) {
                if (chain == null && !context.match().isAll()) {
                    // What nobody answers, Caddy answers so; it must not go to whoever comes later.
                    answer(context, new Action.Respond(200, "", ""));
                }
                return;
            }
            Directive line = chain.directives().get(0);
            Chain rest = chain.rest();
            switch (line.name()) {
                case "handle", "handle_path" -> {
                    if (handles(chain, context)) {
                        return;
                    }
                    chain = rest;
                    while (!chain.directives().isEmpty()
                            && isHandle(chain.directives().get(0))) {
                        chain = chain.rest();
                    }
                }
                case "route" -> {
                    tally.carried(line);
                    Asked asked = asked(line, context);
                    for (Asked.Way way : guards.ways(line, asked, context, rest)) {
                        Optional<Stage> inner = inside(context, way);
                        Chain chained = new Chain(line.own(), rest);
                        inner.ifPresent(it -> ask(chained, it));
                    }
                    if (asked.isAll()) {
                        return;
                    }
                    chain = rest;
                }
                case "uri" -> {
                    if (matchers.arguments(line).contains("strip_prefix")) {
                        String prefix = last(line).replaceFirst("/$", "");
                        Optional<Match> both = Paths.isGood(prefix)
                                        && context.put().isEmpty()
                                ? context.match().and(new Match(false, context.cut() + prefix, Set.of(), Map.of()))
                                : Optional.empty();
                        if (both.isPresent() && !matchers.has(line)) {
                            tally.carried(line);
                            ask(rest, context.in(both.get()).cutting(prefix));
                        } else {
                            tally.note(
                                    at,
                                    line,
                                    "paths are cut off at their beginning, and nowhere else",
                                    "rewrite of a route");
                        }
                    }
                    chain = rest;
                }
                case "rewrite" -> {
                    String target = last(line);
                    Optional<Match> both = asked(line, context).ways().stream()
                            .filter(Asked.Way::isFromAnywhere)
                            .findFirst()
                            .flatMap(way -> narrowed(way, start).map(Stage::match));
                    String prefix = target.endsWith("{uri}") ? target.substring(0, target.length() - 5) : "";
                    if (Paths.isGood(prefix)
                            && !prefix.endsWith("/")
                            && both.isPresent()
                            && asked(line, context).ways().size() == 1) {
                        tally.carried(line);
                        ask(rest, context.in(both.get()).putting(prefix));
                        if (!matchers.has(line)) {
                            return;
                        }
                    } else {
                        tally.note(at, line, "a path is put in front, or cut off, and no more", "rewrite of a route");
                    }
                    chain = rest;
                }
                default -> {
                    if (Guards.answers(line)) {
                        if (answered(line, context, rest)) {
                            return;
                        }
                        context = context.with(overlaid(line, context));
                    } else {
                        context = context.with(said(line, context));
                    }
                    chain = rest;
                }
            }
        }
    }

    private Optional<Stage> narrowed(Asked.Way way, Stage context) {
        return way.match().and(context.match()).map(context::in);
    }

    private static boolean isHandle(Directive line) {
        return line.is("handle") || line.is("handle_path");
    }

    private static String last(Directive line) {
        return line.word(line.words().size() - 1);
    }

    private Asked asked(Directive line, Stage context) {
        Asked known = matchers.of(line, context.cut());
        // What was put in front of a path is not to be seen in the one that comes.
        boolean isOfPath = known.ways().stream()
                .anyMatch(way -> !way.match().path().equals("/") || way.match().exact());
        Asked asked =
                !context.put().isEmpty() && isOfPath ? new Asked(List.of(), "the path was another one before") : known;
        matchers.matcher(line).ifPresent(matcher -> {
            if (asked.missing().isEmpty()) {
                matcher.all().forEach(tally::carried);
            }
        });
        if (!asked.missing().isEmpty()) {
            boolean isGuard = guards.denies(line) > 0;
            if (isGuard) {
                tally.guard(at, line, asked.missing(), "allow, deny or when of a route");
            } else if (asked.ways().isEmpty()) {
                tally.note(at, line, asked.missing(), "when of a route");
            }
            matchers.matcher(line)
                    .ifPresent(matcher ->
                            matcher.all().forEach(one -> tally.note(at, one, asked.missing(), "when of a route")));
            if (asked.ways().isEmpty()) {
                line.all().skip(1).forEach(one -> tally.within(at, line, one));
            }
        }
        boolean isLoose = Matchers.isLoose(asked) && line.word(1).endsWith("*");
        if (guards.isGuarded(line)
                && asked.ways().stream().anyMatch(way -> way.match().path().matches(".*[A-Za-z].*"))) {
            tally.guard(
                    at,
                    line,
                    isLoose
                            ? "paths are taken by whole segments, and as they are written: " + line.word(1)
                                    + " takes more"
                            : "paths are taken as they are written: in capitals too it is taken by Caddy",
                    "a route for each, or servers that tell them apart");
        } else if (isLoose) {
            tally.note(at, line, "paths are taken by whole segments: " + line.word(1) + " takes more", "");
        }
        return asked;
    }

    /** Whether one of several answers all that is left. */
    private boolean handles(Chain chain, Stage context) {
        List<Directive> group = new ArrayList<>();
        Chain after = chain;
        while (!after.directives().isEmpty() && isHandle(after.directives().get(0))) {
            group.add(after.directives().get(0));
            after = after.rest();
        }
        for (int i = 0; i < group.size(); i++) {
            Directive line = group.get(i);
            Asked asked = asked(line, context);
            if (!asked.ways().isEmpty() || asked.missing().isEmpty()) {
                tally.carried(line);
            }
            int status = guards.denies(line);
            Chain others = new Chain(group.subList(i + 1, group.size()), after);
            Stage here = context;
            boolean isAddressed = status > 0 && asked.ways().stream().anyMatch(way -> !way.isFromAnywhere());
            if (isAddressed) {
                context = context.with(kept(line, asked, context, status));
                line.all().forEach(tally::carried);
                continue;
            }
            for (Asked.Way way : guards.ways(line, asked, here, others)) {
                Optional<Stage> inner = inside(here, way);
                if (line.is("handle_path")) {
                    String prefix = line.word(1).replaceFirst("/?\\*$", "");
                    inner = inner.map(it -> it.cutting(prefix));
                }
                Chain next = after;
                inner.ifPresent(it -> ask(new Chain(order.sorted(line.own(), matchers), next), it));
            }
            if (asked.isAll()) {
                return true;
            }
        }
        return false;
    }

    /** With what its addresses ask. */
    private Optional<Stage> inside(Stage context, Asked.Way way) {
        return way.match().and(context.match()).map(match -> {
            Stage inner = context.in(match);
            Edits edits = Edits.allowing(way.from()).and(Edits.denying(way.notFrom()));
            return way.isFromAnywhere() ? inner : inner.with(admitting(inner.overlays(), match, edits));
        });
    }

    /** Who is let in by two questions has to be let in by both, which ranges side by side do not say. */
    private static Overlays admitting(Overlays overlays, Match match, Edits edits) {
        boolean isTwice = !edits.allow().isEmpty()
                && overlays.all().stream()
                        .anyMatch(one -> !one.edits().allow().isEmpty()
                                && !one.edits().allow().equals(edits.allow())
                                && one.match().and(match).isPresent());
        return overlays.and(match, isTwice ? Edits.NOBODY : edits);
    }

    /** What keeps some out by their addresses holds for all that is behind it. */
    private Overlays kept(Directive line, Asked asked, Stage context, int status) {
        Overlays overlays = context.overlays();
        for (Asked.Way way : asked.ways()) {
            Optional<Match> match = way.match().and(context.match());
            if (way.isFromAnywhere() || match.isEmpty()) {
                continue;
            }
            if (!way.from().isEmpty() && !way.notFrom().isEmpty()) {
                tally.guard(at, line, "one question for the client's address is enough", "allow and deny of a route");
                continue;
            }
            overlays = admitting(
                    overlays,
                    match.get(),
                    way.from().isEmpty() ? Edits.allowing(way.notFrom()) : Edits.denying(way.from()));
            tally.carried(line);
            if (status != 403) {
                tally.note(at, line, "who is not let in is answered 403", "");
            }
        }
        return overlays;
    }

    private Overlays overlaid(Directive line, Stage context) {
        int status = guards.denies(line);
        return status > 0 ? kept(line, matchers.of(line, context.cut()), context, status) : context.overlays();
    }

    private void answer(Stage context, Action action) {
        if (!context.overlays().add(context.match(), action, routing)) {
            at.remark("Too many conditions overlap: nobody gets in where they do. Look at them by hand.");
            routing.add(context.match(), action, Edits.NOBODY);
        }
    }

    /** Whether nothing behind it is ever asked. */
    private boolean answered(Directive line, Stage context, Chain rest) {
        Asked asked = asked(line, context);
        boolean isKeeping = guards.denies(line) > 0;
        List<Asked.Way> ways = isKeeping
                ? asked.ways().stream().filter(Asked.Way::isFromAnywhere).toList()
                : guards.ways(line, asked, context, rest);
        Action action;
        Edits edits = Edits.NONE;
        if (line.is("reverse_proxy")) {
            ReverseProxy.Proxied proxied = proxy.of(line, matchers.arguments(line));
            edits = proxied.edits();
            action = proxied.backend().<Action>map(Action.To::new).orElse(new Action.Deny(503));
        } else {
            action = answers.of(line, matchers.arguments(line), guards.denies(line));
        }
        for (Asked.Way way : ways) {
            Optional<Stage> inner = inside(context, way);
            if (inner.isPresent()) {
                Stage here = inner.get();
                if (!edits.equals(Edits.NONE)) {
                    here = here.with(here.overlays().and(here.match(), edits));
                }
                tally.carried(line);
                answer(here, answers.rewritten(line, action, here));
            }
        }
        return asked.isAll();
    }

    /** What is said of requests. */
    private Overlays said(Directive line, Stage context) {
        List<String> words = matchers.arguments(line);
        Edits edits;
        boolean isGuard = false;
        switch (line.name()) {
            case "header" -> edits = fields.ofDirective(line, words, false);
            case "request_header" -> edits = fields.ofDirective(line, words, true);
            case "encode" -> edits = filters.compression(line, words);
            case "request_body" -> edits = filters.body(line);
            case "basicauth", "basic_auth" -> {
                edits = filters.password(line, words);
                isGuard = true;
            }
            case "forward_auth" -> {
                tally.closed(
                        at,
                        line,
                        "no server is asked who may come in",
                        "auth, or allow and deny, in the place of deny");
                line.all().skip(1).forEach(one -> tally.within(at, line, one));
                edits = Edits.NOBODY;
                isGuard = true;
            }
            default -> {
                return context.overlays();
            }
        }
        Asked asked = asked(line, context);
        Overlays overlays = context.overlays();
        boolean isMissing = !asked.missing().isEmpty() || asked.ways().stream().anyMatch(way -> !way.isFromAnywhere());
        if (isMissing && isGuard) {
            tally.note(at, line, "asked of everybody here: routes do not tell who need not be asked", "auth of routes");
            return overlays.and(context.match(), edits);
        }
        for (Asked.Way way : asked.ways()) {
            Optional<Match> match = way.match().and(context.match());
            if (match.isPresent() && way.isFromAnywhere()) {
                overlays = overlays.and(match.get(), edits);
            } else if (match.isPresent()) {
                tally.note(at, line, "routes do not ask for the address of the client", "");
            }
        }
        return overlays;
    }
}
