package dev.postern.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.postern.config.Configuration.Action;
import dev.postern.config.Configuration.Route;
import dev.postern.config.Configuration.Site;
import dev.postern.config.RouteConditions.Check;
import dev.postern.config.RouteConditions.HeaderCondition;
import dev.postern.config.RouteSettings.DuplicateSlashes;
import dev.postern.config.RouteSettings.EncodedSlashes;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a site says for its routes, and a route for itself. */
class RouteSettingsTest {
    @Test
    void siteThatSaysNothingHasTheDefaults() throws Exception {
        Site site = site("backend: web");

        assertThat(site.settings()).isEqualTo(RouteSettings.DEFAULT);
        assertThat(site.settings()).isEqualTo(new RouteSettings(EncodedSlashes.REFUSE, DuplicateSlashes.MERGE));
        assertThat(site.routes()).containsExactly(new Route("/", new Action.ToBackend("web")));
    }

    @Test
    void everyKeyArrivesAndARouteHasTheLastWord() throws Exception {
        Site site = site("""
                backend: web
                encoded-slashes: keep
                duplicate-slashes: keep
                routes:
                  - { path: /a, backend: web, encoded-slashes: refuse, duplicate-slashes: merge }
                """);

        RouteSettings ofSite = new RouteSettings(EncodedSlashes.KEEP, DuplicateSlashes.KEEP);
        assertThat(site.settings()).isEqualTo(ofSite);
        assertThat(site.routes()).extracting(Route::settings).containsExactly(ofSite, RouteSettings.DEFAULT);
    }

    @Test
    void everyConditionArrives() throws Exception {
        Site site = site("""
                routes:
                  - { exact: "/%7eme/%c3%a4%41", backend: web }
                  - path: /
                    backend: web
                    when:
                      methods: [GET, PURGE]
                      headers: { X-Two: { present: false }, X-One: a b, Accept: { prefix: x }, B: { equals: y }, C: { present: true } }
                """);

        assertThat(site.routes())
                .extracting(Route::path, Route::conditions)
                .containsExactly(
                        tuple("/~me/%C3%A4A", new RouteConditions(true, Set.of(), List.of())),
                        tuple(
                                "/",
                                new RouteConditions(
                                        false,
                                        Set.of("GET", "HEAD", "PURGE"),
                                        List.of(
                                                new HeaderCondition("accept", Check.PREFIX, "x"),
                                                new HeaderCondition("b", Check.EQUALS, "y"),
                                                new HeaderCondition("c", Check.PRESENT, ""),
                                                new HeaderCondition("x-one", Check.EQUALS, "a b"),
                                                new HeaderCondition("x-two", Check.ABSENT, "")))));
    }

    private static Site site(String keys) throws ConfigurationProblems {
        return ConfigurationFile.parse("routes.yaml", """
                        acme: { issuers: [internal] }
                        sites:
                          - names: [app.internal]
                        %s
                        backends: { web: { servers: [127.0.0.1:8080] } }
                        """.formatted(keys.strip().indent(4)))
                .sites()
                .get(0);
    }
}
