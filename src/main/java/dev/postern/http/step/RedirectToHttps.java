package dev.postern.http.step;

import dev.postern.http.exchange.Entrance;
import dev.postern.http.exchange.Exchange;
import dev.postern.http.exchange.LocalResponse;
import dev.postern.http.exchange.RequestStep;
import dev.postern.http.message.Authority;
import dev.postern.route.SiteRoutes;
import dev.postern.wire.Failure;

/**
 * Sends a plaintext request for one of our sites to the same place over HTTPS: same host, path and query. Leaves it alone
 * where sites are served in plaintext, and where this one is.
 */
public final class RedirectToHttps implements RequestStep {
    private static final int HTTPS = 443;

    @Override
    public boolean handle(Exchange exchange) {
        Entrance entrance = exchange.routing().entrance(exchange.client());
        if (entrance.redirect().isEmpty()) {
            return false;
        }
        Authority authority = exchange.request().authority();
        SiteRoutes site = entrance.routes().site(authority.host());
        if (site == null) {
            exchange.fail(Failure.ByClient.NO_SUCH_SITE, "host names no site");
            return true;
        }
        if (site.isPlain()) {
            return false;
        }
        String fault = exchange.request().target().pathFault();
        if (fault != null) {
            exchange.fail(Failure.ByClient.PATH_REFUSED, fault);
            return true;
        }
        int port = exchange.routing().plaintext().redirectPort(site, authority.host(), authority.port());
        exchange.respond(LocalResponse.redirect(
                entrance.redirect().getAsInt(),
                "https://" + authority.host() + (port == HTTPS ? "" : ":" + port)
                        + exchange.request().target().text()));
        return true;
    }
}
