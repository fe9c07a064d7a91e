package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlRequest;
import java.util.List;
import picocli.CommandLine.Parameters;

/** A command for one site. */
abstract class SiteCommand extends ErrandCommand {
    private final String command;

    @Parameters(paramLabel = "SITE", description = "The first of the site's names.")
    String site = "";

    /** @param command what the daemon calls it */
    SiteCommand(Console console, Surroundings surroundings, boolean answering, String command) {
        super(console, surroundings, answering);
        this.command = command;
    }

    @Override
    ControlRequest request() {
        return ControlRequest.of(command).with("site", site);
    }

    @Override
    void print(JsonObject result) {
        Outcome.print(console, List.of(result));
    }
}
