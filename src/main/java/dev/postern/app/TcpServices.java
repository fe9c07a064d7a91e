package dev.postern.app;

import dev.postern.balance.LoadBalancer;
import dev.postern.config.Configuration;
import dev.postern.config.TcpService;
import dev.postern.config.Tls;
import dev.postern.listener.CannotListen;
import dev.postern.listener.ConnectionLimit;
import dev.postern.listener.Listener;
import dev.postern.listener.TcpEntry;
import dev.postern.tls.ServerContexts;
import dev.postern.tunnel.Service;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The services of layer 4, by name: a listener each. One that stays is the same listener through every reload. Used by one
 * thread at a time, but for what a method says otherwise.
 */
final class TcpServices {
    /**
     * @param own how many connections the service may have, beside the limit of all
     * @param contexts for where they are opened
     */
    private record Open(Listener listener, ConnectionLimit own, ServerContexts contexts) {}

    private final BiFunction<Supplier<TcpEntry>, Named, Listener> listeners;
    private final Function<String, ServerContexts> contexts;
    // Replaced by commits; read by any thread.
    private volatile Map<String, Open> open = Map.of();
    private volatile Map<String, TcpEntry> entries = Map.of();

    /** What a listener is made with. */
    record Named(String name, ConnectionLimit own) {}

    /**
     * @param listeners makes one that is bound to nothing yet, for connections that meet what is told of the service
     * @param contexts makes those of one service, by the name of its listener, which agree on nothing yet
     */
    TcpServices(BiFunction<Supplier<TcpEntry>, Named, Listener> listeners, Function<String, ServerContexts> contexts) {
        this.listeners = listeners;
        this.contexts = contexts;
    }

    /**
     * Binds what is new in {@code config}; blocks.
     *
     * @param ours what this process has bound by now
     * @throws CannotListen where an address cannot be bound; then nothing has changed
     */
    Next next(Configuration config, Map<String, LoadBalancer> backends, List<InetSocketAddress> ours)
            throws CannotListen {
        Next next = new Next(config.tls());
        try {
            for (TcpService service : config.tcp()) {
                next.add(service, Objects.requireNonNull(backends.get(service.backend()), "backend"), config, ours);
            }
            for (Map.Entry<String, Open> left : open.entrySet()) {
                if (!next.open.containsKey(left.getKey())) {
                    next.bound.add(left.getValue().listener.bind(List.of(), ours));
                }
            }
            return next;
        } catch (CannotListen e) {
            next.abandon();
            throw e;
        }
    }

    /** What the services are going to be; what is new of them accepts nothing yet. */
    final class Next {
        private final Map<String, Open> open = new LinkedHashMap<>();
        private final Map<String, TcpEntry> entries = new HashMap<>();
        private final List<Listener.Next> bound = new ArrayList<>();

        private final Tls tls;

        private Next(Tls tls) {
            this.tls = tls;
        }

        private void add(TcpService service, LoadBalancer backend, Configuration config, List<InetSocketAddress> ours)
                throws CannotListen {
            Open known = TcpServices.this.open.get(service.name());
            Open one = known == null ? make(service.name()) : known;
            bound.add(one.listener.bind(service.bind(), ours));
            open.put(service.name(), one);
            entries.put(
                    service.name(),
                    new TcpEntry(service, Service.of(service, backend, config.timeouts()), one.contexts));
        }

        private Open make(String name) {
            ConnectionLimit own = new ConnectionLimit("tcp " + name + ": max-connections", Integer.MAX_VALUE);
            Supplier<TcpEntry> entry = () -> Objects.requireNonNull(TcpServices.this.entries.get(name), "service");
            String listener = "tcp " + name;
            return new Open(listeners.apply(entry, new Named(listener, own)), own, contexts.apply(listener));
        }

        /** Whoever is accepted from now on is passed on as these say. */
        void commit() {
            // What is left out may still accept somebody until it is closed.
            Map<String, TcpEntry> both = new HashMap<>(TcpServices.this.entries);
            both.putAll(entries);
            TcpServices.this.entries = Map.copyOf(both);
            open.forEach((name, one) -> {
                TcpEntry entry = Objects.requireNonNull(entries.get(name), "service");
                one.own.max(max(entry));
                one.contexts.follow(tls, entry.config().alpn());
            });
        }

        private static int max(TcpEntry entry) {
            int most = entry.config().maxConnections();
            return most == 0 ? Integer.MAX_VALUE : most;
        }

        /** Accepts there, and no more where it is not; blocks. */
        void open() {
            Map<String, Open> before = TcpServices.this.open;
            TcpServices.this.open = Map.copyOf(open);
            bound.forEach(Listener.Next::open);
            TcpServices.this.entries = Map.copyOf(entries);
            before.forEach((name, one) -> {
                TcpEntry entry = entries.get(name);
                String site = entry == null ? null : entry.config().tls();
                one.contexts.retain(site == null ? Set.of() : Set.of(site));
            });
        }

        void abandon() {
            bound.forEach(Listener.Next::abandon);
        }
    }

    /** Any thread. */
    Stream<Listener> listeners() {
        return open.values().stream().map(Open::listener);
    }

    /** Where a service listens, with the ports that the system chose; none where there is no such service. Any thread. */
    List<InetSocketAddress> addresses(String name) {
        Open one = open.get(name);
        return one == null ? List.of() : one.listener.addresses();
    }

    /** As {@link ServerContexts#ticketKeys}, by listener. Any thread. */
    Map<String, List<byte[]>> ticketKeys() {
        Map<String, List<byte[]>> keys = new HashMap<>();
        open.forEach((name, one) -> keys.put("tcp " + name, one.contexts.ticketKeys()));
        return keys;
    }

    /** Seals new session tickets with a new key. Any thread. */
    void rotateTicketKeys() {
        open.values().forEach(one -> one.contexts.rotateTicketKeys());
    }

    /** Lets go what the event loops may have used until they ended. */
    void loopsEnded() {
        open.values().forEach(one -> one.contexts.close());
    }

    /** Accept no more; connections that were accepted go on. Blocks. */
    void close() {
        listeners().forEach(Listener::close);
    }
}
