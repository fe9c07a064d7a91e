package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.read.Surroundings;
import java.io.PrintWriter;
import picocli.CommandLine.Command;

@Command(
        name = "status",
        header = "Say how the running daemon stands: backends, certificates, traffic, failures.",
        description = {
            "What the status page of the admin listener shows, as tables that fit the terminal: every server with its state, why"
                    + " and since when; the certificates that are next; the last failures. --json prints what /status.json has.",
            "",
            "Requests are counted, and p50, p99 and failures known, where there is an admin listener. A rate takes two looks:"
                    + " the first one after a while has none."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern status",
            "  postern status --watch",
            "  postern status --watch=5",
            "  postern status --json"
        })
final class StatusCommand extends WatchedCommand {
    /** @param terminal where the cursor may be moved */
    StatusCommand(Console terminal, Console console, Surroundings surroundings) {
        super(terminal, console, surroundings, "status");
    }

    @Override
    void print(JsonObject result, PrintWriter out, int width) {
        new StatusTables(result, width).print(out);
    }
}
