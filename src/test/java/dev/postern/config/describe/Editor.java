package dev.postern.config.describe;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/** What an editor does that knows the schema: reads YAML 1.2 by its core schema, and validates what comes of it. */
public final class Editor {
    private static final Gson JSON = new GsonBuilder().serializeNulls().create();

    static final String SCHEMA = schema();

    private static final Schema DRAFT_2020_12 = schema(SpecificationVersion.DRAFT_2020_12);

    private Editor() {}

    private static String schema() {
        try {
            return ConfigurationSchema.json(KeyComments.of(Files.readString(Path.of("config/postern.yaml"))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Schema schema(SpecificationVersion version) {
        JsonObject schema = JsonParser.parseString(SCHEMA).getAsJsonObject();
        schema.addProperty("$schema", version.getDialectId());
        return SchemaRegistry.withDefaultDialect(version).getSchema(schema.toString(), InputFormat.JSON);
    }

    /** What it marks; nothing where all is well. */
    public static List<String> marks(String yaml) {
        return marks(yaml, DRAFT_2020_12);
    }

    static List<String> marks(String yaml, Schema schema) {
        LoadSettings settings = LoadSettings.builder()
                .setSchema(new CoreSchema())
                .setAllowDuplicateKeys(true)
                .build();
        Object document = new Load(settings).loadFromString(yaml);
        return schema.validate(JSON.toJson(document == null ? Map.of() : document), InputFormat.JSON).stream()
                .map(Error::toString)
                .toList();
    }
}
