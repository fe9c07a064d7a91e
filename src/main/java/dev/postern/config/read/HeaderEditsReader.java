package dev.postern.config.read;

import dev.postern.config.HeaderEdits;
import dev.postern.config.HeaderEdits.Field;
import dev.postern.config.Quoted;
import dev.postern.config.Secret;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads {@code request-headers} and {@code response-headers}. */
final class HeaderEditsReader {
    private static final List<String> KEYS = List.of("set", "add", "remove");

    private final FieldText.Use use;
    /** What is done to a name, and where that is said. */
    private final Map<String, Value> said = new HashMap<>();

    private HeaderEditsReader(FieldText.Use use) {
        this.use = use;
    }

    /** None where the key is absent. */
    static HeaderEdits read(Section at, String key, FieldText.Use use) {
        if (!at.has(key)) {
            return HeaderEdits.NONE;
        }
        HeaderEditsReader reader = new HeaderEditsReader(use);
        Section edits = at.section(key, KEYS);
        return new HeaderEdits(reader.fields(edits, "set"), reader.fields(edits, "add"), reader.names(edits));
    }

    private List<Field> fields(Section edits, String key) {
        List<Field> fields = new ArrayList<>();
        Value at = edits.find(key);
        Map<String, Value> entries = at == null ? null : at.entries("a mapping of header names to values");
        if (entries != null) {
            entries.forEach((name, value) -> {
                once(FieldText.name(value, name, use), value);
                Secret text = value.read(FieldText.VALUE);
                if (text != null) {
                    fields.add(new Field(name, text));
                }
            });
        }
        return List.copyOf(fields);
    }

    private List<String> names(Section edits) {
        List<String> names = new ArrayList<>();
        Value at = edits.find("remove");
        if (at != null) {
            for (Value item : at.itemsOrOne("a list of header names such as [Server, X-Powered-By]")) {
                String name = item.text("the name of a header");
                if (name != null) {
                    // Guides say so; let them.
                    if (FieldText.isTakenAwayAnyway(name, use)) {
                        continue;
                    }
                    String lower = FieldText.name(item, name, use);
                    once(lower, item);
                    names.add(lower);
                }
            }
        }
        return List.copyOf(names);
    }

    private void once(String lower, Value at) {
        Value first = said.putIfAbsent(lower, at);
        if (first != null) {
            at.problem(Quoted.of(lower) + " is in " + first.path() + " already (expected: every name once)");
        }
    }
}
