package dev.postern.config.read;

import dev.postern.config.Addresses;
import dev.postern.config.Balance;
import dev.postern.config.BindAddress;
import dev.postern.config.Configuration;
import dev.postern.config.Durations;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Quoted;
import dev.postern.config.Scalar;
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
            "server-port",
            "allow",
            "deny",
            "proxy-protocol",
            "max-connections",
            "rate-limit",
            "timeouts");
    private static final List<String> TIMEOUTS = List.of("connect", "client", "server", "tunnel");

    private static final Scalar<String> NAME = new Scalar<>("letters, digits, dots, - and _, at most 63", text -> {
        if (!text.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,62}")) {
            throw new NotUnderstood("is no name for a service");
        }
        return text;
    });

    private static final Scalar<Integer> MAX_CONNECTIONS = Scalar.wholeNumber(1, 10_000_000);
    private static final Scalar<OptionalInt> SERVER_PORT =
            new Scalar<>("own, same, or how far it is from the port connected to, such as +1000", TcpReader::offset);

    private final Map<String, Configuration.Backend> backends;
    private final TakenAddresses addresses;
    private final Map<String, Value> names = new HashMap<>();

    /** @param addresses of the listeners */
    TcpReader(Map<String, Configuration.Backend> backends, TakenAddresses addresses) {
        this.backends = backends;
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
        List<BindAddress> bind = bind(service.require("bind", "addresses such as [\":5432\"], or [\":5000-5010\"]"));
        OptionalInt offset = service.get("server-port", SERVER_PORT, OptionalInt.empty());
        if (offset.isPresent()) {
            inRange(service.place("server-port"), bind, offset.getAsInt());
        }
        return new TcpService(
                name(service, bind),
                bind,
                backend(service),
                offset,
                AddressesReader.ranges(service.find("allow")),
                AddressesReader.ranges(service.find("deny")),
                AddressesReader.ranges(service.find("proxy-protocol")),
                service.get("max-connections", MAX_CONNECTIONS, 0),
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

    private List<BindAddress> bind(@Nullable Value value) {
        List<BindAddress> bind = new ArrayList<>();
        if (value != null) {
            for (Value item : value.itemsOrOne("a list of addresses such as [\":5432\"]")) {
                List<BindAddress> range = item.read(AddressesReader.BIND_RANGE);
                if (range != null && addresses.take(item, range)) {
                    bind.addAll(range);
                }
            }
        }
        return List.copyOf(bind);
    }

    private String backend(Section service) {
        Value value = service.require("backend", "the name of a backend");
        String name = value == null ? null : BackendsReader.named(value, backends);
        Configuration.Backend backend = name == null ? null : backends.get(name);
        if (value == null || backend == null) {
            return "";
        }
        if (backend.balance() instanceof Balance.ByHash byHash && !(byHash.key() instanceof Balance.Key.Source)) {
            value.problem(
                    value.quoted(backend.name()) + " chooses by what a request says, and a connection that is passed on"
                            + " has none (expected: another balance, such as source)");
        }
        if (backend.sticky() != null) {
            value.problem(value.quoted(backend.name())
                    + " keeps clients by a cookie, and a connection that is passed on has none"
                    + " (expected: no sticky; balance: source keeps a client at its server)");
        }
        return backend.name();
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
