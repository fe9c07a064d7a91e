package dev.postern.migrate.haproxy;

import dev.postern.migrate.Mapping;
import dev.postern.migrate.Names;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Tally;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** {@code backend} and the servers of {@code listen}. One without a server that can be carried over is none. */
final class Backends {
    private static final int LONGEST_NAME = 63;
    private static final int LAST_PORT = 65_535;

    private final List<Section> sections;
    private final Timeouts timeouts;
    private final Tally tally;
    /** What HAProxy calls it → what it is called here. */
    private final Map<String, String> names = new LinkedHashMap<>();
    /** Where servers are connected to, of those that do not say it themselves. */
    private final Map<String, String> ports = new HashMap<>();

    private final Names called = new Names("-_");
    private final Set<String> addresses = new HashSet<>();
    /** Those in TCP mode. */
    private final Set<String> forConnections = new HashSet<>();

    /** @param at {@code backends} of the result */
    Backends(List<Section> sections, Timeouts timeouts, Tally tally, Mapping at) {
        this.sections = sections;
        this.timeouts = timeouts;
        this.tally = tally;
        Set<String> seen = new HashSet<>();
        for (Section section : sections) {
            // HAProxy takes no second one of a name.
            if (section.hasServers() && seen.add(section.name())) {
                write(section, at);
            }
        }
    }

    /** What a backend of HAProxy is called here; empty where none of its servers could be carried over. */
    Optional<String> find(String name) {
        return Optional.ofNullable(names.get(name));
    }

    /** The same of those in HTTP mode. */
    Optional<String> forRequests(String name) {
        return find(name).filter(it -> !forConnections.contains(name));
    }

    /** The same of those in TCP mode. */
    Optional<String> forConnections(String name) {
        return find(name).filter(it -> forConnections.contains(name));
    }

    /** Whether some server is at this address. */
    boolean isAt(String address) {
        return addresses.contains(address);
    }

    /** {@code server-port} of the services that use it; empty where its servers say it themselves. */
    Optional<String> serverPort(String name) {
        return Optional.ofNullable(ports.get(name));
    }

    private void write(Section section, Mapping at) {
        List<String> defaults = new ArrayList<>();
        List<Statement> byDefault = new ArrayList<>();
        if (section.defaults() != null) {
            byDefault.addAll(section.defaults().all("default-server"));
        }
        byDefault.addAll(section.all("default-server"));
        byDefault.forEach(statement -> defaults.addAll(statement.after(1)));
        List<ServerLine> servers = new ArrayList<>();
        for (String word : List.of("server", "server-template")) {
            for (Statement statement : section.all(word)) {
                ServerLine server = ServerLine.of(statement, defaults);
                Optional<String> obstacle = obstacle(server);
                if (obstacle.isPresent()) {
                    tally.note(at, statement, obstacle.get(), "a server of " + section.name() + " that can be reached");
                } else if (!servers.isEmpty() && !ServerTls.isAlike(servers.get(0), server)) {
                    tally.note(
                            at,
                            statement,
                            "servers of a backend speak TLS alike, as "
                                    + servers.get(0).name() + " does; this one is left out",
                            "a backend of its own");
                } else if (section.isTcp()
                        && !servers.isEmpty()
                        && !servers.get(0).following().equals(server.following())) {
                    tally.note(
                            at,
                            statement,
                            "servers are all connected to at a port of their own, or none; this one is left out",
                            "a backend of its own");
                } else {
                    servers.add(server);
                }
            }
        }
        byDefault.forEach(statement -> {
            tally.carried(statement);
            List<String> others =
                    ServerLine.othersOf(statement, servers.stream().anyMatch(ServerLine::isTls));
            if (!others.isEmpty()) {
                tally.note(at, statement, "not carried over of it: " + String.join(", ", others), "");
            }
        });
        if (servers.isEmpty()) {
            return;
        }
        String name = called.of(section.name());
        Mapping backend = at.section(name);
        if (!name.equals(section.name())) {
            backend.remark("HAProxy: " + section.name());
        }
        names.put(section.name(), name);
        if (section.isTcp()) {
            forConnections.add(section.name());
        }
        tally.carried(section.head());
        Balancing.write(section, tally, backend);
        protocol(servers, backend);
        ServerTls.write(servers, tally, backend);
        timeouts.ofBackend(section, backend);
        queue(section, servers, backend);
        retry(section, backend);
        servers(section, servers, backend);
        HealthChecks.write(section, servers, tally, backend);
        host(section, backend);
    }

    private static Optional<String> obstacle(ServerLine server) {
        if (server.host().isEmpty()) {
            return Optional.of("servers have a name or an address, and a port");
        }
        if (server.host().startsWith("_")) {
            return Optional.of("SRV records are not asked for");
        }
        if (server.has("disabled")) {
            return Optional.of("it is switched off");
        }
        return Optional.empty();
    }

    private void protocol(List<ServerLine> servers, Mapping backend) {
        boolean isH2c =
                servers.stream().allMatch(server -> server.option("proto").equals("h2"));
        if (isH2c) {
            backend.put("protocol", "h2c");
        } else {
            servers.stream()
                    .filter(server -> server.has("proto"))
                    .forEach(server -> tally.note(
                            backend,
                            server.statement(),
                            "servers of a backend speak one protocol: HTTP/1.1",
                            "a backend of its own, with protocol: h2c"));
        }
        List<ServerLine> proxied = servers.stream()
                .filter(server -> server.has("send-proxy") || server.has("send-proxy-v2"))
                .toList();
        if (!proxied.isEmpty() && proxied.size() == servers.size() && !isH2c) {
            backend.put("proxy-protocol", "v2");
            proxied.stream()
                    .filter(server -> server.has("send-proxy"))
                    .forEach(server -> tally.note(
                            backend, server.statement(), "version 2 of the PROXY protocol is sent, not 1", ""));
        } else {
            proxied.forEach(server -> tally.note(
                    backend,
                    server.statement(),
                    "all servers of a backend are sent a PROXY header, or none; none now",
                    "a backend of its own, with proxy-protocol: v2"));
        }
    }

    private void queue(Section section, List<ServerLine> servers, Mapping backend) {
        if (servers.stream().anyMatch(server -> Numbers.isBetween(server.option("maxconn"), 1, 1_000_000))) {
            section.setting("timeout", "queue")
                    .flatMap(timeout -> Times.limited(timeout.word(2)).map(time -> Map.entry(timeout, time)))
                    .ifPresent(entry -> {
                        backend.put("queue", Map.of("timeout", entry.getValue()));
                        tally.carried(entry.getKey());
                    });
        }
        servers.stream()
                .map(server -> Times.limited(server.option("slowstart")))
                .flatMap(Optional::stream)
                .findFirst()
                .ifPresent(time -> backend.put("slow-start", time));
    }

    private void retry(Section section, Mapping backend) {
        Optional<Statement> retry = section.setting("retry-on");
        if (retry.isEmpty() || section.isTcp()) {
            return;
        }
        Set<String> on = new LinkedHashSet<>();
        boolean isWhole = true;
        for (String word : retry.get().after(1)) {
            switch (word) {
                // That is always tried with the next server.
                case "conn-failure", "none" -> {}
                case "empty-response" -> on.add("closed");
                case "junk-response" -> on.add("malformed");
                case "response-timeout" -> on.add("timeout");
                case "all-retryable-errors" ->
                    on.addAll(List.of("closed", "timeout", "malformed", "500", "502", "503", "504"));
                default -> {
                    if (Numbers.isBetween(word, 400, 599)) {
                        on.add(word);
                    } else {
                        isWhole = false;
                    }
                }
            }
        }
        if (!on.isEmpty()) {
            Mapping mapping = backend.section("retry");
            section.setting("retries")
                    .filter(retries -> Numbers.isBetween(retries.word(1), 1, 10))
                    .ifPresent(retries -> {
                        mapping.put("attempts", retries.word(1));
                        tally.carried(retries);
                    });
            mapping.put("on", List.copyOf(on));
        }
        tally.carried(retry.get());
        if (on.isEmpty() && isWhole) {
            tally.note(
                    backend,
                    retry.get(),
                    "where no connection can be made the next server is always tried, and nothing else is tried again",
                    "retry: on, to have more tried again");
        }
        if (!isWhole) {
            tally.note(backend, retry.get(), "some of these are no reasons to try again", "retry: on");
        }
    }

    private void servers(Section section, List<ServerLine> servers, Mapping backend) {
        Set<String> mine = new HashSet<>();
        Set<String> called = new HashSet<>();
        for (ServerLine server : servers) {
            String address = address(section, server);
            addresses.add(address);
            if (!mine.add(address)) {
                tally.note(backend, server.statement(), "the backend has that server already", "weight gives one more");
                continue;
            }
            Mapping item = backend.item("servers");
            words(server, item);
            tally.carried(server.statement());
            item.put("address", address);
            if (server.isTemplate()) {
                item.put("resolve", "each");
            } else if (isServerName(server.name()) && called.add(server.name())) {
                item.put("name", server.name());
            }
            if (Numbers.isBetween(server.option("weight"), 2, 256)) {
                item.put("weight", server.option("weight"));
            } else if (server.option("weight").equals("0")) {
                item.put("drain", "true");
            }
            if (Numbers.isBetween(server.option("maxconn"), 1, 1_000_000)) {
                item.put("max-connections", server.option("maxconn"));
            }
            if (server.has("backup")) {
                item.put("backup", "true");
            }
        }
    }

    /** Words of a server that it is not told by. */
    private void words(ServerLine server, Mapping item) {
        List<String> left = new ArrayList<>(server.others());
        left.addAll(server.uselessOfTls());
        if (!left.isEmpty()) {
            tally.note(
                    item,
                    server.statement(),
                    "not carried over of it: " + String.join(", ", left),
                    server.uselessOfTls().isEmpty() ? "" : "servers are checked as they are spoken to: health, tls");
        }
        List<String> itself = new ArrayList<>(server.ofNoUse());
        if (server.has("cookie")) {
            itself.add("cookie " + server.option("cookie"));
        }
        if (!itself.isEmpty()) {
            tally.itself(server.statement(), String.join(", ", itself));
        }
    }

    private static boolean isServerName(String name) {
        return !name.isEmpty()
                && name.length() <= LONGEST_NAME
                && Character.isLetterOrDigit(name.charAt(0))
                && name.chars().allMatch(c -> c < 0x80 && (Character.isLetterOrDigit(c) || "._-".indexOf(c) >= 0));
    }

    private String address(Section section, ServerLine server) {
        if (server.isSocket()) {
            return server.host();
        }
        String following = server.following();
        if (following.isEmpty()) {
            return server.host() + ":" + server.port();
        }
        int port = Integer.parseInt(Binds.firstPort(sections, section));
        if (!following.equals("same")) {
            int moved = port + Integer.parseInt(following);
            port = moved >= 1 && moved <= LAST_PORT ? moved : port;
        }
        if (section.isTcp()) {
            ports.put(section.name(), following);
        }
        return server.host() + ":"
                + (Numbers.isBetween(server.option("port"), 1, LAST_PORT) ? server.option("port") : port);
    }

    private void host(Section section, Mapping backend) {
        section.all("http-request", "set-header").stream()
                .filter(set ->
                        set.word(2).equalsIgnoreCase("host") && set.words().size() == 4)
                .reduce((first, last) -> last)
                .ifPresent(set -> {
                    String host = set.word(3);
                    if (!host.isEmpty()
                            && host.chars()
                                    .allMatch(c -> c < 0x80 && (Character.isLetterOrDigit(c) || ".-".indexOf(c) >= 0))
                            && Character.isLetterOrDigit(host.charAt(0))) {
                        backend.put("host", host);
                        tally.carried(set);
                    }
                });
    }
}
