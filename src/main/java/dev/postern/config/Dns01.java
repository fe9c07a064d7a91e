package dev.postern.config;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How TXT records get into the DNS. */
public sealed interface Dns01 {
    /** The longest wait until every authoritative server shows a record; zero where nobody is asked. */
    Duration propagation();

    /** Whom to ask instead of the authoritative servers; none for these. */
    List<InetSocketAddress> resolvers();

    /**
     * Dynamic updates, <a href="https://datatracker.ietf.org/doc/html/rfc2136">RFC 2136</a>.
     *
     * @param tsig null where the server takes updates by address
     * @param zone null where it is found by asking for the SOA record
     */
    record DynamicUpdate(
            String host,
            int port,
            @Nullable Tsig tsig,
            @Nullable String zone,
            Duration ttl,
            Duration propagation,
            List<InetSocketAddress> resolvers)
            implements Dns01 {
        public DynamicUpdate(
                String host, int port, @Nullable Tsig tsig, @Nullable String zone, Duration ttl, Duration propagation) {
            this(host, port, tsig, zone, ttl, propagation, List.of());
        }
    }

    /** @param command the program and its first arguments; {@code present|withdraw NAME VALUE} follow */
    record Exec(List<Secret> command, Duration timeout, Duration propagation, List<InetSocketAddress> resolvers)
            implements Dns01 {
        public Exec(List<Secret> command, Duration timeout, Duration propagation) {
            this(command, timeout, propagation, List.of());
        }
    }
}
