package dev.postern.config;

import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the configuration file says, shaped like the file, complete (defaults filled in) and checked. Immutable.
 *
 * <p>Made by {@link ConfigurationFile}; the records hold values and small derived values, no behaviour.
 *
 * @param resolvers DNS servers; none for those of the system
 * @param shutdownDelay how long it serves on after it was told to stop, and says that it is not ready any more
 * @param accessLog null where none is written
 */
public record Configuration(
        Listeners listeners,
        Tls tls,
        Acme acme,
        List<Site> sites,
        Map<String, Backend> backends,
        List<AddressRange> trustedProxies,
        List<InetSocketAddress> resolvers,
        Timeouts timeouts,
        Limits limits,
        Duration grace,
        Duration shutdownDelay,
        Hooks hooks,
        @Nullable AccessLog accessLog) {
    /** The same with other listeners. */
    public Configuration withListeners(Listeners other) {
        return new Configuration(
                other,
                tls,
                acme,
                sites,
                backends,
                trustedProxies,
                resolvers,
                timeouts,
                limits,
                grace,
                shutdownDelay,
                hooks,
                accessLog);
    }

    /** The same with the certificates elsewhere, and commands taken elsewhere. */
    public Configuration withStore(Path store, Path controlSocket) {
        return withAcme(
                new Acme(acme.email(), acme.agreeToTerms(), acme.issuers(), acme.keyType(), store, controlSocket));
    }

    public Configuration withAcme(Acme other) {
        return new Configuration(
                listeners,
                tls,
                other,
                sites,
                backends,
                trustedProxies,
                resolvers,
                timeouts,
                limits,
                grace,
                shutdownDelay,
                hooks,
                accessLog);
    }

    public Configuration withSites(List<Site> other) {
        return new Configuration(
                listeners,
                tls,
                acme,
                other,
                backends,
                trustedProxies,
                resolvers,
                timeouts,
                limits,
                grace,
                shutdownDelay,
                hooks,
                accessLog);
    }

    public Configuration withoutBackends() {
        return new Configuration(
                listeners,
                tls,
                acme,
                sites,
                Map.of(),
                trustedProxies,
                resolvers,
                timeouts,
                limits,
                grace,
                shutdownDelay,
                hooks,
                accessLog);
    }

    /** Stopping without delay, and with another grace. */
    public Configuration withGrace(Duration other) {
        return new Configuration(
                listeners,
                tls,
                acme,
                sites,
                backends,
                trustedProxies,
                resolvers,
                timeouts,
                limits,
                other,
                Duration.ZERO,
                hooks,
                accessLog);
    }

    /**
     * Where a line is written for each exchange; null in the configuration where none is.
     *
     * @param file null for standard output
     * @param query whether the query of the target is written as well
     */
    public record AccessLog(@InFile(key = "to") @Nullable Path file, LogFormat format, boolean query) {}

    /** What a line of the access log looks like. */
    public enum LogFormat {
        JSON("json"),
        COMMON("common"),
        COMBINED("combined");

        private final String text;

        LogFormat(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    /** @param admin null where there is none */
    public record Listeners(
            Http http,
            Https https,
            Challenge challenge,
            @Nullable Admin admin) {}

    /**
     * Where plaintext HTTP is accepted.
     *
     * @param redirect the status of the redirect to HTTPS; empty where the listener serves the sites in plaintext
     * @param proxyProtocol whose connections begin with a PROXY header
     */
    public record Http(
            List<BindAddress> bind, @InFile(absent = "off") OptionalInt redirect, List<AddressRange> proxyProtocol) {}

    /**
     * Where TLS is accepted.
     *
     * @param protocols what is agreed on by ALPN, the preferred one first
     * @param proxyProtocol whose connections begin with a PROXY header
     */
    public record Https(List<BindAddress> bind, List<Protocol> protocols, List<AddressRange> proxyProtocol) {
        public static final List<Protocol> DEFAULT_PROTOCOLS = List.of(Protocol.HTTP_2, Protocol.HTTP_1_1);
    }

    /** What clients may speak over TLS. */
    public enum Protocol {
        HTTP_2("h2"),
        HTTP_1_1("http/1.1");

        private final String text;

        Protocol(String text) {
            this.text = text;
        }

        /** As in the file, and as ALPN calls it. */
        public String text() {
            return text;
        }
    }

    /**
     * Where metrics and the like are shown, in plaintext.
     *
     * @param hosts further names that it may be asked for under, besides localhost and addresses
     */
    public record Admin(List<BindAddress> bind, List<String> hosts, Ready ready) {}

    /** How many of the sites must have a certificate to serve for {@code /ready} to say so. */
    public enum Ready {
        ALL,
        /** One of them at least. */
        ANY;

        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The side port: HTTP-01 is answered here, and the {@code http} listener relays to it. */
    public record Challenge(List<BindAddress> bind) {}

    public record Tls(TlsVersion minVersion, TlsProfile profile) {}

    public enum TlsVersion {
        TLS_1_2("TLSv1.2"),
        TLS_1_3("TLSv1.3");

        private final String text;

        TlsVersion(String text) {
            this.text = text;
        }

        /** As in the file, and as the JDK and Netty call it. */
        public String text() {
            return text;
        }
    }

    /** Mozilla's names, <a href="https://wiki.mozilla.org/Security/Server_Side_TLS">Server Side TLS 5.7</a>. */
    public enum TlsProfile {
        MODERN,
        INTERMEDIATE
    }

    /**
     * Who certifies the sites, and where what they certified is kept.
     *
     * @param email null only where no site gets its certificate over ACME
     * @param controlSocket where the running daemon takes commands
     */
    public record Acme(
            @Nullable String email,
            boolean agreeToTerms,
            List<Issuer> issuers,
            KeyType keyType,
            Path store,
            Path controlSocket) {
        /** Those of the issuers that may certify every name of the site, in their order; none where none is asked. */
        public List<Issuer> issuersFor(Site site) {
            return !site.isIssued()
                    ? List.of()
                    : issuers.stream()
                            .filter(issuer ->
                                    site.names().stream().allMatch(name -> mayCertify(issuer, name, site.challenges())))
                            .toList();
        }

        /**
         * Whether {@code issuer}, one of these, may certify the name. Beside another CA the internal one is for the names which that
         * CA cannot certify: a public site that cannot get its certificate for an hour must not get one for a week that
         * nobody trusts.
         */
        public boolean mayCertify(Issuer issuer, String name, List<ChallengeType> challenges) {
            if (issuer instanceof Issuer.AcmeDirectory acme) {
                return acme.mayCertify(name, challenges);
            }
            return issuers.size() == 1 || !isProvable(name, challenges) || !PublicNames.mayBePublic(name);
        }
    }

    /** A wildcard is proven in the DNS only, an address (<a href="https://datatracker.ietf.org/doc/html/rfc8738#section-7">RFC
     * 8738 §7</a>) never there. */
    static boolean isProvable(String name, List<ChallengeType> challenges) {
        return HostName.isWildcard(name)
                ? challenges.contains(ChallengeType.DNS_01)
                : !Addresses.isAddress(name) || challenges.stream().anyMatch(type -> type != ChallengeType.DNS_01);
    }

    /** How a site proves its names, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-8">RFC 8555 §8</a>. */
    public enum ChallengeType {
        HTTP_01("http-01"),
        TLS_ALPN_01("tls-alpn-01"),
        DNS_01("dns-01");

        private final String text;

        ChallengeType(String text) {
            this.text = text;
        }

        /** As in the file, and as CAs call it. */
        public String text() {
            return text;
        }
    }

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
                    String host,
                    int port,
                    @Nullable Tsig tsig,
                    @Nullable String zone,
                    Duration ttl,
                    Duration propagation) {
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

    /** A shared secret, <a href="https://datatracker.ietf.org/doc/html/rfc8945">RFC 8945</a>; the file holds it in Base64. */
    public record Tsig(String name, String algorithm, Path secretFile) {}

    /**
     * Commands that are told of certificates; an empty one is not run.
     *
     * @param timeout for one run
     */
    public record Hooks(List<Secret> onRenewed, List<Secret> onFailure, List<Secret> onOverdue, Duration timeout) {
        public static final Hooks NONE = new Hooks(List.of(), List.of(), List.of(), Duration.ofSeconds(60));
    }

    /** A CA. {@link #name} is also the name of its folder under {@code certs/accounts/}. */
    public sealed interface Issuer extends Listed {
        String name();

        @Override
        default String label() {
            return name();
        }

        /**
         * A CA reached over ACME.
         *
         * @param eab what binds our account to one that we have there already; null where there is no need
         * @param profile what kind of certificate is asked for; null for the CA's own choice
         * @param preferredChain common name of the topmost issuer in the chain that is preferred; null for the CA's choice
         * @param staging the directory of the same CA for trying things out; null where it has none
         * @param limits which published rate limits are kept to
         * @param profileRequired whether no certificate is better than one of another profile
         */
        record AcmeDirectory(
                String name,
                URI directory,
                @Nullable Path caFile,
                @Nullable ExternalAccount eab,
                @Nullable String profile,
                @Nullable String preferredChain,
                @Nullable URI staging,
                RateLimits limits,
                boolean profileRequired)
                implements Issuer {
            /** <a href="https://letsencrypt.org/docs/profiles/">Let's Encrypt's</a>, the only one of its that takes them. */
            public static final String PROFILE_OF_ADDRESSES = "shortlived";

            public AcmeDirectory(String name, URI directory, @Nullable Path caFile) {
                this(name, directory, caFile, null, null, null, null, RateLimits.NONE);
            }

            /** Where the CA's own choice is as good as the profile. */
            public AcmeDirectory(
                    String name,
                    URI directory,
                    @Nullable Path caFile,
                    @Nullable ExternalAccount eab,
                    @Nullable String profile,
                    @Nullable String preferredChain,
                    @Nullable URI staging,
                    RateLimits limits) {
                this(name, directory, caFile, eab, profile, preferredChain, staging, limits, false);
            }

            /**
             * The profile of a certificate for these names; null for the CA's own choice. Where the operator left that to
             * the CA, its choice is none for addresses: Let's Encrypt, and whoever calls it the same, certifies them for
             * some days only.
             */
            public @Nullable String profileFor(List<String> names) {
                return profile == null && names.stream().anyMatch(Addresses::isAddress)
                        ? PROFILE_OF_ADDRESSES
                        : profile;
            }

            /** The name must be provable; what the internet does not know cannot be certified by a public CA. */
            public boolean mayCertify(String serverName, List<ChallengeType> challenges) {
                return isProvable(serverName, challenges)
                        && (!PublicCas.isPublic(directory) || PublicNames.mayBePublic(serverName));
            }
        }

        /** The CA inside this process, for names that no public CA may certify. */
        record Internal() implements Issuer {
            @Override
            public String name() {
                return "internal";
            }
        }
    }

    /** External account binding, RFC 8555 §7.3.4; the file holds the MAC key in base64url. */
    public record ExternalAccount(String keyId, Path hmacFile) {}

    /** Whose published rate limits. */
    public enum RateLimits {
        LETSENCRYPT,
        LETSENCRYPT_STAGING,
        NONE
    }

    public enum KeyType {
        EC_P256("ec-p256"),
        EC_P384("ec-p384"),
        RSA_2048("rsa-2048"),
        RSA_3072("rsa-3072"),
        RSA_4096("rsa-4096");

        private final String text;

        KeyType(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    /**
     * Host names that share a certificate and routes.
     *
     * @param names lower-case ASCII (IDNA A-labels), no trailing dot, or IP addresses in the form of {@link
     *     Addresses#text}; the first one names the certificate. A name may be a wildcard, {@code *.example.com}, which
     *     stands for exactly one label, or {@link #ANY}.
     * @param byDefault whether it takes clients that name nobody's site
     * @param challenges how its names are proven, the preferred one first
     * @param dns01 null where {@code challenges} has no dns-01
     * @param settings those of its routes that say nothing, and of answers to requests that have no route
     * @param keepTogether whether its names are certified together or not at all; else one that cannot be proven is left
     *     out after a while
     */
    public record Site(
            List<String> names,
            @InFile(key = "default") boolean byDefault,
            List<Route> routes,
            CertificateSource certificate,
            List<ChallengeType> challenges,
            @Nullable Dns01 dns01,
            @InFile(beside = true) RouteSettings settings,
            boolean keepTogether) {
        /** Stands for every name, and none: only of a site by default. */
        public static final String ANY = "*";

        /** HTTP-01, and TLS-ALPN-01 where that fails. */
        public static final List<ChallengeType> DEFAULT_CHALLENGES =
                List.of(ChallengeType.HTTP_01, ChallengeType.TLS_ALPN_01);

        /** @param certificate null where the certificate comes from an issuer */
        public Site(List<String> names, List<Route> routes, @Nullable CertificateFiles certificate) {
            this(
                    names,
                    false,
                    routes,
                    certificate == null ? CertificateSource.ISSUED : certificate,
                    DEFAULT_CHALLENGES,
                    null,
                    RouteSettings.DEFAULT);
        }

        /** Where a name that cannot be proven may be left out. */
        public Site(
                List<String> names,
                boolean byDefault,
                List<Route> routes,
                CertificateSource certificate,
                List<ChallengeType> challenges,
                @Nullable Dns01 dns01,
                RouteSettings settings) {
            this(names, byDefault, routes, certificate, challenges, dns01, settings, false);
        }

        public Site withRoutes(List<Route> other) {
            return new Site(names, byDefault, other, certificate, challenges, dns01, settings, keepTogether);
        }

        /** Whether {@code other} has the same names, and gets its certificate in the same way. */
        public boolean isCertifiedAs(Site other) {
            return names.equals(other.names)
                    && byDefault == other.byDefault
                    && certificate.equals(other.certificate)
                    && challenges.equals(other.challenges)
                    && Objects.equals(dns01, other.dns01)
                    && keepTogether == other.keepTogether;
        }

        /** The first name: what the site is called in the store, in logs and by commands. */
        public String name() {
            return names.get(0);
        }

        /** Those that its certificate has to cover. */
        public List<String> certifiedNames() {
            return names.contains(ANY)
                    ? names.stream().filter(name -> !name.equals(ANY)).toList()
                    : names;
        }

        /** Those that are looked up for clients, with {@link #ANY} where it takes those of nobody. */
        public List<String> servedNames() {
            if (!byDefault || names.contains(ANY)) {
                return names;
            }
            return Stream.concat(names.stream(), Stream.of(ANY)).toList();
        }

        /** Whether an issuer is asked for its certificate. */
        public boolean isIssued() {
            return certificate instanceof CertificateSource.Issued;
        }

        /** Whether it is served over HTTP only. */
        public boolean isPlain() {
            return certificate instanceof CertificateSource.None;
        }

        /** What its operator brings; null where its certificate comes from somewhere else. */
        public @Nullable CertificateFiles files() {
            return certificate instanceof CertificateFiles files ? files : null;
        }
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

    public sealed interface Action {
        /** @param rewrite what takes the place of the route's path; null where the server is asked for the same path */
        record ToBackend(String backend, @Nullable String rewrite) implements Action {
            public ToBackend(String backend) {
                this(backend, null);
            }
        }

        /** @param location may have placeholders, see {@link Placeholder} */
        record Redirect(@InFile(key = "redirect") String location, int status) implements Action {}

        record Respond(int status, Page page) implements Action {
            public Respond(int status, String text) {
                this(status, Page.text(text));
            }
        }
    }

    /** What an operator brings. */
    public record CertificateFiles(Path chain, Path key) implements CertificateSource {}

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

    /** What the servers of a backend speak, in plaintext. */
    public enum ServerProtocol {
        HTTP_1("http1"),
        /** HTTP/2, known beforehand. */
        H2C("h2c");

        private final String text;

        ServerProtocol(String text) {
            this.text = text;
        }

        /** As in the file. */
        public String text() {
            return text;
        }
    }

    /**
     * One server of a backend, or as many as its name has addresses.
     *
     * @param host a DNS name or an IP literal without brackets
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

        /** {@code host:port} as an operator writes it; an IPv6 address in brackets. */
        public String address() {
            return host.contains(":") ? "[" + host + "]:" + port : host + ":" + port;
        }
    }

    /** What the addresses of a server's name are. */
    public enum Resolve {
        /** Where one server is: it is asked at any of them that answers. */
        ANY("any"),
        /** Each is a server of its own. */
        EACH("each");

        private final String text;

        Resolve(String text) {
            this.text = text;
        }

        /** As in the file. */
        public String text() {
            return text;
        }
    }

    /**
     * How the servers of a backend are checked.
     *
     * @param path may have a query
     * @param host the Host header of a check; null for the address of the server
     * @param expectFrom lowest status that counts as healthy
     * @param expectTo highest status that counts as healthy
     * @param rise how many good checks bring a server back
     * @param fall how many bad checks take it out
     * @param drainOn404 a server that answers 404 is well, and gets no new sessions
     * @param port where it is asked; empty for the port of the server
     */
    public record Health(
            String method,
            String path,
            @Nullable String host,
            int expectFrom,
            int expectTo,
            Duration interval,
            Duration timeout,
            int rise,
            int fall,
            Type type,
            @InFile(key = "drain-on-404") boolean drainOn404,
            OptionalInt port) {
        public enum Type {
            HTTP,
            /** A connection that is accepted is enough. */
            TCP
        }

        public Health(
                String method,
                String path,
                @Nullable String host,
                int expectFrom,
                int expectTo,
                Duration interval,
                Duration timeout,
                int rise,
                int fall) {
            this(
                    method,
                    path,
                    host,
                    expectFrom,
                    expectTo,
                    interval,
                    timeout,
                    rise,
                    fall,
                    Type.HTTP,
                    false,
                    OptionalInt.empty());
        }
    }

    /** Each is described in config/postern.yaml. */
    public record Timeouts(
            Duration handshake,
            Duration requestHead,
            Duration requestBody,
            Duration keepAlive,
            Duration connect,
            Duration response,
            Duration tunnel) {}

    /**
     * Beyond these a client is refused.
     *
     * @param requestLine bytes; a longer one is answered 414
     * @param head bytes of the whole request head; a longer one is answered 431
     * @param headers how many header fields; more are answered 431
     * @param body bytes of a request body; a larger one is answered 413; empty for no limit
     * @param connections how many client connections at once; empty for as many as the file-descriptor limit allows
     * @param connectionsPerClient how many of them one client may have; empty for no limit
     * @param serverConnections how many connections to servers at once; empty for as many as the file-descriptor limit allows
     * @param serverConnectionsPerClient how many of them may work for one client; empty for a share of all
     */
    public record Limits(
            @InFile(size = true) int requestLine,
            @InFile(size = true) int head,
            int headers,
            @InFile(size = true, absent = "unlimited") OptionalLong body,
            @InFile(absent = "auto") OptionalInt connections,
            @InFile(absent = "unlimited") OptionalInt connectionsPerClient,
            @InFile(absent = "auto") OptionalInt serverConnections,
            @InFile(absent = "auto") OptionalInt serverConnectionsPerClient) {}
}
