package dev.postern.config.describe;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.networknt.schema.Schema;
import com.networknt.schema.SpecificationVersion;
import dev.postern.config.Configuration;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Documents;
import dev.postern.config.read.Surroundings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

class ConfigurationSchemaTest {
    private static final Path CASES = Path.of("src/test/resources/config");

    private static final Surroundings SURROUNDINGS = new Surroundings(Map.of("SET", "5s"), Path.of(""));

    /** What may come anywhere. */
    private static final List<Object> ANYTHING = List.of(
            "",
            "0",
            "5",
            "+5",
            "-5",
            "1e3",
            "200",
            "1.5",
            "true",
            "off",
            "unlimited",
            "30s",
            "8KiB",
            "20%",
            "a",
            "a.example",
            "*",
            "/a",
            "127.0.0.1:1",
            ":1",
            "10.0.0.0/8",
            "GET",
            "${SET}",
            "${UNSET:-5}",
            "pom.xml",
            "example.com",
            "web",
            Map.of(),
            List.of(),
            List.of("5"),
            List.of("web"),
            List.of("off", "on"),
            Map.of("of", "a"));

    private static JsonObject schema() {
        return JsonParser.parseString(Editor.SCHEMA).getAsJsonObject();
    }

    /** What is built has the words of the file, which operators change where it lies. */
    @Test
    void fileIsAmongTheClasses() {
        assertThat(ConfigurationSchema.json()).isEqualTo(Editor.SCHEMA);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("good")
    void whatIsRightIsNotMarked(Path file) throws IOException {
        String text = Files.readString(file);

        assertThat(Editor.marks(text)).isEmpty();
    }

    @Test
    void editorsOfDraft07SeeTheSame() throws IOException {
        Schema older = Editor.schema(SpecificationVersion.DRAFT_7);

        for (Path file : Stream.concat(good().stream(), invalid().stream()).toList()) {
            String text = Files.readString(file);
            assertThat(marksOrNoYaml(text, older)).as("%s", file).isEqualTo(marksOrNoYaml(text, null));
        }
    }

    private static int marksOrNoYaml(String text, @Nullable Schema schema) {
        try {
            return schema == null
                    ? Editor.marks(text).size()
                    : Editor.marks(text, schema).size();
        } catch (RuntimeException noYaml) {
            return -1;
        }
    }

    /** Of what else is wrong much depends on other places, on files, or on what a text means. */
    @Test
    void everyUnknownKeyIsMarked() throws IOException {
        List<String> unseen = new ArrayList<>();
        int marked = 0;
        for (Path file : invalid()) {
            String text = Files.readString(file);
            boolean isMarked = marksOrNoYaml(text, null) != 0;
            marked += isMarked ? 1 : 0;
            // Where a loader joins mappings itself, the key is gone before anybody sees it.
            if (text.contains(": unknown key") && !isMarked && !text.contains("<<:")) {
                unseen.add(file.toString());
            }
        }

        assertThat(unseen).isEmpty();
        assertThat(marked).isGreaterThan(invalid().size() / 2);
    }

    /** config/postern.yaml names every key there is: each of the schema has words of it, or is said to be what is expected. */
    @Test
    void keysHaveTheWordsOfTheFile() {
        JsonObject sites = at("sites").getAsJsonObject("items").getAsJsonObject("properties");
        assertThat(sites.getAsJsonObject("hsts").get("description").getAsString())
                .startsWith("Browsers are told to come over HTTPS only");
        assertThat(at("timeouts")
                        .getAsJsonObject("properties")
                        .getAsJsonObject("handshake")
                        .get("description")
                        .getAsString())
                .startsWith("from accepting a connection");
        assertThat(sites.getAsJsonObject("rate-limit").toString()).contains("How many requests one client");
        assertThat(at("grace").get("description").getAsString()).startsWith("How long exchanges in flight may take");
    }

    private static JsonObject at(String key) {
        return schema().getAsJsonObject("properties").getAsJsonObject(key);
    }

    @Test
    void keyThatMustBeThereIsRequired() {
        assertThat(Editor.marks("sites: [{ names: [a.example], rate-limit: { per: 1s } }]"))
                .anyMatch(mark -> mark.contains("requests"));
        assertThat(Editor.marks("backends: { a: {} }")).anyMatch(mark -> mark.contains("servers"));
        // A site has both, and a way through the schema has neither.
        assertThat(Editor.marks("sites: [{ names: [a.example], routes: [{ exact: /, backend: a }] }]"))
                .isEmpty();
    }

    @Test
    void environmentIsTakenWhereverATextIs() {
        assertThat(Editor.marks("grace: ${GRACE:-30s}\nlimits: { headers: \"${HEADERS}\", body: \"${BODY}\" }"
                        + "\nsites: [{ names: [\"${NAME}\"], plain: \"${PLAIN}\", auth: \"${AUTH}\" }]"))
                .isEmpty();
        assertThat(Editor.marks("grace: $GRACE")).isNotEmpty();
    }

    /** The one law of it: what it marks is a mistake. */
    @Property
    void whatIsMarkedIsRefused(@ForAll long seed) throws IOException {
        Random random = new Random(seed);
        List<Path> files = good();
        Object document = document(Files.readString(files.get(random.nextInt(files.size()))));
        for (int changes = 1 + random.nextInt(2); changes > 0; changes--) {
            document = changed(document, schema(), random);
        }
        String text = Documents.yaml(document);
        List<String> marks = Editor.marks(text);

        if (!marks.isEmpty()) {
            assertThat(read(text)).as("%s%nis marked: %s", text, marks).isEmpty();
        }
    }

    /** A default that is written down changes nothing, or has no meaning there. */
    @Test
    void defaultsAreThoseOfTheReaders() throws IOException {
        List<String> compared = new ArrayList<>();
        for (Path file : good()) {
            Object document = document(Files.readString(file));
            Optional<Configuration> without = read(Documents.yaml(document));
            if (without.isPresent()) {
                for (Object with : withDefaults(document, schema(), compared)) {
                    read(Documents.yaml(with))
                            .ifPresent(read ->
                                    assertThat(read).as(Documents.yaml(with)).isEqualTo(without.get()));
                }
            }
        }

        assertThat(new TreeSet<>(compared)).hasSizeGreaterThan(40);
    }

    /** With one default each. */
    private static List<Object> withDefaults(@Nullable Object at, JsonObject schema, List<String> compared) {
        List<Object> all = new ArrayList<>();
        for (JsonObject shape : shapes(schema)) {
            if (at instanceof Map<?, ?> mapping && shape.has("properties")) {
                shape.getAsJsonObject("properties").entrySet().forEach(entry -> {
                    JsonElement otherwise = entry.getValue().getAsJsonObject().get("default");
                    if (!mapping.containsKey(entry.getKey()) && otherwise != null) {
                        compared.add(entry.getKey());
                        all.add(with(
                                mapping,
                                entry.getKey(),
                                otherwise.isJsonArray()
                                        ? otherwise.getAsJsonArray().asList().stream()
                                                .map(JsonElement::getAsString)
                                                .toList()
                                        : otherwise.getAsString()));
                    }
                });
            }
            if (at instanceof Map<?, ?> mapping) {
                mapping.forEach((key, value) -> {
                    JsonObject its = inside(shape, key);
                    if (its != null) {
                        withDefaults(value, its, compared).forEach(other -> all.add(with(mapping, key, other)));
                    }
                });
            } else if (at instanceof List<?> list && shape.has("items")) {
                for (int i = 0; i < list.size(); i++) {
                    for (Object other : withDefaults(list.get(i), shape.getAsJsonObject("items"), compared)) {
                        List<Object> items = new ArrayList<>(list);
                        items.set(i, other);
                        all.add(items);
                    }
                }
            }
        }
        return all;
    }

    private static Map<Object, Object> with(Map<?, ?> mapping, Object key, Object value) {
        Map<Object, Object> with = new LinkedHashMap<>(mapping);
        with.put(key, value);
        return with;
    }

    private static @Nullable JsonObject inside(JsonObject shape, Object key) {
        JsonObject properties = shape.getAsJsonObject("properties");
        JsonElement its = properties == null ? null : properties.get(key.toString());
        JsonElement other = shape.get("additionalProperties");
        return its != null
                ? its.getAsJsonObject()
                : other != null && other.isJsonObject() ? other.getAsJsonObject() : null;
    }

    private static List<JsonObject> shapes(JsonObject schema) {
        return schema.has("anyOf")
                ? schema.getAsJsonArray("anyOf").asList().stream()
                        .map(JsonElement::getAsJsonObject)
                        .toList()
                : List.of(schema);
    }

    /** Somewhere inside something else, or less, or more. */
    private static Object changed(@Nullable Object at, @Nullable JsonObject schema, Random random) {
        List<JsonObject> shapes = schema == null ? List.of() : shapes(schema);
        if (at == null || random.nextInt(6) == 0) {
            return anything(shapes, random);
        }
        if (at instanceof Map<?, ?> mapping) {
            Map<Object, Object> other = new LinkedHashMap<>(mapping);
            JsonObject shape = shapes.stream()
                    .filter(one -> one.has("additionalProperties"))
                    .findFirst()
                    .orElse(null);
            List<Object> keys = new ArrayList<>(mapping.keySet());
            if (shape != null && shape.has("properties") && random.nextInt(3) == 0) {
                List<String> known =
                        List.copyOf(shape.getAsJsonObject("properties").keySet());
                String key = known.get(random.nextInt(known.size()));
                other.put(key, anything(shapes(Objects.requireNonNull(inside(shape, key))), random));
            } else if (!keys.isEmpty()) {
                Object key = keys.get(random.nextInt(keys.size()));
                Object value = other.remove(key);
                if (random.nextInt(8) != 0) {
                    other.put(key, changed(value, shape == null ? null : inside(shape, key), random));
                }
            }
            return other;
        }
        if (at instanceof List<?> list && !list.isEmpty()) {
            JsonObject items =
                    shapes.stream().filter(one -> one.has("items")).findFirst().orElse(null);
            List<Object> other = new ArrayList<>(list);
            int i = random.nextInt(list.size());
            other.set(i, changed(list.get(i), items == null ? null : items.getAsJsonObject("items"), random));
            return other;
        }
        return anything(shapes, random);
    }

    private static Object anything(List<JsonObject> shapes, Random random) {
        List<Object> all = new ArrayList<>(ANYTHING);
        for (JsonObject shape : shapes) {
            if (shape.has("enum")) {
                // More often than what has no meaning there.
                for (int i = 0; i < 4; i++) {
                    shape.getAsJsonArray("enum").forEach(word -> all.add(word.getAsString()));
                }
            }
        }
        return all.get(random.nextInt(all.size()));
    }

    private static Object document(String text) {
        LoadSettings settings = LoadSettings.builder().build();
        return Objects.requireNonNull(
                plain(new Compose(settings).composeString(text).orElseThrow()));
    }

    private static @Nullable Object plain(Node node) {
        if (node instanceof MappingNode mapping) {
            Map<Object, @Nullable Object> entries = new LinkedHashMap<>();
            mapping.getValue()
                    .forEach(entry ->
                            entries.put(((ScalarNode) entry.getKeyNode()).getValue(), plain(entry.getValueNode())));
            return entries;
        }
        if (node instanceof SequenceNode list) {
            List<@Nullable Object> items = new ArrayList<>();
            list.getValue().forEach(item -> items.add(plain(item)));
            return items;
        }
        return node.getTag().equals(Tag.NULL) ? null : ((ScalarNode) node).getValue();
    }

    private static Optional<Configuration> read(String text) {
        try {
            return Optional.of(ConfigurationFile.parse("postern.yaml", text, SURROUNDINGS));
        } catch (ConfigurationProblems e) {
            return Optional.empty();
        }
    }

    static List<Path> good() throws IOException {
        List<Path> files = new ArrayList<>(List.of(Path.of("config/postern.yaml")));
        for (Path folder : List.of(CASES.resolve("valid"), Path.of("config/examples"))) {
            files.addAll(files(folder));
        }
        return files;
    }

    static List<Path> invalid() throws IOException {
        return files(CASES.resolve("invalid"));
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }
}
