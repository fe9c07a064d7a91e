package dev.postern.config.read;

import dev.postern.config.Addresses;
import dev.postern.config.BackendName;
import dev.postern.config.Balance;
import dev.postern.config.Configuration.Backend;
import dev.postern.config.Configuration.Server;
import dev.postern.config.Durations;
import dev.postern.config.Ejection;
import dev.postern.config.Health;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Quoted;
import dev.postern.config.Resolve;
import dev.postern.config.Retries;
import dev.postern.config.Scalar;
import dev.postern.config.SentHost;
import dev.postern.config.ServerFaults;
import dev.postern.config.ServerProtocol;
import dev.postern.config.ServerQueue;
import dev.postern.config.ServerTls;
import dev.postern.config.Spelling;
import dev.postern.config.Stickiness;
import dev.postern.config.Tolerance;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code backends}. */
final class BackendsReader {
    private static final List<String> KEYS = List.of(
            "balance",
            "servers",
            "resolve",
            "health",
            "protocol",
            "tls",
            "queue",
            "slow-start",
            "eject",
            "sticky",
            "retry",
            "proxy-protocol",
            "tolerate",
            "host",
            "timeouts",
            "limits");
    private static final List<String> SERVER_KEYS =
            List.of("address", "name", "weight", "backup", "max-connections", "drain", "resolve");
    private static final List<String> EJECT_KEYS = List.of("after", "on", "time", "longest");
    private static final List<String> STICKY_KEYS = List.of("cookie", "max-age", "same-site", "path");
    private static final List<String> RETRY_KEYS = List.of("attempts", "on", "budget");
    private static final String SERVERS = "a list such as [10.0.0.11:8080, 10.0.0.12:8080]";

    private static final String LITERAL = "an address is one already (expected: ";

    // A name is a word in paths of messages, log lines and metrics.
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,254}");

    // Nothing that an address could be taken for.
    private static final Scalar<String> SERVER_NAME = Scalar.matching(
            "[A-Za-z0-9][A-Za-z0-9._-]{0,62}", "letters, digits, dots, - and _, at most 63", "is no name for a server");

    private static final Scalar<ServerProtocol> PROTOCOL =
            Scalar.oneOf(List.of(ServerProtocol.values()), ServerProtocol::text);
    private static final Scalar<Resolve> RESOLVE = Scalar.oneOf(List.of(Resolve.values()), Resolve::text);
    // As in HAProxy: fine enough, and the sum over many servers stays an int.
    private static final Scalar<Integer> WEIGHT = Scalar.wholeNumber(1, 256);
    private static final Scalar<Integer> MAX_CONNECTIONS = Scalar.wholeNumber(1, 1_000_000);
    private static final Scalar<Integer> QUEUE_LENGTH = Scalar.wholeNumber(0, 1_000_000);
    private static final Scalar<Integer> IN_A_ROW = Scalar.wholeNumber(1, 1000);
    // Each may be as slow as timeouts.response; nobody waits for ten of them.
    private static final Scalar<Integer> ATTEMPTS = Scalar.wholeNumber(1, 10);
    private static final Scalar<Integer> BUDGET = new Scalar<Integer>("1% to 100%", BackendsReader::percent)
            .spelled(Spelling.form("[0-9]{1,3}%", percent -> percent + "%"));
    // RFC 6265 §4.1.1: a token.
    private static final Scalar<String> COOKIE =
            new Scalar<>("the name of a cookie such as SERVER", BackendsReader::cookieName);
    private static final Scalar<Stickiness.SameSite> SAME_SITE = Scalar.oneOf(
            List.of(Stickiness.SameSite.values()), site -> site.text().toLowerCase(Locale.ROOT));

    // Envoy's: short enough for a stumble, and after ten times in a row as seldom as is bearable.
    private static final Duration EJECTION = Duration.ofSeconds(30);
    private static final Duration LONGEST_EJECTION = Duration.ofMinutes(5);

    private static final Scalar<Boolean> PROXY_PROTOCOL = Scalar.oneOf(Map.of("v2", true, "off", false), "v2 or off");

    private static final Scalar<Tolerance> TOLERANCE = Scalar.oneOf(List.of(Tolerance.values()), Tolerance::text);

    private final Map<String, Backend> backends = new LinkedHashMap<>();

    BackendsReader(@Nullable Value value) {
        Map<String, Value> entries = value == null ? null : value.entries("a mapping of names to backends");
        if (entries != null) {
            entries.forEach(this::read);
        }
    }

    Map<String, Backend> backends() {
        return backends;
    }

    /**
     * The name of one of {@code backends}, or how it is made of the host; null where it is none, which is a problem then.
     *
     * @param hosts that it may be made of
     */
    static @Nullable String named(Value value, Map<String, Backend> backends, List<String> hosts) {
        String text = value.text("the name of a backend");
        if (text == null || backends.containsKey(text)) {
            return text;
        }
        BackendName name = BackendName.of(text);
        if (text.contains("%[")) {
            value.problem(value.quoted(text) + " is HAProxy's way to say it (expected: a name such as \"{host}_tls\")");
        } else if (!name.isTemplate()) {
            undefined(value, text, backends);
        } else if (hosts.isEmpty()) {
            value.problem(
                    value.quoted(text) + " is made of a host, and a connection that is passed on as it is names none"
                            + " (expected: a name without {host})");
        } else {
            requireMade(value, name, backends, hosts);
        }
        return name.isTemplate() ? text : null;
    }

    private static void undefined(Value value, String name, Map<String, Backend> backends) {
        value.problem(value.quoted(name) + " is not defined ("
                + (backends.isEmpty() ? "no backends are" : "defined: " + String.join(", ", backends.keySet())) + ")");
    }

    private static void requireMade(Value value, BackendName name, Map<String, Backend> backends, List<String> hosts) {
        for (String host : hosts) {
            if (!host.contains("*") && !backends.containsKey(name.forHost(host))) {
                undefined(value, name.forHost(host), backends);
                return;
            }
        }
        if (backends.keySet().stream().noneMatch(name::mayBe)) {
            value.problem("no backend is called like that (expected: one such as "
                    + Quoted.of(name.forHost("app.example.com")) + ")");
        }
    }

    /**
     * The name of one of {@code backends} that connections can be passed on to unopened, or how it is made of the host; null
     * where it is none, which is a problem then.
     *
     * @param hosts that it may be made of
     */
    static @Nullable String namedForConnections(Value value, Map<String, Backend> backends, List<String> hosts) {
        String text = named(value, backends, hosts);
        if (text != null) {
            BackendName name = BackendName.of(text);
            backends.values().stream()
                    .filter(backend -> name.mayBe(backend.name()))
                    .forEach(backend -> requireForConnections(value, backend));
        }
        return text;
    }

    private static void requireForConnections(Value value, Backend backend) {
        if (backend.balance() instanceof Balance.ByHash byHash
                && !(byHash.key() instanceof Balance.Key.Source)
                && !(byHash.key() instanceof Balance.Key.RdpCookie)) {
            value.problem(value.quoted(backend.name())
                    + " chooses by what a request says, and a connection that is passed on has none (expected: another"
                    + " balance, such as source)");
        }
        if (backend.sticky() != null) {
            value.problem(value.quoted(backend.name())
                    + " keeps clients by a cookie, and a connection that is passed on has none (expected: no sticky;"
                    + " balance: source keeps a client at its server)");
        }
    }

    private void read(String name, Value value) {
        if (!NAME.matcher(name).matches()) {
            value.refuse(name, "is no name for a backend", "letters, digits, dots, - and _, at most 255");
        }
        Section backend = Section.of(value, KEYS);
        List<Server> servers = servers(backend);
        ServerProtocol protocol = backend.get("protocol", PROTOCOL, ServerProtocol.HTTP_1);
        boolean proxyProtocol = backend.get("proxy-protocol", PROXY_PROTOCOL, false);
        if (proxyProtocol && protocol == ServerProtocol.H2C) {
            backend.place("proxy-protocol")
                    .problem("goes with protocol http1 only: over h2c one connection carries the requests of many"
                            + " clients (expected: no proxy-protocol, or protocol: http1)");
        }
        Set<Tolerance> tolerated = tolerated(backend);
        if (!tolerated.isEmpty() && protocol == ServerProtocol.H2C) {
            backend.place("tolerate")
                    .problem("goes with protocol http1 only: HTTP/2 knows none of these (expected: no tolerate, or"
                            + " protocol: http1)");
        }
        backends.put(
                name,
                new Backend(
                        name,
                        BalanceReader.read(backend.find("balance", Balance.Plain.ROUND_ROBIN.text())),
                        servers,
                        health(backend, servers),
                        protocol,
                        tls(backend, servers),
                        queue(backend, servers),
                        backend.get("slow-start", Durations.POSITIVE_OR_ZERO, Duration.ZERO),
                        optional(backend, "eject", EJECT_KEYS, BackendsReader::ejection),
                        optional(backend, "sticky", STICKY_KEYS, BackendsReader::stickiness),
                        optional(backend, "retry", RETRY_KEYS, BackendsReader::retries),
                        proxyProtocol,
                        tolerated,
                        backend.get("host", HostHeader.SENT, SentHost.AS_ASKED),
                        LimitsReader.ownTimeouts(backend),
                        LimitsReader.ownLimits(backend)));
    }

    private static @Nullable Health health(Section backend, List<Server> servers) {
        Health health = optional(backend, "health", HealthReader.KEYS, HealthReader::read);
        if (health != null && health.port().isPresent() && servers.stream().anyMatch(Server::isSocket)) {
            backend.place("health").problem("a UNIX socket has no port (expected: health without port)");
        }
        return health;
    }

    private static @Nullable ServerTls tls(Section backend, List<Server> servers) {
        ServerTls tls = optional(backend, "tls", ServerTlsReader.KEYS, ServerTlsReader::read);
        if (tls != null
                && tls.namesCount()
                && tls.serverName() == null
                && servers.stream().anyMatch(Server::isSocket)) {
            backend.place("tls")
                    .problem("a UNIX socket has no name that could be proven (expected: server-name, or pin)");
        }
        return tls;
    }

    private static Set<Tolerance> tolerated(Section backend) {
        EnumSet<Tolerance> tolerated = EnumSet.noneOf(Tolerance.class);
        Value list = backend.find("tolerate", List.of());
        if (list != null) {
            for (Value item : list.itemsOneOrNone("a list such as [bare-lf, obs-fold, te-and-cl]")) {
                Tolerance one = item.read(TOLERANCE);
                if (one != null) {
                    tolerated.add(one);
                }
            }
        }
        return Set.copyOf(tolerated);
    }

    private static <T> @Nullable T optional(
            Section backend, String key, List<String> known, Function<Section, T> reading) {
        return backend.has(key) ? reading.apply(backend.section(key, known)) : null;
    }

    private static List<Server> servers(Section backend) {
        List<Server> servers = new ArrayList<>();
        Map<ServerAddress, Value> taken = new HashMap<>();
        Map<String, Value> names = new HashMap<>();
        Value value = backend.require("servers", SERVERS);
        if (value == null) {
            return servers;
        }
        Resolve resolve = backend.get("resolve", RESOLVE, Resolve.ANY);
        for (Value item : value.items(SERVERS)) {
            Section settings = Section.orShort(item, SERVER_KEYS, "address");
            ServerAddress address = settings.require("address", ServerAddress.OR_SOCKET);
            int weight = settings.get("weight", WEIGHT, 1);
            boolean backup = settings.get("backup", Scalar.BOOLEAN, false);
            Integer maxConnections = settings.find("max-connections", MAX_CONNECTIONS);
            boolean drain = settings.get("drain", Scalar.BOOLEAN, false);
            boolean isOne = address != null && isLiteral(address.host()) && !settings.has("resolve");
            Resolve its = isOne ? resolve : settings.get("resolve", RESOLVE, resolve);
            String name = settings.find("name", SERVER_NAME);
            if (address == null) {
                continue;
            }
            Server server = new Server(
                    address.host(),
                    address.port(),
                    weight,
                    backup,
                    maxConnections == null ? 0 : maxConnections,
                    drain,
                    its,
                    name);
            Value named = name == null ? null : names.putIfAbsent(name, settings.place("name"));
            if (name != null && named != null) {
                settings.place("name")
                        .problem(Quoted.of(name) + " is taken by " + named.path() + " " + named.seenFrom(item)
                                + " (expected: every name once)");
            }
            if (settings.has("resolve") && server.resolve() == Resolve.EACH && isLiteral(server)) {
                settings.place("resolve").problem(LITERAL + "a name in address, or no resolve)");
            }
            Value first = taken.putIfAbsent(address, item);
            if (first == null) {
                servers.add(server);
            } else {
                item.problem(Quoted.of(server.address()) + " is already " + first.path() + " " + first.seenFrom(item)
                        + " (expected: every server once; weight gives one more)");
            }
        }
        if (resolve == Resolve.EACH && !servers.isEmpty() && servers.stream().allMatch(BackendsReader::isLiteral)) {
            backend.place("resolve").problem(LITERAL + "a name among the servers, or no resolve)");
        }
        return List.copyOf(servers);
    }

    private static boolean isLiteral(Server server) {
        return isLiteral(server.host());
    }

    private static boolean isLiteral(String host) {
        return host.startsWith(Server.SOCKET) || Addresses.literal(host) != null;
    }

    private static ServerQueue queue(Section backend, List<Server> servers) {
        boolean waits = servers.stream().anyMatch(server -> server.maxConnections() != 0);
        if (!waits && !backend.has("queue")) {
            return ServerQueue.DEFAULT;
        }
        Section queue = backend.section("queue", List.of("length", "timeout"));
        if (!waits) {
            backend.place("queue").problem("nobody would ever wait (expected: servers with max-connections)");
        }
        return new ServerQueue(
                queue.get("length", QUEUE_LENGTH, ServerQueue.DEFAULT.length()),
                queue.get("timeout", Durations.POSITIVE, ServerQueue.DEFAULT.timeout()));
    }

    private static int percent(String text) throws NotUnderstood {
        if (!text.matches("[0-9]{1,3}%")) {
            throw new NotUnderstood(text.matches("[0-9]+") ? "has no unit" : "");
        }
        int percent = Integer.parseInt(text.substring(0, text.length() - 1));
        if (percent < 1 || percent > 100) {
            throw new NotUnderstood("");
        }
        return percent;
    }

    private static String cookieName(String text) throws NotUnderstood {
        if (!text.matches("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")) {
            throw new NotUnderstood("");
        }
        if (text.startsWith("__Host-") || text.startsWith("__Secure-")) {
            // Browsers drop such a cookie where it comes without Secure, over plain HTTP.
            throw new NotUnderstood("has a prefix that plaintext sites may not use");
        }
        return text;
    }

    private static Ejection ejection(Section ejection) {
        Duration time = ejection.get("time", Durations.POSITIVE, EJECTION);
        Duration longest = ejection.get(
                "longest", Durations.POSITIVE, time.compareTo(LONGEST_EJECTION) > 0 ? time : LONGEST_EJECTION);
        if (longest.compareTo(time) < 0) {
            ejection.place("longest")
                    .problem(Durations.text(longest) + " is shorter than the first time (expected: at least "
                            + Durations.text(time) + ")");
        }
        return new Ejection(
                ejection.get("after", IN_A_ROW, 5),
                ServerFaultsReader.read(
                        ejection,
                        "on",
                        EnumSet.allOf(ServerFaults.Kind.class),
                        ServerFaultsReader.of(EnumSet.allOf(ServerFaults.Kind.class), 500, 502, 503, 504)),
                time,
                longest);
    }

    private static Retries retries(Section retry) {
        EnumSet<ServerFaults.Kind> words = EnumSet.complementOf(EnumSet.of(ServerFaults.Kind.CONNECT));
        return new Retries(
                retry.get("attempts", ATTEMPTS, 1),
                ServerFaultsReader.read(
                        retry, "on", words, ServerFaultsReader.of(EnumSet.of(ServerFaults.Kind.CLOSED), 502, 503, 504)),
                retry.get("budget", BUDGET, 20));
    }

    private static Stickiness stickiness(Section sticky) {
        String cookie = sticky.require("cookie", COOKIE);
        String path = sticky.get("path", UriText.NORMAL, "/");
        if (path.indexOf(';') >= 0) {
            sticky.place("path")
                    .refuse(path, "has a semicolon, which ends the path in a cookie", "a path such as /app/");
        }
        return new Stickiness(
                cookie == null ? "" : cookie,
                sticky.find("max-age", Durations.POSITIVE),
                sticky.get("same-site", SAME_SITE, Stickiness.SameSite.LAX),
                path);
    }
}
