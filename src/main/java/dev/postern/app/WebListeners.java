package dev.postern.app;

import dev.postern.config.AddressRange;
import dev.postern.config.BindAddress;
import dev.postern.config.Configuration;
import dev.postern.config.Listeners;
import dev.postern.config.Site;
import dev.postern.http.exchange.Entrance;
import dev.postern.http.exchange.Routing;
import dev.postern.listener.CannotListen;
import dev.postern.listener.Listener;
import dev.postern.route.RouteTable;
import dev.postern.tls.ServerContexts;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The listeners of HTTP, by name, for plaintext and for TLS. One that stays is the same listener through every reload. Used
 * by one thread at a time, but for what a method says otherwise.
 */
final class WebListeners {
    /** @param contexts null for plaintext */
    private record Open(Listener listener, @Nullable ServerContexts contexts) {}

    /** Makes listeners that are bound to nothing yet. */
    interface Maker {
        Listener plaintext(String name);

        /** @param contexts of this listener alone: what was agreed on at one is not believed at another */
        Listener tls(String name, ServerContexts contexts);
    }

    private final Maker maker;
    private final Function<String, ServerContexts> contexts;
    // Replaced by commits; read by any thread.
    private volatile Map<String, Open> open = Map.of();

    /** @param contexts makes those of one listener, by its name, which agree on nothing yet */
    WebListeners(Maker maker, Function<String, ServerContexts> contexts) {
        this.maker = maker;
        this.contexts = contexts;
    }

    /** What each of them leads to, by name. */
    static Map<String, Entrance> entrances(Configuration config, RouteTable all) {
        Map<String, Entrance> entrances = new LinkedHashMap<>();
        for (Listeners.Http http : config.listeners().allHttp()) {
            List<Site> sites = config.sitesAt(http.name(), http.sites());
            entrances.put(http.name(), entrance(config, all, sites, http.redirect(), http.proxyProtocol()));
        }
        for (Listeners.Https https : config.listeners().allHttps()) {
            List<Site> sites = config.sitesAt(https.name(), https.sites());
            entrances.put(https.name(), entrance(config, all, sites, OptionalInt.empty(), https.proxyProtocol()));
        }
        return Map.copyOf(entrances);
    }

    private static Entrance entrance(
            Configuration config, RouteTable all, List<Site> sites, OptionalInt redirect, List<AddressRange> proxies) {
        // Mostly all lead to the same, which may be thousands of sites.
        boolean isForAll = sites.size() == config.sites().size();
        return new Entrance(sites.equals(config.sites()) ? all : RouteTable.of(sites), isForAll, redirect, proxies);
    }

    /**
     * Binds what is new in {@code config}; blocks.
     *
     * @param ours what this process has bound by now
     * @throws CannotListen where an address cannot be bound; then nothing has changed
     */
    Next next(Configuration config, Supplier<List<InetSocketAddress>> ours) throws CannotListen {
        Next next = new Next(config);
        try {
            for (Listeners.Https https : config.listeners().allHttps()) {
                next.bind(https.name(), true, binds(config, https), ours);
            }
            for (Listeners.Http http : config.listeners().allHttp()) {
                next.bind(http.name(), false, binds(config, http), ours);
            }
            for (Map.Entry<String, Open> left : open.entrySet()) {
                Open stays = next.open.get(left.getKey());
                if (stays == null || !stays.equals(left.getValue())) {
                    next.bound.add(left.getValue().listener.bind(List.of(), ours.get()));
                }
            }
            return next;
        } catch (CannotListen e) {
            next.abandon();
            throw e;
        }
    }

    /** Where no site has a certificate, nobody is to take the port for served, nor find it taken. */
    static List<BindAddress> binds(Configuration config, Listeners.Https https) {
        boolean serves = https.name().equals(Listeners.HTTPS)
                ? config.isForTls()
                : !config.sitesAt(https.name(), https.sites()).stream().allMatch(Site::isPlain);
        return serves ? https.bind() : List.of();
    }

    /** Challenges come to one that serves no site, too. */
    static List<BindAddress> binds(Configuration config, Listeners.Http http) {
        return config.sites().isEmpty() ? List.of() : http.bind();
    }

    /** What the listeners are going to be; what is new of them accepts nothing yet. */
    final class Next {
        private final Configuration config;
        private final Map<String, Open> open = new LinkedHashMap<>();
        private final Map<String, List<InetSocketAddress>> addresses = new LinkedHashMap<>();
        private final List<Listener.Next> bound = new ArrayList<>();

        private Next(Configuration config) {
            this.config = config;
        }

        private void bind(String name, boolean isTls, List<BindAddress> binds, Supplier<List<InetSocketAddress>> ours)
                throws CannotListen {
            Open known = WebListeners.this.open.get(name);
            Open one = known != null && isTls == (known.contexts != null) ? known : make(name, isTls);
            Listener.Next next = one.listener.bind(binds, ours.get());
            bound.add(next);
            addresses.put(name, next.addresses());
            open.put(name, one);
        }

        private Open make(String name, boolean isTls) {
            if (!isTls) {
                return new Open(maker.plaintext(name), null);
            }
            ServerContexts own = contexts.apply(name);
            return new Open(maker.tls(name, own), own);
        }

        /** Whether plaintext is accepted on port 80. */
        boolean isAt80() {
            return config.listeners().allHttp().stream()
                    .flatMap(http -> addresses.getOrDefault(http.name(), List.of()).stream())
                    .anyMatch(address -> address.getPort() == 80);
        }

        /** Where TLS is accepted, in the order of the file. */
        List<Routing.HttpsPort> https(Map<String, Entrance> entrances) {
            List<Routing.HttpsPort> ports = new ArrayList<>();
            for (Listeners.Https https : config.listeners().allHttps()) {
                Entrance entrance = entrances.get(https.name());
                addresses.getOrDefault(https.name(), List.of()).stream()
                        .findFirst()
                        .ifPresent(address -> ports.add(new Routing.HttpsPort(
                                https.name(),
                                entrance == null ? RouteTable.of(List.of()) : entrance.routes(),
                                address.getPort())));
            }
            return List.copyOf(ports);
        }

        /** Handshakes from now on are made as these say. */
        void commit() {
            for (Listeners.Https https : config.listeners().allHttps()) {
                Open one = open.get(https.name());
                ServerContexts own = one == null ? null : one.contexts;
                if (own != null) {
                    own.follow(https.tls() == null ? config.tls() : https.tls(), protocols(https));
                }
            }
        }

        /** Accepts there, and no more where it is not; blocks. */
        void open() {
            Map<String, Open> before = WebListeners.this.open;
            WebListeners.this.open = Map.copyOf(open);
            bound.forEach(Listener.Next::open);
            Set<String> sites = config.certifiedSites().stream().map(Site::name).collect(Collectors.toSet());
            before.forEach((name, one) -> {
                if (one.contexts != null) {
                    one.contexts.retain(one.equals(open.get(name)) ? sites : Set.of());
                }
            });
        }

        void abandon() {
            bound.forEach(Listener.Next::abandon);
        }
    }

    /** For ALPN. Who offers HTTP/1.0 only means what one does that offers nothing; others have it as well. */
    private static List<String> protocols(Listeners.Https https) {
        List<Listeners.Protocol> protocols = https.protocols();
        Stream<String> older = protocols.contains(Listeners.Protocol.HTTP_1_1) ? Stream.of("http/1.0") : Stream.of();
        return Stream.concat(protocols.stream().map(Listeners.Protocol::text), older)
                .toList();
    }

    /** Any thread. */
    Stream<Listener> listeners() {
        return open.values().stream().map(Open::listener);
    }

    /** Where one listens, with the ports that the system chose; nowhere where there is none of that name. Any thread. */
    List<InetSocketAddress> addresses(String name) {
        Open one = open.get(name);
        return one == null ? List.of() : one.listener.addresses();
    }

    private Stream<ServerContexts> contexts() {
        return open.values().stream().flatMap(one -> Stream.ofNullable(one.contexts));
    }

    /** As {@link ServerContexts#ticketsOpened}. */
    long ticketsOpened() {
        return contexts().mapToLong(ServerContexts::ticketsOpened).sum();
    }

    /** As {@link ServerContexts#ticketKeys}, by listener. Any thread. */
    Map<String, List<byte[]>> ticketKeys() {
        Map<String, List<byte[]>> keys = new HashMap<>();
        open.forEach((name, one) -> {
            if (one.contexts != null) {
                keys.put(name, one.contexts.ticketKeys());
            }
        });
        return keys;
    }

    /** Seals new session tickets with a new key. Any thread. */
    void rotateTicketKeys() {
        contexts().forEach(ServerContexts::rotateTicketKeys);
    }

    /** Lets go what the event loops may have used until they ended. */
    void loopsEnded() {
        contexts().forEach(ServerContexts::close);
    }

    /** Accept no more; connections that were accepted go on. Blocks. */
    void close() {
        listeners().forEach(Listener::close);
    }
}
