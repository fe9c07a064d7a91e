package dev.postern.migrate.caddy;

import dev.postern.config.NotUnderstood;
import dev.postern.config.Quoted;
import dev.postern.config.RegularFile;
import dev.postern.disk.DiskFailure;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The blocks of a Caddyfile, with variables of the environment, snippets and other files put in where they are asked for. */
final class Caddyfile {
    private static final int LARGEST_BYTES = 16 << 20;
    // What imports itself ends somewhere.
    private static final int MOST_IMPORTS = 10_000;
    private static final int MOST_BLOCKS = 64;
    private static final int MOST_TOKENS = 1 << 20;

    private static final Pattern VARIABLE = Pattern.compile("\\{\\$([^}:\\s]*)(?::([^}]*))?}");
    private static final Pattern ARGUMENT = Pattern.compile("\\{args[.\\[]([0-9]*)(:)?([0-9]*)]?}");

    private final Path file;
    private final Map<String, String> environment;
    private final Map<String, List<Token>> snippets = new LinkedHashMap<>();
    private final Map<String, Directive> heads = new LinkedHashMap<>();
    private final TreeSet<Integer> fromEnvironment = new TreeSet<>();
    private final Set<Path> read = new HashSet<>();
    private final List<Directive> told = new ArrayList<>();
    private final Map<Directive, String> problems = new LinkedHashMap<>();
    private final List<Directive> imports = new ArrayList<>();
    private int count;

    private Caddyfile(Path file, Map<String, String> environment) {
        this.file = file;
        this.environment = environment;
    }

    /**
     * @param blocks in their order, each with its addresses as words; the global options have none
     * @param snippets those that were put in somewhere are of the blocks as well
     * @param imports that were carried out
     * @param problems directive → why there is nothing of it
     * @param fromEnvironment lines that variables were put in on
     * @param files that were read
     */
    record Blocks(
            List<Directive> blocks,
            List<Directive> snippets,
            List<Directive> imports,
            Map<Directive, String> problems,
            List<Integer> fromEnvironment,
            Set<Path> files) {}

    /** @throws IOException one line: it cannot be read, or Caddy would not read it either */
    static Blocks read(Path file, Map<String, String> environment) throws IOException {
        Caddyfile one = new Caddyfile(file, environment);
        List<Token> tokens = one.tokens(file, "");
        if (tokens.isEmpty()) {
            throw new IOException(file + ": has no word (expected: a Caddyfile)");
        }
        List<Directive> blocks = one.blocks(tokens);
        return new Blocks(
                blocks, one.told, one.imports, one.problems, List.copyOf(one.fromEnvironment), Set.copyOf(one.read));
    }

    private List<Token> tokens(Path path, String name) throws IOException {
        read.add(path);
        String text;
        try {
            text = RegularFile.text(path, LARGEST_BYTES);
        } catch (IOException e) {
            throw new IOException(path + ": " + DiskFailure.reason(e), e);
        }
        Source source = new Source(path, name, text.lines().toList());
        try {
            return Tokens.of(replaced(text, name), source);
        } catch (NotUnderstood e) {
            throw new IOException(path + ":" + e.what() + " (expected: a Caddyfile)", e);
        }
    }

    private String replaced(String text, String name) {
        StringBuilder replaced = new StringBuilder();
        Matcher variable = VARIABLE.matcher(text);
        int at = 0;
        while (variable.find()) {
            String otherwise = variable.group(2) == null ? "" : variable.group(2);
            // Of as many lines as before, so that notes find theirs.
            String value =
                    environment.getOrDefault(variable.group(1), otherwise).replaceAll("[\\r\\n]", " ");
            replaced.append(text, at, variable.start()).append(value);
            at = variable.end();
            if (name.isEmpty()) {
                fromEnvironment.add(1
                        + (int) text.substring(0, at)
                                .chars()
                                .filter(c -> c == '\n')
                                .count());
            }
        }
        return replaced.append(text.substring(at)).toString();
    }

    private IOException refused(Token token, String what) {
        return new IOException(token.source().path() + ":" + token.line() + ": " + what + " (expected: a Caddyfile)");
    }

    private List<Directive> blocks(List<Token> tokens) throws IOException {
        List<Directive> blocks = new ArrayList<>();
        int at = 0;
        while (at < tokens.size()) {
            Token first = tokens.get(at);
            if (first.is("import") && first.begins()) {
                int to = lineEnd(tokens, at);
                List<Token> line = tokens.subList(at, to);
                Directive directive = new Directive(first.source(), first.line(), texts(line), false);
                List<Token> put = imported(directive);
                List<Token> next = new ArrayList<>(put);
                next.addAll(tokens.subList(to, tokens.size()));
                tokens = next;
                at = 0;
                limit(first, put.size());
                continue;
            }
            if (first.is("}")) {
                throw refused(first, "has a } too many");
            }
            List<String> addresses = new ArrayList<>();
            boolean isOpen = false;
            boolean expectsMore = false;
            int from = at;
            while (at < tokens.size()) {
                Token token = tokens.get(at);
                if (token.is("{")) {
                    isOpen = true;
                    at++;
                    break;
                }
                if (at > from && token.begins() && !expectsMore) {
                    break;
                }
                expectsMore = token.text().endsWith(",");
                for (String one : token.text().split(",", -1)) {
                    if (!one.isEmpty()) {
                        addresses.add(one);
                    }
                }
                at++;
            }
            int to = isOpen ? close(tokens, at, first) : tokens.size();
            List<Token> inside = tokens.subList(at, to);
            at = isOpen ? to + 1 : to;
            boolean isSnippet = addresses.size() == 1
                    && addresses.get(0).startsWith("(")
                    && addresses.get(0).endsWith(")");
            boolean isNamed = addresses.size() == 1 && addresses.get(0).startsWith("&(");
            List<String> words = new ArrayList<>(
                    List.of(isSnippet ? "snippet" : isNamed ? "named" : addresses.isEmpty() ? "global" : "site"));
            words.addAll(addresses);
            Directive block = new Directive(first.source(), first.line(), words, true);
            if (isSnippet) {
                String name = addresses.get(0).substring(1, addresses.get(0).length() - 1);
                snippets.put(name, List.copyOf(inside));
                heads.put(name, block);
                // As it stands there: what it becomes with its arguments is where it is put in.
                block.own().addAll(directives(inside, false, 0));
                told.add(block);
            } else {
                block.own().addAll(directives(inside, true, 0));
                blocks.add(block);
            }
        }
        return blocks;
    }

    private void limit(Token at, int more) throws IOException {
        count += more + 1;
        if (count > MOST_TOKENS || imports.size() > MOST_IMPORTS) {
            throw refused(at, "imports without end");
        }
    }

    /** Where the block that is open closes. */
    private int close(List<Token> tokens, int from, Token head) throws IOException {
        int depth = 1;
        for (int at = from; at < tokens.size(); at++) {
            Token token = tokens.get(at);
            boolean isLast = at + 1 == tokens.size() || tokens.get(at + 1).begins();
            depth += token.is("{") && isLast ? 1 : token.is("}") && token.begins() ? -1 : 0;
            if (token.is("{}") && isLast) {
                continue;
            }
            if (depth == 0) {
                return at;
            }
        }
        throw refused(head, "begins a block that is not closed");
    }

    private static int lineEnd(List<Token> tokens, int from) {
        int to = from + 1;
        while (to < tokens.size() && !tokens.get(to).begins()) {
            to++;
        }
        return to;
    }

    private static List<String> texts(List<Token> tokens) {
        return tokens.stream().map(Token::text).toList();
    }

    /** @param expands whether imports are carried out */
    private List<Directive> directives(List<Token> given, boolean expands, int depth) throws IOException {
        List<Token> tokens = given;
        List<Directive> found = new ArrayList<>();
        int at = 0;
        while (at < tokens.size()) {
            Token first = tokens.get(at);
            int to = lineEnd(tokens, at);
            List<Token> line = tokens.subList(at, to);
            if (first.is("}")) {
                throw refused(first, "has a } too many");
            }
            boolean isBlock = tokens.get(to - 1).is("{") && line.size() > 1;
            if (first.is("import") && expands && !isBlock) {
                Directive directive = new Directive(first.source(), first.line(), texts(line), false);
                List<Token> put = imported(directive);
                limit(first, put.size());
                List<Token> next = new ArrayList<>(put);
                next.addAll(tokens.subList(to, tokens.size()));
                tokens = next;
                at = 0;
                continue;
            }
            Directive directive = new Directive(
                    first.source(), first.line(), texts(isBlock ? line.subList(0, line.size() - 1) : line), isBlock);
            at = to;
            if (isBlock) {
                int end = close(tokens, to, first);
                if (depth > MOST_BLOCKS) {
                    throw refused(first, "has too many blocks in one another");
                }
                directive.own().addAll(directives(tokens.subList(to, end), expands, depth + 1));
                at = lineEnd(tokens, end);
                if (directive.is("basicauth") || directive.is("basic_auth")) {
                    directive.own().forEach(Directive::keepSecret);
                }
            }
            found.add(directive);
        }
        return found;
    }

    /** What stands in the place of an {@code import}. */
    private List<Token> imported(Directive directive) {
        String pattern = directive.word(1);
        List<Token> put = new ArrayList<>();
        if (snippets.containsKey(pattern)) {
            put.addAll(snippets.get(pattern));
        } else {
            List<Path> files = files(directive, pattern);
            for (Path one : files) {
                Path folder = file.toAbsolutePath().getParent();
                String name = folder != null && one.startsWith(folder)
                        ? folder.relativize(one).toString()
                        : one.toString();
                try {
                    put.addAll(tokens(one, name));
                } catch (IOException e) {
                    problems.put(directive, String.valueOf(e.getMessage()));
                }
            }
            if (files.isEmpty() && pattern.chars().noneMatch(c -> "*?[".indexOf(c) >= 0)) {
                problems.put(directive, "neither a snippet nor a file is called so");
            }
        }
        imports.add(directive);
        List<String> arguments = directive
                .words()
                .subList(
                        Math.min(2, directive.words().size()), directive.words().size());
        List<Token> replaced = new ArrayList<>();
        for (Token token : put) {
            replaced.addAll(with(token, arguments));
        }
        return replaced;
    }

    private static List<Token> with(Token token, List<String> arguments) {
        Matcher whole = ARGUMENT.matcher(token.text());
        if (whole.matches() && whole.group(2) != null) {
            int from = whole.group(1).isEmpty() ? 0 : number(whole.group(1));
            int to = whole.group(3).isEmpty() ? arguments.size() : Math.min(arguments.size(), number(whole.group(3)));
            List<Token> all = new ArrayList<>();
            for (int i = from; i < to; i++) {
                all.add(new Token(arguments.get(i), true, token.line(), token.begins() && i == from, token.source()));
            }
            return all;
        }
        StringBuilder text = new StringBuilder();
        Matcher argument = ARGUMENT.matcher(token.text());
        int at = 0;
        while (argument.find()) {
            int index = argument.group(1).isEmpty() ? 0 : number(argument.group(1));
            text.append(token.text(), at, argument.start())
                    .append(index < arguments.size() ? arguments.get(index) : argument.group());
            at = argument.end();
        }
        return List.of(token.with(text.append(token.text().substring(at)).toString(), token.begins()));
    }

    private static int number(String digits) {
        return digits.length() > 4 ? 9999 : Integer.parseInt(digits);
    }

    /** Relative to the file that imports them, in the order of their names. */
    private List<Path> files(Directive directive, String pattern) {
        Path parent = directive.source().path().toAbsolutePath().getParent();
        List<Path> found = new ArrayList<>();
        try {
            Path wanted =
                    (parent == null ? Path.of("/") : parent).resolve(pattern).normalize();
            Path last = wanted.getFileName();
            Path folder = wanted.getParent();
            if (last == null || folder == null) {
                return found;
            }
            if (last.toString().chars().noneMatch(c -> "*?[".indexOf(c) >= 0)) {
                return Files.exists(wanted) ? List.of(wanted) : found;
            }
            PathMatcher matcher = FileSystems.getDefault()
                    .getPathMatcher("glob:" + last.toString().replace("{", "\\{"));
            if (Files.isDirectory(folder)) {
                try (Stream<Path> children = Files.list(folder)) {
                    children.filter(child -> matcher.matches(child.getFileName()))
                            .filter(child -> !child.getFileName().toString().startsWith("."))
                            .filter(Files::isRegularFile)
                            .sorted()
                            .forEach(found::add);
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            problems.put(directive, "it cannot be read: " + Quoted.of(String.valueOf(e.getMessage())));
        }
        return found;
    }
}
