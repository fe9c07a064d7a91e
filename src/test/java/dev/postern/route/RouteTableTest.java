package dev.postern.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Action;
import dev.postern.config.Configuration;
import dev.postern.config.RouteConditions;
import dev.postern.config.RouteConditions.Check;
import dev.postern.config.RouteConditions.HeaderCondition;
import dev.postern.config.RouteSettings;
import dev.postern.config.Site;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouteTableTest {
    @ParameterizedTest(name = "{0} → {1}")
    @CsvSource({
        "/, root",
        "'', root",
        "/x, root",
        "/ap, root",
        "/api, api",
        "/api/, api",
        "/api/v1, api",
        "/apis, root",
        "/api., root",
        "/API, root",
        "/api/v2, v2",
        "/api/v2/x, v2",
        "/api/v20, api",
        "/old, root",
        "/old/, old",
        "/old/x/y, old",
        "/older, root",
        "//api, root",
    })
    void longestPathThatHoldsWholeSegmentsWins(String path, String expected) {
        SiteRoutes routes = site("example.com", "/api", "/old/", "/", "/api/v2");

        RouteAction action = match(routes, path);

        String[] names = {"/api", "api", "/old/", "old", "/", "root", "/api/v2", "v2"};
        assertThat(action)
                .isEqualTo(new RouteAction.Forward(names[List.of(names).indexOf(expected) - 1]));
    }

    @Test
    void pathWithoutRouteHasNone() {
        SiteRoutes routes = site("example.com", "/api/");

        assertThat(match(routes, "/")).isEqualTo(new RouteAction.None());
        assertThat(match(routes, "/api")).isEqualTo(new RouteAction.None());
    }

    @ParameterizedTest(name = "{0} → {1}")
    @CsvSource({
        "example.com, example.com",
        "www.example.com, www.example.com",
        "other.example.com, *.example.com",
        "a.b.example.com, ",
        "com, ",
        ".example.com, ",
        "xexample.com, ",
        "*.example.com, *.example.com",
    })
    void exactNameWinsOverAWildcardOfOneLabel(String host, String expected) {
        RouteTable table = RouteTable.of(Stream.of("*.example.com", "example.com", "www.example.com")
                .map(name -> configured(name, "/"))
                .toList());

        SiteRoutes found = table.site(host);

        assertThat(found == null ? null : found.site()).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0} → {1}")
    @CsvSource({
        "/a, exact /a",
        "/a/, under /a",
        "/a/c, under /a",
        "/a/b, under /a/b",
        "/a/b/c, under /a/b",
        "/a/b/c/d, exact /a/b/c/d",
        "/, under /",
    })
    void exactPathWinsOverPrefixes(String path, String expected) {
        SiteRoutes routes = site(
                to("under /", "/", RouteConditions.NONE),
                to("under /a/b", "/a/b", RouteConditions.NONE),
                to("exact /a", "/a", new RouteConditions(true, Set.of(), List.of())),
                to("under /a", "/a", RouteConditions.NONE),
                to("exact /a/b/c/d", "/a/b/c/d", new RouteConditions(true, Set.of(), List.of())));

        assertThat(match(routes, path)).isEqualTo(new RouteAction.Forward(expected));
    }

    @ParameterizedTest(name = "{0} {1} {2} → {3}")
    @CsvSource({
        "GET, /api/x, '', all",
        "POST, /api/x, '', post",
        "POST, /api/x, 'x-beta: 1', beta",
        "GET, /api/x, 'x-beta: 1', all",
        "PUT, /api/x, 'x-beta: 1', all",
        "PUT, /api/x, 'accept: application/grpc+proto', grpc",
        "PUT, /api/x, 'accept: application/json', all",
        "post, /api/x, '', all",
        "DELETE, /, '', anonymous",
        "DELETE, /, 'authorization: x', rest",
        "DELETE, /, 'version: 2', two",
        "DELETE, /, 'version: 22', anonymous",
    })
    void routeWithMoreConditionsWinsAmongThoseOfOnePath(String method, String path, String field, String expected) {
        SiteRoutes routes = site(
                to("rest", "/", RouteConditions.NONE),
                to("two", "/", when(Set.of(), header("version", Check.EQUALS, "2"))),
                to("anonymous", "/", when(Set.of(), header("authorization", Check.ABSENT, ""))),
                to("all", "/api/", RouteConditions.NONE),
                to("post", "/api/", when(Set.of("POST"))),
                to("beta", "/api/", when(Set.of("POST"), header("x-beta", Check.PRESENT, ""))),
                to("grpc", "/api/", when(Set.of(), header("accept", Check.PREFIX, "application/grpc"))));

        Route route = routes.match(new Asked(path, method, field));

        assertThat(route.action()).isEqualTo(new RouteAction.Forward(expected));
    }

    @ParameterizedTest(name = "{0} → {1}")
    @CsvSource({
        "one.test, one",
        "a.one.test, wildcard",
        "a.b.one.test, rest",
        "[2001:DB8:0::7], address",
        "[2001:db8::8], rest",
        "127.0.0.1, rest",
    })
    void routeMayBeForSomeHostsOfItsSite(String host, String expected) {
        SiteRoutes routes = site(
                to("rest", "/", RouteConditions.NONE),
                to("one", "/", on("one.test")),
                to("wildcard", "/", on("*.one.test")),
                to("address", "/", on("2001:db8::7", "two.test")));

        assertThat(routes.match(new Asked("/x", "GET", "", host)).action())
                .isEqualTo(new RouteAction.Forward(expected));
    }

    private static RouteConditions on(String... hosts) {
        return new RouteConditions(false, Set.of(), List.of(), Set.of(hosts), Set.of());
    }

    @Test
    void requestThatMeetsNoConditionIsLeftToTheNextRoute() {
        SiteRoutes routes = site(to("post", "/api/", when(Set.of("POST"))), to("rest", "/", RouteConditions.NONE));

        assertThat(routes.match(new Asked("/api/x", "GET", "")).path()).isEqualTo("/");
        assertThat(routes.match(new Asked("/api/x", "POST", "")).path()).isEqualTo("/api/");
    }

    @Test
    void whatWasChosenKnowsItsSiteAndItsPath() {
        SiteRoutes routes = site("example.com", "/api");

        Route found = routes.match(new Asked("/api/1", "GET", ""));
        Route none = routes.match(new Asked("/other", "GET", ""));

        assertThat(found).hasToString("example.com/api");
        assertThat(found.site()).isEqualTo("example.com");
        assertThat(found.path()).isEqualTo("/api");
        assertThat(none.site()).isEqualTo("example.com");
        assertThat(none.path()).isEmpty();
        assertThat(none.action()).isEqualTo(new RouteAction.None());
    }

    private static RouteAction match(SiteRoutes routes, String path) {
        return routes.match(new Asked(path, "GET", "")).action();
    }

    /** @param field {@code name: value} of the only header field, or empty */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    private record Asked(byte[] path, int pathFrom, int pathTo, String method, String field, String host)
            implements RoutedRequest {
        /** With something before the path and after it. */
        Asked(String path, String method, String field) {
            this(path, method, field, "a.test");
        }

        Asked(String path, String method, String field, String host) {
            this(
                    ("GET " + path + "?query").getBytes(StandardCharsets.ISO_8859_1),
                    4,
                    4 + path.length(),
                    method,
                    field,
                    host);
        }

        @Override
        public boolean hasField(FieldCondition condition) {
            byte[] bytes = field.getBytes(StandardCharsets.ISO_8859_1);
            int colon = field.indexOf(':');
            return colon >= 0
                    && condition.name().equals(field.substring(0, colon))
                    && condition.counts(bytes, colon + 2, bytes.length);
        }
    }

    private static Configuration.Route to(String backend, String path, RouteConditions conditions) {
        return new Configuration.Route(path, conditions, new Action.ToBackend(backend, null), RouteSettings.DEFAULT);
    }

    private static RouteConditions when(Set<String> methods, HeaderCondition... headers) {
        return new RouteConditions(false, methods, List.of(headers));
    }

    private static HeaderCondition header(String name, Check check, String value) {
        return new HeaderCondition(name, check, value);
    }

    private static SiteRoutes site(Configuration.Route... routes) {
        return new SiteRoutes(new Site(List.of("example.com"), List.of(routes), null));
    }

    private static SiteRoutes site(String name, String... paths) {
        return new SiteRoutes(configured(name, paths));
    }

    /** Each path leads to a backend of the same name. */
    private static Site configured(String name, String... paths) {
        return new Site(
                List.of(name),
                Stream.of(paths)
                        .map(path -> new Configuration.Route(path, new Action.ToBackend(path, null)))
                        .toList(),
                null);
    }
}
