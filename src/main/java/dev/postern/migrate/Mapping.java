package dev.postern.migrate;

import dev.postern.config.PlainText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A mapping of the configuration that an import writes: keys in the order they are put in, and in between what could not be
 * carried over. What is put in reads back as the same text, whatever characters it has. Mutable; one thread.
 */
public final class Mapping {
    private static final String INDENT = "  ";

    private sealed interface Part {
        boolean isSaid();
    }

    /** {@code value} as it is written. */
    private record Scalar(String key, String value) implements Part {
        @Override
        public boolean isSaid() {
            return true;
        }
    }

    private record Nested(String key, Mapping mapping) implements Part {
        @Override
        public boolean isSaid() {
            return !mapping.isEmpty();
        }
    }

    private record Items(String key, List<Mapping> items) implements Part {
        @Override
        public boolean isSaid() {
            return items.stream().anyMatch(item -> !item.isEmpty());
        }
    }

    private record Comment(List<String> lines) implements Part {
        @Override
        public boolean isSaid() {
            return false;
        }
    }

    private final List<Part> parts = new ArrayList<>();

    public Mapping put(String key, String value) {
        parts.add(new Scalar(key, YamlText.of(value)));
        return this;
    }

    public Mapping put(String key, List<String> values) {
        return put(key, Value.of(values));
    }

    /** On one line, as small mappings are read best. */
    public Mapping put(String key, Map<String, String> entries) {
        return put(key, Value.mapping(entries));
    }

    public Mapping put(String key, Value value) {
        parts.add(new Scalar(key, value.written()));
        return this;
    }

    /** The mapping of this key, which is written where it was first asked for. */
    public Mapping section(String key) {
        for (Part part : parts) {
            if (part instanceof Nested nested && nested.key().equals(key)) {
                return nested.mapping();
            }
        }
        Nested nested = new Nested(key, new Mapping());
        parts.add(nested);
        return nested.mapping();
    }

    /** One more mapping in the list of this key, which is written where it was first asked for. */
    public Mapping item(String key) {
        Mapping item = new Mapping();
        for (Part part : parts) {
            if (part instanceof Items items && items.key().equals(key)) {
                items.items().add(item);
                return item;
            }
        }
        parts.add(new Items(key, new ArrayList<>(List.of(item))));
        return item;
    }

    /** A word beside what is there; on one line, whatever is in it. */
    public Mapping remark(String text) {
        parts.add(new Comment(List.of(PlainText.line(text))));
        return this;
    }

    public void note(Note note) {
        parts.add(new Comment(note.lines()));
    }

    public boolean has(String key) {
        return parts.stream()
                .anyMatch(part -> (part instanceof Scalar scalar && scalar.key().equals(key))
                        || (part instanceof Nested nested && nested.key().equals(key) && nested.isSaid())
                        || (part instanceof Items items && items.key().equals(key) && items.isSaid()));
    }

    /** Whether there is nothing but comments. */
    public boolean isEmpty() {
        return parts.stream().noneMatch(Part::isSaid);
    }

    /** The whole document. */
    public String text() {
        StringBuilder text = new StringBuilder();
        boolean isAfterComment = true;
        for (Part part : parts) {
            StringBuilder one = new StringBuilder();
            write(part, one, "");
            if (one.length() > 0 && !isAfterComment) {
                text.append('\n');
            }
            isAfterComment = one.length() == 0 ? isAfterComment : part instanceof Comment;
            text.append(one);
        }
        return text.toString();
    }

    private void write(StringBuilder text, String indent) {
        parts.forEach(part -> write(part, text, indent));
    }

    private static void write(Part part, StringBuilder text, String indent) {
        if (part instanceof Comment comment) {
            comment.lines()
                    .forEach(line ->
                            text.append(indent).append("# ").append(line).append('\n'));
        } else if (part instanceof Scalar scalar) {
            text.append(indent)
                    .append(YamlText.of(scalar.key()))
                    .append(": ")
                    .append(scalar.value())
                    .append('\n');
        } else if (part instanceof Nested nested) {
            if (nested.isSaid()) {
                text.append(indent).append(YamlText.of(nested.key())).append(":\n");
            }
            nested.mapping().write(text, nested.isSaid() ? indent + INDENT : indent);
        } else if (part instanceof Items items) {
            if (items.isSaid()) {
                text.append(indent).append(YamlText.of(items.key())).append(":\n");
            }
            items.items().forEach(item -> item.writeAsItem(text, items.isSaid() ? indent + INDENT : indent));
        }
    }

    /** Its first key stands behind the dash; what is said before it stands before the dash. */
    private void writeAsItem(StringBuilder text, String indent) {
        StringBuilder own = new StringBuilder();
        boolean isBegun = false;
        for (Part part : parts) {
            if (!isBegun && !part.isSaid()) {
                write(part, text, indent);
            } else if (!isBegun) {
                isBegun = true;
                write(part, own, indent + INDENT);
                own.replace(0, indent.length() + INDENT.length(), indent + "- ");
            } else {
                write(part, own, indent + INDENT);
            }
        }
        text.append(own);
    }
}
