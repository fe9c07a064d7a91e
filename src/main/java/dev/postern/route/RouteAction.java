package dev.postern.route;

import dev.postern.config.Configuration;
import dev.postern.config.Page;

/** What happens to a request. */
public sealed interface RouteAction {
    record Forward(String backend) implements RouteAction {}

    record Redirect(int status, RedirectLocation location) implements RouteAction {}

    record Respond(int status, Page page) implements RouteAction {}

    /** The site has no route for the request. */
    record None() implements RouteAction {}

    static RouteAction of(Configuration.Action action) {
        if (action instanceof Configuration.Action.ToBackend toBackend) {
            return new Forward(toBackend.backend());
        }
        if (action instanceof Configuration.Action.Redirect redirect) {
            return new Redirect(redirect.status(), new RedirectLocation(redirect.location()));
        }
        if (action instanceof Configuration.Action.Respond respond) {
            return new Respond(respond.status(), respond.page());
        }
        throw new IllegalArgumentException("action: " + action);
    }
}
