package dev.postern.http.step;

import dev.postern.balance.LoadBalancer;
import dev.postern.certificate.served.ChallengeTable;
import dev.postern.http.exchange.CertificateShown;
import dev.postern.http.exchange.Exchange;
import dev.postern.http.exchange.RequestStep;
import dev.postern.http.exchange.Routing;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.RequestTarget;
import dev.postern.route.Route;
import dev.postern.route.RouteAction;
import dev.postern.route.SiteRoutes;
import dev.postern.wire.Failure;

/**
 * Requests under {@code /.well-known/acme-challenge/} go to the side port, on every listener and before any other rule,
 * whatever their Host: a CA asks for each name of an order here, over HTTP at first, and over HTTPS where somebody in front
 * of us redirects it there (<a href="https://datatracker.ietf.org/doc/html/rfc8555#section-8.3">RFC 8555 §8.3</a>). A token
 * that is not ours may be one of the site's own servers, where the site says so.
 */
public final class RelayAcmeChallenge implements RequestStep {
    static final byte[] PREFIX = HeadWriter.constant("/.well-known/acme-challenge/");

    private final ChallengeTable challenges;

    public RelayAcmeChallenge(ChallengeTable challenges) {
        this.challenges = challenges;
    }

    @Override
    public boolean handle(Exchange exchange) {
        RequestTarget target = exchange.request().target();
        if (!target.pathStartsWith(PREFIX)) {
            return false;
        }
        if (challenges.answer(target.routedText().substring(PREFIX.length)) == null) {
            SiteRoutes site = exchange.routing()
                    .entrance(exchange.client())
                    .routes()
                    .site(exchange.request().authority().host());
            if (site != null && site.none().settings().acmeChallengesPass()) {
                return passes(exchange, site);
            }
        }
        Routing.Plaintext plaintext = exchange.routing().plaintext();
        if (plaintext.hasSidePort()) {
            exchange.forward(plaintext.sidePort());
        } else {
            exchange.fail(Failure.ByClient.NO_SUCH_ROUTE, "no site is proven by such a challenge");
        }
        return true;
    }

    /**
     * What is nothing but a question for a token goes where the site's routes lead, whoever asks; all else is a request
     * like any other, lest a path be a way around the rules: a query may ask an application for anything at all, and what
     * goes through a tunnel is seen by no rule.
     */
    private static boolean passes(Exchange exchange, SiteRoutes site) {
        RequestHead request = exchange.request();
        CertificateShown shown = exchange.client().shown();
        boolean reads = request.method().equals("GET") || request.isHead();
        if (!reads
                || request.hasBody()
                || request.upgrade() != null
                || !request.target().queryText().isEmpty()
                || request.target().pathFault() != null
                || !isToken(request.target().pathText())
                || (shown != null
                        && !(shown.isOf(site.site(), request.authority().host())
                                && shown.asked().test(site.clientCertificates())))) {
            return false;
        }
        Route route = site.match(request);
        if (!(route.action() instanceof RouteAction.Forward forward)) {
            return false;
        }
        LoadBalancer backend =
                exchange.routing().backend(forward, request.authority().host());
        if (backend == null) {
            return false;
        }
        exchange.belongsTo(site.site());
        exchange.goesBy(route);
        exchange.forward(backend);
        return true;
    }

    /** Base64url, RFC 8555 §8.3. */
    private static boolean isToken(String path) {
        return path.length() > PREFIX.length
                && path.chars()
                        .skip(PREFIX.length)
                        .allMatch(c -> (c >= 'a' && c <= 'z')
                                || (c >= 'A' && c <= 'Z')
                                || (c >= '0' && c <= '9')
                                || c == '-'
                                || c == '_');
    }
}
