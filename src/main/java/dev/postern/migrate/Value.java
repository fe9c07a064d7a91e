package dev.postern.migrate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What a key of the configuration that an import writes may say, on one line. Immutable; two are equal that say the same. */
public sealed interface Value {
    record Text(String text) implements Value {}

    record Texts(List<String> texts) implements Value {}

    record Entries(Map<String, Value> entries) implements Value {}

    static Value of(String text) {
        return new Text(text);
    }

    static Value of(List<String> texts) {
        return new Texts(List.copyOf(texts));
    }

    static Value entries(Map<String, Value> entries) {
        return new Entries(new LinkedHashMap<>(entries));
    }

    /** Of texts alone. */
    static Value mapping(Map<String, String> texts) {
        Map<String, Value> entries = new LinkedHashMap<>();
        texts.forEach((key, text) -> entries.put(key, new Text(text)));
        return new Entries(entries);
    }

    /** As it stands in YAML. */
    default String written() {
        if (this instanceof Text text) {
            return YamlText.of(text.text());
        }
        if (this instanceof Texts texts) {
            return texts.texts().stream().map(YamlText::of).collect(Collectors.joining(", ", "[", "]"));
        }
        return ((Entries) this)
                .entries().entrySet().stream()
                        .map(entry -> YamlText.of(entry.getKey()) + ": "
                                + entry.getValue().written())
                        .collect(Collectors.joining(", ", "{ ", " }"));
    }
}
