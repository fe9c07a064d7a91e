package dev.postern.migrate.haproxy;

import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Paths;
import dev.postern.migrate.Tally;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What asks servers whether they are well: {@code check} and the lines that say how. */
final class HealthChecks {
    private static final Map<String, String> TYPES = Map.of(
            "redis-check", "redis",
            "pgsql-check", "postgresql",
            "mysql-check", "mysql",
            "smtpchk", "smtp",
            "ldap-check", "ldap",
            "tcp-check", "tcp",
            "httpchk", "http");
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "OPTIONS");

    private final Section section;
    private final Tally tally;
    private final Mapping at;
    private final Mapping health;

    private HealthChecks(Section section, Tally tally, Mapping at) {
        this.section = section;
        this.tally = tally;
        this.at = at;
        this.health = at.section("health");
    }

    static void write(Section section, List<ServerLine> servers, Tally tally, Mapping at) {
        List<ServerLine> checked =
                servers.stream().filter(server -> server.has("check")).toList();
        if (checked.isEmpty()) {
            return;
        }
        new HealthChecks(section, tally, at).write(checked, servers.stream().anyMatch(ServerLine::isSocket));
        if (checked.size() < servers.size()) {
            at.remark("All servers are checked; in HAProxy " + checked.size() + " of " + servers.size() + " are.");
        }
    }

    /** @param hasSockets whether some server has no port */
    private void write(List<ServerLine> checked, boolean hasSockets) {
        Optional<Statement> how = how();
        boolean isOverTls = checked.stream().anyMatch(server -> server.has("check-ssl") && !server.isTls());
        if (isOverTls && how.isPresent()) {
            // Who expects TLS would take a question without it for a fault.
            tally.note(
                    at,
                    how.get(),
                    "servers are not asked over TLS alone: that they take a connection is enough",
                    "health of the backend");
            how = Optional.empty();
        }
        String type =
                how.map(option -> TYPES.getOrDefault(option.word(1), "tcp")).orElse("tcp");
        how.ifPresent(tally::carried);
        if (type.equals("http")) {
            http(how.orElseThrow());
        } else {
            health.put("type", type);
            String user = how.map(option -> option.valueOf("user")).orElse("");
            if (type.equals("postgresql") && !user.isEmpty()) {
                health.put("user", user);
            }
            if (how.isPresent() && !type.equals("tcp")) {
                words(how.get(), type);
            }
            if (type.equals("tcp") && how.isPresent()) {
                dialogue();
                if (!health.has("dialogue")) {
                    tally.itself(how.get());
                }
            }
        }
        ServerLine first = checked.get(0);
        health.put("interval", Times.limited(first.option("inter")).orElse("2s"));
        section.setting("timeout", "check")
                .ifPresent(timeout -> Times.limited(timeout.word(2)).ifPresent(time -> {
                    health.put("timeout", time);
                    tally.carried(timeout);
                }));
        for (String count : List.of("rise", "fall")) {
            if (Numbers.isBetween(first.option(count), 1, 100)) {
                health.put(count, first.option(count));
            }
        }
        if (Numbers.isBetween(first.option("port"), 1, 65_535) && !hasSockets) {
            health.put("port", first.option("port"));
        }
        for (ServerLine server : checked) {
            if (List.of("inter", "rise", "fall", "port").stream()
                    .anyMatch(option -> !server.option(option).equals(first.option(option)))) {
                tally.note(
                        at,
                        server.statement(),
                        "all servers of a backend are checked alike, as " + first.name() + " is",
                        "a backend of its own");
            }
        }
    }

    /** What the option says beside its name: who logs in, or how it says hello. */
    private void words(Statement how, String type) {
        List<String> others = new ArrayList<>(how.after(2));
        if (type.equals("postgresql") && others.size() == 2 && others.get(0).equals("user")) {
            others.clear();
        }
        if (!others.isEmpty()) {
            tally.note(
                    at,
                    how,
                    "not carried over of it: " + String.join(" ", others) + ": servers are greeted, and no more",
                    "");
        }
    }

    private Optional<Statement> how() {
        for (Section where : section.defaults() == null ? List.of(section) : List.of(section, section.defaults())) {
            Optional<Statement> how = where.all("option").stream()
                    .filter(option -> TYPES.containsKey(option.word(1)))
                    .reduce((first, last) -> last);
            if (how.isPresent()) {
                return how;
            }
        }
        return Optional.empty();
    }

    private void http(Statement option) {
        Map<String, String> asked = new LinkedHashMap<>();
        asked.put("method", option.words().size() > 3 ? option.word(2) : "OPTIONS");
        asked.put(
                "path",
                option.words().size() > 3 ? option.word(3) : option.words().size() == 3 ? option.word(2) : "/");
        hostBehind(option.after(4)).ifPresent(host -> asked.put("host", host));
        for (Statement check : section.all("http-check")) {
            if (check.begins("http-check", "send")) {
                send(check, asked);
            } else if (check.begins("http-check", "expect")) {
                expect(check);
            } else if (check.begins("http-check", "disable-on-404")) {
                health.put("drain-on-404", "true");
                tally.carried(check);
            } else if (check.begins("http-check", "connect") && check.words().size() == 2) {
                tally.carried(check);
            }
        }
        String method = asked.getOrDefault("method", "");
        if (METHODS.contains(method)) {
            health.put("method", method);
        } else {
            tally.note(at, option, "checks ask with GET, HEAD or OPTIONS; this one with GET now", "");
        }
        String path = asked.getOrDefault("path", "/");
        if (Paths.isGoodWithQuery(path)) {
            health.put("path", path);
        } else {
            health.put("path", "/");
            tally.note(at, option, "that is no path that a check may have; / is asked for", "health: path");
        }
        String host = asked.get("host");
        if (host != null) {
            try {
                health.put("host", HostName.PLAIN.parse(host));
            } catch (NotUnderstood e) {
                tally.note(at, option, "that is no Host that a check may have", "health: host");
            }
        }
    }

    /** Guides of old put it behind the version: {@code HTTP/1.1\r\nHost:\ example.com}. */
    private static Optional<String> hostBehind(List<String> words) {
        for (String line : String.join(" ", words).split("\r\n", -1)) {
            if (line.regionMatches(true, 0, "host:", 0, 5)) {
                return Optional.of(line.substring(5).strip());
            }
        }
        return Optional.empty();
    }

    private void send(Statement check, Map<String, String> asked) {
        boolean isWhole = true;
        for (int i = 2; i < check.words().size(); i++) {
            switch (check.word(i)) {
                case "meth" -> asked.put("method", check.word(++i));
                case "uri" -> asked.put("path", check.word(++i));
                case "ver" -> i++;
                case "hdr" -> {
                    if (check.word(i + 1).equalsIgnoreCase("host")) {
                        asked.put("host", check.word(i + 2));
                    } else {
                        isWhole = false;
                    }
                    i += 2;
                }
                default -> isWhole = false;
            }
        }
        if (isWhole) {
            tally.carried(check);
        } else {
            tally.note(at, check, "checks have a method, a path and a Host, and no more", "");
        }
    }

    private void expect(Statement check) {
        String status = check.valueOf("status");
        int dash = status.indexOf('-');
        String from = dash < 0 ? status : status.substring(0, dash);
        String to = dash < 0 ? status : status.substring(dash + 1);
        boolean isRange =
                Numbers.isBetween(from, 200, 599) && Numbers.isBetween(to, 200, 599) && from.compareTo(to) <= 0;
        if (isRange && !check.words().contains("!") && !health.has("expect")) {
            health.put("expect", status);
            tally.carried(check);
        } else {
            tally.note(at, check, "checks expect one status, or one range of them", "health: expect");
        }
    }

    private void dialogue() {
        for (Statement check : section.all("tcp-check")) {
            String what = check.word(1);
            String text = check.word(check.words().size() - 1);
            Optional<String> bytes =
                    Optional.of(text).filter(it -> it.chars().allMatch(c -> c <= 0xff) && !it.isEmpty());
            if (what.equals("connect") && check.words().size() == 2) {
                tally.carried(check);
            } else if (what.equals("send") && check.words().size() == 3 && bytes.isPresent()) {
                health.item("dialogue").put("send", text);
                tally.carried(check);
            } else if (check.begins("tcp-check", "expect", "string")
                    && check.words().size() == 4
                    && bytes.isPresent()) {
                health.item("dialogue").put("expect", text);
                tally.carried(check);
            } else {
                tally.note(at, check, "checks say and hear texts, and nothing else", "health: dialogue");
            }
        }
    }
}
