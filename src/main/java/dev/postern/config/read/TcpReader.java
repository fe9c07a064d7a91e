package dev.postern.config.read;

import dev.postern.config.Addresses;
import dev.postern.config.BindAddress;
import dev.postern.config.Configuration;
import dev.postern.config.Durations;
import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Quoted;
import dev.postern.config.Scalar;
import dev.postern.config.Spelling;
import dev.postern.config.Suggestion;
import dev.postern.config.TcpService;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Reads {@code tcp}: services whose connections are passed on as they are. */
final class TcpReader {
    private static final List<String> KEYS = List.of(
            "name",
            "bind",
            "backend",
            "tls",
            "alpn",
            "server-port",
            "interface",
            "transparent",
            "allow",
            "deny",
            "proxy-protocol",
            "max-connections",
            "rate-limit",
            "timeouts");
    private static final List<String> TIMEOUTS = List.of("connect", "client", "server", "tunnel");

    private static final Scalar<String> NAME = Scalar.matching(
            "[A-Za-z0-9][A-Za-z0-9._-]{0,62}",
            "letters, digits, dots, - and _, at most 63",
            "is no name for a service");

    // RFC 7301 §3.1: octets, 1 to 255; all that are registered are printable.
    private static final Scalar<String> ALPN =
            Scalar.matching("[!-~]{1,255}", "a protocol such as postgresql or h2", "is no name of a protocol");

    private static final Scalar<Integer> MAX_CONNECTIONS = Scalar.wholeNumber(1, 10_000_000);
    private static final Scalar<OptionalInt> SERVER_PORT = new Scalar<OptionalInt>(
                    "own, same, or how far it is from the port connected to, such as +1000", TcpReader::offset)
            .spelled(Spelling.form("[+-][0-9]{1,5}", (Integer offset) -> (offset < 0 ? "" : "+") + offset)
                    .or("same", 0)
                    .or("own", OptionalInt.empty(), OptionalInt::getAsInt));

    private final Map<String, Configuration.Backend> backends;
    private final List<SitesReader.Entry> sites;
    private final TakenAddresses addresses;
    private final Map<String, Value> names = new HashMap<>();

    /** @param addresses of the listeners */
    TcpReader(Map<String, Configuration.Backend> backends, List<SitesReader.Entry> sites, TakenAddresses addresses) {
        this.backends = backends;
        this.sites = sites;
        this.addresses = addresses;
    }

    List<TcpService> read(@Nullable Value value) {
        List<TcpService> services = new ArrayList<>();
        if (value != null) {
            for (Value item : value.items("a list of services such as {bind: [\":5432\"], backend: postgres}")) {
                services.add(service(Section.of(item, KEYS)));
            }
        }
        return List.copyOf(services);
    }

    private TcpService service(Section service) {
        List<BindAddress> bind = bind(
                service.require("bind", "addresses such as [\":5432\"], or [\":5000-5010\"]"), Sockets.of(service));
        OptionalInt offset = service.get("server-port", SERVER_PORT, OptionalInt.empty());
        if (offset.isPresent()) {
            inRange(service.place("server-port"), bind, offset.getAsInt());
        }
        String backend = backend(service);
        Configuration.Backend servers = backends.get(backend);
        if (offset.isPresent()
                && servers != null
                && servers.servers().stream().anyMatch(Configuration.Server::isSocket)) {
            service.place("server-port").problem("a UNIX socket has no port (expected: own)");
        }
        Integer maxConnections = service.find("max-connections", MAX_CONNECTIONS);
        return new TcpService(
                name(service, bind),
                bind,
                backend,
                tls(service),
                alpn(service),
                offset,
                AddressesReader.ranges(service.find("allow")),
                AddressesReader.ranges(service.find("deny")),
                AddressesReader.ranges(service.find("proxy-protocol")),
                maxConnections == null ? 0 : maxConnections,
                RateLimitReader.connections(service),
                timeouts(service));
    }

    /** What it says, or its first address as it says it. */
    private String name(Section service, List<BindAddress> bind) {
        String given = service.find("name", NAME);
        String name = given != null ? given : bind.isEmpty() ? "" : bind.get(0).toString();
        Value other = name.isEmpty() ? null : names.putIfAbsent(name, service.place("name"));
        if (other != null && given != null) {
            service.place("name")
                    .problem(Quoted.of(name) + " is taken by " + other.path() + " "
                            + other.seenFrom(service.place("name")) + " (expected: every name once)");
        }
        return name;
    }

    private List<BindAddress> bind(@Nullable Value value, Sockets sockets) {
        List<BindAddress> bind = new ArrayList<>();
        if (value != null) {
            for (Value item : value.itemsOrOne("a list of addresses such as [\":5432\"]")) {
                List<BindAddress> read = item.read(AddressesReader.BIND_RANGE);
                List<BindAddress> range = read == null
                        ? List.of()
                        : read.stream().map(sockets::at).toList();
                if (addresses.take(item, range)) {
                    bind.addAll(range);
                }
            }
        }
        return List.copyOf(bind);
    }

    private String backend(Section service) {
        Value value = service.require("backend", "the name of a backend");
        String name = value == null ? null : BackendsReader.namedForConnections(value, backends, List.of());
        return name == null ? "" : name;
    }

    /** What the site is called whose certificate is shown; null where it is none, or not to be. */
    private @Nullable String tls(Section service) {
        Value value = service.find("tls");
        String name = value == null || value.isText("off") ? null : value.read(HostName.SITE);
        if (value == null || name == null) {
            return null;
        }
        for (SitesReader.Entry site : sites) {
            if (site.names().stream().anyMatch(one -> one.name().equals(name))) {
                if (!site.isCertified()) {
                    value.problem(
                            value.quoted(name) + " is a name of " + site.at().path()
                                    + ", which has no certificate here (expected: a name of a site that has)");
                }
                return site.names().get(0).name();
            }
        }
        value.problem(value.quoted(name) + " is a name of no site"
                + Suggestion.among(
                        sites.stream()
                                .flatMap(site -> site.names().stream())
                                .map(SitesReader.Name::name)
                                .limit(100)
                                .toList(),
                        name));
        return null;
    }

    private static List<String> alpn(Section service) {
        List<String> protocols = new ArrayList<>();
        Value value = service.find("alpn");
        if (value == null) {
            return List.of();
        }
        if (!service.has("tls")) {
            value.problem("goes with tls only: it is agreed on in a handshake (expected: no alpn, or tls)");
        }
        for (Value item : value.itemsOrOne("a list of protocols such as [postgresql]")) {
            String protocol = item.read(ALPN);
            if (protocol != null && protocols.contains(protocol)) {
                item.problem(Quoted.of(protocol) + " is there twice (expected: each one once)");
            } else if (protocol != null) {
                protocols.add(protocol);
            }
        }
        return List.copyOf(protocols);
    }

    private static TcpService.Timeouts timeouts(Section service) {
        Section timeouts = service.section("timeouts", TIMEOUTS);
        return new TcpService.Timeouts(
                timeouts.find("connect", Durations.POSITIVE),
                timeouts.get("client", Durations.POSITIVE_OR_UNLIMITED, Durations.UNLIMITED),
                timeouts.get("server", Durations.POSITIVE_OR_UNLIMITED, Durations.UNLIMITED),
                timeouts.find("tunnel", Durations.POSITIVE_OR_UNLIMITED));
    }

    private static void inRange(Value at, List<BindAddress> bind, int offset) {
        for (BindAddress address : bind) {
            int port = address.port() + offset;
            if (address.port() != 0 && (port < 1 || port > Addresses.LAST_PORT)) {
                at.problem("puts the servers of " + Quoted.of(address.toString()) + " at port " + port
                        + " (expected: 1-65535)");
                return;
            }
        }
    }

    private static OptionalInt offset(String text) throws NotUnderstood {
        if (text.equals("own")) {
            return OptionalInt.empty();
        }
        if (text.equals("same")) {
            return OptionalInt.of(0);
        }
        if (!text.matches("[+-][0-9]{1,5}")) {
            throw new NotUnderstood(text.matches("[0-9]+") ? "has no sign" : "");
        }
        return OptionalInt.of(Integer.parseInt(text));
    }
}
