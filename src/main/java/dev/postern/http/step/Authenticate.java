package dev.postern.http.step;

import dev.postern.config.BasicAuth;
import dev.postern.http.exchange.Exchange;
import dev.postern.wire.Failure;
import java.util.Map;

/**
 * Lets a request of a route with {@code auth} go on when its user and password are right, and asks for them when not,
 * <a href="https://datatracker.ietf.org/doc/html/rfc7617">RFC 7617</a>. Event loop only.
 */
final class Authenticate {
    /** Until the passwords that wait have been looked at, more or less. */
    private static final Map<String, String> RETRY_SOON = Map.of("Retry-After", "5");

    private final Logins logins;

    Authenticate(Logins logins) {
        this.logins = logins;
    }

    /** @param next what happens to the request of somebody who is let in; at once, or later on the same event loop */
    void check(Exchange exchange, BasicAuth auth, Runnable next) {
        Credentials credentials = Credentials.of(exchange.request().fields());
        if (credentials == null) {
            ask(exchange, auth, "no user and password");
            return;
        }
        Logins.Answer answer = logins.ask(
                String.valueOf(exchange.site()),
                auth,
                credentials.user(),
                credentials.password(),
                exchange.requester().address(),
                later -> exchange.goOn(() -> decided(exchange, auth, later, next)));
        decided(exchange, auth, answer, next);
    }

    private static void decided(Exchange exchange, BasicAuth auth, Logins.Answer answer, Runnable next) {
        switch (answer) {
            case RIGHT -> next.run();
            case WRONG -> ask(exchange, auth, "wrong user or password");
            case LATER -> {}
            case TOO_MANY_OF_THIS_CLIENT ->
                exchange.fail(
                        Failure.ByClient.TOO_MANY_LOGINS,
                        "over " + Logins.WAITING_OF_ONE_CLIENT + " passwords to look at",
                        RETRY_SOON);
            case TOO_MANY ->
                exchange.fail(
                        Failure.ByEdge.OUT_OF_RESOURCES,
                        "auth: over " + Logins.WAITING + " passwords to look at",
                        RETRY_SOON);
        }
    }

    private static void ask(Exchange exchange, BasicAuth auth, String why) {
        exchange.fail(
                Failure.ByClient.NOT_AUTHENTICATED,
                "auth: " + why,
                Map.of("WWW-Authenticate", "Basic realm=\"" + auth.realm() + "\", charset=\"UTF-8\""));
    }
}
