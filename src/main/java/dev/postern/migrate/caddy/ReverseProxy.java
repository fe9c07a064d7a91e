package dev.postern.migrate.caddy;

import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.migrate.Authority;
import dev.postern.migrate.BackendDraft;
import dev.postern.migrate.BackendDrafts;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Tally;
import dev.postern.migrate.Value;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code reverse_proxy}: a backend, and what is done to headers on the way to it. */
final class ReverseProxy {
    private static final Pattern FORM = Pattern.compile("(?:(http|https|h2c)://)?(unix/+/[^{}]+|[^/{}]+)");
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._\\[\\]:-]+");
    private static final int MOST_SERVERS = 64;

    private static final Set<String> BY_ITSELF = Set.of(
            "flush_interval",
            "buffer_requests",
            "buffer_responses",
            "max_buffer_size",
            "request_buffers",
            "response_buffers",
            "stream_timeout",
            "stream_close_delay",
            "lb_try_interval",
            "health_headers",
            "verbose_logs");
    private static final Set<String> TRANSPORT_BY_ITSELF = Set.of(
            "keepalive",
            "keepalive_interval",
            "keepalive_idle_conns",
            "keepalive_idle_conns_per_host",
            "compression",
            "read_buffer",
            "write_buffer",
            "dial_fallback_delay",
            "max_idle_conns",
            "max_idle_conns_per_host",
            "tls",
            "max_response_header",
            "expect_continue_timeout",
            "tls_timeout",
            "max_conns_per_host");

    private final BackendDrafts backends;
    private final Fields fields;
    private final Tally tally;
    private final Healths healths;
    private final Mapping at;

    /** @param at where notes belong */
    ReverseProxy(BackendDrafts backends, Fields fields, Tally tally, Mapping at) {
        this.backends = backends;
        this.fields = fields;
        this.tally = tally;
        this.healths = new Healths(tally, at);
        this.at = at;
    }

    /** @param edits what its routes say as well */
    record Proxied(Optional<String> backend, Edits edits) {}

    /** @param arguments without a matcher */
    Proxied of(Directive line, List<String> arguments) {
        tally.carried(line);
        List<String> targets = new ArrayList<>(arguments);
        Map<String, Value> said = new LinkedHashMap<>();
        Map<String, Value> health = new LinkedHashMap<>();
        Map<String, Value> eject = new LinkedHashMap<>();
        Map<String, Value> tls = new LinkedHashMap<>();
        Map<String, String> timeouts = new LinkedHashMap<>();
        Edits edits = Edits.NONE;
        boolean isTls = false;
        for (Directive one : line.own()) {
            switch (one.name()) {
                case "to" -> {
                    targets.addAll(one.arguments());
                    tally.carried(one);
                }
                case "lb_policy" -> balance(one, said);
                case "lb_retries", "lb_try_duration" -> {
                    if (one.is("lb_retries") && Numbers.isBetween(one.word(1), 1, 10)) {
                        said.put("retry", Value.entries(Map.of("attempts", Value.of(one.word(1)))));
                        tally.carried(one);
                    } else {
                        tally.note(
                                at,
                                one,
                                "where no connection can be made the next server is tried, each once",
                                "retry of the backend");
                    }
                }
                case "header_up" -> edits = edits.and(up(one, said));
                case "header_down" -> edits = edits.and(fields.of(one, one.arguments(), false));
                case "transport" -> {
                    if (!one.word(1).equals("http")) {
                        tally.note(
                                at,
                                one,
                                "servers are spoken to in HTTP: answered 503 here",
                                "a server that speaks " + one.word(1));
                        one.all().skip(1).forEach(inner -> tally.within(at, one, inner));
                        return new Proxied(Optional.empty(), edits);
                    }
                    isTls |= transport(one, said, tls, timeouts);
                }
                default -> {
                    if (one.name().startsWith("health_")) {
                        healths.health(one, health);
                    } else if (Set.of("fail_duration", "max_fails", "unhealthy_status")
                            .contains(one.name())) {
                        healths.passive(one, eject);
                    } else if (BY_ITSELF.contains(one.name())) {
                        tally.itself(one);
                    }
                }
            }
        }
        if (!health.isEmpty() && health.keySet().stream().anyMatch(key -> key.equals("path") || key.equals("port"))) {
            // As Caddy has it where nothing is said.
            health.putIfAbsent("interval", Value.of("30s"));
            health.putIfAbsent("timeout", Value.of("5s"));
            health.putIfAbsent("rise", Value.of("1"));
            health.putIfAbsent("fall", Value.of("1"));
            said.put("health", Value.entries(health));
        }
        if (eject.containsKey("time")) {
            eject.putIfAbsent("after", Value.of("1"));
            said.put("eject", Value.entries(eject));
        }
        if (!timeouts.isEmpty()) {
            said.put("timeouts", Value.mapping(timeouts));
        }
        return new Proxied(backend(line, targets, isTls, tls, said), edits);
    }

    private Optional<String> backend(
            Directive line, List<String> targets, boolean isTls, Map<String, Value> tls, Map<String, Value> said) {
        List<Map<String, String>> servers = new ArrayList<>();
        Set<String> there = new LinkedHashSet<>();
        Set<String> schemes = new LinkedHashSet<>();
        List<String> left = new ArrayList<>();
        for (String target : targets) {
            Matcher form = FORM.matcher(target);
            if (!form.matches()) {
                left.add(target);
                continue;
            }
            String scheme = form.group(1) == null ? "" : form.group(1);
            String where = form.group(2).startsWith("unix/")
                    ? "unix:" + form.group(2).replaceFirst("^unix/+", "/")
                    : form.group(2);
            for (String one : each(where)) {
                // https is for :443 as well, which Caddy takes as such.
                Optional<Authority> server =
                        Authority.of(one.startsWith(":") ? "127.0.0.1" + one : one, scheme.equals("https") ? 443 : 80);
                if (server.isEmpty()) {
                    left.add(target);
                } else if (there.add(server.get().text())) {
                    schemes.add(scheme.equals("h2c") ? "h2c" : scheme.equals("https") || isTls ? "https" : "http");
                    servers.add(Map.of("address", server.get().text()));
                }
            }
        }
        if (!left.isEmpty()) {
            tally.note(at, line, "no addresses of servers: " + String.join(", ", left), "servers of the backend");
        }
        if (servers.isEmpty() || schemes.size() > 1) {
            tally.note(
                    at,
                    line,
                    servers.isEmpty()
                            ? "no server of it could be carried over: answered 503 here"
                            : "servers of a backend speak alike: answered 503 here",
                    "a backend");
            return Optional.empty();
        }
        if (schemes.contains("https")) {
            said.put("tls", Value.entries(tls));
        } else if (schemes.contains("h2c")) {
            said.put("protocol", Value.of("h2c"));
        }
        if (servers.size() > 1) {
            said.putIfAbsent("balance", Value.of("random"));
        }
        Map<String, Value> weighted = new LinkedHashMap<>(said);
        if (said.get("balance") instanceof Value.Texts weights) {
            weighted.put("balance", Value.of("round-robin"));
            for (int i = 0; i < servers.size() && i < weights.texts().size(); i++) {
                if (Numbers.isBetween(weights.texts().get(i), 2, 256)) {
                    Map<String, String> server = new LinkedHashMap<>(servers.get(i));
                    server.put("weight", weights.texts().get(i));
                    servers.set(i, server);
                }
            }
        }
        String first = servers.get(0).getOrDefault("address", "");
        String wanted = first.startsWith("unix:") ? first.substring(first.lastIndexOf('/') + 1) : first;
        return Optional.of(backends.of(wanted, new BackendDraft(weighted, servers)));
    }

    /** Each port of a range. */
    private static List<String> each(String where) {
        Matcher range = Pattern.compile("(.*:)([0-9]{1,5})-([0-9]{1,5})").matcher(where);
        if (!range.matches()) {
            return List.of(where);
        }
        List<String> each = new ArrayList<>();
        int last = Integer.parseInt(range.group(3));
        for (int port = Integer.parseInt(range.group(2)); port <= last && each.size() < MOST_SERVERS; port++) {
            each.add(range.group(1) + port);
        }
        return each;
    }

    private void balance(Directive line, Map<String, Value> said) {
        String argument = line.word(2);
        Optional<Value> balance = switch (line.word(1)) {
            case "random", "random_choose" -> Optional.of(Value.of("random"));
            case "first" -> Optional.of(Value.of("first"));
            case "round_robin" -> Optional.of(Value.of("round-robin"));
            case "weighted_round_robin" ->
                Optional.of(Value.of(line.words().subList(2, line.words().size())));
            case "least_conn" -> Optional.of(Value.of("least-connections"));
            case "ip_hash", "client_ip_hash" -> Optional.of(Value.of("source"));
            case "uri_hash" -> Optional.of(key("by", "uri", "whole", "true"));
            case "header" ->
                argument.matches("[A-Za-z0-9-]+")
                        ? Optional.of(key("by", "header", "name", argument))
                        : Optional.empty();
            case "query" ->
                argument.matches("[A-Za-z0-9_.-]+")
                        ? Optional.of(key("by", "url-param", "name", argument))
                        : Optional.empty();
            default -> Optional.empty();
        };
        if (line.word(1).equals("cookie")) {
            String name = argument.matches("[A-Za-z0-9_-]+") ? argument : "lb";
            said.put("sticky", Value.mapping(Map.of("cookie", name)));
            tally.carried(line);
        } else if (balance.isPresent()) {
            said.put("balance", balance.get());
            tally.carried(line);
        } else {
            tally.note(at, line, "Postern does not balance so", "balance of the backend");
        }
        line.own().forEach(inner -> tally.note(at, inner, "Postern does not balance so", "balance of the backend"));
    }

    private static Value key(String... keysAndValues) {
        Map<String, String> entries = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            entries.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return Value.mapping(entries);
    }

    private Edits up(Directive line, Map<String, Value> said) {
        String name = line.word(1).replaceFirst(":$", "");
        if (!name.equalsIgnoreCase("host")) {
            return fields.of(line, line.arguments(), true);
        }
        tally.carried(line);
        switch (line.word(2)) {
            case "{host}", "{hostport}", "{http.request.host}", "{http.request.hostport}" -> said.remove("host");
            case "{upstream_hostport}",
                    "{http.reverse_proxy.upstream.hostport}",
                    "{http.reverse_proxy.upstream.host}" -> said.put("host", Value.of("server"));
            default -> {
                if (HOST.matcher(line.word(2)).matches()
                        && Authority.of(line.word(2), 80).isPresent()) {
                    said.put("host", Value.of(line.word(2)));
                } else {
                    tally.note(
                            at,
                            line,
                            "the Host is the client's, the server's or a name; the client's now",
                            "host of the backend");
                }
            }
        }
        return Edits.NONE;
    }

    /** Whether servers are spoken to in TLS. */
    private boolean transport(
            Directive transport, Map<String, Value> said, Map<String, Value> tls, Map<String, String> timeouts) {
        tally.carried(transport);
        boolean isTls = false;
        for (Directive line : transport.own()) {
            isTls |= line.name().startsWith("tls") && !line.is("tls_timeout");
            switch (line.name()) {
                case "tls_insecure_skip_verify" -> {
                    tls.put("verify", Value.of("off"));
                    tls.remove("ca-file");
                    tally.carried(line);
                }
                case "tls_server_name" -> serverName(line, tls);
                case "tls_trusted_ca_certs", "tls_trust_pool" -> {
                    String file = line.word(line.words().size() - 1);
                    boolean isFile = line.words().size() == 2 || line.word(1).equals("file");
                    if (isFile
                            && line.own().isEmpty()
                            && !tls.containsKey("verify")
                            && Files.isReadable(Path.of(file))) {
                        tls.put(
                                "ca-file",
                                Value.of(Path.of(file).toAbsolutePath().toString()));
                        tally.carried(line);
                    } else {
                        tally.note(
                                at,
                                line,
                                "the file is not here: the CAs of the system count",
                                "tls: ca-file of the backend");
                    }
                }
                case "dial_timeout" -> Times.of(line.word(1)).ifPresent(time -> put(line, "connect", time, timeouts));
                case "response_header_timeout", "read_timeout" ->
                    Times.of(line.word(1)).ifPresent(time -> put(line, "response", time, timeouts));
                case "versions" -> {
                    if (line.arguments().contains("h2c")) {
                        said.put("protocol", Value.of("h2c"));
                    }
                    tally.carried(line);
                }
                case "proxy_protocol" -> {
                    said.put("proxy-protocol", Value.of("v2"));
                    tally.carried(line);
                    if (line.word(1).equals("v1")) {
                        tally.note(at, line, "version 2 of the PROXY protocol is sent, not 1", "");
                    }
                }
                default -> {
                    if (TRANSPORT_BY_ITSELF.contains(line.name())) {
                        tally.itself(line);
                    }
                }
            }
        }
        return isTls;
    }

    private void serverName(Directive line, Map<String, Value> tls) {
        try {
            tls.put("server-name", Value.of(HostName.PLAIN.parse(line.word(1))));
            tally.carried(line);
        } catch (NotUnderstood e) {
            tally.note(at, line, "it is no name", "tls: server-name of the backend");
        }
    }

    private void put(Directive line, String key, String time, Map<String, String> timeouts) {
        timeouts.put(key, time);
        tally.carried(line);
    }
}
