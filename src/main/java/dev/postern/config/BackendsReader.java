package dev.postern.config;

import dev.postern.config.Configuration.Backend;
import dev.postern.config.Configuration.Health;
import dev.postern.config.Configuration.Server;
import dev.postern.config.Configuration.ServerProtocol;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code backends}. */
final class BackendsReader {
    private static final List<String> KEYS = List.of("balance", "servers", "health", "protocol");
    private static final List<String> SERVER_KEYS = List.of("address", "weight");
    private static final List<String> HEALTH_KEYS =
            List.of("method", "path", "host", "expect", "interval", "timeout", "rise", "fall");
    private static final String SERVERS = "a list such as [10.0.0.11:8080, 10.0.0.12:8080]";

    // A name is a word in paths of messages, log lines and metrics.
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,62}");

    private static final Scalar<ServerProtocol> PROTOCOL =
            Scalar.oneOf(List.of(ServerProtocol.values()), ServerProtocol::text);
    // As in HAProxy: fine enough, and the sum over many servers stays an int.
    private static final Scalar<Integer> WEIGHT = Scalar.wholeNumber(1, 256);
    private static final Scalar<String> METHOD = Scalar.oneOf(List.of("GET", "HEAD", "OPTIONS"), method -> method);
    private static final Scalar<Integer> CHECKS_IN_A_ROW = Scalar.wholeNumber(1, 100);

    // Often enough to miss a dead server for 15 s at most, seldom enough not to be a load.
    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final Duration TIMEOUT = Duration.ofSeconds(2);

    private record Statuses(int from, int to) {
        private static final Scalar<Statuses> SCALAR =
                new Scalar<>("a status such as 200 or a range such as 200-399", Statuses::parse);

        private static Statuses parse(String text) throws NotUnderstood {
            if (!text.matches("[2-5][0-9]{2}(-[2-5][0-9]{2})?")) {
                throw new NotUnderstood("");
            }
            int from = Integer.parseInt(text.substring(0, 3));
            int to = text.length() == 3 ? from : Integer.parseInt(text.substring(4));
            if (from > to) {
                throw new NotUnderstood("ends before it starts");
            }
            return new Statuses(from, to);
        }
    }

    private final Map<String, Backend> backends = new LinkedHashMap<>();
    private final List<String> names = new ArrayList<>();

    BackendsReader(@Nullable Value value) {
        Map<String, Value> entries = value == null ? null : value.entries("a mapping of names to backends");
        if (entries != null) {
            names.addAll(entries.keySet());
            entries.forEach(this::read);
        }
    }

    /** The names of all of them, also of those that have problems. */
    List<String> names() {
        return names;
    }

    Map<String, Backend> backends() {
        return backends;
    }

    private void read(String name, Value value) {
        if (!NAME.matcher(name).matches()) {
            value.refuse(name, "is no name for a backend", "letters, digits, - and _, at most 63");
        }
        Section backend = Section.of(value, KEYS);
        Health health = backend.has("health") ? health(backend.section("health", HEALTH_KEYS)) : null;
        backends.put(
                name,
                new Backend(
                        name,
                        BalanceReader.read(backend.find("balance")),
                        servers(backend),
                        health,
                        backend.get("protocol", PROTOCOL, ServerProtocol.HTTP_1)));
    }

    private static List<Server> servers(Section backend) {
        List<Server> servers = new ArrayList<>();
        Map<ServerAddress, Value> taken = new HashMap<>();
        Value value = backend.require("servers", SERVERS);
        if (value == null) {
            return servers;
        }
        for (Value item : value.items(SERVERS)) {
            ServerAddress address;
            int weight = 1;
            if (item.isMapping()) {
                Section server = Section.of(item, SERVER_KEYS);
                address = server.require("address", ServerAddress.SCALAR);
                weight = server.get("weight", WEIGHT, 1);
            } else {
                address = item.read(ServerAddress.SCALAR);
            }
            if (address == null) {
                continue;
            }
            Server server = new Server(address.host(), address.port(), weight);
            Value first = taken.putIfAbsent(address, item);
            if (first == null) {
                servers.add(server);
            } else {
                item.problem(Quoted.of(server.address()) + " is already " + first.path() + " on line " + first.line()
                        + " (expected: every server once; weight gives one more)");
            }
        }
        return List.copyOf(servers);
    }

    private static Health health(Section health) {
        Statuses expect = health.get("expect", Statuses.SCALAR, new Statuses(200, 399));
        Duration interval = health.get("interval", Durations.POSITIVE, INTERVAL);
        // A short interval alone shortens the timeout with it.
        Duration timeout =
                health.get("timeout", Durations.POSITIVE, interval.compareTo(TIMEOUT) < 0 ? interval : TIMEOUT);
        if (timeout.compareTo(interval) > 0) {
            health.place("timeout")
                    .problem(Durations.text(timeout) + " is longer than the interval (expected: at most "
                            + Durations.text(interval) + ")");
        }
        return new Health(
                health.get("method", METHOD, "GET"),
                health.get("path", UriText.PATH_AND_QUERY, "/health"),
                health.find("host", HostHeader.SCALAR),
                expect.from(),
                expect.to(),
                interval,
                timeout,
                health.get("rise", CHECKS_IN_A_ROW, 2),
                health.get("fall", CHECKS_IN_A_ROW, 3));
    }
}
