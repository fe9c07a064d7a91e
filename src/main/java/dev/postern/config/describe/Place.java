package dev.postern.config.describe;

import dev.postern.config.Spelling;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What readers ask of one place of any configuration, and of those inside. Changed by {@link Exploration} alone. */
final class Place {
    /** The key that stands for all names of an operator's. */
    static final String NAME = "example";

    /** What is known of one kind of text. */
    record Text(String expected, Spelling<?> spelling) {}

    /** One text, or those of a list. */
    record Default(List<String> texts, boolean isList) {}

    private final Map<String, Place> keys = new LinkedHashMap<>();
    private @Nullable Place named;
    private @Nullable Place item;
    private @Nullable List<String> known;
    private boolean isList;
    private boolean mayBeEmpty;
    private @Nullable Place shortFor;
    private final Map<String, Text> texts = new LinkedHashMap<>();
    private final Set<String> words = new LinkedHashSet<>();
    private final Set<Default> defaults = new LinkedHashSet<>();
    /** In how many documents it was read as a mapping, and in how many of these a key was required. */
    private int read;

    private final Map<String, Integer> required = new HashMap<>();

    /** @param path as a witness has it */
    Place at(String path) {
        Place place = this;
        for (Object step : steps(path)) {
            place = step instanceof String key ? place.key(key) : place.item();
        }
        return place;
    }

    /** Keys, and numbers of items. Of made-up documents: every key is a word. */
    static List<Object> steps(String path) {
        List<Object> steps = new ArrayList<>();
        for (String part : path.isEmpty() ? new String[0] : path.split("[.\\[]")) {
            steps.add(part.endsWith("]") ? Integer.valueOf(part.substring(0, part.length() - 1)) : part);
        }
        return steps;
    }

    private Place key(String key) {
        if (key.equals(NAME)) {
            named = named == null ? new Place() : named;
            return named;
        }
        return keys.computeIfAbsent(key, unused -> new Place());
    }

    private Place item() {
        item = item == null ? new Place() : item;
        return item;
    }

    void mapping(List<String> itsKeys) {
        Set<String> all = new LinkedHashSet<>(known == null ? List.of() : known);
        all.addAll(itsKeys);
        known = List.copyOf(all);
    }

    void names() {
        key(NAME);
    }

    void list(boolean orNone) {
        isList = true;
        mayBeEmpty |= orNone;
    }

    void text(String expected, Spelling<?> spelling) {
        texts.putIfAbsent(expected, new Text(expected, spelling));
    }

    void word(String word) {
        words.add(word);
    }

    void shortFor(String key) {
        shortFor = key(key);
    }

    void otherwise(Default value) {
        defaults.add(value);
    }

    /** Of one document. */
    void read(Set<String> itsRequired) {
        read++;
        itsRequired.forEach(key -> required.merge(key, 1, Integer::sum));
    }

    Map<String, Place> keys() {
        return keys;
    }

    /** Under any other key; null where there is none. */
    @Nullable Place named() {
        return named;
    }

    /** Null where it is no list. */
    @Nullable Place items() {
        return isList ? item() : null;
    }

    boolean mayBeEmpty() {
        return mayBeEmpty;
    }

    boolean isMapping() {
        return known != null || named != null;
    }

    /** The keys that a mapping may have, besides names. */
    Set<String> known() {
        return known == null ? keys.keySet() : new LinkedHashSet<>(known);
    }

    /** Those that no mapping is understood without. */
    List<String> required() {
        return known().stream()
                .filter(key -> read > 0 && required.getOrDefault(key, 0) == read)
                .toList();
    }

    /** Of itself, or of the key that it is short for. */
    List<Text> texts() {
        List<Text> all = new ArrayList<>(texts.values());
        if (shortFor != null) {
            all.addAll(shortFor.texts());
        }
        return all;
    }

    Set<String> words() {
        return words;
    }

    /** Null where there is none, or which one, or its very kind, depends on what else is there, or on where Postern is installed. */
    @Nullable Default otherwise() {
        boolean isFile =
                texts.values().stream().anyMatch(text -> text.spelling().isFile());
        return defaults.size() == 1 && texts.size() <= 1 && !isFile
                ? defaults.iterator().next()
                : null;
    }
}
