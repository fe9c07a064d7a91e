package dev.postern.migrate.nginx;

import dev.postern.migrate.Action;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Match;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Paths;
import dev.postern.migrate.Tally;
import dev.postern.migrate.Targets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code return}, {@code rewrite} and {@code if} of a block, in their order: what comes before anything is looked for. */
final class Rewriting {
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final int CLOSED_WITHOUT_A_WORD = 444;
    /** For what is left of a path, until all else is put in. */
    private static final String REST = "\u0001";

    private static final Pattern HERE = Pattern.compile("https://(\\{host}|[a-z0-9.-]+)\\{uri}");

    private final Scope scope;
    private final String scheme;
    private final String site;
    private final @Nullable String host;
    private final Tally tally;
    private final Mapping at;
    private boolean isEnd;

    /** One with {@code To} puts its {@code rewrite} in the place of the path, for whoever is asked in the end. */
    record Rule(Directive line, Match match, Action action) {}

    /**
     * @param scheme that clients come with
     * @param site its first name
     * @param host that all clients ask for; null where no condition names it
     */
    Rewriting(Scope scope, String scheme, String site, @Nullable String host, Tally tally, Mapping at) {
        this.scope = scope;
        this.scheme = scheme;
        this.site = site;
        this.host = host;
        this.tally = tally;
        this.at = at;
    }

    /** Whether nothing behind them is ever looked for; once {@link #rules} was asked. */
    boolean isEnd() {
        return isEnd;
    }

    /** The status with which everybody who comes over HTTP is sent to the same over HTTPS; 0 where not everybody is. */
    int toHttps(List<String> names) {
        Set<String> left = new HashSet<>(names);
        for (Directive line : scope.block().own()) {
            Directive said = line;
            if (line.is("if")) {
                String condition = condition(line);
                boolean isHost = condition.startsWith("$host = ") && left.remove(condition.substring(8));
                boolean isScheme = condition.equals("$scheme = http") || condition.equals("$scheme != https");
                if (line.own().size() != 1 || !(isScheme || (isHost && left.isEmpty()))) {
                    continue;
                }
                said = line.own().get(0);
            }
            Optional<Action> action =
                    said.is("return") ? returned(said) : said.is("rewrite") ? moved(said) : Optional.empty();
            if (action.isPresent()
                    && action.get() instanceof Action.Redirect redirect
                    && HERE.matcher(redirect.location()).matches()
                    && (redirect.location().contains("{host}")
                            || (names.size() == 1
                                    && redirect.location().equals("https://" + names.get(0) + "{uri}")))) {
                return redirect.status();
            }
        }
        return 0;
    }

    /** The hosts that conditions of the block tell from all others. */
    static List<String> hosts(Directive block) {
        return block.own("if")
                .map(Rewriting::condition)
                .filter(condition -> condition.matches("\\$(http_)?host !?= \\S+"))
                .map(condition -> condition.substring(condition.lastIndexOf(' ') + 1))
                .distinct()
                .toList();
    }

    /** Whether a condition on the host holds; empty where it is none. */
    private Optional<Boolean> ofHost(String condition) {
        if (!condition.matches("\\$(http_)?host !?= \\S+")) {
            return Optional.empty();
        }
        boolean isIt = condition.substring(condition.lastIndexOf(' ') + 1).equals(host);
        return Optional.of(condition.contains("!=") != isIt);
    }

    private Optional<Action> moved(Directive line) {
        return rewritten(line).map(Rule::action);
    }

    List<Rule> rules() {
        List<Rule> rules = new ArrayList<>();
        for (Directive line : scope.block().own()) {
            if (isEnd && Set.of("return", "rewrite", "if").contains(line.name())) {
                tally.note(at, line, "it is never reached: all is answered before it", "");
                line.all().skip(1).forEach(one -> tally.within(at, line, one));
            } else if (line.is("set") || line.is("break")) {
                if (line.word(2).indexOf('$') < 0) {
                    tally.carried(line);
                }
            } else if (line.is("return")) {
                Optional<Action> action = returned(line);
                action.ifPresent(it -> rules.add(new Rule(line, Match.ALL, it)));
                if (action.isEmpty()) {
                    tally.closed(
                            at, line, "routes cannot answer so: answered 503 here", "redirect or respond of a route");
                    rules.add(new Rule(line, Match.ALL, new Action.Deny(503)));
                }
                isEnd = true;
            } else if (line.is("rewrite")) {
                rewritten(line)
                        .ifPresentOrElse(
                                rules::add,
                                () -> tally.note(
                                        at,
                                        line,
                                        "paths are cut off at their beginning, and nowhere else",
                                        "a route with redirect or rewrite"));
            } else if (line.is("if")) {
                condition(line, rules);
            }
        }
        return rules;
    }

    private void condition(Directive line, List<Rule> rules) {
        String condition = condition(line);
        Optional<Directive> answer = line.own().stream()
                .filter(one -> one.is("return"))
                .findFirst()
                .filter(one -> line.own().size() == 1);
        boolean isHttps = scheme.equals("https");
        boolean isPlain = condition.equals("$scheme = http") || condition.equals("$scheme != https");
        if (answer.isPresent() && isPlain && isHttps) {
            line.all().forEach(tally::carried);
            return;
        }
        Optional<Action> action = answer.flatMap(this::returned);
        Optional<Boolean> ofHost = ofHost(condition);
        if (action.isPresent() && ofHost.isPresent() && !ofHost.get()) {
            line.all().forEach(tally::carried);
            return;
        }
        Optional<Match> match = isPlain || ofHost.isPresent() ? Optional.of(Match.ALL) : match(condition);
        if (action.isPresent() && match.isPresent()) {
            line.all().forEach(tally::carried);
            rules.add(new Rule(line, match.get(), action.get()));
            isEnd |= match.get().isAll();
            return;
        }
        String why = "routes do not ask for that";
        boolean isGuard = line.all()
                .anyMatch(one ->
                        one.is("deny") || (one.is("return") && !one.word(1).matches("[23].*|https?:.*|/.*")));
        if (isGuard) {
            tally.guard(at, line, why, "when of a route, allow, deny or allow-methods");
        } else {
            tally.note(at, line, why, "when of a route");
        }
        line.all().skip(1).forEach(one -> tally.within(at, line, one));
    }

    /** Without brackets and quotes. */
    private static String condition(Directive line) {
        String text = String.join(" ", line.arguments()).strip();
        String bare = text.startsWith("(") && text.endsWith(")")
                ? text.substring(1, text.length() - 1).strip()
                : text;
        return bare.replaceAll("[\"']", "");
    }

    /** What it takes; a method, or a header. */
    private static Optional<Match> match(String condition) {
        if (condition.matches("\\$request_method = (?!CONNECT)[A-Z]+")) {
            return Optional.of(
                    new Match(false, "/", Set.of(condition.substring(condition.lastIndexOf(' ') + 1)), Map.of()));
        }
        if (condition.matches("\\$http_(?!host )[a-z0-9_]+ = [A-Za-z0-9._/-]+")) {
            String name = condition.substring(6, condition.indexOf(' ')).replace('_', '-');
            String value = condition.substring(condition.lastIndexOf(' ') + 1);
            return Optional.of(new Match(false, "/", Set.of(), Map.of(name, "equals:" + value)));
        }
        return Optional.empty();
    }

    private Optional<Action> returned(Directive line) {
        String first = line.word(1);
        boolean hasStatus = Numbers.isBetween(first, 100, 599);
        int status = hasStatus ? Integer.parseInt(first) : 302;
        String text = hasStatus ? line.word(2) : first;
        if (REDIRECTS.contains(status)) {
            Optional<String> location =
                    new Variables(scope).location(text, scheme, site).filter(Targets::isGood);
            location.ifPresent(it -> tally.carried(line));
            return location.map(it -> new Action.Redirect(it, status));
        }
        if (status == CLOSED_WITHOUT_A_WORD) {
            tally.note(at, line, "a connection is not closed without an answer: answered 404 here", "");
            return Optional.of(new Action.Deny(404));
        }
        if (status < 200 || text.indexOf('$') >= 0 || text.indexOf('\0') >= 0) {
            return Optional.empty();
        }
        tally.carried(line);
        boolean hasBody = !text.isEmpty() && !Set.of(204, 205, 304).contains(status);
        Optional<Directive> type =
                scope.one("default_type").filter(one -> one.word(1).matches("[a-z]+/[a-z0-9.+-]+"));
        if (hasBody) {
            type.ifPresent(tally::carried);
        }
        return Optional.of(
                text.isEmpty() && status != 200
                        ? new Action.Deny(status)
                        : new Action.Respond(
                                status,
                                hasBody ? text : "",
                                hasBody ? type.map(one -> one.word(1)).orElse("text/plain") : ""));
    }

    /** A rewrite of what a path begins with; empty where it is none. */
    private Optional<Rule> rewritten(Directive line) {
        String flag = line.word(3);
        Optional<Patterns.Prefix> found = Patterns.prefix(line.word(1), line.word(2));
        if (found.isEmpty()) {
            return Optional.empty();
        }
        Patterns.Prefix prefix = found.get();
        boolean isUrl = line.word(2).startsWith("http://") || line.word(2).startsWith("https://");
        Match match = new Match(prefix.exact(), prefix.plain(), Set.of(), Map.of());
        if (flag.equals("permanent") || flag.equals("redirect") || isUrl) {
            String target = prefix.replacement();
            boolean keepsQuery = !target.endsWith("?");
            String bare = keepsQuery ? target : target.substring(0, target.length() - 1);
            // What is left of the path begins with a slash here.
            Optional<String> location = new Variables(scope)
                    .location(bare.replace("/$1", REST), scheme, site)
                    .map(text -> text.replace(REST, "{rest}"));
            boolean hasQuery = location.map(text -> text.contains("?") || text.contains("{uri}"))
                    .orElse(false);
            return location.map(text -> text + (keepsQuery && !hasQuery ? "?{query}" : ""))
                    .filter(Targets::isGood)
                    .map(text -> {
                        tally.carried(line);
                        return new Rule(line, match, new Action.Redirect(text, flag.equals("permanent") ? 301 : 302));
                    });
        }
        String target = prefix.replacement();
        boolean isRest = prefix.exact()
                ? !target.contains("$")
                : target.endsWith("/$1") && target.indexOf('$') == target.length() - 2;
        String path = isRest && !prefix.exact() ? target.substring(0, target.length() - 2) : target;
        if (!isRest || !Paths.isGood(path)) {
            return Optional.empty();
        }
        tally.carried(line);
        return Optional.of(new Rule(line, match, new Action.To("", path)));
    }
}
