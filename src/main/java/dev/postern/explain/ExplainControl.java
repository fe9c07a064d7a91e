package dev.postern.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.config.Configuration;
import dev.postern.control.ControlCommands;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import dev.postern.http.exchange.Routing;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The commands {@code explain-request} and {@code explain-ended}; all others are left to those who know them. */
public final class ExplainControl implements ControlCommands {
    /**
     * What there is to ask.
     *
     * @param certificates null where nothing runs
     */
    public record Asked(
            Configuration config, Routing routing, @Nullable ShownCertificates certificates) {}

    private final Supplier<Asked> asked;
    private final Supplier<List<EndedRequest>> ended;
    private final ControlCommands others;

    /**
     * @param asked how things stand
     * @param ended the last requests, the oldest first
     */
    public ExplainControl(Supplier<Asked> asked, Supplier<List<EndedRequest>> ended, ControlCommands others) {
        this.asked = asked;
        this.ended = ended;
        this.others = others;
    }

    @Override
    public JsonObject run(JsonObject request, Consumer<String> progress) throws ControlFailure, InterruptedException {
        return switch (ControlRequest.text(request, "command", "")) {
            case "explain-request" -> explained(asked.get(), request);
            case "explain-ended" -> ended(request);
            default -> others.run(request, progress);
        };
    }

    /** What would become of the request that {@code request} describes. */
    public static JsonObject explained(Asked asked, JsonObject request) throws ControlFailure {
        Question question = Question.of(request);
        return json(new RequestExplanation(asked.config, asked.routing, asked.certificates, question).lines());
    }

    private JsonObject ended(JsonObject request) throws ControlFailure {
        String id = ControlRequest.text(request, "id", "");
        List<EndedRequest> all = ended.get();
        if (!id.isEmpty()) {
            EndedRequest found = all.stream()
                    .filter(one -> one.id().equals(id))
                    .findFirst()
                    .orElseThrow(() -> ControlFailure.no("no request of the last " + all.size() + " has the id " + id
                            + " (expected: request_id of the access log, or of an answer of Postern)"));
            return json(found.lines());
        }
        int count = Math.max(1, Integer.parseInt(ControlRequest.text(request, "last", "1")));
        JsonArray lines = new JsonArray();
        List<EndedRequest> last = all.subList(Math.max(0, all.size() - count), all.size());
        for (EndedRequest one : last) {
            if (!lines.isEmpty()) {
                lines.add("");
            }
            one.lines().forEach(lines::add);
        }
        if (last.isEmpty()) {
            lines.add("no request has ended yet");
        }
        JsonObject json = new JsonObject();
        json.add("lines", lines);
        return json;
    }

    private static JsonObject json(List<String> lines) {
        JsonArray array = new JsonArray();
        lines.forEach(array::add);
        JsonObject json = new JsonObject();
        json.add("lines", array);
        return json;
    }
}
