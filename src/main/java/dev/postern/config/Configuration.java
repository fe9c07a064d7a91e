package dev.postern.config;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the configuration file says, shaped like the file, complete (defaults filled in) and checked. Immutable.
 *
 * <p>Made by {@code ConfigurationFile}; the records hold values and small derived values, no behaviour. Those inside of this
 * one are called like what other packages make of them.
 *
 * @param tcp services of layer 4
 * @param resolvers DNS servers; none for those of the system
 * @param shutdownDelay how long it serves on after it was told to stop, and says that it is not ready any more
 * @param accessLog null where none is written
 * @param alerts null where nobody is told of anything
 * @param tracing null where requests are not traced
 */
public record Configuration(
        Listeners listeners,
        Tls tls,
        Acme acme,
        List<Site> sites,
        Map<String, Backend> backends,
        List<TcpService> tcp,
        List<AddressRange> trustedProxies,
        List<InetSocketAddress> resolvers,
        Timeouts timeouts,
        Limits limits,
        Duration grace,
        Duration shutdownDelay,
        Hooks hooks,
        @Nullable LogSettings accessLog,
        @Nullable Alerts alerts,
        @Nullable Tracing tracing) {
    /** Whether some site has a certificate; where none has, nobody is to take the port for served, nor find it taken. */
    public boolean isForTls() {
        return !sites.stream().allMatch(Site::isPlain);
    }

    /**
     * The sites as their certificates are looked after: one that has two of them, with keys of two kinds, stands there twice. All
     * but the listeners, routes and rules, which know it once, goes by these. Where there are several by default, each at
     * listeners of its own, they are found by their own names.
     */
    public List<Site> certifiedSites() {
        boolean areApart = sites.stream().filter(Site::byDefault).count() > 1;
        List<Site> found = areApart ? sites.stream().map(Site::byOwnNames).toList() : sites;
        return Site.withSeconds(found, acme.keyType(), acme.secondKeyType());
    }

    /** What the listener of this name serves, with the routes that are for it; the very same list where it is all of it. */
    public List<Site> sitesAt(String listener, Listeners.Sites which) {
        Set<String> claimed = listeners.namedSites();
        List<Site> served = claimed.isEmpty() && which.others()
                ? sites
                : sites.stream()
                        .filter(site -> which.have(site.names(), claimed))
                        .toList();
        return served.stream()
                        .flatMap(site -> site.routes().stream())
                        .allMatch(route -> route.conditions().isAt(listener))
                ? served
                : served.stream()
                        .map(site -> site.withRoutes(site.routes().stream()
                                .filter(route -> route.conditions().isAt(listener))
                                .toList()))
                        .toList();
    }

    /** What is bound to answer challenges; nothing where no CA asks for any, unless the operator has named a place. */
    public List<BindAddress> sidePort() {
        return listeners.challenge().bind(sites.stream().anyMatch(this::isProvenOverHttp));
    }

    private boolean isProvenOverHttp(Site site) {
        return site.isIssued()
                && site.challenges().contains(ChallengeType.HTTP_01)
                && acme.issuersFor(site).stream().anyMatch(Issuer.AcmeDirectory.class::isInstance);
    }

    /** The same with other listeners. */
    public Configuration withListeners(Listeners other) {
        return new Configuration(
                other,
                tls,
                acme,
                sites,
                backends,
                tcp,
                trustedProxies,
                resolvers,
                timeouts,
                limits,
                grace,
                shutdownDelay,
                hooks,
                accessLog,
                alerts,
                tracing);
    }

    /** The same with the certificates elsewhere, and commands taken elsewhere. */
    public Configuration withStore(Path store, Path controlSocket) {
        return withAcme(new Acme(
                acme.email(),
                acme.agreeToTerms(),
                acme.issuers(),
                acme.keyType(),
                acme.secondKeyType(),
                store,
                controlSocket));
    }

    public Configuration withAcme(Acme other) {
        return new Configuration(
                listeners,
                tls,
                other,
                sites,
                backends,
                tcp,
                trustedProxies,
                resolvers,
                timeouts,
                limits,
                grace,
                shutdownDelay,
                hooks,
                accessLog,
                alerts,
                tracing);
    }

    public Configuration withSites(List<Site> other) {
        return new Configuration(
                listeners,
                tls,
                acme,
                other,
                backends,
                tcp,
                trustedProxies,
                resolvers,
                timeouts,
                limits,
                grace,
                shutdownDelay,
                hooks,
                accessLog,
                alerts,
                tracing);
    }

    public Configuration withoutBackends() {
        return new Configuration(
                listeners,
                tls,
                acme,
                sites,
                Map.of(),
                List.of(),
                trustedProxies,
                resolvers,
                timeouts,
                limits,
                grace,
                shutdownDelay,
                hooks,
                accessLog,
                alerts,
                tracing);
    }

    /** Stopping without delay, and with another grace. */
    public Configuration withGrace(Duration other) {
        return new Configuration(
                listeners,
                tls,
                acme,
                sites,
                backends,
                tcp,
                trustedProxies,
                resolvers,
                timeouts,
                limits,
                other,
                Duration.ZERO,
                hooks,
                accessLog,
                alerts,
                tracing);
    }

    /**
     * Commands that are told of certificates; an empty one is not run.
     *
     * @param timeout for one run
     */
    public record Hooks(List<Secret> onRenewed, List<Secret> onFailure, List<Secret> onOverdue, Duration timeout) {
        public static final Hooks NONE = new Hooks(List.of(), List.of(), List.of(), Duration.ofSeconds(60));
    }

    /**
     * A path, and what happens to requests for it.
     *
     * @param path starts with {@code /}, in the form that the paths of requests are brought into; matched as a prefix of
     *     whole path segments, unless the conditions say that it is exact
     */
    public record Route(
            String path,
            @InFile(beside = true) RouteConditions conditions,
            @InFile(beside = true) Action action,
            @InFile(beside = true) RouteSettings settings)
            implements Listed {
        @Override
        public String label() {
            return path;
        }

        /** Every request under the path, and nothing said about it. */
        public Route(String path, Action action) {
            this(path, RouteConditions.NONE, action, RouteSettings.DEFAULT);
        }
    }

    /**
     * What an operator brings.
     *
     * @param second with a key of another kind; null where one is enough
     */
    public record CertificateFiles(
            Path chain, Path key, @Nullable CertificateFiles second) implements CertificateSource {
        public CertificateFiles(Path chain, Path key) {
            this(chain, key, null);
        }
    }

    /**
     * A named group of servers that can stand in for each other.
     *
     * @param slowStart how long a server that comes back takes to its whole share; zero for no time
     * @param ejection null where servers are not left out for their failures
     * @param sticky null where clients may get any server
     * @param retries null for none but those that are always safe
     * @param proxyProtocol whether connections begin with a PROXY header, version 2
     */
    public record Backend(
            String name,
            Balance balance,
            List<Server> servers,
            @Nullable Health health,
            ServerProtocol protocol,
            @Nullable ServerTls tls,
            ServerQueue queue,
            Duration slowStart,
            @InFile(key = "eject") @Nullable Ejection ejection,
            @Nullable Stickiness sticky,
            @InFile(key = "retry") @Nullable Retries retries,
            boolean proxyProtocol,
            Set<Tolerance> tolerated,
            SentHost host,
            RouteTimeouts timeouts,
            RouteLimits limits) {
        /** The same, with servers that have to be who {@code other} says. */
        public Backend with(ServerTls other) {
            return new Backend(
                    name,
                    balance,
                    servers,
                    health,
                    protocol,
                    other,
                    queue,
                    slowStart,
                    ejection,
                    sticky,
                    retries,
                    proxyProtocol,
                    tolerated,
                    host,
                    timeouts,
                    limits);
        }

        /** Of servers that speak HTTP/1.1. */
        public Backend(String name, Balance balance, List<Server> servers, @Nullable Health health) {
            this(
                    name,
                    balance,
                    servers,
                    health,
                    ServerProtocol.HTTP_1,
                    ServerQueue.DEFAULT,
                    Duration.ZERO,
                    null,
                    null,
                    null,
                    false,
                    Set.of());
        }

        /** Of which nothing else is said. */
        public Backend(
                String name,
                Balance balance,
                List<Server> servers,
                @Nullable Health health,
                ServerProtocol protocol,
                ServerQueue queue,
                Duration slowStart,
                @Nullable Ejection ejection,
                @Nullable Stickiness sticky,
                @Nullable Retries retries,
                boolean proxyProtocol,
                Set<Tolerance> tolerated) {
            this(
                    name,
                    balance,
                    servers,
                    health,
                    protocol,
                    null,
                    queue,
                    slowStart,
                    ejection,
                    sticky,
                    retries,
                    proxyProtocol,
                    tolerated,
                    SentHost.AS_ASKED,
                    RouteTimeouts.NONE,
                    RouteLimits.NONE);
        }
    }

    /**
     * One server of a backend, or as many as its name has addresses.
     *
     * @param host a DNS name, an IP literal without brackets, or {@code unix:} and an absolute path
     * @param port 0 of a UNIX socket
     * @param weight 1 to 256
     * @param backup used only where no other is up
     * @param maxConnections how many exchanges it may have under way; 0 for any number
     * @param drain gets no new sessions
     * @param resolve what the addresses of its name are
     * @param name in log, metrics and messages; null for its address
     */
    public record Server(
            String host,
            int port,
            int weight,
            boolean backup,
            @InFile(absent = "unlimited") int maxConnections,
            boolean drain,
            Resolve resolve,
            @Nullable String name)
            implements Listed {
        /** What the host of a UNIX socket begins with; its path follows. */
        public static final String SOCKET = "unix:";

        /** What a server is called that has no name, and is here. */
        public static final String LOCALHOST = "localhost";

        /** Called by its address. */
        public Server(
                String host, int port, int weight, boolean backup, int maxConnections, boolean drain, Resolve resolve) {
            this(host, port, weight, backup, maxConnections, drain, resolve, null);
        }

        public Server(String host, int port, int weight) {
            this(host, port, weight, false, 0, false);
        }

        /** At any of the addresses of its name. */
        public Server(String host, int port, int weight, boolean backup, int maxConnections, boolean drain) {
            this(host, port, weight, backup, maxConnections, drain, Resolve.ANY);
        }

        @Override
        public String label() {
            return address();
        }

        /** Whether it is a UNIX socket of this machine. */
        public boolean isSocket() {
            return host.startsWith(SOCKET);
        }

        /** {@code host:port} as an operator writes it, an IPv6 address in brackets; or {@code unix:} and a path. */
        public String address() {
            return isSocket() ? host : address(host, port);
        }

        private static String address(String host, int port) {
            return host.contains(":") ? "[" + host + "]:" + port : host + ":" + port;
        }
    }
}
