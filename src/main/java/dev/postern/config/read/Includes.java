package dev.postern.config.read;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.PatternSyntaxException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Puts the files that {@code include} names beside what stands in the file itself: their sites behind its sites, their
 * backends among its backends, and any other section where there is none yet.
 */
final class Includes {
    static final String KEY = "include";

    private static final String EXPECTED = "a list of files or patterns such as [sites/*.yaml]";

    /** Files that include files that include files; a chain of more is a mistake, and each costs stack. */
    private static final int DEEPEST = 20;

    /** Merged; of all other keys one file has the word. */
    private static final Set<String> MERGED = Set.of("sites", "backends");

    private final Environment environment;
    private final Problems problems;
    /** By what they are, whatever leads there: links may go round in circles. */
    private final Set<Path> read = new HashSet<>();

    Includes(Environment environment, Problems problems) {
        this.environment = environment;
        this.problems = problems;
    }

    /** Changes {@code root}, which was read from {@code file}. */
    void into(Node root, Origin file) {
        read.add(real(file.folder().resolve(Path.of(file.name()).getFileName() + "")));
        if (root instanceof MappingNode mapping) {
            follow(mapping, mapping, file, 1);
        }
    }

    private static Path real(Path file) {
        try {
            return file.toRealPath();
        } catch (IOException e) {
            // Reading it says what is wrong.
            return file.toAbsolutePath().normalize();
        }
    }

    private void follow(MappingNode whole, MappingNode part, Origin file, int depth) {
        for (NodeTuple tuple : List.copyOf(part.getValue())) {
            if (!isKey(tuple, KEY)) {
                continue;
            }
            for (Value item : Value.of(tuple, file, problems).itemsOrOne(EXPECTED)) {
                String text = item.text(EXPECTED);
                if (text != null) {
                    include(whole, item, text, file, depth);
                }
            }
        }
    }

    private void include(MappingNode whole, Value at, String text, Origin file, int depth) {
        if (depth > DEEPEST) {
            at.refuse(text, "is the file of a file of a file …", "at most " + DEEPEST + " that include each other");
            return;
        }
        List<Path> files;
        try {
            files = matching(file.folder(), Path.of(text));
        } catch (PatternSyntaxException e) {
            at.refuse(text, "is no pattern: " + e.getDescription(), EXPECTED);
            return;
        } catch (IOException | RuntimeException e) {
            at.refuse(text, "cannot be read: " + e.getMessage(), EXPECTED);
            return;
        }
        if (files.isEmpty() && !isPattern(text)) {
            at.refuse(text, "does not exist", EXPECTED);
        }
        for (Path one : files) {
            if (read.add(real(one))) {
                add(whole, one, file, at, depth);
            }
        }
    }

    private void add(MappingNode whole, Path file, Origin from, Value at, int depth) {
        Origin origin = new Origin(name(file, from), parent(file));
        String text;
        try {
            text = FileText.of(origin.name(), file);
        } catch (ConfigurationProblems e) {
            e.lines().forEach(line -> at.problem(line));
            return;
        }
        Node root = new Composer(origin, environment, problems).compose(text);
        if (root instanceof MappingNode mapping) {
            for (NodeTuple tuple : mapping.getValue()) {
                if (!isKey(tuple, KEY)) {
                    merge(whole, tuple, origin);
                }
            }
            follow(whole, mapping, origin, depth + 1);
        } else if (root != null) {
            problems.add(origin, 1, "", "is no mapping (expected: sites, backends or other sections)");
        }
    }

    private void merge(MappingNode whole, NodeTuple tuple, Origin origin) {
        problems.stands(tuple.getKeyNode(), origin);
        problems.stands(tuple.getValueNode(), origin);
        NodeTuple known = whole.getValue().stream()
                .filter(one -> sameKey(one, tuple))
                .findFirst()
                .orElse(null);
        Node here = known != null && MERGED.stream().anyMatch(key -> isKey(tuple, key)) ? known.getValueNode() : null;
        if (here instanceof SequenceNode all && tuple.getValueNode() instanceof SequenceNode more) {
            more.getValue().forEach(item -> problems.stands(item, origin));
            all.getValue().addAll(more.getValue());
        } else if (here instanceof MappingNode all && tuple.getValueNode() instanceof MappingNode more) {
            List<NodeTuple> both = new ArrayList<>(all.getValue());
            for (NodeTuple entry : more.getValue()) {
                problems.stands(entry.getKeyNode(), origin);
                problems.stands(entry.getValueNode(), origin);
                both.add(entry);
            }
            all.setValue(both);
        } else {
            List<NodeTuple> both = new ArrayList<>(whole.getValue());
            both.add(tuple);
            whole.setValue(both);
        }
    }

    private static boolean isKey(NodeTuple tuple, String key) {
        return tuple.getKeyNode() instanceof ScalarNode name && name.getValue().equals(key);
    }

    private static boolean sameKey(NodeTuple one, NodeTuple other) {
        return one.getKeyNode() instanceof ScalarNode name && isKey(other, name.getValue());
    }

    private static boolean isPattern(String text) {
        return text.chars().anyMatch(c -> c == '*' || c == '?' || c == '[' || c == '{');
    }

    /** As the file that includes it is called: messages name files as the operator does. */
    private static String name(Path file, Origin from) {
        Path folder = from.folder();
        Path named = Path.of(from.name());
        return file.startsWith(folder)
                ? named.resolveSibling(folder.relativize(file)).toString()
                : file.toString();
    }

    private static Path parent(Path file) {
        Path parent = file.getParent();
        return parent == null ? Path.of("") : parent;
    }

    /** In the order of their names. Hidden files are matched by no pattern, as in a shell: editors have theirs there. */
    private static List<Path> matching(Path folder, Path pattern) throws IOException {
        List<Path> found = List.of(pattern.isAbsolute() ? pattern.getRoot() : folder);
        for (int i = 0; i < pattern.getNameCount(); i++) {
            String name = pattern.getName(i).toString();
            List<Path> next = new ArrayList<>();
            for (Path one : found) {
                if (!isPattern(name)) {
                    Path child = one.resolve(name);
                    if (Files.exists(child)) {
                        next.add(child);
                    }
                } else if (Files.isDirectory(one)) {
                    try (DirectoryStream<Path> children = Files.newDirectoryStream(one, name)) {
                        children.forEach(child -> {
                            if (!child.getFileName().toString().startsWith(".")) {
                                next.add(child);
                            }
                        });
                    }
                }
            }
            next.sort(null);
            found = next;
        }
        return found;
    }
}
