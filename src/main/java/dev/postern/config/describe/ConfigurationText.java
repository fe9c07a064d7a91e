package dev.postern.config.describe;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import dev.postern.config.Spelling;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Documents;
import dev.postern.config.read.Surroundings;
import dev.postern.config.read.Witness;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A configuration as it is understood: with what it includes and what the environment says, every value spelled in one way,
 * lists as lists, paths from the root. Postern reads the same configuration from it, but for secrets, each of which is a name of
 * the environment here.
 */
public final class ConfigurationText {
    private static final Gson JSON = new GsonBuilder()
            .setPrettyPrinting()
            .serializeNulls()
            .disableHtmlEscaping()
            .create();

    /** Names that are asked for, so that nobody takes what is shown for what is meant. */
    private static final String REDACTED = "REDACTED_";

    private static final Pattern VARIABLE = Pattern.compile("\\$\\{[A-Za-z_][A-Za-z0-9_]*}");

    /** A URL with a user, and often a password, in it. */
    private static final Pattern WITH_USER = Pattern.compile("[A-Za-z0-9+.-]+://[^/?#]*@.*");

    private final Understanding understanding;
    private final boolean withDefaults;
    /** What is not shown, in the order of the names that stand for it. */
    private final List<String> redacted = new ArrayList<>();

    private final List<String> notes = new ArrayList<>();
    private final Object document;

    private ConfigurationText(Understanding understanding, boolean withDefaults) {
        this.understanding = understanding;
        this.withDefaults = withDefaults;
        this.document = mapping(understanding.whole(), "");
    }

    /**
     * Reads the file.
     *
     * @param withDefaults whether what the file does not say is said as well
     */
    public static ConfigurationText of(Path file, Surroundings surroundings, boolean withDefaults)
            throws ConfigurationProblems {
        Understanding understanding = new Understanding();
        ConfigurationFile.read(file, surroundings, understanding);
        return new ConfigurationText(understanding, withDefaults);
    }

    /** The same of a text that came from nowhere in particular. */
    static ConfigurationText of(String text, Surroundings surroundings, boolean withDefaults)
            throws ConfigurationProblems {
        Understanding understanding = new Understanding();
        ConfigurationFile.parse("postern.yaml", text, surroundings, understanding);
        return new ConfigurationText(understanding, withDefaults);
    }

    public String yaml() {
        return String.join("", notes) + Documents.yaml(document);
    }

    /** With numbers and true and false as such. */
    public String json() {
        return JSON.toJson(typed(document, ""));
    }

    /** What has to be in the environment to read it, to mean the same. */
    Map<String, String> secrets() {
        Map<String, String> secrets = new LinkedHashMap<>();
        for (int i = 0; i < redacted.size(); i++) {
            secrets.put(REDACTED + (i + 1), redacted.get(i));
        }
        return secrets;
    }

    private @Nullable Object shown(@Nullable Object part, String path) {
        if (part instanceof Map<?, ?>) {
            return mapping(part, path);
        }
        if (part instanceof List<?> list) {
            List<@Nullable Object> items = new ArrayList<>();
            for (Object item : list) {
                items.add(shown(item, path + "[" + items.size() + "]"));
            }
            return items;
        }
        if (!(part instanceof String text)) {
            boolean hasDefaults = withDefaults
                    && !(understanding.defaults(path).isEmpty()
                            && understanding.sections(path).isEmpty());
            return hasDefaults ? mapping(Map.of(), path) : null;
        }
        String key = understanding.shortFor(path);
        if (key != null) {
            return mapping(Map.of(key, text), path, path);
        }
        String shown = text(text, path);
        return understanding.isListOfOne(path) ? List.of(shown) : shown;
    }

    private Map<String, @Nullable Object> mapping(@Nullable Object part, String path) {
        return mapping(part, path, null);
    }

    /** @param ofEntry the path of all that is in it; null for its own inside of {@code path} */
    private Map<String, @Nullable Object> mapping(@Nullable Object part, String path, @Nullable String ofEntry) {
        Map<String, @Nullable Object> shown = new LinkedHashMap<>();
        if (part instanceof Map<?, ?> mapping) {
            mapping.forEach((name, value) -> {
                String key = String.valueOf(name);
                if (ofEntry != null) {
                    shown.put(key, text(String.valueOf(value), ofEntry));
                } else if (!(path.isEmpty() && key.equals("include"))) {
                    shown.put(key, shown(value, Witness.inside(path, key)));
                }
            });
        }
        if (withDefaults) {
            understanding.defaults(path).forEach((key, otherwise) -> shown.computeIfAbsent(key, unused -> otherwise));
            for (String key : understanding.sections(path)) {
                shown.computeIfAbsent(key, unused -> shown(null, Witness.inside(path, key)));
            }
            shown.replaceAll((key, value) -> value instanceof Place.Default otherwise ? shown(otherwise) : value);
        }
        return shown;
    }

    private static Object shown(Place.Default otherwise) {
        List<String> texts =
                otherwise.texts().stream().map(ConfigurationText::escaped).toList();
        return otherwise.isList() ? texts : texts.get(0);
    }

    private String text(String text, String path) {
        Understanding.Text understood = understanding.text(path);
        String spelled = understood == null ? text : understood.text();
        boolean isSecret = (understood != null && understood.isSecret())
                || WITH_USER.matcher(spelled).matches();
        if (!isSecret) {
            return escaped(spelled);
        }
        if (understood != null && VARIABLE.matcher(understood.written()).matches()) {
            return understood.written();
        }
        redacted.add(spelled);
        String name = "${" + REDACTED + redacted.size() + "}";
        notes.add("# " + name + " is a secret, which is not shown: " + path + "\n");
        return name;
    }

    /** What looks like a name of the environment is none any more. */
    private static String escaped(String text) {
        return text.replace("${", "$${");
    }

    private @Nullable Object typed(@Nullable Object part, String path) {
        if (part instanceof Map<?, ?> mapping) {
            Map<String, @Nullable Object> typed = new LinkedHashMap<>();
            mapping.forEach((key, value) ->
                    typed.put(String.valueOf(key), typed(value, Witness.inside(path, String.valueOf(key)))));
            return typed;
        }
        if (part instanceof List<?> list) {
            List<@Nullable Object> typed = new ArrayList<>();
            for (Object item : list) {
                typed.add(typed(item, path + "[" + typed.size() + "]"));
            }
            return typed;
        }
        Spelling<?> spelling = understanding.spelling(path);
        boolean hasTypes = spelling != null
                && (spelling.numbers() != null || spelling.words().contains("true"));
        return part instanceof String text && hasTypes ? ConfigurationSchema.value(text) : part;
    }
}
