package dev.postern.route;

/**
 * What was chosen for a request, for everything that comes after the choice: writing the request and the response,
 * limits, retries, the log. Immutable.
 *
 * @param site what the site is called
 * @param path as in the configuration; with {@code site}, what the route is called
 */
public record Route(String site, String path, RouteAction action) {}
