package dev.postern.migrate.nginx;

import dev.postern.config.Addresses;
import dev.postern.migrate.Numbers;
import java.util.Optional;

/**
 * @param line that says it; the whole block where none does
 * @param host an address as Postern writes it; empty for all of them
 */
record Listen(Directive line, String host, int port, boolean isTls, boolean isDefault, boolean acceptsProxy) {
    private static final int PORT = 80;

    /** Empty where Postern cannot listen there. */
    static Optional<Listen> of(Directive line, boolean isSecure) {
        String where = line.word(1);
        if (line.words().contains("quic")) {
            return Optional.empty();
        }
        if (Numbers.isBetween(where, 1, Addresses.LAST_PORT)) {
            return of(line, "", Integer.parseInt(where), isSecure);
        }
        int colon = where.endsWith("]") ? -1 : where.lastIndexOf(':');
        String host = colon < 0 ? where : where.substring(0, colon);
        String port = colon < 0 ? Integer.toString(PORT) : where.substring(colon + 1);
        if (!Numbers.isBetween(port, 1, Addresses.LAST_PORT)) {
            return Optional.empty();
        }
        if (host.equals("*") || host.equals("[::]") || host.equals("0.0.0.0")) {
            return of(line, "", Integer.parseInt(port), isSecure);
        }
        if (host.equals("localhost")) {
            return of(line, "127.0.0.1", Integer.parseInt(port), isSecure);
        }
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        return Addresses.literal(bare) == null ? Optional.empty() : of(line, host, Integer.parseInt(port), isSecure);
    }

    private static Optional<Listen> of(Directive line, String host, int port, boolean isSecure) {
        return Optional.of(new Listen(
                line,
                host,
                port,
                isSecure || line.words().contains("ssl"),
                line.words().contains("default_server") || line.words().contains("default"),
                line.words().contains("proxy_protocol")));
    }

    String text() {
        return host + ":" + port;
    }
}
