package dev.postern.migrate.caddy;

import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.migrate.Match;
import dev.postern.migrate.Paths;
import dev.postern.migrate.Ranges;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Matchers of a site: those with names, and those in front of the arguments of a directive. */
final class Matchers {
    private static final int MOST = 64;
    /** What {@code private_ranges} stands for. */
    static final List<String> PRIVATE =
            List.of("192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8", "127.0.0.1/8", "fd00::/8", "::1");

    private static final Set<String> WITHOUT = Set.of("handle_errors");

    private final Map<String, Directive> named = new LinkedHashMap<>();
    private final @Nullable String host;
    private final boolean isTls;
    private final Clients clients;

    /**
     * @param host that all clients ask for; null for those that no matcher names
     * @param clients whose addresses routes ask for
     */
    Matchers(Directive site, @Nullable String host, boolean isTls, Clients clients) {
        this.clients = clients;
        this.host = host;
        this.isTls = isTls;
        site.own().stream().filter(line -> line.name().startsWith("@")).forEach(line -> named.put(line.name(), line));
    }

    /** The hosts that matchers tell from all others. */
    List<String> hosts() {
        Set<String> hosts = new LinkedHashSet<>();
        named.values().stream().flatMap(Matchers::tests).flatMap(Directive::all).forEach(test -> {
            List<String> words = test.words();
            int at = test.is("not") && test.word(1).equals("host") ? 1 : 0;
            if (words.get(at).equals("host")) {
                words.subList(at + 1, words.size()).forEach(word -> name(word).ifPresent(hosts::add));
            }
        });
        return List.copyOf(hosts);
    }

    private static Optional<String> name(String text) {
        try {
            return Optional.of(HostName.SITE.parse(text));
        } catch (NotUnderstood e) {
            return Optional.empty();
        }
    }

    /** Those of a named matcher, each as a directive of its own. */
    private static Stream<Directive> tests(Directive matcher) {
        if (matcher.words().size() > 1) {
            Directive inline = new Directive(
                    matcher.source(),
                    matcher.line(),
                    matcher.words().subList(1, matcher.words().size()),
                    matcher.isBlock());
            inline.own().addAll(matcher.own());
            return Stream.of(inline);
        }
        return matcher.own().stream();
    }

    /** Whether the first argument of a directive is a matcher. */
    boolean has(Directive line) {
        String first = line.word(1);
        return (first.startsWith("/") || first.startsWith("@")) && !WITHOUT.contains(line.name());
    }

    /** Without a matcher. */
    List<String> arguments(Directive line) {
        return has(line) || line.word(1).equals("*")
                ? line.arguments().subList(1, line.arguments().size())
                : line.arguments();
    }

    /** Which named matcher it has. */
    Optional<Directive> matcher(Directive line) {
        return has(line) ? Optional.ofNullable(named.get(line.word(1))) : Optional.empty();
    }

    /** Of the path that it asks for, where that is one; 0 otherwise. */
    int pathLength(Directive line) {
        String first = line.word(1);
        if (first.startsWith("/") && has(line)) {
            return first.length();
        }
        List<Directive> paths = matcher(line).stream()
                .flatMap(Matchers::tests)
                .filter(test -> test.is("path"))
                .toList();
        return paths.size() == 1 && paths.get(0).words().size() == 2
                ? paths.get(0).word(1).length()
                : 0;
    }

    /** @param prefix what was cut off from paths before */
    Asked of(Directive line, String prefix) {
        if (!has(line)) {
            return Asked.ALL;
        }
        if (line.word(1).startsWith("/")) {
            return paths(List.of(line.word(1)), prefix);
        }
        Directive matcher = named.get(line.word(1));
        if (matcher == null) {
            return new Asked(List.of(), "there is no matcher " + line.word(1));
        }
        return all(tests(matcher).toList(), prefix);
    }

    /** Where all of them hold; those of one kind for the same thing are one. */
    private Asked all(List<Directive> tests, String prefix) {
        Asked all = Asked.ALL;
        Map<String, List<String>> alike = new LinkedHashMap<>();
        for (Directive test : tests) {
            String field = test.is("header") && !test.word(1).startsWith("!") ? " " + test.word(1) : "";
            boolean isList =
                    Set.of("path", "host", "method", "remote_ip", "client_ip").contains(test.name());
            if (isList || !field.isEmpty()) {
                alike.computeIfAbsent(test.name() + field, key -> new ArrayList<>())
                        .addAll(test.words()
                                .subList(
                                        Math.min(
                                                field.isEmpty() ? 1 : 2,
                                                test.words().size()),
                                        test.words().size()));
            } else {
                all = both(all, one(test, prefix));
            }
        }
        for (Map.Entry<String, List<String>> entry : alike.entrySet()) {
            all = both(all, list(entry.getKey(), entry.getValue(), prefix));
        }
        return all;
    }

    private Asked list(String kind, List<String> values, String prefix) {
        switch (kind) {
            case "path" -> {
                return paths(values, prefix);
            }
            case "host" -> {
                return ofHost(values) ? Asked.ALL : new Asked(List.of(), "");
            }
            case "method" -> {
                if (!values.stream().allMatch(one -> one.matches("[A-Za-z]+") && !one.equalsIgnoreCase("connect"))) {
                    return new Asked(List.of(), "routes do not ask for such a method");
                }
                return way(new Match(
                        false,
                        "/",
                        new LinkedHashSet<>(values.stream()
                                .map(one -> one.toUpperCase(Locale.ROOT))
                                .toList()),
                        Map.of()));
            }
            case "remote_ip", "client_ip" -> {
                if (!clients.isAskedBy(kind, values)) {
                    return new Asked(List.of(), "routes ask for the address of the client, as trusted-proxies tell it");
                }
                List<String> ranges = new ArrayList<>();
                for (String value : values) {
                    for (String one : value.equals("private_ranges") ? PRIVATE : List.of(value)) {
                        Optional<String> range = Ranges.of(one);
                        if (range.isEmpty() && !one.equals("forwarded")) {
                            return new Asked(List.of(), "it names no address range");
                        }
                        range.ifPresent(ranges::add);
                    }
                }
                return new Asked(List.of(new Asked.Way(Match.ALL, ranges, List.of())), "");
            }
            default -> {
                return header(kind.substring("header ".length()), values);
            }
        }
    }

    private static Asked way(Match match) {
        return new Asked(List.of(new Asked.Way(match, List.of(), List.of())), "");
    }

    private boolean ofHost(List<String> names) {
        return host != null
                && (names.contains(host)
                        || HostName.covers(
                                names.stream()
                                        .map(name -> name(name).orElse(name))
                                        .toList(),
                                host));
    }

    private static Asked paths(List<String> paths, String prefix) {
        List<Asked.Way> ways = new ArrayList<>();
        String missing = "";
        for (String path : paths) {
            if (path.equals("*") || path.equals("/*")) {
                return prefix.isEmpty() ? Asked.ALL : way(new Match(false, prefix, Set.of(), Map.of()));
            }
            boolean exact = !path.endsWith("*");
            String bare = prefix + (exact ? path : path.substring(0, path.length() - 1));
            if (bare.indexOf('*') >= 0 || !Paths.isGood(bare)) {
                missing = "routes have paths, and no such patterns";
            } else {
                ways.add(new Asked.Way(new Match(exact, bare, Set.of(), Map.of()), List.of(), List.of()));
            }
        }
        return new Asked(ways, missing);
    }

    /** A prefix that is no whole segment: {@code /api*} takes {@code /apis} too. */
    static boolean isLoose(Asked asked) {
        return asked.ways().stream()
                .anyMatch(way -> !way.match().exact() && !way.match().path().endsWith("/"));
    }

    private static Asked header(String field, List<String> values) {
        String name = field.toLowerCase(Locale.ROOT);
        if (name.equals("host") || !name.matches("[a-z0-9-]+")) {
            return new Asked(List.of(), "routes do not ask for that header");
        }
        List<Asked.Way> ways = new ArrayList<>();
        String missing = "";
        for (String value : values.isEmpty() ? List.of("*") : values) {
            boolean isPrefix = value.endsWith("*") && value.length() > 1;
            String bare = isPrefix ? value.substring(0, value.length() - 1) : value;
            if (value.equals("*")) {
                ways.add(new Asked.Way(
                        new Match(false, "/", Set.of(), Map.of(name, "present:true")), List.of(), List.of()));
            } else if (bare.indexOf('*') >= 0 || bare.indexOf('{') >= 0) {
                missing = "routes ask for a value, or what it begins with";
            } else {
                ways.add(new Asked.Way(
                        new Match(false, "/", Set.of(), Map.of(name, (isPrefix ? "prefix:" : "equals:") + bare)),
                        List.of(),
                        List.of()));
            }
        }
        return new Asked(ways, missing);
    }

    private Asked one(Directive test, String prefix) {
        switch (test.name()) {
            case "protocol" -> {
                boolean isHttps = test.word(1).equals("https");
                return isHttps || test.word(1).equals("http")
                        ? (isHttps == isTls ? Asked.ALL : new Asked(List.of(), ""))
                        : new Asked(List.of(), "routes do not ask for that");
            }
            case "header" -> {
                return test.word(1).matches("![A-Za-z0-9-]+")
                        ? way(new Match(
                                false,
                                "/",
                                Set.of(),
                                Map.of(test.word(1).substring(1).toLowerCase(Locale.ROOT), "present:false")))
                        : new Asked(List.of(), "routes do not ask for that header");
            }
            case "not" -> {
                return not(test, prefix);
            }
            default -> {
                return new Asked(List.of(), "routes do not ask for " + test.name());
            }
        }
    }

    private Asked not(Directive test, String prefix) {
        List<Directive> inner = test.words().size() > 1
                ? List.of(new Directive(test.source(), test.line(), test.arguments(), test.isBlock()))
                : test.own();
        Asked asked = all(inner, prefix);
        if (asked.isAll()) {
            return new Asked(List.of(), "");
        }
        if (asked.ways().isEmpty() && asked.missing().isEmpty()) {
            return Asked.ALL;
        }
        if (asked.missing().isEmpty() && asked.ways().size() == 1) {
            Asked.Way way = asked.ways().get(0);
            if (way.match().isAll() && way.notFrom().isEmpty()) {
                return new Asked(List.of(new Asked.Way(Match.ALL, List.of(), way.from())), "");
            }
            Map<String, String> headers = way.match().headers();
            if (way.isFromAnywhere()
                    && headers.size() == 1
                    && headers.containsValue("present:true")
                    && way.match().equals(new Match(false, "/", Set.of(), headers))) {
                return way(new Match(
                        false, "/", Set.of(), Map.of(headers.keySet().iterator().next(), "present:false")));
            }
        }
        return new Asked(List.of(), "routes say what they take, not what they do not");
    }

    private static Asked both(Asked one, Asked other) {
        List<Asked.Way> ways = new ArrayList<>();
        String missing = one.missing().isEmpty() ? other.missing() : one.missing();
        for (Asked.Way a : one.ways()) {
            for (Asked.Way b : other.ways()) {
                if (!a.from().isEmpty() && !b.from().isEmpty()) {
                    missing = "two questions for the client's address are one too many";
                    continue;
                }
                List<String> not = new ArrayList<>(a.notFrom());
                not.addAll(b.notFrom());
                List<String> from = a.from().isEmpty() ? b.from() : a.from();
                a.match().and(b.match()).ifPresent(match -> ways.add(new Asked.Way(match, from, List.copyOf(not))));
            }
        }
        boolean isTooMuch = ways.size() > MOST;
        return new Asked(
                List.copyOf(ways.subList(0, Math.min(MOST, ways.size()))), isTooMuch ? "too many cases" : missing);
    }
}
