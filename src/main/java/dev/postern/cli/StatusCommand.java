package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlClient;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

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
final class StatusCommand implements Callable<Integer> {
    private static final String CLEAR = "\033[H\033[2J\033[3J";

    private final Console terminal;
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final CareOptions options;

    @Option(
            names = "--watch",
            paramLabel = "SECONDS",
            arity = "0..1",
            fallbackValue = "2",
            description = "Look again every so many seconds, 2 unless said, until interrupted.")
    private @Nullable Integer every;

    /** @param terminal where the cursor may be moved */
    StatusCommand(Console terminal, Console console, Surroundings surroundings) {
        this.terminal = terminal;
        this.console = console;
        this.options = new CareOptions(surroundings);
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems, InterruptedException, WrongUsage {
        Integer seconds = every;
        if (seconds == null) {
            show(ask());
            return ExitCode.OK;
        }
        if (seconds < 1) {
            throw new WrongUsage("--watch: " + seconds + " (expected: 1 or more)");
        }
        JsonObject first = ask();
        boolean moves = Terminal.console() != null && !options.isJson();
        redraw(first, moves);
        while (true) {
            TimeUnit.SECONDS.sleep(seconds);
            try {
                redraw(ask(), moves);
            } catch (CommandFailed e) {
                // It may be starting again.
                console.err().println(e.getMessage());
            }
        }
    }

    private JsonObject ask() throws CommandFailed, ConfigurationProblems {
        try (ControlClient daemon = options.requireDaemon()) {
            return daemon.run(ControlRequest.of("status").json(), console.err()::println);
        } catch (ControlFailure e) {
            throw CommandFailed.of(e);
        }
    }

    private void redraw(JsonObject status, boolean moves) {
        if (moves) {
            terminal.out().print(CLEAR);
        }
        show(status);
        terminal.out().flush();
    }

    private void show(JsonObject status) {
        options.print(
                console, status, json -> new StatusTables(json, Terminal.width(System.getenv())).print(console.out()));
    }
}
