package dev.postern.control;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.stream.StreamSupport;

/** A request, made by a command and taken apart by {@link CertificateControl}; what is missing or no text is absent. */
public final class ControlRequest {
    private final JsonObject json = new JsonObject();

    private ControlRequest() {}

    public static ControlRequest of(String command) {
        return new ControlRequest().with("command", command);
    }

    public ControlRequest with(String key, String value) {
        json.addProperty(key, value);
        return this;
    }

    public ControlRequest with(String key, boolean value) {
        json.addProperty(key, value);
        return this;
    }

    public ControlRequest with(String key, List<String> values) {
        JsonArray array = new JsonArray();
        values.forEach(array::add);
        json.add(key, array);
        return this;
    }

    public JsonObject json() {
        return json;
    }

    public static String text(JsonObject request, String key, String absent) {
        JsonElement value = request.get(key);
        return value != null && isText(value) ? value.getAsString() : absent;
    }

    static boolean flag(JsonObject request, String key) {
        JsonElement value = request.get(key);
        return value != null && value.isJsonPrimitive() && value.getAsBoolean();
    }

    public static List<String> texts(JsonObject request, String key) {
        return request.get(key) instanceof JsonArray array
                ? StreamSupport.stream(array.spliterator(), false)
                        .filter(ControlRequest::isText)
                        .map(JsonElement::getAsString)
                        .toList()
                : List.of();
    }

    private static boolean isText(JsonElement value) {
        return value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
    }
}
