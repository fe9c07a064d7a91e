package dev.postern.migrate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class FirstRuleTest {
    private static final List<String> PATHS = List.of("/", "/a", "/a/", "/a/b", "/ab", "/a/b/c");
    private static final List<String> METHODS = List.of("GET", "POST", "PUT");

    @Provide
    Arbitrary<List<Match>> rules() {
        return Combinators.combine(
                        Arbitraries.of(true, false),
                        Arbitraries.of(PATHS),
                        Arbitraries.of(METHODS).set().ofMaxSize(2),
                        Arbitraries.of("", "X", "Y").set().ofMaxSize(2))
                .as((exact, path, methods, headers) ->
                        new Match(exact, path, new LinkedHashSet<>(methods), headers(headers)))
                .list()
                .ofMaxSize(6);
    }

    private static Map<String, String> headers(Set<String> names) {
        Map<String, String> headers = new LinkedHashMap<>();
        names.stream().filter(name -> !name.isEmpty()).forEach(name -> headers.put(name, "equals:1"));
        return headers;
    }

    /** HAProxy asks one rule after the other; Postern takes the most specific route. Every request goes the same way. */
    @Property
    void mostSpecificRouteDoesWhatTheFirstRuleDoes(@ForAll("rules") List<Match> rules) {
        Routing routing = new Routing();
        for (int i = 0; i < rules.size(); i++) {
            routing.add(rules.get(i), new Action.To("b" + i), Edits.NONE);
        }
        for (String path : PATHS) {
            for (String method : METHODS) {
                for (Set<String> headers : List.of(Set.<String>of(), Set.of("X"), Set.of("Y"), Set.of("X", "Y"))) {
                    Match request = new Match(true, path, Set.of(method), headers(headers));
                    String expected = "";
                    for (int i = rules.size() - 1; i >= 0; i--) {
                        expected = rules.get(i).covers(request) ? "b" + i : expected;
                    }
                    Routing.Route chosen = null;
                    for (Routing.Route route : routing.routes()) {
                        if (route.match().covers(request)
                                && (chosen == null || route.match().goesBefore(chosen.match()))) {
                            chosen = route;
                        }
                    }
                    assertThat(chosen == null ? "" : ((Action.To) chosen.action()).backend())
                            .as(path + " " + method + " " + headers)
                            .isEqualTo(expected);
                }
            }
        }
    }
}
