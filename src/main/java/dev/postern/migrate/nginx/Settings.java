package dev.postern.migrate.nginx;

import dev.postern.config.Durations;
import dev.postern.migrate.Action;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Headers;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Tally;
import dev.postern.migrate.Value;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a block says beside its answer: headers, limits, timeouts. */
final class Settings {
    /** Where nginx is told nothing. */
    static final String BODY = "1m";

    private static final Pattern RATE = Pattern.compile("([0-9]{1,6})r/([sm])");

    private final Map<String, Directive> zones = new LinkedHashMap<>();
    private final Tally tally;
    /** {@code limits: body} of all. */
    private final String body;

    Settings(Scope http, Tally tally) {
        this.tally = tally;
        this.body = http.one("client_max_body_size")
                .flatMap(line -> Units.size(line.word(1)))
                .orElse("1MiB");
        http.block().own("limit_req_zone").forEach(zone -> {
            String name = zone.valueOf("zone");
            zones.put(name.substring(0, name.indexOf(':') < 0 ? name.length() : name.indexOf(':')), zone);
        });
    }

    String body() {
        return body;
    }

    /** Of whatever is answered. */
    Edits ofResponses(Scope scope, Mapping at) {
        Edits edits = Edits.NONE;
        Set<String> said = new HashSet<>();
        for (Directive line : scope.all("add_header")) {
            String name = line.word(1);
            Optional<String> value = new Variables(scope).field(line.word(2)).filter(text -> !text.isEmpty());
            if (!Headers.isForClients(name) || value.isEmpty() || !said.add(name.toLowerCase(Locale.ROOT))) {
                tally.note(
                        at,
                        line,
                        value.isEmpty()
                                ? "Postern has no such variable"
                                : "it is not for the configuration, or there already",
                        "response-headers");
                continue;
            }
            tally.carried(line);
            edits = edits.and(Edits.of(new Action.Header(false, "add", name, value.get())));
        }
        return edits;
    }

    /** Of what is passed on to servers. */
    Edits ofRequests(Scope scope, Mapping at) {
        Edits edits = Edits.NONE;
        for (Directive line : scope.all("proxy_set_header")) {
            edits = edits.and(header(line, scope, at));
        }
        for (Directive line : scope.all("proxy_hide_header")) {
            if (Headers.isForClients(line.word(1))) {
                tally.carried(line);
                edits = edits.and(Edits.of(new Action.Header(false, "remove", line.word(1), "")));
            }
        }
        edits = edits.and(limited(scope, at)).and(compressed(scope, at)).and(timeouts(scope, at));
        Optional<Directive> size = scope.one("client_max_body_size");
        Optional<String> most = size.flatMap(line -> Units.size(line.word(1)));
        if (most.isPresent()) {
            size.ifPresent(tally::carried);
            if (!most.get().equals(body)) {
                edits = edits.and(Edits.saying("limits", Value.mapping(Map.of("body", most.get()))));
            }
        }
        return edits;
    }

    private Edits header(Directive line, Scope scope, Mapping at) {
        String name = line.word(1);
        String value = line.word(2);
        if (name.equalsIgnoreCase("host") || Headers.isFraming(name)) {
            // Which Host, says the backend; the others are of one connection, and Postern's to say.
            if (name.equalsIgnoreCase("host")) {
                tally.carried(line);
            } else {
                tally.itself(line);
            }
            return Edits.NONE;
        }
        if (Headers.isOurs(name)) {
            boolean isWhatPosternSays = value.isEmpty()
                    || Set.of(
                                    "$remote_addr",
                                    "$proxy_add_x_forwarded_for",
                                    "$scheme",
                                    "http",
                                    "https",
                                    "$host",
                                    "$http_host",
                                    "$server_port",
                                    "443",
                                    "80")
                            .contains(value);
            if (isWhatPosternSays) {
                tally.itself(line);
            } else {
                tally.note(at, line, "Postern writes " + name + " by itself, of what it knows", "another header");
            }
            return Edits.NONE;
        }
        if (value.equalsIgnoreCase("$http_" + name.replace('-', '_'))) {
            // As the client said it.
            tally.carried(line);
            return Edits.NONE;
        }
        Optional<String> said = new Variables(scope).field(value);
        if (!Headers.isForServers(name) || said.isEmpty()) {
            tally.note(
                    at,
                    line,
                    said.isEmpty() ? "Postern has no such variable" : "no such name is sent to servers",
                    "request-headers");
            return Edits.NONE;
        }
        tally.carried(line);
        return Edits.of(new Action.Header(true, value.isEmpty() ? "remove" : "set", name, said.get()));
    }

    private Edits limited(Scope scope, Mapping at) {
        Edits edits = Edits.NONE;
        for (Directive line : scope.all("limit_req")) {
            Directive zone = zones.get(line.valueOf("zone"));
            Matcher rate = RATE.matcher(zone == null ? "" : zone.valueOf("rate"));
            boolean isByClient = zone != null
                    && (zone.word(1).equals("$binary_remote_addr")
                            || zone.word(1).equals("$remote_addr"));
            if (zone == null || !isByClient || !rate.matches() || !edits.equals(Edits.NONE)) {
                tally.guard(
                        at, line, "requests are counted by the client's address, at one rate", "rate-limit of a route");
                continue;
            }
            PeerAddress.differs(scope).ifPresent(why -> tally.guard(at, line, why, "rate-limit of a route"));
            tally.carried(line);
            tally.carried(zone);
            String burst = line.valueOf("burst");
            int more = Numbers.isBetween(burst, 0, 100_000) ? Integer.parseInt(burst) : 0;
            Map<String, String> limit = new LinkedHashMap<>();
            limit.put("requests", rate.group(1));
            limit.put("per", rate.group(2).equals("s") ? "1s" : "1m");
            limit.put("burst", Integer.toString(more + 1));
            edits = Edits.saying("rate-limit", Value.mapping(limit));
            if (more > 0 && !line.words().contains("nodelay")) {
                tally.note(
                        at, line, "nobody is kept waiting: as many are taken at once, and more are answered 429", "");
            }
        }
        if (scope.all("limit_req").size() > 0) {
            scope.one("limit_req_status").ifPresent(status -> {
                if (status.word(1).equals("429")) {
                    tally.carried(status);
                } else {
                    tally.note(at, status, "whoever comes too often is answered 429", "");
                }
            });
        }
        return edits;
    }

    private Edits compressed(Scope scope, Mapping at) {
        Optional<Directive> gzip = scope.one("gzip");
        gzip.ifPresent(tally::carried);
        if (!scope.isOn("gzip")) {
            return Edits.NONE;
        }
        List<String> types = new ArrayList<>(List.of("text/html"));
        scope.one("gzip_types").ifPresent(line -> {
            List<String> left = new ArrayList<>();
            for (String type : line.arguments()) {
                String lower = type.toLowerCase(Locale.ROOT);
                if (lower.matches("[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")) {
                    if (!types.contains(lower)) {
                        types.add(lower);
                    }
                } else {
                    left.add(type);
                }
            }
            tally.carried(line);
            if (!left.isEmpty()) {
                tally.note(at, line, "no media types: " + String.join(", ", left), "compression: types");
            }
        });
        Map<String, Value> compression = new LinkedHashMap<>();
        compression.put("encodings", Value.of(List.of("gzip")));
        compression.put("types", Value.of(types));
        Optional<Directive> least = scope.one("gzip_min_length");
        least.ifPresent(tally::carried);
        compression.put(
                "min-size",
                Value.of(least.flatMap(line -> Units.size(line.word(1)))
                        .filter(size -> !size.equals("unlimited"))
                        .orElse("20B")));
        for (String byItself :
                List.of("gzip_vary", "gzip_proxied", "gzip_disable", "gzip_http_version", "gzip_buffers")) {
            scope.one(byItself).ifPresent(tally::itself);
        }
        return Edits.saying("compression", Value.entries(compression));
    }

    private Edits timeouts(Scope scope, Mapping at) {
        Map<String, String> timeouts = new LinkedHashMap<>();
        scope.one("client_body_timeout").ifPresent(line -> put(line, "request-body", timeouts));
        for (String protocol : List.of("proxy", "grpc")) {
            scope.one(protocol + "_connect_timeout").ifPresent(line -> put(line, "connect", timeouts));
            scope.one(protocol + "_read_timeout").ifPresent(line -> {
                put(line, "response", timeouts);
                if (isUpgraded(scope)) {
                    put(line, "tunnel", timeouts);
                }
            });
        }
        scope.one("proxy_send_timeout").ifPresent(line -> {
            if (timeouts.containsKey("response")) {
                tally.carried(line);
            } else {
                tally.note(at, line, "how long a server may take nothing is told by response", "timeouts: response");
            }
        });
        return timeouts.isEmpty() ? Edits.NONE : Edits.saying("timeouts", Value.mapping(timeouts));
    }

    private static boolean isUpgraded(Scope scope) {
        return scope.all("proxy_set_header").stream()
                .anyMatch(line -> line.word(1).equalsIgnoreCase("upgrade")
                        && !line.word(2).isEmpty());
    }

    private void put(Directive line, String key, Map<String, String> timeouts) {
        Units.duration(line.word(1))
                .filter(time -> time.compareTo(Duration.ofDays(3650)) <= 0 && !time.isZero())
                .ifPresent(time -> {
                    timeouts.put(key, Durations.text(time));
                    tally.carried(line);
                });
    }
}
