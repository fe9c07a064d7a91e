package dev.postern.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.config.read.Surroundings;
import java.io.PrintWriter;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "backend",
        header = "Say how backends stand, one or all: every server, with all that is known of it.",
        description =
                "As postern status, with the reasons of failures and the answers by class, and no more than is asked for.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern backend",
            "  postern backend web",
            "  postern backend web --watch",
            "  postern backend --json"
        })
final class BackendCommand extends WatchedCommand {
    @Parameters(arity = "0..1", paramLabel = "BACKEND", description = "Its name; all unless said.")
    private @Nullable String name;

    /** @param terminal where the cursor may be moved */
    BackendCommand(Console terminal, Console console, Surroundings surroundings) {
        super(terminal, console, surroundings, "status");
    }

    private List<JsonObject> wanted(JsonObject status) throws CommandFailed {
        List<JsonObject> all = CareOptions.objects(status, "backends");
        List<JsonObject> wanted = all.stream()
                .filter(backend ->
                        name == null || CareOptions.text(backend, "name", "").equals(name))
                .toList();
        if (wanted.isEmpty() && name != null) {
            throw new CommandFailed(
                    ExitCode.USAGE,
                    "\"" + name + "\" is no backend (known: "
                            + all.stream()
                                    .map(backend -> CareOptions.text(backend, "name", ""))
                                    .collect(Collectors.joining(", "))
                            + ")");
        }
        return wanted;
    }

    @Override
    JsonObject part(JsonObject result) throws CommandFailed {
        JsonArray backends = new JsonArray();
        wanted(result).forEach(backends::add);
        JsonObject json = new JsonObject();
        json.add("version", result.get("version"));
        json.add("at", result.get("at"));
        json.add("backends", backends);
        return json;
    }

    @Override
    void print(JsonObject result, PrintWriter out, int width) throws CommandFailed {
        StatusTables tables = new StatusTables(result, width);
        for (JsonObject backend : wanted(result)) {
            out.println(CareOptions.text(backend, "name", "") + ": "
                    + backend.get("up").getAsLong() + " of "
                    + backend.getAsJsonArray("servers").size() + " up, "
                    + backend.get("waiting").getAsLong() + " waiting; "
                    + backend.get("queue-refusals").getAsLong()
                    + " refused by the queue, " + backend.get("queue-timeouts").getAsLong() + " waited too long, "
                    + backend.get("retries-refused").getAsLong() + " retries beyond the budget");
            tables.servers(out, List.of(backend), true);
            out.println();
        }
    }
}
