package dev.postern.migrate.caddy;

import dev.postern.migrate.Reason;
import java.util.Map;

/** Why lines that no other class has spoken for are not carried over. */
final class Reasons {
    private static final Reason UNKNOWN =
            new Reason("the import does not know it", "see whether config/postern.yaml has a word for it");
    private static final Reason UNREACHED =
            new Reason("in Caddy's order it is never reached: what comes before answers all", "");
    private static final Reason GUARD =
            Reason.guard("nothing that was carried over makes use of it", "auth, allow and deny");
    private static final Reason VARIABLES = new Reason("there are no variables of one's own", "");
    private static final Reason ACME =
            new Reason("how certificates are got is told under acme", "see acme in config/postern.yaml");

    private static final Map<String, Reason> KNOWN = Map.ofEntries(
            Map.entry("site", new Reason("nothing of it could be carried over", "")),
            Map.entry("snippet", new Reason("no site imports it", "")),
            Map.entry("named", new Reason("there are no named routes", "routes of each site")),
            Map.entry("respond", UNREACHED),
            Map.entry("redir", UNREACHED),
            Map.entry("reverse_proxy", UNREACHED),
            Map.entry("handle", UNREACHED),
            Map.entry("handle_path", UNREACHED),
            Map.entry("route", UNREACHED),
            Map.entry("error", UNREACHED),
            Map.entry("abort", UNREACHED),
            Map.entry("file_server", UNREACHED),
            Map.entry("basicauth", GUARD),
            Map.entry("basic_auth", GUARD),
            Map.entry("forward_auth", GUARD),
            Map.entry("root", new Reason("Postern serves no files", "a server that has them, as backend of a route")),
            Map.entry("try_files", new Reason("Postern serves no files: everything is asked for from the server", "")),
            Map.entry("templates", new Reason("answers of servers pass as they are", "")),
            Map.entry("push", new Reason("browsers have given it up", "")),
            Map.entry("vars", VARIABLES),
            Map.entry("map", VARIABLES),
            Map.entry("metrics", new Reason("numbers are told to Prometheus", "listeners: { admin: {} }")),
            Map.entry("admin", new Reason("the daemon is told by postern reload", "")),
            Map.entry("debug", new Reason("what is logged is told at start", "postern run --help")),
            Map.entry("log", new Reason("one log has the lines of all sites", "access-log: { to: FILE }")),
            Map.entry("storage", new Reason("certificates are kept in the store", "acme: { store: … }")),
            Map.entry(
                    "handle_errors",
                    new Reason(
                            "what errors look like stands in files that the site names",
                            "error-pages: { 5xx: FILE } of the site")),
            Map.entry("acme_ca", ACME),
            Map.entry("acme_dns", ACME),
            Map.entry("acme_eab", ACME),
            Map.entry("cert_issuer", ACME),
            Map.entry("key_type", ACME),
            Map.entry("on_demand_tls", new Reason("certificates are got before they are asked for", "names of sites")),
            Map.entry("on_demand", new Reason("certificates are got before they are asked for", "names of sites")),
            Map.entry("auto_https", new Reason("sites have TLS unless they are plain", "plain: true of a site")),
            Map.entry("tls", new Reason("how certificates are got is told under acme", "certificate of the site")),
            Map.entry(
                    "ciphers",
                    new Reason("Mozilla's recommendations stand for lists of ciphers", "see tls: profile, ciphers")),
            Map.entry("curves", new Reason("Mozilla's recommendations stand for lists of groups", "see tls: groups")),
            Map.entry("dynamic", new Reason("servers stand in the file, or are addresses of a name", "resolve: each")),
            Map.entry("handle_response", new Reason("answers of servers pass as they are", "")),
            Map.entry("replace_status", new Reason("answers of servers pass as they are", "")),
            Map.entry("intercept", new Reason("answers of servers pass as they are", "")),
            Map.entry(
                    "trusted_proxies",
                    new Reason("who is believed holds for all sites", "trusted-proxies: [ADDRESSES]")));

    private Reasons() {}

    static Reason of(Directive line) {
        if (line.name().startsWith("@")) {
            return new Reason("nothing that was carried over makes use of it", "");
        }
        if (line.name().startsWith("unhealthy_")) {
            return new Reason("failures are statuses from 400 to 599, each by itself", "eject of the backend");
        }
        return KNOWN.getOrDefault(line.name(), UNKNOWN);
    }
}
