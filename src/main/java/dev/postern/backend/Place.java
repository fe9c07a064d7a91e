package dev.postern.backend;

import dev.postern.config.Configuration;
import dev.postern.config.Resolve;
import dev.postern.trust.TlsToServers;
import dev.postern.wire.SocketTypes;
import java.net.SocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Where the configuration puts a server.
 *
 * @param name as configured, else {@code host:port}; with the address, where each is a server of its own
 * @param at what it is given by
 * @param tls how it is spoken to; null for plaintext
 * @param addresses where that is, as far as it is this server
 */
record Place(
        String name,
        Configuration.Server config,
        Name at,
        @Nullable TlsToServers tls,
        List<SocketAddress> addresses) {
    /** Where the servers of a backend are; an address that two names have is one server. */
    static List<Place> all(Configuration.Backend config, @Nullable TlsToServers tls, Function<String, Name> names) {
        Map<String, Place> places = new LinkedHashMap<>();
        for (Configuration.Server wanted : config.servers()) {
            Name at = names.apply(wanted.host());
            List<SocketAddress> addresses = at.addresses(wanted.port());
            if (wanted.resolve() == Resolve.ANY || addresses.isEmpty()) {
                // Of a name that is nowhere it is said so to whoever asks.
                String one = wanted.name() == null ? wanted.address() : wanted.name();
                places.putIfAbsent(one, new Place(one, wanted, at, tls, addresses));
                continue;
            }
            for (SocketAddress address : addresses) {
                String text = SocketTypes.text(address);
                String each = wanted.name() == null ? text : wanted.name() + "/" + text;
                places.putIfAbsent(each, new Place(each, wanted, at, tls, List.of(address)));
            }
        }
        return List.copyOf(places.values());
    }
}
