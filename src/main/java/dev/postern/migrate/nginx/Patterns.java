package dev.postern.migrate.nginx;

import dev.postern.migrate.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Regular expressions that say no more than what a path is, or begins with. */
final class Patterns {
    /** One of several words, or none of this: {@code ^/(a|b)/}. */
    private static final Pattern CHOICE = Pattern.compile("\\((?:\\?:)?([A-Za-z0-9_|-]+)\\)");

    private Patterns() {}

    /**
     * @param exact whether it is all of the path
     * @param path with a slash at its end where a whole segment has to end there
     */
    record Literal(boolean exact, String path) {}

    /** What a regular expression for paths takes; empty where that is nothing a route can say. */
    static Optional<List<Literal>> of(String regex) {
        if (!regex.startsWith("^/")) {
            return Optional.empty();
        }
        boolean exact = regex.endsWith("$") && !regex.endsWith("\\$");
        String body = regex.substring(1, exact ? regex.length() - 1 : regex.length());
        if (exact && (body.endsWith("(.*)") || body.endsWith(".*"))) {
            exact = false;
        }
        if (!exact) {
            body = body.endsWith("(.*)")
                    ? body.substring(0, body.length() - 4)
                    : body.endsWith(".*") ? body.substring(0, body.length() - 2) : body;
        }
        List<String> bodies = new ArrayList<>(List.of(body));
        Matcher choice = CHOICE.matcher(body);
        if (choice.find()) {
            bodies.clear();
            for (String one : choice.group(1).split("\\|", -1)) {
                bodies.add(body.substring(0, choice.start()) + one + body.substring(choice.end()));
            }
        }
        List<Literal> literals = new ArrayList<>();
        for (String one : bodies) {
            Optional<String> path = unescaped(one);
            if (path.isEmpty() || !Paths.isGood(path.get())) {
                return Optional.empty();
            }
            literals.add(new Literal(exact, path.get()));
        }
        return Optional.of(literals);
    }

    /**
     * The path that {@code rewrite} cuts off: {@code ^/old/(.*)$}, {@code ^/old(/.*)$}, {@code ^/old/?(.*)$}. Empty where it does
     * anything else.
     *
     * @param replacement what stands in the place of it, with {@code $1} for what is left
     */
    static Optional<Prefix> prefix(String regex, String replacement) {
        if (regex.equals("^") || regex.equals("^/") || regex.equals(".*") || regex.equals("^.*$")) {
            return Optional.of(new Prefix("/", replacement));
        }
        if (regex.equals("^(.*)$") || regex.equals("^(.*)") || regex.equals("(.*)")) {
            return Optional.of(new Prefix("/", replacement.replace("$1", "/$1")));
        }
        for (String end : List.of("/(.*)$", "/?(.*)$", "/(.*)", "(/.*)$", "(/.*)")) {
            if (regex.startsWith("^/") && regex.endsWith(end)) {
                boolean hasSlash = end.startsWith("(/");
                return unescaped(regex.substring(1, regex.length() - end.length()) + "/")
                        .filter(Paths::isGood)
                        .map(path -> new Prefix(path, hasSlash ? replacement.replace("$1", "/$1") : replacement));
            }
        }
        if (regex.startsWith("^/") && regex.endsWith("$")) {
            return unescaped(regex.substring(1, regex.length() - 1))
                    .filter(Paths::isGood)
                    .map(path -> new Prefix("=" + path, replacement));
        }
        return Optional.empty();
    }

    /**
     * @param path that it begins with; behind {@code =} where it is all of it
     * @param replacement in which {@code $1} is what is left of the path behind it
     */
    record Prefix(String path, String replacement) {
        boolean exact() {
            return path.startsWith("=");
        }

        String plain() {
            return exact() ? path.substring(1) : path;
        }
    }

    /** The text that a regular expression stands for, which has nothing but characters of its own. */
    private static Optional<String> unescaped(String regex) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < regex.length(); i++) {
            char c = regex.charAt(i);
            if (c == '\\' && i + 1 < regex.length() && !Character.isLetterOrDigit(regex.charAt(i + 1))) {
                text.append(regex.charAt(++i));
            } else if ("\\^$.|?*+()[]{}".indexOf(c) >= 0) {
                return Optional.empty();
            } else {
                text.append(c);
            }
        }
        return Optional.of(text.toString());
    }
}
