package dev.postern.migrate.caddy;

import dev.postern.migrate.Action;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Paths;
import dev.postern.migrate.Tally;
import dev.postern.migrate.Targets;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What Postern answers by itself: {@code redir}, {@code respond}, and what it cannot do otherwise. */
final class Answers {
    private final Placeholders placeholders;
    private final String scheme;
    private final Tally tally;
    private final Mapping at;

    /** @param scheme that clients come with */
    Answers(Placeholders placeholders, String scheme, Tally tally, Mapping at) {
        this.placeholders = placeholders;
        this.scheme = scheme;
        this.tally = tally;
        this.at = at;
    }

    /**
     * @param words without a matcher
     * @param status with which it keeps everybody out; 0 where it does not
     */
    Action of(Directive line, List<String> words, int status) {
        switch (line.name()) {
            case "redir" -> {
                return redirect(line, words);
            }
            case "respond" -> {
                return respond(line, words);
            }
            case "abort" -> {
                tally.note(at, line, "a connection is not closed without an answer: answered 403 here", "");
                return new Action.Deny(403);
            }
            case "error" -> {
                return new Action.Deny(status == 0 ? 500 : status);
            }
            default -> {
                boolean isFiles = line.is("file_server");
                tally.note(
                        at,
                        line,
                        isFiles
                                ? "Postern serves no files: answered 404 here"
                                : "servers are spoken to in HTTP: answered 503 here",
                        "a server that has them, as backend of the route");
                line.all().skip(1).forEach(one -> tally.within(at, line, one));
                return new Action.Deny(isFiles ? 404 : 503);
            }
        }
    }

    private Action redirect(Directive line, List<String> words) {
        String code = words.size() > 1 ? words.get(1) : "302";
        int status = switch (code) {
            case "permanent" -> 301;
            case "temporary", "html" -> 302;
            default -> Numbers.isBetween(code, 301, 308) ? Integer.parseInt(code) : 0;
        };
        if (code.equals("html")) {
            tally.note(at, line, "redirects are no pages: answered 302 here", "");
        }
        Optional<String> location = words.isEmpty() ? Optional.empty() : placeholders.location(words.get(0), scheme);
        Optional<Action> action = location.filter(Targets::isGood)
                .filter(text -> Set.of(301, 302, 303, 307, 308).contains(status))
                .map(text -> new Action.Redirect(text, status));
        if (action.isEmpty()) {
            tally.note(at, line, "Postern does not redirect there: answered 503 here", "redirect of a route");
            return new Action.Deny(503);
        }
        return action.get();
    }

    private Action respond(Directive line, List<String> words) {
        boolean isStatus = words.size() == 1 && words.get(0).matches("[1-9][0-9]{2}");
        String body = isStatus || words.isEmpty() ? "" : words.get(0);
        String code = isStatus ? words.get(0) : words.size() > 1 ? words.get(1) : "200";
        for (Directive inner : line.own()) {
            if (inner.is("body")) {
                body = inner.word(1);
                tally.carried(inner);
            } else {
                tally.note(at, inner, "connections are kept", "");
            }
        }
        Optional<String> fixed = placeholders.fixed(body).filter(text -> text.indexOf('\0') < 0);
        if (fixed.isEmpty()) {
            tally.note(at, line, "answers are the same for everybody: without its text here", "respond of a route");
        }
        if (!Numbers.isBetween(code, 200, 599)) {
            tally.note(at, line, "there is no such answer: answered 503 here", "respond of a route");
            return new Action.Deny(503);
        }
        int status = Integer.parseInt(code);
        boolean hasBody = !Set.of(204, 205, 304).contains(status)
                && fixed.map(text -> !text.isEmpty()).orElse(false);
        return new Action.Respond(status, hasBody ? fixed.orElse("") : "", hasBody ? type(fixed.orElse("")) : "");
    }

    /** As Caddy sees by itself that something is JSON. */
    private static String type(String body) {
        boolean isJson = body.matches("(?s)\\s*(\\{.*}|\\[.*])\\s*");
        return isJson ? "application/json" : "text/plain; charset=utf-8";
    }

    /** With the path that there is by then. */
    Action rewritten(Directive line, Action action, Stage context) {
        if (context.cut().isEmpty() && context.put().isEmpty()) {
            return action;
        }
        String path = context.match().path();
        if (action instanceof Action.To to) {
            String left = path.startsWith(context.cut())
                    ? path.substring(context.cut().length())
                    : path;
            String rewrite = context.put() + (left.startsWith("/") ? left : "/" + left);
            if (Paths.isGood(rewrite)) {
                return new Action.To(to.backend(), rewrite);
            }
            tally.note(at, line, "the path is none that Postern can send: answered 503 here", "rewrite of a route");
            return new Action.Deny(503);
        }
        if (action instanceof Action.Redirect to
                && (to.location().contains("{uri}") || to.location().contains("{path}"))) {
            boolean isRest =
                    !context.match().exact() && path.replaceFirst("/$", "").equals(context.cut());
            if (context.cut().isEmpty() || isRest) {
                String left = context.cut().isEmpty() ? "{path}" : "{rest}";
                return new Action.Redirect(
                        to.location()
                                .replace("{path}", context.put() + left)
                                .replace("{uri}", context.put() + left + "?{query}"),
                        to.status());
            }
            tally.note(at, line, "the path was another one before: answered 503 here", "redirect of a route");
            return new Action.Deny(503);
        }
        return action;
    }
}
