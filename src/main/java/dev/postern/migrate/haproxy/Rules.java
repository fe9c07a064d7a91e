package dev.postern.migrate.haproxy;

import dev.postern.migrate.Action;
import dev.postern.migrate.Headers;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Paths;
import dev.postern.migrate.Tally;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a section does with requests, in the order in which HAProxy does it. Lines that are no rule of Postern's are left. */
final class Rules {
    // 303 is no answer of the plain listener.
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

    record Rule(Statement statement, Condition condition, Action action) {}

    private final Acls acls;
    private final Set<String> backends;
    /** The lines of the section. */
    private final List<Statement> lines;

    /** Whether the address of clients is no longer that of the connection, from the first line on. */
    private final boolean isSourceSet;

    private final List<Rule> rules = new ArrayList<>();
    /** By kind of rule: what its rules are no longer asked about. */
    private final Map<String, Condition> accepted = new HashMap<>();

    private Rules(Acls acls, Set<String> backends, List<Statement> lines, boolean isSourceSet) {
        this.acls = acls;
        this.backends = backends;
        this.lines = lines;
        this.isSourceSet = isSourceSet;
    }

    /** @param backends all that a template may mean */
    static List<Rule> of(Section section, Acls acls, Set<String> backends) {
        return of(section, acls, backends, false);
    }

    /** @param isSourceSet whether somebody {@link #setsSource} before the section comes to its turn */
    static List<Rule> of(Section section, Acls acls, Set<String> backends, boolean isSourceSet) {
        return all(section, acls, backends, isSourceSet).stream()
                .filter(rule -> !section.isBehindBalancers() || !isAboutBalancers(rule))
                .toList();
    }

    /** Those that {@link #of} leaves out. */
    static List<Rule> ofBalancers(Section section, Acls acls) {
        return all(section, acls, Set.of(), false).stream()
                .filter(Rules::isAboutBalancers)
                .toList();
    }

    /** Of a template that names backends by host: which hosts these are is read off their names alone. */
    static void tellMadeNames(List<Rule> rules, Tally tally, Mapping at) {
        Map<Statement, Set<String>> made = new LinkedHashMap<>();
        rules.stream()
                .filter(rule -> rule.statement().begins("use_backend")
                        && rule.statement().word(1).contains("%["))
                .forEach(rule -> rule.condition()
                        .hosts()
                        .forEach(host -> made.computeIfAbsent(rule.statement(), line -> new LinkedHashSet<>())
                                .add(host)));
        made.forEach((line, hosts) -> at.remark(tally.where(line) + ": " + String.join(", ", hosts)
                + " after the names of backends: see whether clients ask for such hosts."));
    }

    private static boolean isAboutBalancers(Rule rule) {
        return rule.statement().begins("tcp-request", "connection")
                && rule.condition().asksForAddress();
    }

    private static List<Rule> all(Section section, Acls acls, Set<String> backends, boolean isSourceSet) {
        Rules rules = new Rules(acls, backends, section.own(), isSourceSet);
        section.own().forEach(rules::add);
        rules.rules.sort(Comparator.comparingInt(rule -> phase(rule.statement())));
        return List.copyOf(rules.rules);
    }

    private static int phase(Statement statement) {
        return switch (statement.word(0)) {
            case "use_backend" -> 2;
            case "redirect" -> 1;
            case "tcp-request" -> statement.word(1).equals("content") ? -1 : -2;
            default -> 0;
        };
    }

    private void add(Statement line) {
        switch (line.word(0)) {
            case "tcp-request" -> connection(line);
            case "http-request" -> request(line);
            case "http-response", "http-after-response" -> header(line, false);
            case "redirect" -> redirect(line, 1).ifPresent(action -> add(line, action));
            case "use_backend" -> useBackend(line);
            case "block" -> add(line, new Action.Deny(403));
            case "monitor-uri" -> {
                if (Paths.isGood(line.word(1))) {
                    Condition there = new Condition(List.of(List.of(
                            new Condition.Term(false, List.of(new Question.Path(true, List.of(line.word(1)), ""))))));
                    rules.add(new Rule(line, there, new Action.Respond(200, "", "")));
                }
            }
            default -> {}
        }
    }

    private void add(Statement line, Action action) {
        Condition condition = acls.of(line.words());
        if (isSourceSet(line)) {
            condition = condition.ofAnotherSource();
        }
        rules.add(new Rule(line, condition.and(accepted.getOrDefault(kind(line), Condition.ALWAYS)), action));
        if (action instanceof Action.Accept) {
            accepted.merge(kind(line), condition.not(), Condition::and);
        }
    }

    /** Whether it says which address clients have. */
    static boolean setsSource(Statement line) {
        return line.begins("http-request", "set-src")
                || (line.begins("tcp-request") && line.word(2).equals("set-src"));
    }

    private boolean isSourceSet(Statement line) {
        return isSourceSet
                || lines.stream()
                        .filter(Rules::setsSource)
                        .anyMatch(other -> other.word(0).equals(line.word(0))
                                ? other.line() < line.line()
                                : !line.begins("tcp-request"));
    }

    /** Which rules are no longer asked after one of them has accepted. */
    private static String kind(Statement line) {
        return line.word(0).equals("tcp-request") ? line.word(0) + " " + line.word(1) : line.word(0);
    }

    private void connection(Statement line) {
        if (!List.of("connection", "session", "content").contains(line.word(1))) {
            return;
        }
        switch (line.word(2)) {
            case "accept" -> add(line, new Action.Accept());
            case "reject", "silent-drop" -> add(line, new Action.Deny(403));
            default -> {}
        }
    }

    /** Whether {@code http-request deny} says what is answered. */
    static boolean hasBody(Statement line) {
        return line.words().stream()
                .takeWhile(word -> !word.equals("if") && !word.equals("unless"))
                .anyMatch(word -> List.of(
                                "content-type",
                                "string",
                                "lf-string",
                                "file",
                                "lf-file",
                                "hdr",
                                "errorfile",
                                "errorfiles",
                                "default-errorfiles")
                        .contains(word));
    }

    private void request(Statement line) {
        switch (line.word(1)) {
            case "deny" -> {
                String status =
                        line.valueOf("deny_status").isEmpty() ? line.valueOf("status") : line.valueOf("deny_status");
                if (status.isEmpty() || Numbers.isBetween(status, 400, 599)) {
                    add(line, new Action.Deny(status.isEmpty() ? 403 : Integer.parseInt(status)));
                }
            }
            case "allow" -> add(line, new Action.Accept());
            // Whoever is asked for a password has shown none.
            case "auth", "tarpit", "reject", "silent-drop" -> add(line, new Action.Deny(403));
            case "return" -> respond(line).ifPresent(action -> add(line, action));
            case "redirect" -> redirect(line, 2).ifPresent(action -> add(line, action));
            default -> header(line, true);
        }
    }

    private static Optional<Action> respond(Statement line) {
        int status = 200;
        String body = "";
        String type = "";
        for (int i = 2; i < line.words().size(); i++) {
            switch (line.word(i)) {
                case "status" -> {
                    if (!Numbers.isBetween(line.word(++i), 200, 599)) {
                        return Optional.empty();
                    }
                    status = Integer.parseInt(line.word(i));
                }
                case "content-type" -> type = line.word(++i);
                case "string" -> body = line.word(++i);
                case "if", "unless" -> i = line.words().size();
                default -> {
                    return Optional.empty();
                }
            }
        }
        boolean isBody = body.isEmpty() || !Set.of(204, 205, 304).contains(status);
        boolean isType = type.isEmpty()
                || (type.indexOf('/') > 0 && type.chars().allMatch(c -> Paths.isPlain(c) || "; \"".indexOf(c) >= 0));
        return isBody && isType ? Optional.of(new Action.Respond(status, body, type)) : Optional.empty();
    }

    private static Optional<Action> redirect(Statement line, int from) {
        String kind = line.word(from);
        String target = line.word(from + 1);
        int status = 302;
        boolean dropsQuery = false;
        for (int i = from + 2; i < line.words().size(); i++) {
            switch (line.word(i)) {
                case "code" -> {
                    if (!Numbers.isBetween(line.word(++i), 301, 308)) {
                        return Optional.empty();
                    }
                    status = Integer.parseInt(line.word(i));
                }
                case "drop-query" -> dropsQuery = true;
                case "if", "unless" -> i = line.words().size();
                default -> {
                    return Optional.empty();
                }
            }
        }
        if (!REDIRECTS.contains(status)) {
            return Optional.empty();
        }
        String rest = dropsQuery ? "{path}" : "{uri}";
        if (kind.equals("scheme") && target.equals("https")) {
            return Optional.of(new Action.ToHttps(status));
        }
        Optional<String> place = Format.of(target, Format.PLACES);
        if (place.isEmpty() || !isLocation(place.get()) || (!kind.equals("location") && !kind.equals("prefix"))) {
            return Optional.empty();
        }
        String location = place.get();
        if (kind.equals("prefix")) {
            location = (location.endsWith("/") ? location.substring(0, location.length() - 1) : location) + rest;
        }
        return Optional.of(new Action.Redirect(location, status));
    }

    private static boolean isLocation(String text) {
        boolean isPath = text.startsWith("/") && !text.startsWith("//");
        boolean isUrl = text.startsWith("http://") || text.startsWith("https://");
        int host = text.indexOf("://") + 3;
        // Who is asked must not be up to the client, {host} aside.
        boolean isHost = !isUrl
                || (text.length() > host
                        && !text.startsWith("{path}", host)
                        && !text.startsWith("{uri}", host)
                        && text.charAt(host) != '/');
        return (isPath || isUrl) && isHost && text.chars().allMatch(c -> Paths.isPlain(c) || "?#{}%".indexOf(c) >= 0);
    }

    private void header(Statement line, boolean toServer) {
        String how = switch (line.word(1)) {
            case "set-header" -> "set";
            case "add-header" -> "add";
            case "del-header" -> "remove";
            default -> "";
        };
        String name = line.word(2);
        boolean isName = toServer ? Headers.isForServers(name) : Headers.isForClients(name);
        if (how.isEmpty() || (!isName && !Headers.isOurs(name))) {
            return;
        }
        if (how.equals("remove")) {
            if (!line.words().contains("-m")) {
                add(line, new Action.Header(toServer, how, name, ""));
            }
            return;
        }
        if (toServer && Headers.isOurs(name)) {
            // Whatever it is made of: whether it says what Postern says is looked at later.
            add(line, new Action.Header(true, how, name, line.word(3)));
            return;
        }
        Format.of(line.word(3), Format.VARIABLES)
                .filter(Headers::isValue)
                .ifPresent(value -> add(line, new Action.Header(toServer, how, name, value)));
    }

    /** One of the two forms with a template names as many backends as there are of that form. */
    private void useBackend(Statement line) {
        String name = line.word(1);
        int open = name.indexOf("%[");
        if (open < 0) {
            add(line, new Action.To(name));
            return;
        }
        int close = name.indexOf(']', open);
        Fetch fetch = Fetch.of(close < 0 ? "" : name.substring(open + 2, close));
        if (!fetch.isHost()) {
            return;
        }
        String before = name.substring(0, open);
        String after = name.substring(close + 1);
        Condition also = acls.of(line.words());
        for (String backend : backends) {
            if (backend.length() > before.length() + after.length()
                    && backend.startsWith(before)
                    && backend.endsWith(after)) {
                String host = backend.substring(before.length(), backend.length() - after.length());
                if (Acls.host(host) instanceof Question.Host asked) {
                    Condition.Term term = new Condition.Term(false, List.of(asked));
                    rules.add(new Rule(line, also.and(new Condition(List.of(List.of(term)))), new Action.To(backend)));
                }
            }
        }
    }
}
