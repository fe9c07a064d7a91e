package dev.postern.config;

/**
 * Where a log goes by syslog, <a href="https://datatracker.ietf.org/doc/html/rfc5424">RFC 5424</a>.
 *
 * @param host a name or an address, or the path of a UNIX socket
 * @param port 0 of a UNIX socket
 */
public record Syslog(Transport transport, String host, int port) {
    /** How messages get there. */
    public enum Transport {
        /** <a href="https://datatracker.ietf.org/doc/html/rfc5426">RFC 5426</a> */
        UDP,
        /** <a href="https://datatracker.ietf.org/doc/html/rfc6587#section-3.4.1">RFC 6587 §3.4.1</a> */
        TCP,
        /** Datagrams, as {@code /dev/log} takes them. */
        UNIX
    }

    /** As in the file. */
    @Override
    public String toString() {
        return switch (transport) {
            case UDP -> "syslog+udp://" + address();
            case TCP -> "syslog+tcp://" + address();
            case UNIX -> "syslog:" + host;
        };
    }

    private String address() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
