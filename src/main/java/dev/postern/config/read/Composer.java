package dev.postern.config.read;

import dev.postern.config.NotUnderstood;
import dev.postern.config.Quoted;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.ConstructNode;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.parser.Parser;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.resolver.ScalarResolver;
import org.snakeyaml.engine.v2.scanner.StreamReader;
import org.snakeyaml.engine.v2.schema.Schema;

/** Makes nodes of the text of one file, with what the environment says in its places. */
final class Composer {
    // The deepest place that means anything has seven; anchors may be kept anywhere.
    private static final int DEEPEST = 50;

    static final Schema SCHEMA = new TextOrNothing();

    private final Origin file;
    private final Environment environment;
    private final Problems problems;
    /** Of scalars: what they became. Of collections: themselves, once they were gone through; anchors make circles. */
    private final IdentityHashMap<Node, Node> done = new IdentityHashMap<>();

    Composer(Origin file, Environment environment, Problems problems) {
        this.file = file;
        this.environment = environment;
        this.problems = problems;
    }

    /** Null where there is nothing in it, or what is in it is no YAML; that is a problem then. */
    @Nullable Node compose(String text) {
        // Keys given twice are ours to report, with both lines.
        LoadSettings settings = LoadSettings.builder()
                .setAllowDuplicateKeys(true)
                .setSchema(SCHEMA)
                .setCodePointLimit(FileText.LARGEST_BYTES)
                .build();
        try {
            Parser events = new ShallowParser(new ParserImpl(settings, new StreamReader(settings, text)));
            Optional<Node> root = new org.snakeyaml.engine.v2.composer.Composer(settings, events).getSingleNode();
            if (root.isPresent() && Environment.concerns(text)) {
                return expanded(root.get());
            }
            return root.orElse(null);
        } catch (TooDeep e) {
            problems.add(file, e.line, "", "nested too deeply (expected: at most " + DEEPEST + " levels)");
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(0);
            int column = e.getProblemMark().map(mark -> mark.getColumn() + 1).orElse(0);
            String context = e.getContext() == null || e.getContext().isEmpty() ? "" : e.getContext() + ", ";
            problems.add(
                    file,
                    line,
                    "",
                    "not YAML: " + oneLine(context + e.getProblem()) + " (column " + column + ")" + hint(text, line));
        } catch (YamlEngineException e) {
            problems.add(file, 0, "", "not YAML: " + oneLine(String.valueOf(e.getMessage())));
        }
        return null;
    }

    /** What a text means is known where it is read; here only whether there is one. */
    private static final class TextOrNothing implements Schema {
        @Override
        public ScalarResolver getScalarResolver() {
            return (text, isPlain) -> isPlain && (text.isEmpty() || text.equals("null")) ? Tag.NULL : Tag.STR;
        }

        @Override
        public Map<Tag, ConstructNode> getSchemaTagConstructors() {
            return Map.of();
        }
    }

    /** The one mistake that everybody makes who has a wildcard. */
    private static String hint(String text, int line) {
        String wrong = text.lines().skip(Math.max(0, line - 1)).findFirst().orElse("");
        return wrong.matches("(.*[\\[,:\\s-])?\\*\\..*")
                ? "; to YAML a * begins the name of an anchor: put the wildcard in quotes, \"*.example.com\""
                : "";
    }

    private static final class TooDeep extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final int line;

        TooDeep(int line) {
            this.line = line;
        }
    }

    /** Nodes are made by recursion, which has an end; the parser before it has none. */
    private static final class ShallowParser implements Parser {
        private final Parser parser;
        private int depth;

        ShallowParser(Parser parser) {
            this.parser = parser;
        }

        @Override
        public boolean checkEvent(Event.ID kind) {
            return parser.checkEvent(kind);
        }

        @Override
        public Event peekEvent() {
            return parser.peekEvent();
        }

        @Override
        public boolean hasNext() {
            return parser.hasNext();
        }

        @Override
        public Event next() {
            Event event = parser.next();
            if (event instanceof CollectionStartEvent && ++depth > DEEPEST) {
                throw new TooDeep(
                        event.getStartMark().map(mark -> mark.getLine() + 1).orElse(0));
            }
            if (event instanceof CollectionEndEvent) {
                depth--;
            }
            return event;
        }
    }

    private Node expanded(Node node) {
        Node known = done.get(node);
        if (known != null) {
            return known;
        }
        done.put(node, node);
        if (node instanceof SequenceNode list) {
            list.getValue().replaceAll(this::expanded);
        } else if (node instanceof MappingNode mapping) {
            List<NodeTuple> tuples = new ArrayList<>();
            mapping.getValue()
                    .forEach(tuple -> tuples.add(new NodeTuple(tuple.getKeyNode(), expanded(tuple.getValueNode()))));
            mapping.setValue(tuples);
        } else if (node instanceof ScalarNode scalar && Environment.concerns(scalar.getValue())) {
            done.put(node, expanded(scalar));
        }
        return done.getOrDefault(node, node);
    }

    /** A value that may be secret: messages have it as it is written in the file. */
    static final class FromEnvironment extends ScalarNode {
        private final String written;

        FromEnvironment(ScalarNode place, String text) {
            super(Tag.STR, true, text, place.getScalarStyle(), place.getStartMark(), place.getEndMark());
            this.written = place.getValue();
        }

        String written() {
            return written;
        }
    }

    /** A value that nobody knows, which was said: whatever else is wrong with it is no second problem. */
    static final class Unknown extends ScalarNode {
        Unknown(ScalarNode place) {
            super(Tag.STR, true, place.getValue(), place.getScalarStyle(), place.getStartMark(), place.getEndMark());
        }
    }

    private Node expanded(ScalarNode scalar) {
        try {
            String text = environment.expand(scalar.getValue());
            // What comes from the environment is text, also where it looks like something else.
            return new FromEnvironment(scalar, text);
        } catch (NotUnderstood e) {
            int line = scalar.getStartMark().map(Mark::getLine).orElse(-1) + 1;
            problems.add(file, line, "", Quoted.of(scalar.getValue()) + " " + e.what());
            return new Unknown(scalar);
        }
    }

    private static String oneLine(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.endsWith(".") ? line.substring(0, line.length() - 1) : line;
    }
}
