package dev.postern.migrate.haproxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Site;
import dev.postern.migrate.Action;
import dev.postern.migrate.Certificates;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Match;
import dev.postern.migrate.Routing;
import dev.postern.migrate.SiteDraft;
import dev.postern.migrate.Tally;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.statistics.Statistics;

/** Of rules with conditions of any kind: what they do with each request is what the sites and routes do that they become. */
class SameRequestsTest {
    record Request(String host, String path, String method, String x, String client) {}

    private static final List<Request> REQUESTS = requests();

    private static List<Request> requests() {
        List<Request> all = new ArrayList<>();
        for (String host : List.of("h.example.com", "a.b.example.org", "other.example.net")) {
            for (String path : List.of("/", "/a/", "/a/b", "/a/b/c", "/b/x")) {
                for (String method : List.of("GET", "HEAD", "POST")) {
                    for (String x : List.of("", "1")) {
                        for (String client : List.of("10.0.0.1", "10.9.0.1", "192.0.2.1")) {
                            all.add(new Request(host, path, method, x, client));
                        }
                    }
                }
            }
        }
        return all;
    }

    private static final Map<String, Predicate<Request>> TESTS = new LinkedHashMap<>();

    static {
        TESTS.put("{ path_beg /a/ }", it -> it.path().startsWith("/a/"));
        TESTS.put("{ path /a/b }", it -> it.path().equals("/a/b"));
        TESTS.put(
                "{ path_beg /a/b/ /b/ }",
                it -> it.path().startsWith("/a/b/") || it.path().startsWith("/b/"));
        TESTS.put("METH_POST", it -> it.method().equals("POST"));
        TESTS.put("METH_GET", it -> !it.method().equals("POST"));
        TESTS.put("{ method GET }", it -> it.method().equals("GET"));
        TESTS.put("{ req.fhdr(X) 1 }", it -> it.x().equals("1"));
        TESTS.put("{ hdr(X) -m found }", it -> !it.x().isEmpty());
        TESTS.put("{ src 10.0.0.0/8 }", it -> it.client().startsWith("10."));
        TESTS.put("{ src 10.9.0.0/16 192.0.2.1 }", it -> !it.client().equals("10.0.0.1"));
        TESTS.put("{ hdr(host) -i h.example.com }", it -> it.host().equals("h.example.com"));
        TESTS.put(
                "{ hdr(host) a.b.example.org h.example.com }", it -> !it.host().equals("other.example.net"));
        TESTS.put("{ ssl_fc }", it -> false);
    }

    record Term(boolean negated, String test) {
        boolean holds(Request request) {
            return negated != TESTS.getOrDefault(test, it -> false).test(request);
        }

        @Override
        public String toString() {
            return (negated ? "!" : "") + test;
        }
    }

    /** @param action as it is written, in front of the condition */
    record Rule(String action, boolean unless, List<List<Term>> anyOf) {
        boolean holds(Request request) {
            return unless != anyOf.stream().anyMatch(terms -> terms.stream().allMatch(term -> term.holds(request)));
        }

        @Override
        public String toString() {
            List<String> some = anyOf.stream()
                    .map(terms ->
                            String.join(" ", terms.stream().map(Term::toString).toList()))
                    .toList();
            return action + (unless ? " unless " : " if ") + String.join(" or ", some);
        }
    }

    @Provide
    Arbitrary<List<Rule>> rules() {
        Arbitrary<Term> term = Combinators.combine(
                        Arbitraries.frequency(Tuple.of(3, false), Tuple.of(1, true)), Arbitraries.of(TESTS.keySet()))
                .as(Term::new);
        Arbitrary<List<List<Term>>> condition = Arbitraries.frequencyOf(
                        Tuple.of(3, term.list().ofSize(1)),
                        Tuple.of(1, term.list().ofSize(2)))
                .list()
                .ofMinSize(1)
                .ofMaxSize(2);
        return Combinators.combine(
                        Arbitraries.of(
                                "tcp-request content reject",
                                "tcp-request content accept",
                                "http-request deny",
                                "http-request deny",
                                "http-request allow",
                                "http-request return status 222",
                                "http-request redirect location /moved",
                                "http-request set-header H v1",
                                "http-request set-header H v2",
                                "use_backend one",
                                "use_backend two"),
                        Arbitraries.frequency(Tuple.of(4, false), Tuple.of(1, true)),
                        condition)
                .as(Rule::new)
                .list()
                .ofMaxSize(5);
    }

    /** What HAProxy does. */
    private static String expected(List<Rule> rules, Request request) {
        String header = "";
        for (String kind : List.of("tcp-request", "http-request")) {
            for (Rule rule : rules) {
                if (!rule.action().startsWith(kind) || !rule.holds(request)) {
                    continue;
                }
                if (rule.action().endsWith("reject") || rule.action().endsWith("deny")) {
                    return "403";
                }
                if (rule.action().endsWith("accept") || rule.action().endsWith("allow")) {
                    break;
                }
                if (!rule.action().contains("set-header")) {
                    return rule.action().contains("return") ? "222" : "302";
                }
                header = rule.action().substring(rule.action().length() - 2);
            }
        }
        String backend = "main";
        for (int i = rules.size() - 1; i >= 0; i--) {
            Rule rule = rules.get(i);
            if (rule.action().startsWith("use_backend") && rule.holds(request)) {
                backend = rule.action().substring("use_backend ".length());
            }
        }
        return backend + header;
    }

    /** What the sites do. */
    private static String chosen(List<SiteDraft> drafts, Request request) {
        SiteDraft site = drafts.stream()
                .filter(draft -> draft.names.contains(request.host()))
                .findFirst()
                .or(() -> drafts.stream()
                        .filter(draft -> draft.names.contains(Site.ANY))
                        .findFirst())
                .orElse(null);
        if (site == null) {
            return "404";
        }
        Match asked = new Match(
                true,
                request.path(),
                Set.of(request.method()),
                request.x().isEmpty() ? Map.of() : Map.of("x", "equals:1"));
        Routing.Route chosen = null;
        for (Routing.Route route : site.routing.routes()) {
            if (route.match().covers(asked) && (chosen == null || route.match().goesBefore(chosen.match()))) {
                chosen = route;
            }
        }
        if (chosen == null) {
            return "404";
        }
        Edits edits = chosen.edits();
        List<String> allow = edits.allow().isEmpty() ? site.edits.allow() : edits.allow();
        List<String> deny = edits.deny().isEmpty() ? site.edits.deny() : edits.deny();
        boolean isAllowed = allow.isEmpty() || isIn(allow, request.client());
        if (isIn(deny, request.client()) || !isAllowed || chosen.action() instanceof Action.Deny) {
            return "403";
        }
        if (chosen.action() instanceof Action.Respond respond) {
            return Integer.toString(respond.status());
        }
        if (chosen.action() instanceof Action.Redirect redirect) {
            return Integer.toString(redirect.status());
        }
        String header = edits.headers().isEmpty()
                ? site.edits.headers().stream()
                        .map(Action.Header::value)
                        .findFirst()
                        .orElse("")
                : edits.headers().get(0).value();
        return ((Action.To) chosen.action()).backend() + header;
    }

    private static boolean isIn(List<String> ranges, String address) {
        return ranges.stream().anyMatch(range -> {
            int slash = range.indexOf('/');
            String network = slash < 0 ? range : range.substring(0, slash);
            int bits = slash < 0 ? 32 : Integer.parseInt(range.substring(slash + 1));
            return network.contains(".")
                    && (bits == 0 || number(network) >>> (32 - bits) == number(address) >>> (32 - bits));
        });
    }

    private static long number(String address) {
        long number = 0;
        for (String part : address.split("\\.", -1)) {
            number = number * 256 + Integer.parseInt(part);
        }
        return number;
    }

    @Property
    void sitesAndRoutesDoWhatTheRulesDo(@ForAll("rules") List<Rule> rules) throws IOException {
        StringBuilder text = new StringBuilder("listen main\n  mode http\n  bind :80\n  server s 10.9.0.1:80\n");
        rules.forEach(rule -> text.append("  ").append(rule).append('\n'));
        text.append(
                "backend one\n  mode http\n  server s 10.9.0.2:80\nbackend two\n  mode http\n  server s 10.9.0.3:80\n");
        Path file = Files.createTempFile("same", ".cfg");
        List<Section> sections;
        try {
            sections = Sections.read(Files.writeString(file, text), Map.of());
        } finally {
            Files.delete(file);
        }
        Tally tally = new Tally(Path.of("h.cfg"));
        Mapping notes = new Mapping();
        Map<String, Section> backends = new LinkedHashMap<>();
        sections.forEach(section -> backends.put(section.name(), section));
        List<SiteDraft> drafts = new HttpSites(sections.get(0), backends, tally, notes)
                .drafts(false, true, new Certificates(List.of(), Instant.EPOCH));
        List<String> told = notes.text().lines().toList();

        // Whatever could not be carried over is told, and no test of ours.
        boolean isWhole = told.stream().allMatch(line -> line.startsWith("# h.cfg") || isHarmless(line));
        Statistics.collect(isWhole);
        Assume.that(isWhole);
        for (Request request : REQUESTS) {
            assertThat(chosen(drafts, request))
                    .as(() -> request + "\n" + text + "\n" + told)
                    .isEqualTo(expected(rules, request));
        }
    }

    private static boolean isHarmless(String line) {
        return List.of(
                        "it never holds, or an earlier rule always does",
                        "who is not let in is answered 403",
                        "it ends the rules, and none follows")
                .contains(line.substring(1).strip());
    }
}
