package dev.postern.http.exchange;

import dev.postern.config.AddressRange;
import dev.postern.route.RouteTable;
import dev.postern.route.SiteRoutes;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * What a listener of HTTP leads to (a frontend of HAProxy): of one snapshot of the configuration. Immutable.
 *
 * @param routes of the sites that it serves
 * @param isForAll whether these are all that there are
 * @param redirect the status of the redirect to HTTPS; empty where plaintext is served, and over TLS
 * @param proxies whose connections begin with a PROXY header
 */
public record Entrance(RouteTable routes, boolean isForAll, OptionalInt redirect, List<AddressRange> proxies) {
    static final Entrance NOWHERE = new Entrance(RouteTable.of(List.of()), false, OptionalInt.empty(), List.of());

    /**
     * By which name a certificate is found for a client that asks for {@code serverName}; null where none of the sites here
     * answers for it, whoever else does.
     */
    public @Nullable String certified(String serverName) {
        if (isForAll) {
            return serverName;
        }
        SiteRoutes site = routes.site(serverName);
        // Not by what another listener's site is called, which may be more like it.
        return site == null ? null : routes.nameOf(serverName, site);
    }
}
