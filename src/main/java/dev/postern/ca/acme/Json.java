package dev.postern.ca.acme;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Members of JSON objects that others wrote: there and of the right type, or absent. */
final class Json {
    private Json() {}

    static Optional<String> text(JsonObject json, String name) {
        return json.get(name) instanceof JsonPrimitive value && value.isString()
                ? Optional.of(value.getAsString())
                : Optional.empty();
    }

    static boolean isTrue(JsonObject json, String name) {
        return json.get(name) instanceof JsonPrimitive value && value.isBoolean() && value.getAsBoolean();
    }

    static Optional<JsonObject> object(JsonObject json, String name) {
        return json.get(name) instanceof JsonObject value ? Optional.of(value) : Optional.empty();
    }

    static List<JsonElement> list(JsonObject json, String name) {
        return json.get(name) instanceof JsonArray array ? array.asList() : List.of();
    }

    /** The strings of a list; empty where the list is absent or holds anything else. */
    static Optional<List<String>> texts(JsonObject json, String name) {
        if (!(json.get(name) instanceof JsonArray array)) {
            return Optional.empty();
        }
        List<String> texts = new ArrayList<>();
        for (JsonElement element : array) {
            if (!(element instanceof JsonPrimitive value && value.isString())) {
                return Optional.empty();
            }
            texts.add(value.getAsString());
        }
        return Optional.of(texts);
    }

    static JsonArray array(List<String> texts) {
        JsonArray array = new JsonArray();
        texts.forEach(array::add);
        return array;
    }
}
