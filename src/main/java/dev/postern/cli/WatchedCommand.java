package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlClient;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Asks the running daemon one thing and shows it, once or again and again. */
abstract class WatchedCommand implements Callable<Integer> {
    private static final String CLEAR = "\033[H\033[2J\033[3J";

    private final Console terminal;
    private final Console console;
    private final String command;

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

    /**
     * @param terminal where the cursor may be moved
     * @param command what the daemon calls it
     */
    WatchedCommand(Console terminal, Console console, Surroundings surroundings, String command) {
        this.terminal = terminal;
        this.console = console;
        this.options = new CareOptions(surroundings);
        this.command = command;
    }

    /**
     * For people.
     *
     * @param width of the terminal, characters
     */
    abstract void print(JsonObject result, PrintWriter out, int width) throws CommandFailed;

    /** What of the answer is told where programs read it. */
    JsonObject part(JsonObject result) throws CommandFailed {
        return result;
    }

    @Override
    public final Integer call() throws CommandFailed, ConfigurationProblems, InterruptedException, WrongUsage {
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
            return daemon.run(ControlRequest.of(command).json(), console.err()::println);
        } catch (ControlFailure e) {
            throw CommandFailed.of(e);
        }
    }

    private void redraw(JsonObject result, boolean moves) throws CommandFailed {
        if (moves) {
            terminal.out().print(CLEAR);
        }
        show(result);
        terminal.out().flush();
    }

    private void show(JsonObject result) throws CommandFailed {
        if (options.isJson()) {
            console.print(part(result));
        } else {
            print(result, console.out(), Terminal.width(System.getenv()));
        }
    }
}
