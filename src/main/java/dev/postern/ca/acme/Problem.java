package dev.postern.ca.acme;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What went wrong, as the client reads it: <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-6.7">RFC 8555
 * §6.7</a>.
 *
 * @param identifier the name it is about, where it is about one
 */
public record Problem(
        ProblemType type, String detail, @Nullable String identifier, List<Problem> subproblems) {
    public static Problem of(ProblemType type, String detail) {
        return new Problem(type, detail, null, List.of());
    }

    public static Problem about(String identifier, ProblemType type, String detail) {
        return new Problem(type, detail, identifier, List.of());
    }

    JsonObject json() {
        JsonObject json = new JsonObject();
        json.addProperty("type", type.urn());
        json.addProperty("detail", detail);
        json.addProperty("status", type.status());
        if (identifier != null) {
            json.add("identifier", Order.identifierJson(identifier));
        }
        if (!subproblems.isEmpty()) {
            JsonArray array = new JsonArray();
            subproblems.forEach(problem -> array.add(problem.json()));
            json.add("subproblems", array);
        }
        return json;
    }
}
