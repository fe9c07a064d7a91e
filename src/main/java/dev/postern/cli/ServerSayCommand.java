package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.Durations;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlClient;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says one thing of a server to the running daemon. */
abstract class ServerSayCommand implements Callable<Integer> {
    private final Console console;
    private final String action;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final CareOptions options;

    @Parameters(
            index = "0",
            paramLabel = "BACKEND/SERVER",
            description = "The server's name, or its address, behind the name of its backend.")
    private String server = "";

    @Option(
            names = "--until",
            paramLabel = "WHEN",
            description = "When it ends by itself: after a while, such as 30m or 2h, or at an instant, such as"
                    + " 2026-01-31T12:00:00Z. Never unless said.")
    private @Nullable String until;

    private ServerSayCommand(Console console, Surroundings surroundings, String action) {
        this.console = console;
        this.options = new CareOptions(surroundings);
        this.action = action;
    }

    /** What is to be said beside the action. */
    void add(ControlRequest request) {}

    @Override
    public final Integer call() throws CommandFailed, ConfigurationProblems, WrongUsage {
        ControlRequest request =
                ControlRequest.of("server").with("action", action).with("server", server);
        if (until != null) {
            request.with("until", instant(until, Instant.now()).toString());
        }
        add(request);
        JsonObject result;
        try (ControlClient daemon = options.requireDaemon()) {
            result = daemon.run(request.json(), console.err()::println);
        } catch (ControlFailure e) {
            throw CommandFailed.of(e);
        }
        options.print(console, result, this::print);
        return ExitCode.OK;
    }

    private static Instant instant(String text, Instant now) throws WrongUsage {
        try {
            return Durations.read(text).map(now::plus).orElseGet(() -> Instant.parse(text));
        } catch (DateTimeParseException e) {
            throw new WrongUsage("--until: \"" + text
                    + "\" (expected: a duration such as 30m or 2h, or an instant such as 2026-01-31T12:00:00Z)");
        }
    }

    private void print(JsonObject result) {
        for (JsonObject one : CareOptions.objects(result, "servers")) {
            long busy = one.get("in-flight").getAsLong();
            console.out()
                    .println(CareOptions.text(one, "server", "") + ": " + CareOptions.text(one, "is", "") + "; "
                            + CareOptions.text(one, "state", "") + ", "
                            + (one.get("draining").getAsBoolean() ? "draining, " : "") + "weight "
                            + one.get("weight").getAsLong() + ", " + busy + " under way");
        }
        String warning = CareOptions.text(result, "warning");
        if (warning != null) {
            console.err().println(warning);
        }
    }

    @Command(
            name = "drain",
            header = "Give a server no new sessions.",
            description = "What is under way goes on, and clients with a sticky cookie for it still come.",
            footerHeading = "%nExamples:%n",
            footer = "  postern server drain web/blue --until 30m")
    static final class Drain extends ServerSayCommand {
        Drain(Console console, Surroundings surroundings) {
            super(console, surroundings, "drain");
        }
    }

    @Command(
            name = "ready",
            header = "Give a server requests as usual again.",
            description =
                    "Takes back drain and maintain; a server that the configuration drains gets requests all the same."
                            + " One whose health checks fail stays down.",
            footerHeading = "%nExamples:%n",
            footer = "  postern server ready web/blue")
    static final class Ready extends ServerSayCommand {
        Ready(Console console, Surroundings surroundings) {
            super(console, surroundings, "ready");
        }
    }

    @Command(
            name = "maintain",
            header = "Give a server nothing at all.",
            description =
                    "Not even to clients with a sticky cookie for it: they go elsewhere. What is under way goes on, and so"
                            + " do the health checks.",
            footerHeading = "%nExamples:%n",
            footer = "  postern server maintain web/10.0.0.11:8080 --until 2026-01-31T12:00:00Z")
    static final class Maintain extends ServerSayCommand {
        Maintain(Console console, Surroundings surroundings) {
            super(console, surroundings, "maintain");
        }
    }

    @Command(
            name = "weight",
            header = "Give a server more or less of the requests.",
            footerHeading = "%nExamples:%n",
            footer = {"  postern server weight web/blue 3", "  postern server weight web/blue default"})
    static final class Weight extends ServerSayCommand {
        @Parameters(
                index = "1",
                paramLabel = "WEIGHT",
                description = "1 to 256, compared with those of the others; default for that of the configuration.")
        private String weight = "";

        Weight(Console console, Surroundings surroundings) {
            super(console, surroundings, "weight");
        }

        @Override
        void add(ControlRequest request) {
            request.with("weight", weight);
        }
    }
}
