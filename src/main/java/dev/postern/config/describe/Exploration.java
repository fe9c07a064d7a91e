package dev.postern.config.describe;

import dev.postern.config.Spelling;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.config.read.Witness;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lets the readers read documents that are made up of what they asked for before, each with one thing more, until nothing new is
 * asked for. A thing is put into the document that it was first asked in: what is asked only beside something else is found
 * thereby.
 */
final class Exploration implements Witness {
    private final Place root = new Place();
    private final Deque<Map<String, @Nullable Object>> documents = new ArrayDeque<>();
    /** Paths, and what was put there. Of a list there is one item, so that a path is that of any item. */
    private final Set<String> tried = new HashSet<>();

    private final Set<String> triedAll = new HashSet<>();
    /** Of this document: mappings, by path, and the keys that they have to have. */
    private final Map<String, Set<String>> required = new HashMap<>();

    private Map<String, @Nullable Object> document = Map.of();

    private Exploration() {}

    /** The whole of any configuration. */
    static Place ofAll() {
        Exploration exploration = new Exploration();
        exploration.documents.add(Map.of());
        while (!exploration.documents.isEmpty()) {
            exploration.read(exploration.documents.remove());
        }
        return exploration.root;
    }

    private void read(Map<String, @Nullable Object> next) {
        document = next;
        required.clear();
        ConfigurationFile.explore(document, this);
        required.forEach((path, keys) -> root.at(path).read(keys));
    }

    private void tryAt(String path, @Nullable Object value) {
        if (tried.add(path + "=" + value)) {
            documents.add(mapping(with(document, Place.steps(path), 0, value)));
        }
    }

    /** Whatever shape it may have. */
    private void tryAll(String path) {
        if (!triedAll.add(path)) {
            return;
        }
        tryAt(path, null);
        tryAt(path, Place.NAME);
        tryAt(path, Map.of());
        List<@Nullable Object> one = new ArrayList<>();
        one.add(null);
        tryAt(path, one);
    }

    private static @Nullable Object with(
            @Nullable Object document, List<Object> steps, int depth, @Nullable Object value) {
        if (depth == steps.size()) {
            return value;
        }
        if (steps.get(depth) instanceof String key) {
            Map<String, @Nullable Object> mapping =
                    new LinkedHashMap<>(document instanceof Map<?, ?> ? mapping(document) : Map.of());
            mapping.put(key, with(mapping.get(key), steps, depth + 1, value));
            return mapping;
        }
        Object first = document instanceof List<?> list && !list.isEmpty() ? list.get(0) : null;
        List<@Nullable Object> list = new ArrayList<>();
        list.add(with(first, steps, depth + 1, value));
        return list;
    }

    @SuppressWarnings("unchecked") // A document has nothing else.
    private static Map<String, @Nullable Object> mapping(@Nullable Object document) {
        return document == null ? Map.of() : (Map<String, @Nullable Object>) document;
    }

    private static @Nullable Object at(@Nullable Object document, List<Object> steps) {
        Object place = document;
        for (Object step : steps) {
            if (step instanceof String key) {
                place = place instanceof Map<?, ?> mapping ? mapping.get(key) : null;
            } else {
                place = place instanceof List<?> list && !list.isEmpty() ? list.get(0) : null;
            }
        }
        return place;
    }

    @Override
    public boolean isMadeUp() {
        return true;
    }

    @Override
    public void mapping(String path, List<String> keys, boolean isOne) {
        root.at(path).mapping(keys);
        if (!path.isEmpty()) {
            tryAll(path);
        }
        if (!isOne) {
            return;
        }
        required.putIfAbsent(path, new HashSet<>());
        if (!tried.add(path + ":" + keys)) {
            return;
        }
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        keys.forEach(key -> all.put(key, null));
        tryAt(path, all);
        for (String key : keys) {
            tryAt(join(path, key), null);
        }
    }

    private static String join(String path, String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    @Override
    public void names(String path) {
        root.at(path).names();
        tryAll(join(path, Place.NAME));
    }

    @Override
    public void list(String path, boolean mayBeOne, boolean mayBeEmpty) {
        root.at(path).list(mayBeEmpty);
        tryAll(path + "[0]");
        if (mayBeOne) {
            tryAt(path, Place.NAME);
        }
    }

    @Override
    public void text(String path, String expected, Spelling<?> spelling) {
        root.at(path).text(expected, spelling);
        tryAll(path);
        spelling.words().forEach(word -> tryWord(path, word));
    }

    @Override
    public void word(String path, String word) {
        root.at(path).word(word);
        tryAll(path);
        tryWord(path, word);
    }

    /** By itself, and with all that may be beside it. */
    private void tryWord(String path, String word) {
        tryAt(path, word);
        int dot = path.lastIndexOf('.');
        String around = dot < 0 ? "" : path.substring(0, dot);
        String key = path.substring(dot + 1);
        Set<String> known = root.at(around).known();
        if (known.contains(key) && tried.add(around + ":" + key + "=" + word)) {
            Map<String, @Nullable Object> beside = new LinkedHashMap<>();
            known.forEach(other -> beside.put(other, null));
            beside.putAll(mapping(at(document, Place.steps(around)) instanceof Map<?, ?> now ? now : Map.of()));
            beside.put(key, word);
            documents.add(mapping(with(document, Place.steps(around), 0, beside)));
        }
    }

    @Override
    public void required(String path) {
        int dot = path.lastIndexOf('.');
        required.computeIfAbsent(dot < 0 ? "" : path.substring(0, dot), unused -> new HashSet<>())
                .add(path.substring(dot + 1));
    }

    @Override
    public void shortFor(String path, String key) {
        root.at(path).shortFor(key);
    }

    @Override
    public void otherwise(String path, List<String> texts, boolean isList) {
        root.at(path).otherwise(new Place.Default(List.copyOf(texts), isList));
    }

    @Override
    public void understood(String path, String text, String written, boolean isSecret) {}

    @Override
    public void whole(@Nullable Object all) {}
}
