package dev.postern.config.describe;

import dev.postern.config.Spelling;
import dev.postern.config.read.Witness;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** How a configuration was understood, place by place. Used by the thread that reads, and by whoever has it afterwards. */
final class Understanding implements Witness {
    /** @param written as in the file, with names of the environment */
    record Text(String text, String written, boolean isSecret) {}

    private final Map<String, Text> texts = new HashMap<>();
    private final Map<String, Spelling<?>> spellings = new HashMap<>();
    private final Map<String, List<String>> keys = new HashMap<>();
    private final Set<String> listsOfOne = new HashSet<>();
    private final Map<String, String> shortFor = new HashMap<>();
    /** Of mappings, by path: what stands for keys; and the mappings inside of it that have some. */
    private final Map<String, Map<String, Place.Default>> defaults = new HashMap<>();

    private final Map<String, Set<String>> sections = new HashMap<>();
    private @Nullable Object whole;

    @Nullable Object whole() {
        return whole;
    }

    /** Null where nothing was made of it but the text that it is. */
    @Nullable Text text(String path) {
        return texts.get(path);
    }

    @Nullable Spelling<?> spelling(String path) {
        return spellings.get(path);
    }

    /** Whether a text there is a list of one. */
    boolean isListOfOne(String path) {
        return listsOfOne.contains(path);
    }

    /** The key whose value a text there is; null where it is the value itself. */
    @Nullable String shortFor(String path) {
        return shortFor.get(path);
    }

    /** Of keys that may be there. */
    Map<String, Place.Default> defaults(String path) {
        Map<String, Place.Default> those = new LinkedHashMap<>(defaults.getOrDefault(path, Map.of()));
        those.keySet().retainAll(keys.getOrDefault(path, List.copyOf(those.keySet())));
        return those;
    }

    /** Keys of mappings with defaults in them, be they there or not. */
    Set<String> sections(String path) {
        return sections.getOrDefault(path, Set.of());
    }

    @Override
    public boolean isMadeUp() {
        return false;
    }

    @Override
    public void mapping(String path, List<String> itsKeys, boolean isOne) {
        keys.put(path, itsKeys);
    }

    @Override
    public void names(String path) {}

    @Override
    public void list(String path, boolean mayBeOne, boolean mayBeEmpty) {
        if (mayBeOne) {
            listsOfOne.add(path);
        }
    }

    @Override
    public void text(String path, String expected, Spelling<?> spelling) {
        spellings.put(path, spelling);
    }

    @Override
    public void word(String path, String word) {}

    @Override
    public void required(String path) {}

    @Override
    public void shortFor(String path, String key) {
        shortFor.put(path, key);
    }

    @Override
    public void otherwise(String path, List<String> texts, boolean isList) {
        String key = last(path);
        String around = around(path);
        defaults.computeIfAbsent(around, unused -> new LinkedHashMap<>())
                .put(key, new Place.Default(List.copyOf(texts), isList));
        // An item of a list is there.
        while (!around.isEmpty() && !around.endsWith("]")) {
            sections.computeIfAbsent(around(around), unused -> new LinkedHashSet<>())
                    .add(last(around));
            around = around(around);
        }
    }

    // What has a default is a word; what is around it may be a name with dots, but is there then, and is not asked for
    // by it.
    private static String last(String path) {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    private static String around(String path) {
        return path.substring(0, Math.max(0, path.lastIndexOf('.')));
    }

    @Override
    public void understood(String path, String text, String written, boolean isSecret) {
        texts.put(path, new Text(text, written, isSecret));
    }

    @Override
    public void whole(@Nullable Object all) {
        whole = all;
    }
}
