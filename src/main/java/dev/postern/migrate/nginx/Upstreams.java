package dev.postern.migrate.nginx;

import dev.postern.migrate.Authority;
import dev.postern.migrate.BackendDraft;
import dev.postern.migrate.BackendDrafts;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Tally;
import dev.postern.migrate.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** {@code upstream}, and servers that are named where requests are passed to them: backends. */
final class Upstreams {
    private static final Set<String> BY_ITSELF =
            Set.of("keepalive", "keepalive_requests", "keepalive_timeout", "keepalive_time", "zone");
    private static final String DISTANCE = "fail_timeout";

    private final Map<String, Directive> upstreams = new LinkedHashMap<>();
    private final BackendDrafts drafts;
    private final Mapping at;
    private final Tally tally;

    /** @param at {@code backends} of the result */
    Upstreams(Stream<Directive> upstreams, BackendDrafts drafts, Tally tally, Mapping at) {
        this.drafts = drafts;
        this.tally = tally;
        this.at = at;
        upstreams.forEach(upstream -> this.upstreams.putIfAbsent(upstream.word(1), upstream));
    }

    boolean has(String name) {
        return upstreams.containsKey(name);
    }

    /**
     * The name of the backend here.
     *
     * @param target a name of an upstream, or where one server is
     * @param port of a server that says none
     * @param settings what it says beside its servers and their balancing
     */
    Optional<String> backend(String target, int port, Map<String, Value> settings) {
        Directive upstream = upstreams.get(target);
        if (upstream == null) {
            return Authority.of(target, port).map(server -> {
                String wanted = server.port() == 0
                        ? server.host().substring(server.host().lastIndexOf('/') + 1)
                        : server.host().replace(':', '_') + "_" + server.port();
                return drafts.of(wanted, new BackendDraft(settings, List.of(Map.of("address", server.text()))));
            });
        }
        Map<String, Value> all = new LinkedHashMap<>();
        balance(upstream).ifPresent(balance -> all.put("balance", balance));
        all.putAll(settings);
        List<Map<String, String>> servers = servers(upstream);
        if (servers.isEmpty()) {
            return Optional.empty();
        }
        eject(upstream).ifPresent(eject -> all.put("eject", eject));
        tally.carried(upstream);
        return Optional.of(drafts.of(target, new BackendDraft(all, servers)));
    }

    private List<Map<String, String>> servers(Directive upstream) {
        List<Map<String, String>> servers = new ArrayList<>();
        Set<String> there = new LinkedHashSet<>();
        for (Directive line : upstream.own("server").toList()) {
            Optional<Authority> server = Authority.of(line.word(1), 80);
            if (server.isEmpty()) {
                tally.note(at, line, "servers have a name or an address", "a server that can be reached");
                continue;
            }
            if (line.words().contains("down")) {
                tally.note(at, line, "it is marked as down", "");
                continue;
            }
            if (!there.add(server.get().text())) {
                tally.note(at, line, "the backend has that server already", "weight gives one more");
                continue;
            }
            servers.add(server(line, server.get()));
        }
        return servers;
    }

    private Map<String, String> server(Directive line, Authority server) {
        Map<String, String> item = new LinkedHashMap<>();
        item.put("address", server.text());
        List<String> left = new ArrayList<>();
        for (String word : line.words().subList(2, line.words().size())) {
            String value = word.substring(word.indexOf('=') + 1);
            if (word.startsWith("weight=") && Numbers.isBetween(value, 1, 256)) {
                if (!value.equals("1")) {
                    item.put("weight", value);
                }
            } else if (word.startsWith("max_conns=") && Numbers.isBetween(value, 0, 1_000_000)) {
                if (!value.equals("0")) {
                    item.put("max-connections", value);
                }
            } else if (word.equals("backup")) {
                item.put("backup", "true");
            } else if (word.equals("resolve")) {
                item.put("resolve", "each");
            } else if (!word.startsWith("max_fails=") && !word.startsWith(DISTANCE)) {
                left.add(word);
            }
        }
        tally.carried(line);
        if (!left.isEmpty()) {
            tally.note(at, line, "not carried over of it: " + String.join(", ", left), "see servers of a backend");
        }
        return item;
    }

    /** A server that takes no connection is passed over anyway; what else counts as a failure is for all servers alike. */
    private Optional<Value> eject(Directive upstream) {
        List<Directive> said = upstream.own("server")
                .filter(line -> !line.valueOf("max_fails").isEmpty()
                        || !line.valueOf(DISTANCE).isEmpty())
                .toList();
        if (said.isEmpty() || said.get(0).valueOf("max_fails").equals("0")) {
            return Optional.empty();
        }
        Directive first = said.get(0);
        for (Directive other : said) {
            if (!other.valueOf("max_fails").equals(first.valueOf("max_fails"))
                    || !other.valueOf(DISTANCE).equals(first.valueOf(DISTANCE))) {
                tally.note(at, other, "what counts as a failure holds for all servers of a backend", "see eject");
            }
        }
        String after = first.valueOf("max_fails").isEmpty() ? "1" : first.valueOf("max_fails");
        Map<String, Value> eject = new LinkedHashMap<>();
        eject.put("after", Value.of(Numbers.isBetween(after, 1, 1000) ? after : "1"));
        eject.put("on", Value.of(List.of("connect", "closed", "timeout")));
        Units.time(first.valueOf(DISTANCE).isEmpty() ? "10s" : first.valueOf(DISTANCE))
                .ifPresent(time -> {
                    eject.put("time", Value.of(time));
                    eject.put("longest", Value.of(time));
                });
        return Optional.of(Value.entries(eject));
    }

    private Optional<Value> balance(Directive upstream) {
        Optional<Value> chosen = Optional.empty();
        for (Directive line : upstream.own()) {
            Optional<Value> balance = switch (line.name()) {
                case "least_conn" -> Optional.of(Value.of("least-connections"));
                case "ip_hash" -> Optional.of(Value.of("source"));
                case "random" -> Optional.of(Value.of("random"));
                case "hash" -> hash(line.word(1));
                default -> Optional.empty();
            };
            if (balance.isPresent()) {
                tally.carried(line);
            } else if (BY_ITSELF.contains(line.name())) {
                tally.itself(line);
            }
            chosen = chosen.or(() -> balance);
        }
        return chosen;
    }

    private static Optional<Value> hash(String key) {
        if (key.equals("$remote_addr") || key.equals("$binary_remote_addr")) {
            return Optional.of(Value.of("source"));
        }
        if (key.equals("$request_uri") || key.equals("$uri")) {
            Map<String, Value> by = new LinkedHashMap<>();
            by.put("by", Value.of("uri"));
            if (key.equals("$request_uri")) {
                by.put("whole", Value.of("true"));
            }
            return Optional.of(Value.entries(by));
        }
        if (key.matches("\\$arg_[A-Za-z0-9_]+")) {
            return Optional.of(Value.mapping(ordered("by", "url-param", "name", key.substring(5))));
        }
        if (key.matches("\\$http_[a-z0-9_]+")) {
            return Optional.of(Value.mapping(
                    ordered("by", "header", "name", key.substring(6).replace('_', '-'))));
        }
        return Optional.empty();
    }

    private static Map<String, String> ordered(String... keysAndValues) {
        Map<String, String> ordered = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            ordered.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return ordered;
    }
}
