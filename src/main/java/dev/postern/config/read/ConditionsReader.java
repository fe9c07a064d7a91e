package dev.postern.config.read;

import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Quoted;
import dev.postern.config.RouteConditions;
import dev.postern.config.RouteConditions.Check;
import dev.postern.config.RouteConditions.HeaderCondition;
import dev.postern.config.Scalar;
import dev.postern.config.Secret;
import dev.postern.config.Site;
import dev.postern.config.Suggestion;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads {@code when}, and methods wherever they stand. */
final class ConditionsReader {
    private static final List<String> KEYS = List.of("host", "methods", "headers", "listener");
    private static final List<String> TESTS = List.of("present", "equals", "prefix");
    private static final String METHODS = "a list of methods such as [GET, POST]";

    private static final Scalar<String> METHOD = new Scalar<>("a method such as GET", text -> {
        if (!text.matches(FieldText.TOKEN)) {
            throw new NotUnderstood("is no method");
        }
        if (text.matches("[a-z]+")) {
            throw new NotUnderstood("is in small letters, which makes it another method");
        }
        if (text.equals("CONNECT")) {
            throw new NotUnderstood("is never accepted");
        }
        return text;
    });

    private final List<String> listeners;

    /** @param listeners their names, those that sites are served at */
    ConditionsReader(List<String> listeners) {
        this.listeners = listeners;
    }

    /** @param names of the site */
    RouteConditions read(Section route, boolean exact, List<String> names) {
        if (!route.has("when")) {
            return exact ? new RouteConditions(true, Set.of(), List.of()) : RouteConditions.NONE;
        }
        Section when = route.section("when", KEYS);
        if (when.at().isMapping() && KEYS.stream().noneMatch(when::has)) {
            when.at().problem("has no condition (expected: host, methods, headers or listener)");
        }
        return new RouteConditions(
                exact,
                methods(when.find("methods")),
                headers(when.find("headers")),
                hosts(when.find("host"), names),
                listeners(when.find("listener")));
    }

    private Set<String> listeners(@Nullable Value value) {
        Set<String> wanted = new LinkedHashSet<>();
        if (value != null) {
            String expected = "the name of a listener, or a list of them";
            for (Value item : value.itemsOrOne(expected)) {
                String name = item.text(expected);
                if (name != null && !listeners.contains(name)) {
                    item.problem(Quoted.of(name) + " is no listener of sites" + Suggestion.among(listeners, name));
                } else if (name != null) {
                    wanted.add(name);
                }
            }
        }
        return java.util.Collections.unmodifiableSet(wanted);
    }

    private static Set<String> hosts(@Nullable Value value, List<String> names) {
        Set<String> hosts = new LinkedHashSet<>();
        if (value != null) {
            for (Value item : value.itemsOrOne("a host such as www.example.com, or a list of them")) {
                String host = item.read(HostName.SITE);
                if (host != null && !isOf(names, host)) {
                    item.problem(Quoted.of(host) + " is no host of the site (names: " + String.join(", ", names) + ")");
                } else if (host != null) {
                    hosts.add(host);
                }
            }
        }
        return java.util.Collections.unmodifiableSet(hosts);
    }

    private static boolean isOf(List<String> names, String host) {
        return !host.equals(Site.ANY)
                && (names.contains(Site.ANY)
                        || HostName.covers(names, host)
                        || names.stream().anyMatch(name -> HostName.covers(List.of(host), name)));
    }

    /** Whoever takes GET takes HEAD; none where there is no such value. */
    static Set<String> methods(@Nullable Value value) {
        Set<String> methods = new LinkedHashSet<>();
        if (value != null) {
            for (Value item : value.itemsOrOne(METHODS)) {
                String method = item.read(METHOD);
                if (method != null) {
                    methods.add(method);
                }
            }
        }
        if (methods.contains("GET")) {
            methods.add("HEAD");
        }
        return java.util.Collections.unmodifiableSet(methods);
    }

    private static List<HeaderCondition> headers(@Nullable Value value) {
        List<HeaderCondition> conditions = new ArrayList<>();
        Map<String, Value> entries =
                value == null ? null : value.entries("a mapping of header names to values such as {X-Beta: \"1\"}");
        if (entries != null) {
            if (value != null && entries.isEmpty()) {
                value.problem("is empty (expected: at least one header)");
            }
            entries.forEach((name, test) -> {
                String lower = FieldText.name(test, name, FieldText.Use.CONDITION);
                HeaderCondition condition = condition(lower, test);
                if (condition != null) {
                    conditions.add(condition);
                }
            });
        }
        // In one order, so that the same conditions are equal however they are written.
        conditions.sort(Comparator.comparing(HeaderCondition::name));
        return List.copyOf(conditions);
    }

    private static @Nullable HeaderCondition condition(String name, Value at) {
        if (!at.isMapping()) {
            Secret value = at.read(FieldText.VALUE);
            return value == null ? null : new HeaderCondition(name, Check.EQUALS, value);
        }
        Section test = Section.of(at, TESTS);
        if (TESTS.stream().filter(test::has).count() != 1) {
            at.problem("has not one test (expected: one of present, equals and prefix)");
            return null;
        }
        if (test.has("present")) {
            return new HeaderCondition(
                    name, test.get("present", Scalar.BOOLEAN, true) ? Check.PRESENT : Check.ABSENT, "");
        }
        boolean equals = test.has("equals");
        Secret value = test.find(equals ? "equals" : "prefix", FieldText.VALUE);
        return value == null ? null : new HeaderCondition(name, equals ? Check.EQUALS : Check.PREFIX, value);
    }
}
