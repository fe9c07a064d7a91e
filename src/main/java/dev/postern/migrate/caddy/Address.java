package dev.postern.migrate.caddy;

import dev.postern.config.Addresses;
import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Site;
import dev.postern.migrate.Match;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Paths;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The address of a site: scheme, host, port and path, each of which may be missing.
 *
 * @param name that a site may have; {@code *} for all of them
 * @param path that its requests have
 */
record Address(boolean isTls, String name, int port, Match path) {
    /**
     * Empty where Postern has no such site.
     *
     * @param hasTls whether its block has {@code tls}, which makes a port alone one of HTTPS
     */
    static Optional<Address> of(String text, int httpPort, int httpsPort, boolean hasTls) {
        String rest = text;
        String scheme = "";
        int colon = rest.indexOf("://");
        if (colon >= 0) {
            scheme = rest.substring(0, colon);
            rest = rest.substring(colon + 3);
        }
        int slash = rest.indexOf('/');
        String path = slash < 0 ? "" : rest.substring(slash);
        String authority = slash < 0 ? rest : rest.substring(0, slash);
        int last = authority.endsWith("]") ? -1 : authority.lastIndexOf(':');
        boolean isAddress = last >= 0 && authority.indexOf(':') != last && !authority.startsWith("[");
        String host = last < 0 || isAddress ? authority : authority.substring(0, last);
        String port = last < 0 || isAddress ? "" : authority.substring(last + 1);
        if (!port.isEmpty() && !Numbers.isBetween(port, 1, Addresses.LAST_PORT)) {
            return Optional.empty();
        }
        int said = port.isEmpty() ? 0 : Integer.parseInt(port);
        boolean isPlain = scheme.equals("http")
                || said == httpPort
                || (host.isEmpty() && !hasTls && said != httpsPort && !scheme.equals("https"));
        boolean exact = !path.endsWith("*");
        String bare = path.isEmpty() || path.equals("/*") ? "" : exact ? path : path.substring(0, path.length() - 1);
        if (!bare.isEmpty() && !Paths.isGood(bare)) {
            return Optional.empty();
        }
        Match match = bare.isEmpty() ? Match.ALL : new Match(exact, bare, Set.of(), Map.of());
        try {
            String name = host.isEmpty() || host.equals("*") ? Site.ANY : HostName.SITE.parse(host);
            return Optional.of(new Address(!isPlain, name, said == 0 ? (isPlain ? httpPort : httpsPort) : said, match));
        } catch (NotUnderstood e) {
            return Optional.empty();
        }
    }
}
