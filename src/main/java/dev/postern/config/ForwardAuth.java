package dev.postern.config;

import java.time.Duration;
import java.util.List;

/**
 * Another server says whether a request may come in, before it goes where its route leads.
 *
 * @param to the backend that is asked
 * @param path and query that it is asked for
 * @param copyHeaders what the server behind the route is told of its answer, in lower case; nobody else may say these
 * @param timeout of its answer, from the moment that it is to be asked
 * @param cache how long a yes stands for the very same request; zero where each one is asked for
 */
public record ForwardAuth(String to, String path, List<String> copyHeaders, Duration timeout, Duration cache) {
    /** Whether the server behind is told of this header, whose name is lower-case. */
    public boolean copies(String lower) {
        return copyHeaders.contains(lower);
    }
}
