package dev.postern.route;

import dev.postern.config.Action;
import dev.postern.config.BackendName;
import dev.postern.config.Page;

/** What happens to a request. */
public sealed interface RouteAction {
    record Forward(BackendName backend) implements RouteAction {
        public Forward(String backend) {
            this(BackendName.of(backend));
        }
    }

    record Redirect(int status, RedirectLocation location) implements RouteAction {}

    record Respond(int status, Page page) implements RouteAction {}

    /** The site has no route for the request. */
    record None() implements RouteAction {}

    static RouteAction of(Action action) {
        if (action instanceof Action.ToBackend toBackend) {
            return new Forward(toBackend.backend());
        }
        if (action instanceof Action.Redirect redirect) {
            return new Redirect(redirect.status(), new RedirectLocation(redirect.location()));
        }
        if (action instanceof Action.Respond respond) {
            return new Respond(respond.status(), respond.page());
        }
        throw new IllegalArgumentException("action: " + action);
    }
}
