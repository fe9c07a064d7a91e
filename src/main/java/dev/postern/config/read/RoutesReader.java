package dev.postern.config.read;

import dev.postern.config.Action;
import dev.postern.config.Balance;
import dev.postern.config.Configuration.Backend;
import dev.postern.config.Configuration.Route;
import dev.postern.config.ForwardAuth;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Page;
import dev.postern.config.Quoted;
import dev.postern.config.RouteConditions;
import dev.postern.config.RouteSettings;
import dev.postern.config.RouteSettings.DuplicateSlashes;
import dev.postern.config.Scalar;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what a site does with requests: its {@code backend} and its {@code routes}. */
final class RoutesReader {
    private static final List<String> KEYS = Section.keys(
            List.of("path", "exact", "when", "backend", "rewrite", "redirect", "status", "respond"),
            RouteSettingsReader.KEYS);
    private static final List<String> RESPOND_KEYS = List.of("status", "body", "body-file", "content-type");
    private static final List<String> ACTIONS = List.of("backend", "redirect", "respond");

    private static final Scalar<Integer> REDIRECT_STATUS = Scalar.oneOf(
            Map.of("301", 301, "302", 302, "303", 303, "307", 307, "308", 308), "301, 302, 303, 307 or 308");
    // 308 keeps method and body, https://datatracker.ietf.org/doc/html/rfc9110#section-15.4.9
    private static final int REDIRECT = 308;
    // 1xx are not final answers.
    private static final Scalar<Integer> RESPOND_STATUS = Scalar.wholeNumber(200, 599);
    // https://datatracker.ietf.org/doc/html/rfc9110#section-6.4.1 and #section-15.3.6
    private static final Set<Integer> WITHOUT_BODY = Set.of(204, 205, 304);
    private static final Scalar<Page> BODY = new Scalar<>("a text", text -> {
        if (text.indexOf('\0') >= 0) {
            throw new NotUnderstood("has a NUL character");
        }
        return Page.text(text);
    });

    /** No two routes of a site take the same requests. */
    private record Taken(String path, RouteConditions conditions) {}

    private final Map<String, Backend> backends;
    private final ConditionsReader conditionsReader;

    RoutesReader(Map<String, Backend> backends, ConditionsReader conditionsReader) {
        this.backends = backends;
        this.conditionsReader = conditionsReader;
    }

    /**
     * @param names of the site, with {@code *} where it is the one by default
     * @param settings of the site
     */
    List<Route> read(Section site, List<String> names, RouteSettings settings) {
        List<Route> routes = new ArrayList<>();
        Map<Taken, Value> taken = new HashMap<>();
        Value backend = site.find("backend");
        if (backend != null) {
            taken.put(new Taken("/", RouteConditions.NONE), backend);
            Action action = toBackend(backend, null, names);
            if (action != null) {
                routes.add(new Route("/", RouteConditions.NONE, action, through(action, settings)));
            }
        }
        Value list = site.find("routes");
        if (list != null) {
            for (Value item : list.items("a list of routes such as {path: /api/, backend: api}")) {
                Route route = route(Section.of(item, KEYS), names, settings, taken);
                if (route != null) {
                    routes.add(route);
                }
            }
        }
        return List.copyOf(routes);
    }

    private @Nullable Route route(Section route, List<String> names, RouteSettings inherited, Map<Taken, Value> taken) {
        boolean exact = route.has("exact");
        if (exact && route.has("path")) {
            route.place("exact").problem("goes without path (expected: one of the two)");
        }
        String path = exact ? route.find("exact", UriText.EXACT) : route.require("path", UriText.PREFIX);
        RouteConditions conditions = conditionsReader.read(route, exact, names);
        if (inherited.clientCertificates() != null) {
            List<String> ofCertificates = inherited.clientCertificates().names();
            conditions.headers().stream()
                    .filter(header -> ofCertificates.contains(header.name()))
                    .forEach(header -> route.place("when")
                            .problem("has " + header.name()
                                    + ", which is taken away, for client-certificates of the site"
                                    + " says it (expected: client-certificates: require of the route)"));
        }
        if (path != null) {
            Value at = route.place(exact ? "exact" : "path");
            Value first = taken.putIfAbsent(new Taken(path, conditions), at);
            if (first != null) {
                at.problem(Quoted.of(path) + " is taken by " + first.path() + " " + first.seenFrom(at)
                        + " (expected: every path once, or other conditions in when)");
            }
        }
        Action action = action(route, names);
        RouteSettings settings =
                RouteSettingsReader.ofRoute(route, backends, action == null ? inherited : through(action, inherited));
        ForwardAuth auth = settings.forwardAuth();
        if (auth != null) {
            conditions.headers().stream()
                    .filter(header -> auth.copies(header.name()))
                    .forEach(header -> route.place("when")
                            .problem("has " + header.name()
                                    + ", which forward-auth says once the route is known (expected: another header)"));
        }
        if (route.has("rewrite") && settings.duplicateSlashes() == DuplicateSlashes.KEEP) {
            route.place("rewrite")
                    .problem(
                            "cannot be told what it replaces among duplicate slashes (expected: duplicate-slashes: merge)");
        }
        return path == null || action == null ? null : new Route(path, conditions, action, settings);
    }

    /** What a backend says for itself goes before what its site says, and behind what the route says. */
    private RouteSettings through(Action action, RouteSettings settings) {
        Backend backend = action instanceof Action.ToBackend to ? backends.get(to.backend()) : null;
        return backend == null
                ? settings
                : settings.with(
                        backend.timeouts().over(settings.timeouts()),
                        backend.limits().over(settings.limits()));
    }

    private @Nullable Action action(Section route, List<String> names) {
        List<String> given = ACTIONS.stream().filter(route::has).toList();
        if (given.size() != 1 && route.at().isMapping()) {
            String what = given.isEmpty() ? "has no action" : "has " + String.join(" and ", given);
            route.at().problem(what + " (expected: one of backend, redirect and respond)");
        }
        if (route.has("status") && !route.has("redirect")) {
            route.place("status")
                    .problem(
                            route.has("respond")
                                    ? "belongs inside respond"
                                    : "goes with redirect only (expected: no status here)");
        }
        // All that are given are read, though only one may be: so that the mistakes in each are seen.
        Action action = null;
        String rewrite = rewrite(route);
        Value backend = route.find("backend");
        if (backend != null) {
            action = toBackend(backend, rewrite, names);
        }
        if (route.has("redirect")) {
            action = redirect(route);
        }
        if (route.has("respond")) {
            action = respond(route.section("respond", RESPOND_KEYS));
        }
        return given.size() == 1 ? action : null;
    }

    private @Nullable Action toBackend(Value value, @Nullable String rewrite, List<String> names) {
        String name = BackendsReader.named(value, backends, names);
        Backend backend = name == null ? null : backends.get(name);
        if (backend != null
                && backend.balance() instanceof Balance.ByHash byHash
                && byHash.key() instanceof Balance.Key.RdpCookie) {
            value.problem(value.quoted(backend.name())
                    + " chooses by a cookie of RDP, which is not HTTP (expected: another balance, or a tcp service)");
        }
        return name == null ? null : new Action.ToBackend(name, rewrite);
    }

    private static @Nullable Action redirect(Section route) {
        String location = route.find("redirect", UriText.LOCATION);
        int status = route.get("status", REDIRECT_STATUS, REDIRECT);
        return location == null ? null : new Action.Redirect(location, status);
    }

    private static @Nullable String rewrite(Section route) {
        String rewrite = route.find("rewrite", UriText.NORMAL);
        if (route.has("rewrite") && !route.has("backend")) {
            route.place("rewrite").problem("goes with backend only (expected: no rewrite here)");
        }
        return rewrite;
    }

    private static Action respond(Section respond) {
        int status = respond.get("status", RESPOND_STATUS, 200);
        boolean fromFile = respond.has("body-file");
        if (fromFile && respond.has("body")) {
            respond.place("body-file").problem("goes without body (expected: one of the two)");
        }
        Page page = fromFile
                ? respond.get("body-file", PageReader.FILE, Page.text(""))
                : respond.get("body", BODY, Page.text(""));
        if (!page.isEmpty() && WITHOUT_BODY.contains(status)) {
            respond.place(fromFile ? "body-file" : "body")
                    .problem("an answer with status " + status + " has no body (expected: no body)");
        }
        String contentType = respond.find("content-type", PageReader.CONTENT_TYPE);
        return new Action.Respond(status, contentType == null ? page : page.as(contentType));
    }
}
