package dev.postern.config;

import java.util.List;
import java.util.Set;

/**
 * What a request must have, beside the path, for a route to take it.
 *
 * @param exact whether the path has to be that of the route, not below it
 * @param methods any of these; empty for every method
 * @param headers all of these
 * @param hosts any of these, in the form of the names of a site; empty for every host
 * @param listeners any of these, by name; empty for every listener
 */
public record RouteConditions(
        boolean exact,
        Set<String> methods,
        List<HeaderCondition> headers,
        @InFile(key = "host") Set<String> hosts,
        @InFile(key = "listener") Set<String> listeners) {
    /** The path alone. */
    public static final RouteConditions NONE = new RouteConditions(false, Set.of(), List.of());

    /** For every host of the site. */
    public RouteConditions(boolean exact, Set<String> methods, List<HeaderCondition> headers) {
        this(exact, methods, headers, Set.of(), Set.of());
    }

    /** Whether a route may take requests that come in by this listener. */
    public boolean isAt(String listener) {
        return listeners.isEmpty() || listeners.contains(listener);
    }

    /**
     * A header field that must be there, must not be, or must have a certain value.
     *
     * @param name lower-case
     * @param value empty where only the presence counts
     */
    public record HeaderCondition(String name, Check check, Secret value) implements Listed {
        public HeaderCondition(String name, Check check, String value) {
            this(name, check, new Secret(value));
        }

        @Override
        public String label() {
            return name;
        }
    }

    /** What is asked of a header field. */
    public enum Check {
        PRESENT,
        ABSENT,
        EQUALS,
        PREFIX
    }
}
