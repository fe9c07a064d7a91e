package dev.postern.http.step;

import dev.postern.balance.LoadBalancer;
import dev.postern.config.Durations;
import dev.postern.config.Page;
import dev.postern.config.RateLimit;
import dev.postern.config.RouteSettings.EncodedSlashes;
import dev.postern.http.exchange.CertificateShown;
import dev.postern.http.exchange.Exchange;
import dev.postern.http.exchange.LocalResponse;
import dev.postern.http.exchange.RequestStep;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.RequestTarget;
import dev.postern.route.Route;
import dev.postern.route.RouteAction;
import dev.postern.route.SiteRoutes;
import dev.postern.wire.ClientCertificate;
import dev.postern.wire.Failure;
import java.time.Duration;
import java.util.Map;

/** Host → site → route → backend, redirect or fixed response. Always answers. */
public final class RouteToSite implements RequestStep {
    private final Authenticate authenticate;
    private final AskAuthServer askAuthServer;

    /** @param logins shared by all listeners */
    public RouteToSite(Logins logins) {
        this.authenticate = new Authenticate(logins);
        this.askAuthServer = new AskAuthServer(logins.digests());
    }

    @Override
    public boolean handle(Exchange exchange) {
        RequestHead request = exchange.request();
        SiteRoutes site = exchange.routing()
                .entrance(exchange.client())
                .routes()
                .site(request.authority().host());
        if (site == null) {
            CertificateShown before = exchange.client().shown();
            String host = request.authority().host();
            boolean isElsewhere = exchange.routing().routes().site(host) != null;
            if (isElsewhere && before != null && before.serverName().equals(host)) {
                // It was here when the connection was made: a new one may lead to where it is now.
                exchange.isLast();
                exchange.fail(Failure.ByClient.WRONG_SITE, "a reload has taken the site away from the listener");
            } else {
                exchange.fail(Failure.ByClient.NO_SUCH_SITE, "host names no site");
            }
            return true;
        }
        exchange.belongsTo(site.site());
        // RFC 9110 §15.5.20: a client that was shown the certificate of one site asks for another on the same
        // connection. It has to come back on a connection of its own.
        CertificateShown shown = exchange.client().shown();
        if (shown != null && !shown.isOf(site.site(), request.authority().host())) {
            exchange.fail(
                    Failure.ByClient.WRONG_SITE,
                    "host belongs to " + site.site() + ", the connection to " + shown.site());
            return true;
        }
        // Who was asked for another certificate, or for none, has proven nothing here; so has who connected before a
        // reload.
        if (shown != null && !shown.asked().test(site.clientCertificates())) {
            exchange.isLast();
            exchange.fail(
                    Failure.ByClient.WRONG_SITE,
                    "client-certificates of " + site.site() + " are not what the connection was made with");
            return true;
        }
        RequestTarget target = request.target();
        if (target.pathFault() != null) {
            exchange.routed(site.none());
            exchange.fail(Failure.ByClient.PATH_REFUSED, target.pathFault());
            return true;
        }
        Route route = site.match(request);
        exchange.goesBy(route);
        // Before anything that costs us, or lets somebody guess.
        RateLimit limit = route.settings().rateLimit();
        if ((limit != null && !isWithin(exchange, limit)) || !exchange.isBodyWithin()) {
            return true;
        }
        if (target.hasEncodedSlash() && route.settings().encodedSlashes() == EncodedSlashes.REFUSE) {
            exchange.fail(Failure.ByClient.PATH_REFUSED, "path has an encoded slash or backslash");
            return true;
        }
        if (!route.admits(exchange.requester().address())) {
            exchange.fail(Failure.ByClient.ADDRESS_DENIED, "allow and deny of " + route);
        } else if (route.settings().requiresClientCertificate() && !isProven(exchange, route)) {
            return true;
        } else if (!route.allowsMethod(request.method())) {
            String allowed = String.join(", ", route.settings().allowMethods());
            exchange.fail(Failure.ByClient.METHOD_NOT_ALLOWED, "allow-methods of " + route, Map.of("Allow", allowed));
        } else if (route.settings().auth() != null) {
            authenticate.check(exchange, route.settings().auth(), () -> letIn(exchange, route));
        } else {
            letIn(exchange, route);
        }
        return true;
    }

    private void letIn(Exchange exchange, Route route) {
        if (route.settings().forwardAuth() == null) {
            act(exchange, route);
        } else {
            askAuthServer.check(exchange, route.settings().forwardAuth(), () -> act(exchange, route));
        }
    }

    /** Whether the client has shown a certificate that is good; if not, it has been told so. */
    private static boolean isProven(Exchange exchange, Route route) {
        ClientCertificate certificate = exchange.client().certificate();
        if (certificate != null && certificate.isVerified()) {
            return true;
        }
        if (certificate == null || !certificate.isShown()) {
            exchange.fail(Failure.ByClient.CLIENT_CERTIFICATE_REQUIRED, "client-certificates of " + route);
        } else {
            // Whoever has a better one can show it on a connection of its own.
            exchange.isLast();
            exchange.fail(
                    Failure.ByClient.CLIENT_CERTIFICATE_REFUSED,
                    "client-certificates of " + route + ": " + certificate.verification() + ": "
                            + certificate.subject());
        }
        return false;
    }

    private static void act(Exchange exchange, Route route) {
        RouteAction action = route.action();
        if (action instanceof RouteAction.Forward forward) {
            forward(exchange, forward);
        } else if (action instanceof RouteAction.Redirect redirect) {
            exchange.respond(LocalResponse.redirect(
                    redirect.status(),
                    redirect.location().of(placeholder -> exchange.request().value(placeholder, route))));
        } else if (action instanceof RouteAction.Respond respond) {
            Page page = respond.page().isEmpty() ? route.errorPage(respond.status()) : respond.page();
            exchange.respond(LocalResponse.page(respond.status(), page == null ? respond.page() : page));
        } else if (action instanceof RouteAction.None) {
            exchange.fail(Failure.ByClient.NO_SUCH_ROUTE, "no route takes the request");
        }
    }

    private static void forward(Exchange exchange, RouteAction.Forward forward) {
        LoadBalancer backend = exchange.routing()
                .backend(forward, exchange.request().authority().host());
        if (backend == null) {
            exchange.fail(Failure.ByClient.NO_SUCH_SITE, "no backend is called after the host");
        } else {
            exchange.forward(backend);
        }
    }

    /** Whether the client may make one more request now; if not, it has been told so. */
    private static boolean isWithin(Exchange exchange, RateLimit limit) {
        long waitNanos =
                exchange.routing().rates().take(limit, exchange.requester().address(), exchange.nanos());
        if (waitNanos == 0) {
            return true;
        }
        // RFC 9110 §10.2.3: whole seconds.
        long seconds = Duration.ofNanos(waitNanos - 1).toSeconds() + 1;
        exchange.fail(
                Failure.ByClient.TOO_MANY_REQUESTS,
                "rate-limit: " + limit.requests() + " per " + Durations.text(limit.per()) + ", at most " + limit.burst()
                        + " at once",
                Map.of("Retry-After", Long.toString(seconds)));
        return false;
    }
}
