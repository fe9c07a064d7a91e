package dev.postern.migrate;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a route of Postern can ask of a request.
 *
 * @param exact whether the path is all of it
 * @param methods none for all of them; with GET there is always HEAD, as in routes
 * @param headers name in small letters → test, and value after a colon
 */
public record Match(boolean exact, String path, Set<String> methods, Map<String, String> headers) {
    public static final Match ALL = new Match(false, "/", Set.of(), Map.of());

    private static final String PRESENT = "present:true";

    public Match {
        if (methods.contains("GET") && !methods.contains("HEAD")) {
            Set<String> both = new LinkedHashSet<>(methods);
            both.add("HEAD");
            methods = both;
        }
    }

    public static Match ofPath(boolean exact, String path) {
        return new Match(exact, path, Set.of(), Map.of());
    }

    public static Match ofMethods(Set<String> methods) {
        return new Match(false, "/", methods, Map.of());
    }

    public boolean isAll() {
        return equals(ALL);
    }

    public boolean covers(Match other) {
        boolean path = exact ? other.exact && other.path.equals(this.path) : Paths.covers(this.path, other.path);
        boolean method = methods.isEmpty() || (!other.methods.isEmpty() && methods.containsAll(other.methods));
        return path
                && method
                && headers.entrySet().stream()
                        .allMatch(mine -> implies(other.headers.getOrDefault(mine.getKey(), ""), mine.getValue()));
    }

    /** Whether a header that passes the first test passes the second one as well. */
    private static boolean implies(String test, String other) {
        return test.equals(other)
                || (!test.isEmpty() && other.equals(PRESENT))
                || (other.startsWith("prefix:")
                        && test.substring(test.indexOf(':') + 1).startsWith(other.substring("prefix:".length()))
                        && (test.startsWith("prefix:") || test.startsWith("equals:")));
    }

    /** What both take; empty where there is no such request, or none that a route could ask for. */
    public Optional<Match> and(Match other) {
        boolean isNarrow = (exact || !other.exact) && path.length() >= other.path.length();
        Match narrow = isNarrow ? this : other;
        Match wide = isNarrow ? other : this;
        if (wide.exact ? !(narrow.exact && narrow.path.equals(wide.path)) : !Paths.covers(wide.path, narrow.path)) {
            return Optional.empty();
        }
        Set<String> both = new LinkedHashSet<>(methods.isEmpty() ? other.methods : methods);
        if (!methods.isEmpty() && !other.methods.isEmpty()) {
            both.retainAll(other.methods);
            if (both.isEmpty()) {
                return Optional.empty();
            }
        }
        Map<String, String> all = new LinkedHashMap<>(headers);
        for (Map.Entry<String, String> header : other.headers.entrySet()) {
            String mine = all.getOrDefault(header.getKey(), header.getValue());
            if (implies(header.getValue(), mine)) {
                all.put(header.getKey(), header.getValue());
            } else if (!implies(mine, header.getValue())) {
                return Optional.empty();
            }
        }
        return Optional.of(new Match(narrow.exact, narrow.path, both, all));
    }

    /** Whether Postern takes this one before the other, where both take a request: the rule of docs/routes.md. */
    public boolean goesBefore(Match other) {
        if (exact != other.exact) {
            return exact;
        }
        if (path.length() != other.path.length()) {
            return path.length() > other.path.length();
        }
        return conditions() > other.conditions();
    }

    private int conditions() {
        return (methods.isEmpty() ? 0 : 1) + headers.size();
    }
}
