package dev.postern.config.read;

import dev.postern.config.Scalar;
import dev.postern.config.Suggestion;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A mapping whose keys are known beforehand. */
final class Section {
    private final Value at;
    private final Map<String, Value> entries;
    private final boolean isMapping;

    private Section(Value at, @Nullable Map<String, Value> entries) {
        this.at = at;
        this.isMapping = entries != null;
        this.entries = entries == null ? Map.of() : entries;
    }

    /** Keys that are not in {@code known} are problems. */
    static Section of(Value at, List<String> known) {
        return of(at, known, "");
    }

    /** One that could also have been the word {@code off}. */
    static Section orOff(Value at, List<String> known) {
        return of(at, known, "off, or ");
    }

    private static Section of(Value at, List<String> known, String otherwise) {
        Map<String, Value> entries =
                at.entries(() -> otherwise + "a mapping with the keys " + String.join(", ", known));
        if (entries != null) {
            entries.forEach((key, value) -> {
                if (!known.contains(key)) {
                    value.problem("unknown key" + Suggestion.among(known, key));
                }
            });
        }
        Witness witness = at.witness();
        if (witness != null) {
            witness.mapping(at.path(), known, entries != null);
        }
        return new Section(at, entries);
    }

    /** One of which a value that is no mapping says {@code key}, and nothing else. */
    static Section orShort(Value at, List<String> known, String key) {
        if (at.isMapping()) {
            return of(at, known);
        }
        Witness witness = at.witness();
        if (witness != null) {
            witness.shortFor(at.path(), key);
        }
        return new Section(at, Map.of(key, at));
    }

    /** One whose keys are names that the file gives. */
    static Section named(Value at, String expected) {
        return new Section(at, at.entries(expected));
    }

    /** One without entries. */
    static Section none(Value at) {
        return new Section(at, Map.of());
    }

    /** All of these, in this order. */
    static List<String> keys(List<String> own, List<String> shared) {
        return Stream.concat(own.stream(), shared.stream()).toList();
    }

    Value at() {
        return at;
    }

    boolean has(String key) {
        return entries.containsKey(key);
    }

    @Nullable Value find(String key) {
        return entries.get(key);
    }

    /** As in the file. */
    Set<String> keys() {
        return entries.keySet();
    }

    /** The place of {@code key}, be it there or not. */
    Value place(String key) {
        Value value = entries.get(key);
        return value == null ? at.absent(key) : value;
    }

    /** The value of {@code key}; null where the key is absent, or its value is a problem. */
    <T> @Nullable T find(String key, Scalar<T> kind) {
        Value value = entries.get(key);
        if (value != null) {
            return value.read(kind);
        }
        Witness witness = at.witness();
        if (witness != null) {
            witness.text(at.absent(key).path(), kind.expected(), kind.spelling());
        }
        return null;
    }

    /** The value of {@code key}; null where the key is absent, and these texts stand for it. */
    @Nullable Value find(String key, List<String> otherwise) {
        Witness witness = at.witness();
        if (witness != null) {
            witness.otherwise(at.absent(key).path(), otherwise, true);
        }
        return entries.get(key);
    }

    /** The same, where one text stands for it. */
    @Nullable Value find(String key, String otherwise) {
        Witness witness = at.witness();
        if (witness != null) {
            witness.otherwise(at.absent(key).path(), List.of(otherwise), false);
        }
        return entries.get(key);
    }

    /** The value of {@code key}; {@code otherwise} where the key is absent, or its value is a problem. */
    <T> T get(String key, Scalar<T> kind, T otherwise) {
        T value = find(key, kind);
        Witness witness = at.witness();
        if (witness != null) {
            // In a file it would be relative to that.
            String text = otherwise instanceof Path path
                    ? path.toAbsolutePath().toString()
                    : kind.spelling().text().apply(otherwise);
            if (text != null) {
                witness.otherwise(at.absent(key).path(), List.of(text), false);
            }
        }
        return value == null ? otherwise : value;
    }

    /** The value of {@code key}; its absence is a problem. */
    @Nullable Value require(String key, String expected) {
        Value value = entries.get(key);
        Witness witness = at.witness();
        if (witness != null && isMapping) {
            witness.required(at.absent(key).path());
        }
        // Of something that is no mapping it was said already that it is none.
        if (value == null && isMapping) {
            at.absent(key).problem("missing (expected: " + expected + ")");
        }
        return value;
    }

    /** The value of {@code key}; its absence is a problem. */
    <T> @Nullable T require(String key, Scalar<T> kind) {
        Value unused = require(key, kind.expected());
        return find(key, kind);
    }

    /** A section inside this one; an absent one reads like an empty one. */
    Section section(String key, List<String> known) {
        return of(place(key), known);
    }
}
