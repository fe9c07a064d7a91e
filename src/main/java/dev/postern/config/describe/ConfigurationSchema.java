package dev.postern.config.describe;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import dev.postern.config.Spelling;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The configuration as a <a href="https://json-schema.org/draft/2020-12">JSON Schema</a>, for editors. It refuses nothing that
 * Postern takes; what it cannot know (files, names that are defined elsewhere) it lets pass. Nothing in it is of 2020-12 alone, for
 * there are editors that know draft-07 only.
 */
public final class ConfigurationSchema {
    private static final Gson JSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    /** Texts that YAML takes for numbers. */
    private static final List<String> NUMBERS = List.of("5", "80", "404", "8080", "+5", "-5", "1.5", "1e3");

    /** A value, or a part of it, is in the environment. */
    private static final String ENVIRONMENT = "\\$\\{";

    /** What is said of the places around, from the inside out. */
    private final Deque<KeyComments> around = new ArrayDeque<>();

    private ConfigurationSchema(KeyComments comments) {
        around.push(comments);
    }

    /** The whole, which takes some thousand documents to be found out. */
    public static String json() {
        return json(KeyComments.shipped());
    }

    static String json(KeyComments comments) {
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.put("title", "Configuration of Postern");
        schema.putAll(new ConfigurationSchema(comments).schema(Exploration.ofAll(), ""));
        return JSON.toJson(schema);
    }

    /** @param said of it; empty for nothing */
    private Map<String, Object> schema(Place place, String said) {
        Map<String, Object> schema = new LinkedHashMap<>();
        String description = description(place, said);
        if (!description.isEmpty()) {
            schema.put("description", description);
        }
        List<Map<String, Object>> shapes = new ArrayList<>();
        Set<String> words = place.words();
        texts(place, words, shapes);
        Place items = place.items();
        if (items != null) {
            shapes.add(list(place, items));
        }
        if (place.isMapping()) {
            shapes.add(mapping(place));
        }
        if (shapes.size() == 1) {
            schema.putAll(shapes.get(0));
        } else if (!shapes.isEmpty()) {
            schema.put("anyOf", shapes);
        }
        Place.Default otherwise = place.otherwise();
        if (otherwise != null) {
            schema.put(
                    "default",
                    otherwise.isList()
                            ? otherwise.texts().stream()
                                    .map(ConfigurationSchema::value)
                                    .toList()
                            : value(otherwise.texts().get(0)));
        }
        return schema;
    }

    private static String description(Place place, String said) {
        List<String> expected = place.texts().stream()
                .filter(text -> !text.spelling().isClosed())
                .map(Place.Text::expected)
                .distinct()
                .toList();
        String more = expected.isEmpty() ? "" : "Expected: " + String.join("; or ", expected);
        return said.isEmpty() ? more : more.isEmpty() ? said : said + "\n\n" + more;
    }

    private Map<String, Object> mapping(Place place) {
        Map<String, Object> properties = new LinkedHashMap<>();
        KeyComments here = around.element();
        for (String key : place.known()) {
            Place one = place.keys().get(key);
            KeyComments its = here.inside(key);
            around.push(its == null ? here : its);
            properties.put(key, one == null ? Map.of() : schema(one, said(key, its, here)));
            around.pop();
        }
        Map<String, Object> schema = new LinkedHashMap<>();
        List<String> required = place.required();
        // A key with nothing behind it stands for a mapping without keys.
        schema.put("type", required.isEmpty() ? List.of("object", "null") : "object");
        if (!properties.isEmpty()) {
            schema.put("properties", properties);
        }
        if (!required.isEmpty()) {
            schema.put("required", required);
        }
        Place named = place.named();
        if (named == null) {
            schema.put("additionalProperties", false);
        } else {
            KeyComments its = here.named(place.known());
            around.push(its == null ? here : its);
            schema.put("additionalProperties", schema(named, text(its)));
            around.pop();
        }
        return schema;
    }

    /** By the file; of a key that has no comment of its own what the comments around say of it. */
    private String said(String key, @Nullable KeyComments its, KeyComments here) {
        Stream<String> own = Stream.of(text(its));
        Stream<String> further =
                around.stream().skip(1).flatMap(outer -> Stream.of(outer.line(key), text(outer.inside(key))));
        return Stream.of(own, Stream.of(here.line(key)), further)
                .flatMap(texts -> texts)
                .filter(text -> !text.isEmpty())
                .findFirst()
                .orElse("");
    }

    private static String text(@Nullable KeyComments of) {
        return of == null ? "" : of.text();
    }

    private Map<String, Object> list(Place place, Place items) {
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "array");
        KeyComments here = around.element();
        KeyComments item = here.item();
        around.push(item == null ? here : item);
        schema.put("items", schema(items, ""));
        around.pop();
        if (!place.mayBeEmpty()) {
            schema.put("minItems", 1);
        }
        return schema;
    }

    /** Texts that are words first: editors offer these. */
    private static void texts(Place place, Set<String> own, List<Map<String, Object>> shapes) {
        List<Object> words = new ArrayList<>();
        Stream.concat(own.stream(), place.texts().stream().flatMap(text -> text.spelling().words().stream()))
                .distinct()
                .forEach(word -> {
                    words.add(word);
                    if (!(value(word) instanceof String)) {
                        words.add(value(word));
                    }
                });
        if (!words.isEmpty()) {
            shapes.add(Map.of("enum", words));
        }
        List<String> forms = new ArrayList<>();
        Map<String, Object> text = new LinkedHashMap<>();
        for (Place.Text kind : place.texts()) {
            Spelling.Numbers numbers = kind.spelling().numbers();
            if (numbers != null) {
                text.merge("minimum", numbers.from(), (one, other) -> Math.min((int) one, (int) other));
                text.merge("maximum", numbers.to(), (one, other) -> Math.max((int) one, (int) other));
                forms.add("-?[0-9]{1,18}");
            }
            if (kind.spelling().form() != null) {
                forms.add(kind.spelling().form());
            }
        }
        if (words.isEmpty() && forms.isEmpty()) {
            return;
        }
        Map<String, Object> shape = new LinkedHashMap<>();
        if (forms.contains(Spelling.ANY)) {
            shape.put("type", List.of("string", "number", "boolean"));
        } else {
            boolean hasNumbers = text.containsKey("minimum");
            shape.put("type", hasNumbers ? List.of("integer", "string") : types(forms));
            shape.putAll(text);
            shape.put(
                    "pattern", forms.isEmpty() ? ENVIRONMENT : "^(?:" + String.join("|", forms) + ")$|" + ENVIRONMENT);
        }
        shapes.add(shape);
    }

    private static Object types(List<String> forms) {
        List<String> types = new ArrayList<>(List.of("string"));
        if (NUMBERS.stream().anyMatch(text -> forms.stream().anyMatch(text::matches))) {
            types.add("number");
        }
        if (forms.stream().anyMatch("true"::matches)) {
            types.add("boolean");
        }
        return types.size() == 1 ? "string" : types;
    }

    /** As YAML reads the text where it is not told otherwise. */
    static Object value(String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> text.matches("0|-?[1-9][0-9]{0,17}") ? (Object) Long.valueOf(text) : text;
        };
    }
}
