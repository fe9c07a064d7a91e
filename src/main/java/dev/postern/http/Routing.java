package dev.postern.http;

import dev.postern.balance.LoadBalancer;
import dev.postern.config.AddressRange;
import dev.postern.config.Configuration.Limits;
import dev.postern.config.Configuration.Timeouts;
import dev.postern.route.RouteTable;
import java.util.List;
import java.util.Map;

/** What an exchange is decided by: one immutable snapshot of the configuration, replaced as a whole. */
public record Routing(
        RouteTable routes,
        Map<String, LoadBalancer> backends,
        List<AddressRange> trustedProxies,
        Timeouts timeouts,
        Limits limits) {}
