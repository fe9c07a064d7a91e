package dev.postern.config;

import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A service of layer 4: its connections are passed on to the servers of a backend, whatever is spoken on them (HAProxy's
 * {@code mode tcp}, nginx's {@code stream}).
 *
 * @param name in log, metrics and messages
 * @param bind a range of ports is as many addresses
 * @param tls the site whose certificate is shown; null where connections are not opened
 * @param alpn what is agreed on, the preferred one first; none where nothing is
 * @param portOffset how far the port of a server is from the one that was connected to; empty where servers are connected to at
 *     their own
 * @param proxyProtocol whose connections begin with a PROXY header
 * @param maxConnections more are not accepted until some close; 0 for any number
 * @param rateLimit of connections, for each client; null for none
 */
public record TcpService(
        String name,
        List<BindAddress> bind,
        String backend,
        @InFile(absent = "off") @Nullable String tls,
        List<String> alpn,
        @InFile(key = "server-port", absent = "own") OptionalInt portOffset,
        List<AddressRange> allow,
        List<AddressRange> deny,
        List<AddressRange> proxyProtocol,
        @InFile(absent = "unlimited") int maxConnections,
        @InFile(absent = "off") @Nullable RateLimit rateLimit,
        Timeouts timeouts)
        implements Listed {
    /**
     * For how long nothing may happen; {@link Durations#UNLIMITED} for ever.
     *
     * @param connect to a server
     * @param client while nothing comes from it, and nothing that it was sent is taken
     * @param server the same of the server
     * @param tunnel while nothing moves in either direction
     */
    public record Timeouts(
            @InFile(absent = "unset") @Nullable Duration connect,
            Duration client,
            Duration server,
            @InFile(absent = "unset") @Nullable Duration tunnel) {
        public static final Timeouts DEFAULT = new Timeouts(null, Durations.UNLIMITED, Durations.UNLIMITED, null);
    }

    @Override
    public String label() {
        return name;
    }
}
