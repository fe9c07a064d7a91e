package dev.postern.migrate.nginx;

import dev.postern.migrate.Ranges;
import dev.postern.migrate.Tally;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Whose address {@code allow}, {@code deny} and {@code limit_req} ask for: "Module ngx_http_realip_module". */
final class PeerAddress {
    private static final String FORWARDED = "x-forwarded-for";
    private static final String PROXY = "proxy_protocol";

    private PeerAddress() {}

    /** Why it is another one than that which Postern asks for; empty where it is the same. */
    static Optional<String> differs(Scope scope) {
        boolean isProxied = scope.blocks().stream()
                .flatMap(one -> one.own("listen"))
                .anyMatch(line -> line.words().contains(PROXY));
        if (scope.all("set_real_ip_from").isEmpty()) {
            return isProxied
                    ? Optional.of("nginx asks for the address of the balancer here, not for that of its client")
                    : Optional.empty();
        }
        String header = header(scope);
        if (header.equals(PROXY) && balancers(scope).isEmpty()) {
            return Optional.of("no address range of balancers is told");
        }
        boolean isSame = header.equals(PROXY) || (header.equals(FORWARDED) && !isProxied && isForwarded(scope));
        return isSame
                ? Optional.empty()
                : Optional.of("the client is whom " + header + " names, which Postern does not read: the address of"
                        + " the proxy in front is asked for");
    }

    /** Who is believed of the PROXY protocol at a listener that all of these are at; everybody where nobody is named. */
    static List<String> balancers(List<Scope> scopes) {
        List<String> named = scopes.stream()
                .flatMap(scope -> balancers(scope).stream())
                .distinct()
                .toList();
        return named.isEmpty() ? Ranges.EVERYBODY : named;
    }

    private static List<String> balancers(Scope scope) {
        return header(scope).equals(PROXY)
                ? scope.all("set_real_ip_from").stream()
                        .flatMap(line -> Ranges.of(line.word(1)).stream())
                        .toList()
                : List.of();
    }

    /** Those of a listener that speaks the PROXY protocol are carried over with it. */
    static void carried(Directive block, Tally tally) {
        List<Directive> headers =
                block.all().filter(line -> line.is("real_ip_header")).toList();
        boolean isProxy = headers.stream().allMatch(line -> line.word(1).equals(PROXY))
                && (block.is("stream") || !headers.isEmpty());
        boolean isSpoken =
                block.all().anyMatch(line -> line.is("listen") && line.words().contains(PROXY));
        if (!isProxy || !isSpoken) {
            return;
        }
        block.all()
                .filter(line -> line.is("real_ip_header")
                        || line.is("real_ip_recursive")
                        || (line.is("set_real_ip_from")
                                && Ranges.of(line.word(1)).isPresent()))
                .forEach(tally::carried);
    }

    private static String header(Scope scope) {
        if (scope.blocks().stream().anyMatch(one -> one.is("stream"))) {
            return PROXY;
        }
        return scope.one("real_ip_header")
                .map(line -> line.word(1).toLowerCase(Locale.ROOT))
                .orElse("x-real-ip");
    }

    /** {@code trusted-proxies} are for all sites, and so is the header. */
    private static boolean isForwarded(Scope scope) {
        List<Directive> blocks = scope.blocks();
        return blocks.get(blocks.size() - 1)
                .all()
                .filter(line -> line.is("real_ip_header"))
                .allMatch(line -> line.word(1).equalsIgnoreCase(FORWARDED));
    }
}
