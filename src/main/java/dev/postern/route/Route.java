package dev.postern.route;

import dev.postern.config.RouteSettings;

/**
 * What was chosen for a request, for everything that comes after the choice: writing the request and the response,
 * limits, retries, the log. Immutable.
 */
public final class Route {
    private final String site;
    private final String path;
    private final RouteAction action;
    private final RouteSettings settings;

    Route(String site, String path, RouteAction action, RouteSettings settings) {
        this.site = site;
        this.path = path;
        this.action = action;
        this.settings = settings;
    }

    /** What the site is called. */
    public String site() {
        return site;
    }

    /** As in the configuration; with the site, what the route is called. Empty where the site has no route for a request. */
    public String path() {
        return path;
    }

    public RouteAction action() {
        return action;
    }

    public RouteSettings settings() {
        return settings;
    }

    @Override
    public String toString() {
        return site + path;
    }
}
