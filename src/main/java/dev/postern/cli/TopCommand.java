package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.read.Surroundings;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;

@Command(
        name = "top",
        header = "Say which sites, clients and paths are asked for most, or ask most.",
        description = {
            "Out of the last requests that the daemon keeps in memory (256 for each core), as far back as all cores go, and a"
                    + " minute at most. FAILED are those that were answered 5xx, or not at all."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  postern top", "  postern top --watch", "  postern top --json"})
final class TopCommand extends WatchedCommand {
    /** Of each kind; --json has twenty. */
    private static final int ROWS = 8;

    /** @param terminal where the cursor may be moved */
    TopCommand(Console terminal, Console console, Surroundings surroundings) {
        super(terminal, console, surroundings, "top");
    }

    @Override
    void print(JsonObject result, PrintWriter out, int width) {
        out.println("the last " + result.get("requests").getAsLong() + " requests, over "
                + String.format(Locale.ROOT, "%.1f s", result.get("over").getAsDouble()));
        for (String[] kind : new String[][] {{"sites", "SITE"}, {"clients", "CLIENT"}, {"paths", "PATH"}}) {
            List<JsonObject> rows = CareOptions.objects(result, kind[0]);
            if (rows.isEmpty()) {
                continue;
            }
            Table table = new Table("RATE", "REQUESTS", "FAILED", kind[1]);
            for (JsonObject row : rows.subList(0, Math.min(ROWS, rows.size()))) {
                table.row(
                        List.of(
                                String.format(
                                        Locale.ROOT, "%.1f/s", row.get("rate").getAsDouble()),
                                row.get("requests").getAsString(),
                                row.get("failed").getAsString(),
                                CareOptions.text(row, "name", "")),
                        List.of());
            }
            out.println();
            table.print(out, width);
        }
    }
}
