package dev.postern.migrate.nginx;

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
import java.util.stream.Stream;

/** The directives of a file, and of those that it includes: patterns are relative to the folder of the first one. */
final class ConfigurationTree {
    // A hundred times what large installations have.
    private static final int LARGEST_BYTES = 16 << 20;
    // A file that includes itself ends somewhere.
    private static final int DEEPEST = 16;
    private static final int MOST_BLOCKS = 64;
    private static final int MOST_FILES = 2_000;

    private final Path folder;
    private final Directive root = new Directive("", 0, "", List.of(""), true);
    private final Map<Directive, String> problems = new LinkedHashMap<>();
    private final Set<Path> read = new HashSet<>();
    private int files;

    private ConfigurationTree(Path folder) {
        this.folder = folder;
    }

    /**
     * @param root what stands outside of all blocks
     * @param folder what relative paths in it are relative to
     * @param problems of {@code include}: directive → why there is nothing of it
     * @param files that were read
     */
    record Tree(Directive root, Path folder, Map<Directive, String> problems, Set<Path> files) {}

    /** @throws IOException one line: it cannot be read, or nginx would not read it either */
    static Tree read(Path file) throws IOException {
        Path parent = file.toAbsolutePath().getParent();
        ConfigurationTree tree = new ConfigurationTree(parent == null ? Path.of("/") : parent);
        Directive root = tree.root;
        tree.file(file, "", root, 0);
        if (root.own().isEmpty()) {
            throw new IOException(file + ": has no directive (expected: a configuration of nginx)");
        }
        return new Tree(root, tree.folder, tree.problems, Set.copyOf(tree.read));
    }

    private void file(Path file, String name, Directive into, int depth) throws IOException {
        read.add(file);
        String text;
        try {
            text = RegularFile.text(file, LARGEST_BYTES);
        } catch (IOException e) {
            throw new IOException(file + ": " + DiskFailure.reason(e), e);
        }
        List<Token> tokens;
        try {
            tokens = Tokens.of(text);
        } catch (NotUnderstood e) {
            throw refused(file, e.what());
        }
        List<Directive> open = new ArrayList<>(List.of(into));
        List<Token> words = new ArrayList<>();
        for (Token token : tokens) {
            if (token.kind() == Token.Kind.WORD) {
                words.add(token);
                continue;
            }
            Directive block = open.get(open.size() - 1);
            if (token.kind() == Token.Kind.CLOSE) {
                if (!words.isEmpty() || open.size() == 1) {
                    throw refused(file, token.line() + ": has a } " + (words.isEmpty() ? "too many" : "behind a word"));
                }
                open.remove(open.size() - 1);
                continue;
            }
            if (words.isEmpty()) {
                throw refused(file, token.line() + ": has a " + token.text() + " without a directive");
            }
            boolean isBlock = token.kind() == Token.Kind.OPEN;
            Directive directive = new Directive(
                    name,
                    words.get(0).line(),
                    text.substring(words.get(0).from(), token.to()).replaceAll("\\s+", " ") + (isBlock ? " … }" : ""),
                    words.stream().map(Token::text).toList(),
                    isBlock);
            words.clear();
            block.own().add(directive);
            if (isBlock) {
                if (open.size() > MOST_BLOCKS) {
                    throw refused(file, token.line() + ": has too many blocks in one another");
                }
                open.add(directive);
            } else if (directive.is("include") && directive.words().size() == 2) {
                include(directive, block, depth);
            }
        }
        if (!words.isEmpty() || open.size() > 1) {
            int line = words.isEmpty()
                    ? open.get(open.size() - 1).line()
                    : words.get(0).line();
            throw refused(file, line + ": ends with " + (words.isEmpty() ? "a block that is open" : "no ;"));
        }
    }

    private static IOException refused(Path file, String what) {
        return new IOException(file + ":" + what + " (expected: a configuration of nginx)");
    }

    private void include(Directive include, Directive into, int depth) {
        String pattern = include.word(1);
        if (depth >= DEEPEST) {
            problems.put(include, "files include one another without end");
            return;
        }
        List<Path> found;
        try {
            found = found(folder.resolve(pattern));
            Path above = folder.getParent();
            if (found.isEmpty() && isPart() && above != null) {
                // nginx.conf is there, and this is a file of sites-enabled beside it.
                found = found(above.resolve(pattern));
            }
        } catch (IOException | IllegalArgumentException e) {
            problems.put(include, "it cannot be read: " + Quoted.of(String.valueOf(e.getMessage())));
            return;
        }
        if (found.isEmpty() && !isPattern(pattern)) {
            problems.put(include, "it is not there");
        }
        for (Path file : found) {
            if (++files > MOST_FILES) {
                problems.put(include, "there are too many files");
                return;
            }
            String name = file.startsWith(folder) ? folder.relativize(file).toString() : file.toString();
            try {
                file(file, name, into, depth + 1);
            } catch (IOException e) {
                problems.put(include, String.valueOf(e.getMessage()));
            }
        }
    }

    private boolean isPart() {
        return root.own().stream()
                .noneMatch(line -> List.of("http", "events", "stream").contains(line.name()));
    }

    private static boolean isPattern(String text) {
        return text.chars().anyMatch(c -> "*?[".indexOf(c) >= 0);
    }

    /** As glob(3) has them: sorted, and a star takes no slash and no dot that begins a name. */
    private static List<Path> found(Path pattern) throws IOException {
        List<Path> found = List.of(Path.of("/"));
        for (Path part : pattern.toAbsolutePath()) {
            List<Path> next = new ArrayList<>();
            for (Path folder : found) {
                if (!isPattern(part.toString())) {
                    Path one = folder.resolve(part);
                    if (Files.exists(one)) {
                        next.add(one);
                    }
                } else if (Files.isDirectory(folder)) {
                    PathMatcher matcher = FileSystems.getDefault()
                            .getPathMatcher("glob:" + part.toString().replace("{", "\\{"));
                    try (Stream<Path> children = Files.list(folder)) {
                        children.filter(child -> child.getFileName() != null && matcher.matches(child.getFileName()))
                                .filter(child -> part.toString().startsWith(".")
                                        || !String.valueOf(child.getFileName()).startsWith("."))
                                .sorted()
                                .forEach(next::add);
                    }
                }
            }
            found = next;
        }
        return found;
    }
}
