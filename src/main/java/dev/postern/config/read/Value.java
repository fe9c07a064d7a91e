package dev.postern.config.read;

import dev.postern.config.NotUnderstood;
import dev.postern.config.Quoted;
import dev.postern.config.Scalar;
import dev.postern.config.Secret;
import dev.postern.config.Spelling;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * One place of the file: a YAML node, its line and its path. Every reading method reports what does not fit as a problem
 * of this place and returns something to go on with.
 */
final class Value {
    private final Node node;
    private final int line;
    private final String path;
    private final Origin origin;
    private final Problems problems;

    private Value(Node node, int line, String path, Origin origin, Problems problems) {
        this.node = node;
        this.line = line;
        this.path = path;
        this.origin = origin;
        this.problems = problems;
    }

    static Value root(Node node, Origin origin, Problems problems) {
        return new Value(node, lineOf(node), "", origin, problems);
    }

    /** The value of one entry of {@code file}. */
    static Value of(NodeTuple tuple, Origin file, Problems problems) {
        int keyLine = lineOf(tuple.getKeyNode());
        String key = tuple.getKeyNode() instanceof ScalarNode name ? name.getValue() : "";
        return new Value(tuple.getValueNode(), lineUnder(keyLine, tuple), key, file, problems);
    }

    String path() {
        return path;
    }

    /** Who hears what is asked of it; null for nobody. */
    @Nullable Witness witness() {
        return problems.witness();
    }

    private record Place(Origin origin, int line) {
        String seenFrom(Origin other) {
            return (origin.equals(other) ? "on line " : "in " + origin.name() + ":") + line;
        }
    }

    /** Where it stands, for a message about {@code other}: {@code on line 3}, or in which file. */
    String seenFrom(Value other) {
        return new Place(origin, line).seenFrom(other.origin);
    }

    void problem(String what) {
        if (!(node instanceof Composer.Unknown)) {
            problems.add(origin, line, path, what);
        }
    }

    /** The place of a key that is not there: reads like an empty value. */
    Value absent(String key) {
        Node nothing = new ScalarNode(Tag.NULL, "", ScalarStyle.PLAIN);
        return new Value(nothing, line, pathOf(key), origin, problems);
    }

    /** True for {@code key:} with nothing behind it. */
    boolean isEmpty() {
        return node.getTag().equals(Tag.NULL);
    }

    /** True for exactly this, plain or quoted. */
    boolean isText(String text) {
        Witness witness = witness();
        if (witness != null) {
            witness.word(path, text);
        }
        return node instanceof ScalarNode scalar && scalar.getValue().equals(text);
    }

    boolean isList() {
        return node instanceof SequenceNode;
    }

    boolean isMapping() {
        return node instanceof MappingNode;
    }

    /** The text of a plain or quoted value, or null (and a problem) where there is none. */
    @Nullable String text(String expected) {
        return text(expected, Spelling.any());
    }

    /** The same, which nobody is to see but whom it is for. */
    @Nullable Secret secret(String expected) {
        String text = text(expected);
        if (text == null) {
            return null;
        }
        understood(text, true);
        return new Secret(text);
    }

    private void understood(String text, boolean isSecret) {
        Witness witness = witness();
        if (witness != null) {
            String written = node instanceof Composer.FromEnvironment its ? its.written() : text;
            witness.understood(path, text, written, isSecret);
        }
    }

    /** Of whose texts more is known. */
    @Nullable String text(String expected, Spelling<?> spelling) {
        Witness witness = witness();
        if (witness != null) {
            witness.text(path, expected, spelling);
            if (witness.isMadeUp()) {
                return node instanceof ScalarNode scalar && spelling.words().contains(scalar.getValue())
                        ? scalar.getValue()
                        : null;
            }
        }
        if (isEmpty()) {
            problem("has no value (expected: " + expected + ")");
            return null;
        }
        if (!(node instanceof ScalarNode scalar)) {
            problem((isMapping() ? "is a mapping" : "is a list") + " (expected: " + expected + ")");
            return null;
        }
        if (hasUnknownTag()) {
            problem("the tag " + Quoted.of(node.getTag().getValue()) + " is not supported (expected: " + expected
                    + ")");
            return null;
        }
        return node instanceof Composer.Unknown ? null : scalar.getValue();
    }

    /** The value as a type, or null (and a problem) where it is none. */
    <T> @Nullable T read(Scalar<T> kind) {
        String text = text(kind.expected(), kind.spelling());
        if (text == null) {
            return null;
        }
        try {
            T value = kind.placed().parse(text, origin.folder());
            if (witness() != null) {
                spell(kind, value, text);
            }
            return value;
        } catch (NotUnderstood e) {
            refuse(text, e.what(), kind.expected());
            return null;
        }
    }

    private <T> void spell(Scalar<T> kind, T value, String text) throws NotUnderstood {
        if (value instanceof Secret secret) {
            understood(secret.text(), true);
        } else if (kind.spelling().isFile()) {
            understood(FilePath.SCALAR.placed().parse(text, origin.folder()).toString(), false);
        } else {
            String spelled = kind.spelling().text().apply(value);
            understood(spelled == null ? text : spelled, false);
        }
    }

    /** {@code "30" has no unit (expected: a duration such as 30s)}. */
    void refuse(String text, String what, String expected) {
        problem(quoted(text) + (what.isEmpty() ? "" : " " + what) + " (expected: " + expected + ")");
    }

    /** {@code text}, which is of this value, as a message has it. */
    String quoted(String text) {
        return node instanceof Composer.FromEnvironment its ? quoted(its) : Quoted.of(text);
    }

    /** What the environment says may be a secret, and messages end in logs. */
    private static String quoted(ScalarNode scalar) {
        return Quoted.of(scalar instanceof Composer.FromEnvironment its ? its.written() : scalar.getValue());
    }

    /** The items of a list. A list that is empty, or no list at all, is a problem. */
    List<Value> items(String expected) {
        asked(false, false);
        return itemsOfList(expected);
    }

    private void asked(boolean mayBeOne, boolean mayBeEmpty) {
        Witness witness = witness();
        if (witness != null) {
            witness.list(path, mayBeOne, mayBeEmpty);
        }
    }

    private List<Value> itemsOfList(String expected) {
        List<Value> items = itemsOrNone(expected);
        if (items.isEmpty() && node instanceof SequenceNode) {
            problem("is empty (expected: " + expected + ")");
        }
        return items;
    }

    /** Like {@link #items}, and a single text stands for a list of one. */
    List<Value> itemsOrOne(String expected) {
        asked(true, false);
        return node instanceof ScalarNode && !isEmpty() ? List.of(this) : itemsOfList(expected);
    }

    /** Like {@link #itemsOrOne}, and the list may be empty. */
    List<Value> itemsOneOrNone(String expected) {
        asked(true, true);
        return node instanceof ScalarNode && !isEmpty() ? List.of(this) : itemsOrNone(expected);
    }

    /** The items of a list that may be empty. */
    private List<Value> itemsOrNone(String expected) {
        if (node instanceof SequenceNode list) {
            List<Value> items = new ArrayList<>();
            for (Node item : list.getValue()) {
                items.add(new Value(
                        item, lineOf(item), path + "[" + items.size() + "]", problems.origin(item, origin), problems));
            }
            return items;
        }
        if (isEmpty()) {
            problem("has no value (expected: " + expected + ")");
        } else {
            problem((node instanceof ScalarNode scalar ? quoted(scalar) + " is not a list" : "is a mapping")
                    + " (expected: " + expected + ")");
        }
        return List.of();
    }

    /**
     * The entries of a mapping in the order of the file, none for an empty value; null (and a problem) for anything
     * else. A key given twice is a problem, and its first value stays.
     */
    @Nullable Map<String, Value> entries(String expected) {
        Witness witness = witness();
        if (witness != null) {
            witness.names(path);
        }
        return entries(() -> expected);
    }

    /** The same, where it takes long to say: nearly always nobody needs it. */
    @Nullable Map<String, Value> entries(Supplier<String> expected) {
        if (isEmpty()) {
            return Map.of();
        }
        if (!(node instanceof MappingNode mapping)) {
            problem((node instanceof ScalarNode scalar ? quoted(scalar) + " is not a mapping" : "is a list")
                    + " (expected: " + expected.get() + ")");
            return null;
        }
        Map<String, Value> entries = new LinkedHashMap<>();
        Map<String, Place> places = new HashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            int keyLine = lineOf(tuple.getKeyNode());
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                problems.add(origin, keyLine, path, "a key is a list or a mapping (expected: a word)");
                continue;
            }
            String name = key.getValue();
            String entryPath = pathOf(name);
            Origin its = problems.origin(tuple.getKeyNode(), origin);
            Value value = new Value(
                    tuple.getValueNode(),
                    lineUnder(keyLine, tuple),
                    entryPath,
                    problems.origin(tuple.getValueNode(), its),
                    problems);
            Place place = new Place(its, keyLine);
            Place first = places.putIfAbsent(name, place);
            if (first != null) {
                problems.add(its, keyLine, entryPath, "given twice; the first is " + first.seenFrom(its));
                continue;
            }
            entries.put(name, value);
        }
        return entries;
    }

    private String pathOf(String key) {
        return Witness.inside(path, key);
    }

    private boolean hasUnknownTag() {
        Tag tag = node.getTag();
        return !(tag.equals(Tag.STR) || tag.equals(Tag.INT) || tag.equals(Tag.FLOAT) || tag.equals(Tag.BOOL));
    }

    // An empty value is marked somewhere behind its key, a block mapping at its first entry: there the key's line is
    // right.
    private static int lineUnder(int keyLine, NodeTuple tuple) {
        Node value = tuple.getValueNode();
        boolean isText = value instanceof ScalarNode && !value.getTag().equals(Tag.NULL);
        return isText ? lineOf(value) : keyLine;
    }

    private static int lineOf(Node node) {
        return node.getStartMark().map(Mark::getLine).orElse(0) + 1;
    }
}
