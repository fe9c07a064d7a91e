package dev.postern.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Configuration;
import dev.postern.config.Configuration.Action;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
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

        assertThat(match(routes, "/")).isNull();
        assertThat(match(routes, "/api")).isNull();
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

    @Test
    void whatWasChosenKnowsItsSiteAndItsPath() {
        SiteRoutes routes = site("example.com", "/api", "/");

        assertThat(routes.match(new byte[] {'/', 'a', 'p', 'i', '/', '1'}, 0, 6))
                .isEqualTo(new Route("example.com", "/api", new RouteAction.Forward("/api")));
    }

    private static @Nullable RouteAction match(SiteRoutes routes, String path) {
        byte[] bytes = ("GET " + path + "?query").getBytes(StandardCharsets.ISO_8859_1);
        Route route = routes.match(bytes, 4, 4 + path.length());
        return route == null ? null : route.action();
    }

    private static SiteRoutes site(String name, String... paths) {
        return new SiteRoutes(configured(name, paths));
    }

    /** Each path leads to a backend of the same name. */
    private static Configuration.Site configured(String name, String... paths) {
        return new Configuration.Site(
                List.of(name),
                Stream.of(paths)
                        .map(path -> new Configuration.Route(path, new Action.ToBackend(path)))
                        .toList(),
                null);
    }
}
